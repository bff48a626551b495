"""Rules of layers that keep the elements and change their order or grouping: Reshape, Permute, Squeeze, Expand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sketch.graph.dims import Dim, Symbolic, floor_divide, is_known, parse_dim, product
from sketch.graph.errors import ShapeError
from sketch.graph.rows import ValueType, shape_text
from sketch.graph.rule import Call, Rule
from sketch.graph.shape_rules.sizes import Shape, agree, axes_of, axis_of


def flatten(call: Call) -> tuple[ValueType | None, ...]:
    """Dimensions start_dim to end_dim become their product; a scalar becomes one element."""
    shape = call.shape()
    first = axis_of(call, call.param("start_dim"), len(shape), "start_dim")
    last = axis_of(call, call.param("end_dim"), len(shape), "end_dim")
    if first > last:
        raise ShapeError(
            f"{call.spec.name} has start_dim {first} behind end_dim {last}.",
            f"Choose end_dim from {first} to {max(len(shape) - 1, 0)}.",
            param="end_dim",
        )
    return _typed(call, (*shape[:first], product(shape[first : last + 1]), *shape[last + 1 :]))


def unflatten(call: Call) -> tuple[ValueType | None, ...]:
    """Dimension `dim` becomes `unflattened_size`, one of which may be -1."""
    shape = call.shape()
    if not shape:
        raise ShapeError(f"{call.spec.name} splits a dimension, the input is a single number.", port=0)
    axis = axis_of(call, call.param("dim"), len(shape))
    sizes = _target(call, "unflattened_size")
    if not sizes:
        raise ShapeError(f"{call.spec.name} needs sizes.", "Give at least one.", param="unflattened_size")
    return _typed(
        call, (*shape[:axis], *fill(call, shape[axis], sizes, "unflattened_size"), *shape[axis + 1 :])
    )


def reshape(call: Call) -> tuple[ValueType | None, ...]:
    """The sizes of parameter `shape`; -1 takes what is left."""
    return _typed(call, fill(call, product(call.shape()), _target(call, "shape"), "shape"))


def fill(call: Call, total: Dim, sizes: Shape, param: str) -> Shape:
    """`sizes` with its -1 worked out so that they hold `total` elements; ShapeError when they surely cannot."""
    open_axes = [axis for axis, size in enumerate(sizes) if size == -1]
    if len(open_axes) > 1:
        raise ShapeError(
            f"{call.spec.name} has {len(open_axes)} sizes of -1.", "Leave only one open.", param=param
        )
    rest = product([size for size in sizes if size != -1])
    if not open_axes:
        if _surely_different(total, rest):
            raise _misfit(total, sizes, param)
        return sizes
    if rest == 0:
        raise ShapeError(
            f"{call.spec.name} cannot work out -1 beside a 0.", "Write the size as a number.", param=param
        )
    if _surely_indivisible(total, rest):
        raise _misfit(total, sizes, param)
    axis = open_axes[0]
    return (*sizes[:axis], floor_divide(total, rest), *sizes[axis + 1 :])


def _misfit(total: Dim, sizes: Shape, param: str) -> ShapeError:
    cure = "Set one of the sizes to -1."
    known = product([size for size in sizes if size != -1])
    if -1 in sizes:
        cure = f"The sizes beside -1 must divide {total}; {known} does not."
    return ShapeError(f"{total} elements do not fit {shape_text(sizes)}.", cure, param=param)


def _surely_different(total: Dim, wanted: Dim) -> bool:
    if agree(total, wanted) is None:
        return True
    if isinstance(total, Symbolic) and isinstance(wanted, Symbolic):
        a, b = _single(total), _single(wanted)
        return a is not None and b is not None and a[0] == b[0] and a[1] != b[1]
    if isinstance(total, int) and isinstance(wanted, int):
        return total != wanted
    single, number = (total, wanted) if isinstance(total, Symbolic) else (wanted, total)
    term = _single(single)
    return term is not None and isinstance(number, int) and number % term[1] != 0


def _surely_indivisible(total: Dim, rest: Dim) -> bool:
    """True when no value of the symbols makes `total` a multiple of `rest`."""
    if isinstance(total, int) and isinstance(rest, int):
        return total % rest != 0
    a, b = _single(total), _single(rest)
    return a is not None and b is not None and a[0] == b[0] and a[1] % b[1] != 0


def _single(dim: Dim) -> tuple[tuple[str, ...], int] | None:
    """(symbols, factor) of a product such as 384*N; None for a sum."""
    if isinstance(dim, int):
        return (), dim
    return dim.terms[0] if len(dim.terms) == 1 else None


def _target(call: Call, param: str) -> Shape:
    """The sizes of a shape parameter as dimensions; names must have a meaning under the input's shape."""
    sizes = tuple(parse_dim(size) for size in call.param(param))
    for size in sizes:
        if isinstance(size, int) and size < -1:
            raise ShapeError(
                f"{call.spec.name} has size {size}.", "Write a number from 0, -1, or a name.", param=param
            )
        if isinstance(size, Symbolic) and is_known(call.shape()):
            raise ShapeError(
                f"{call.spec.name} names {size}, but the input is {shape_text(call.shape())}.",
                "Write -1 or a number instead.",
                param=param,
            )
    return sizes


