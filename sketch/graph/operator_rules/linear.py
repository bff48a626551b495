"""Rules of matrix products."""

from __future__ import annotations

from sketch.graph.dims import Dim
from sketch.graph.errors import ShapeError
from sketch.graph.operator_call import OperatorCall, Out, Shape
from sketch.graph.rows import shape_text
from sketch.graph.shape_rules.layout import sizes_differ
from sketch.graph.shape_rules.sizes import agree, broadcast


def product(call: OperatorCall, second: int = 1) -> tuple[Out, ...]:
    """The matrix product of the last two dimensions; those before are broadcast."""
    a, b = call.shape(), call.shape(second)
    if not a or not b:
        raise ShapeError(f"{call.spec.name} multiplies no single numbers.", "Use Mul.", port=0)
    left = (1, *a) if len(a) == 1 else a
    right = (*b, 1) if len(b) == 1 else b
    if sizes_differ(left[-1], right[-2]):
        raise ShapeError(
            f"{call.spec.name} cannot multiply {shape_text(a)} by {shape_text(b)}: {left[-1]} and {right[-2]} differ.",
            "The last size of the first must be the last but one of the second.",
            port=second,
        )
    shape = (*broadcast(call, [left[:-2], right[:-2]]), left[-2], right[-1])
    if len(a) == 1:
        shape = (*shape[:-2], shape[-1])
    return (shape[:-1] if len(b) == 1 else shape,)


def quantised_product(call: OperatorCall) -> tuple[Out, ...]:
    """As a matrix product; the second matrix is the fourth input."""
    return product(call, 3)


def gemm(call: OperatorCall) -> tuple[Out, ...]:
    """The product of two matrices, transposed where attributes say so."""
    a, b = _matrix(call, 0, "transA"), _matrix(call, 1, "transB")
    if sizes_differ(a[1], b[0]):
        raise ShapeError(
            f"{call.spec.name} cannot multiply {shape_text(a)} by {shape_text(b)}: {a[1]} and {b[0]} differ.",
            "Change one of the two, or transA and transB.",
            port=1,
        )
    shape = (a[0], b[1])
    if call.given(2):
        broadcast(call, [shape, call.shape(2)], 1)
    return (shape,)


def _matrix(call: OperatorCall, index: int, turned: str) -> Shape:
    shape = call.shape(index)
    if len(shape) != 2:
        name = call.spec.input_port(index).name
        raise ShapeError(
            f"{call.spec.name} needs a matrix on {name!r}, gets {shape_text(shape)}.",
            "Use MatMul, or a Flatten before it.",
            port=index,
        )
    return shape[::-1] if call.flag(turned) else shape


def determinant(call: OperatorCall) -> tuple[Out, ...]:
    """One number for each matrix."""
    return (call.shape()[:-2],)


def einsum(call: OperatorCall) -> tuple[Out, ...]:
    """The sizes of the letters right of the arrow."""
    left, arrow, right = str(call.attr("equation", "")).replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(call.inputs):
        raise ShapeError(
            f"{call.spec.name} has {len(terms)} terms in its equation and {len(call.inputs)} inputs.",
            "Write one term for each input.",
            param="equation",
        )
    sizes: dict[str, Dim] = {}
    spread: Shape = ()
    for index, term in enumerate(terms):
        found = _letters(call, term, index, sizes)
        spread = broadcast(call, [spread, found]) if found else spread
    return (_picked(call, right if arrow else _implied(left), sizes, spread),)


def _letters(call: OperatorCall, term: str, index: int, sizes: dict[str, Dim]) -> Shape:
    """Take in the sizes of one term's letters; the sizes that its dots stand for."""
    shape = call.shape(index)
    front, dots, back = term.partition("...")
    if len(shape) < len(front) + len(back) or (not dots and len(shape) != len(front)):
        raise ShapeError(
            f"{call.spec.name} reads input {index + 1} as {term!r}, its shape is {shape_text(shape)}.",
            "Give the term one letter for each dimension.",
            port=index,
            param="equation",
        )
    ends = shape[len(shape) - len(back) :] if back else ()
    for letter, size in (*zip(front, shape, strict=False), *zip(back, ends, strict=True)):
        met = size if letter not in sizes or sizes[letter] == 1 else sizes[letter] if size == 1 else None
        met = agree(sizes[letter], size) if met is None else met
        if met is None:
            raise ShapeError(
                f"{call.spec.name} has sizes {sizes[letter]} and {size} for {letter!r}.",
                "Change one of the inputs, or the equation.",
                port=index,
                param="equation",
            )
        sizes[letter] = met
    return shape[len(front) : len(shape) - len(back)] if dots else ()


def _implied(left: str) -> str:
    """Without an arrow: the letters that occur once, in order."""
    letters = sorted(set(left) - set(".,"))
    return ("..." if "..." in left else "") + "".join(char for char in letters if left.count(char) == 1)


def _picked(call: OperatorCall, right: str, sizes: dict[str, Dim], spread: Shape) -> Shape:
    front, dots, back = right.partition("...")
    lost = (set(front) | set(back)) - sizes.keys()
    if lost:
        raise ShapeError(
            f"{call.spec.name} gives {', '.join(sorted(lost))}, which no input has.",
            "Correct the equation.",
            param="equation",
        )
    return (*(sizes[c] for c in front), *(spread if dots else ()), *(sizes[c] for c in back))


RULES = {
    "MatMul": product,
    "MatMulInteger": product,
    "QLinearMatMul": quantised_product,
    "Gemm": gemm,
    "Det": determinant,
    "Einsum": einsum,
}