def permute(call: Call) -> tuple[ValueType | None, ...]:
    """The dimensions in the order of `dims`."""
    shape, dims = call.shape(), call.param("dims")
    if len(dims) != len(shape):
        raise ShapeError(
            f"{call.spec.name} orders {len(dims)} dimensions, the input has {len(shape)} ({shape_text(shape)}).",
            f"Give each number from 0 to {max(len(shape) - 1, 0)} once.",
            param="dims",
        )
    return _typed(
        call, tuple(shape[axis] for axis in (axes_of(call, dims, len(shape), "dims") if dims else ()))
    )


def transpose(call: Call) -> tuple[ValueType | None, ...]:
    """Dimensions dim0 and dim1 change places."""
    sizes = list(call.shape())
    first = axis_of(call, call.param("dim0"), len(sizes), "dim0")
    second = axis_of(call, call.param("dim1"), len(sizes), "dim1")
    if sizes:
        sizes[first], sizes[second] = sizes[second], sizes[first]
    return _typed(call, tuple(sizes))


def squeeze(call: Call) -> tuple[ValueType | None, ...]:
    """Sizes of 1 vanish, all or those in `dim`; a symbolic size stays."""
    shape, dim = call.shape(), call.param("dim")
    if dim == ():
        return (call.input(),)
    axes = axes_of(call, dim, len(shape))
    return _typed(call, tuple(size for axis, size in enumerate(shape) if axis not in axes or size != 1))


def unsqueeze(call: Call) -> tuple[ValueType | None, ...]:
    """A size of 1 appears at `dim`."""
    shape = call.shape()
    axis = axis_of(call, call.param("dim"), len(shape) + 1)
    return _typed(call, (*shape[:axis], 1, *shape[axis:]))


def expand(call: Call) -> tuple[ValueType | None, ...]:
    """Sizes of 1 grow to those of `shape`; -1 keeps a size, new dimensions may stand in front."""
    shape = call.shape()
    sizes = tuple(parse_dim(size) for size in call.param("shape"))
    extra = len(sizes) - len(shape)
    if extra < 0:
        raise ShapeError(
            f"{call.spec.name} has {len(sizes)} sizes, the input {len(shape)} dimensions ({shape_text(shape)}).",
            f"Give {len(shape)} sizes; -1 keeps one.",
            param="shape",
        )
    grown = [_grow(call, size, wanted) for size, wanted in zip(shape, sizes[extra:], strict=True)]
    new = [_new_size(call, size) for size in sizes[:extra]]
    return _typed(call, (*new, *grown))


def _grow(call: Call, size: Dim, wanted: Dim) -> Dim:
    if wanted == -1:
        return size
    if size == 1 and not (isinstance(wanted, int) and wanted < 0):
        return wanted
    found = agree(size, wanted)
    if found is None or (isinstance(found, int) and found < 0):
        raise ShapeError(
            f"{call.spec.name} cannot make {wanted} out of {size}; only sizes of 1 grow.",
            "Write -1 to keep the size.",
            param="shape",
        )
    return found


def _new_size(call: Call, size: Dim) -> Dim:
    if isinstance(size, int) and size < 0:
        raise ShapeError(
            f"{call.spec.name} has {size} for a new dimension in front.", "Write its size.", param="shape"
        )
    return size


def _typed(call: Call, shape: tuple[Any, ...]) -> tuple[ValueType]:
    return (ValueType(call.input().dtype, shape),)


RULES: Mapping[str, Rule] = {
    "flatten": flatten,
    "unflatten": unflatten,
    "reshape": reshape,
    "permute": permute,
    "transpose": transpose,
    "squeeze": squeeze,
    "unsqueeze": unsqueeze,
    "expand": expand,
}
