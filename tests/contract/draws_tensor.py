"""Draws of layers that select, move and describe elements, and of those whose weights come in by wires."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from tests.contract.dice import Dice, Draw, Drawn


def _plain(dice: Dice, low: float, high: float) -> Drawn:
    shape = dice.some(dice.number(1, 4), 1, 4)
    return Drawn({}, [dice.floats(*shape, low=low, high=high)], (0,) if len(shape) > 1 else (None,))


def _broadcastable(dice: Dice) -> list[tuple[int, ...]]:
    full = dice.some(dice.number(1, 4), 1, 4)
    return [full, tuple(1 if dice.flip(0.3) else size for size in full)]


def _unequal(dice: Dice) -> Drawn:
    kind = dice.pick("float32", "int64")
    return Drawn({}, [dice.ints(*shape, high=2).astype(kind) for shape in _broadcastable(dice)])


def _division(dice: Dice) -> Drawn:
    """Whole numbers and fractions of both signs; no divisor is 0."""
    first, second = _broadcastable(dice)
    if dice.flip():
        divisor = dice.ints(*second, low=1, high=4) * np.where(dice.bools(*second), 1, -1)
        return Drawn({}, [dice.ints(*first, low=-9, high=9), divisor])
    divisor = dice.floats(*second, low=0.3, high=2) * np.where(dice.bools(*second), 1, -1)
    return Drawn({}, [dice.floats(*first, low=-5, high=5), divisor.astype(np.float32)])


def _axes(dice: Dice, rank: int) -> tuple[int, ...]:
    return tuple(axis - dice.pick(0, rank) for axis in sorted(dice.order(rank)[: dice.number(1, rank)]))


def _spread(dice: Dice) -> Drawn:
    x = dice.floats(*dice.some(dice.number(1, 4), 2, 4))
    params = {"dim": dice.pick(None, _axes(dice, x.ndim)), "keepdim": dice.flip()}
    return Drawn({**params, **dice.maybe(0.5, correction=0)}, [x])


def _sum_exp(dice: Dice) -> Drawn:
    x = dice.floats(*dice.some(dice.number(1, 4), 1, 4), low=-9, high=9)
    return Drawn({"dim": _axes(dice, x.ndim), "keepdim": dice.flip()}, [x])


def _logical(dice: Dice) -> Drawn:
    shape = dice.some(dice.number(1, 3), 1, 3)
    x = dice.pick(dice.bools(*shape, chance=0.6), dice.ints(*shape, high=2), dice.floats(*shape))
    return Drawn({"dim": dice.pick(None, _axes(dice, x.ndim)), "keepdim": dice.flip()}, [np.asarray(x)])


def _one_axis(dice: Dice) -> Drawn:
    x = dice.floats(*dice.some(dice.number(1, 4), 1, 4))
    dim = dice.number(-x.ndim, x.ndim - 1)
    return Drawn(dice.pick({"dim": None}, {"dim": dim}, {"dim": dim, "keepdim": True}), [x])


def _unit(dice: Dice) -> Drawn:
    x = dice.floats(*dice.some(dice.number(2, 4), 1, 4))
    params = {"p": dice.pick(1.0, 2.0, 1.5), "dim": dice.number(-x.ndim, x.ndim - 1)}
    return Drawn({**params, **dice.maybe(0.3, eps=0.5)}, [x])


def _distinct(dice: Dice, *shape: int) -> Any:
    """Numbers of which no two are equal."""
    count = int(np.prod(shape))
    return (np.asarray(dice.order(count)).reshape(shape) * 0.37 - 2).astype(np.float32)


def _top(dice: Dice) -> Drawn:
    shape = dice.some(dice.number(1, 3), 2, 5)
    dim = dice.number(-len(shape), len(shape) - 1)
    params = {"k": dice.number(1, shape[dim]), "dim": dim, "largest": dice.flip(), "sorted": True}
    return Drawn({**params, **dice.maybe(0.2, k=1, sorted=False)}, [_distinct(dice, *shape)])


def _sorted(dice: Dice) -> Drawn:
    shape = dice.some(dice.number(1, 3), 1, 5)
    params = {"dim": dice.number(-len(shape), len(shape) - 1), "descending": dice.flip()}
    if dice.flip(0.4):
        return Drawn({**params, "stable": True}, [dice.ints(*shape, high=2)])
    return Drawn(params, [_distinct(dice, *shape)])


def _picked(dice: Dice) -> tuple[dict[str, Any], Any, Any]:
    shape = dice.some(dice.number(1, 3), 2, 4)
    dim = dice.number(0, len(shape) - 1)
    taken = tuple(dice.number(1, size) for size in shape)
    return (
        {"dim": dim - dice.pick(0, len(shape))},
        dice.floats(*shape),
        dice.ints(*taken, high=shape[dim] - 1),
    )


def _gathered(dice: Dice) -> Drawn:
    params, x, index = _picked(dice)
    return Drawn(params, [x, np.asarray(index)])


def _scattered(dice: Dice, adds: bool) -> Drawn:
    params, x, index = _picked(dice)
    if not adds:  # which of two values for one place is kept is not said
        axis = params["dim"] % x.ndim
        index = np.broadcast_to(
            np.arange(index.shape[axis]).reshape([-1 if at == axis else 1 for at in range(x.ndim)]),
            index.shape,
        ).copy()
    larger = tuple(size + dice.pick(0, 0, 1) for size in index.shape)
    return Drawn(params, [x, np.asarray(index), dice.floats(*larger)])


def _hot(dice: Dice) -> Drawn:
    classes = dice.number(2, 5)
    return Drawn({"num_classes": classes}, [dice.ints(*dice.some(dice.number(1, 3), 1, 3), high=classes - 1)])


def _masked(dice: Dice) -> Drawn:
    full, small = _broadcastable(dice)
    inputs: list[Any] = [dice.floats(*full), dice.bools(*small)]
    if dice.flip(0.3):
        return Drawn({}, [*inputs, np.asarray(dice.real(-2, 2), np.float32)])
    return Drawn({"value": dice.real(-9, 2)}, inputs)


def _rolled(dice: Dice) -> Drawn:
    x = dice.floats(*dice.some(dice.number(2, 4), 2, 5))
    axes = dice.order(x.ndim)[: dice.number(1, x.ndim)]
    return Drawn({"shifts": dice.some(len(axes), -6, 6), "dims": axes}, [x])


def _flipped(dice: Dice) -> Drawn:
    x = dice.floats(*dice.some(dice.number(1, 4), 1, 4))
    return Drawn({"dims": _axes(dice, x.ndim)}, [x], (0,) if x.ndim > 1 else (None,))


def _repeated(dice: Dice) -> Drawn:
    x = dice.floats(*dice.some(dice.number(1, 3), 1, 3))
    return Drawn({"repeats": dice.some(x.ndim + dice.number(0, 1), 1, 3)}, [x])


def _interleaved(dice: Dice) -> Drawn:
    x = dice.floats(*dice.some(dice.number(2, 4), 1, 3))
    return Drawn({"repeats": dice.number(1, 3), "dim": dice.number(-x.ndim, x.ndim - 1)}, [x], (0,))


def _windows(dice: Dice) -> Drawn:
    shape = list(dice.some(dice.number(2, 3), 1, 3))
    dim = dice.number(1, len(shape) - 1)
    shape[dim] = dice.number(3, 8)
    params = {
        "dimension": dim - dice.pick(0, len(shape)),
        "size": dice.number(1, 3),
        "step": dice.number(1, 3),
    }
    return Drawn(params, [dice.floats(*shape)], (0,))


def _products(dice: Dice) -> Drawn:
    sizes = dict(zip("bhijk", dice.some(5, 1, 3), strict=True))
    equation = dice.pick(
        "bij,bjk->bik", "bhij,bhkj->bhik", "ij->ji", "...ij,jk->...ik", "bij,bij->b", "ij,jk", "ii->i"
    )
    sizes = {**sizes, **({"j": sizes["i"]} if equation == "ii->i" else {})}
    parts = equation.partition("->")[0].split(",")
    return Drawn({"equation": equation}, [
        dice.floats(*(sizes[letter] for letter in part.replace("...", "bh"))) for part in parts
    ])  # fmt: skip


def _sampled(dice: Dice) -> Drawn:
    count = dice.number(1, 2)
    params = {
        "mode": dice.pick("bilinear", "nearest", "bicubic"), "align_corners": dice.flip(),
        "padding_mode": dice.pick("zeros", "border", "reflection"),
    }  # fmt: skip
    x = dice.floats(count, 2, *dice.some(2, 3, 5))
    return Drawn(params, [x, dice.floats(count, *dice.some(2, 1, 4), 2, low=-1.2, high=1.2)], (0, 0))


def _linear(dice: Dice) -> Drawn:
    rows, columns = dice.some(2, 1, 4)
    x = dice.floats(*dice.some(dice.number(1, 3), 1, 3), columns)
    inputs = [x, dice.floats(rows, columns), *([dice.floats(rows)] if dice.flip() else [])]
    return Drawn({}, inputs, (0,))


def _convolution(dice: Dice, dims: int) -> Drawn:
    groups, inner, outer = dice.number(1, 2), dice.number(1, 2), dice.number(1, 2)
    params: dict[str, Any] = {"groups": groups, "dilation": dice.some(dims, 1, 2)}
    if dice.flip(0.3):
        params["padding"] = dice.pick("same", "valid")
    else:
        params |= {"padding": dice.some(dims, 0, 1), "stride": dice.some(dims, 1, 2)}
    batch = () if dice.flip(0.15) else (dice.number(1, 2),)
    x = dice.floats(*batch, inner * groups, *dice.some(dims, 6, 8))
    weight = dice.floats(outer * groups, inner, *dice.some(dims, 1, 3))
    inputs = [x, weight, *([dice.floats(outer * groups)] if dice.flip() else [])]
    return Drawn(params, inputs, (0,) if batch else (None,))


DRAWS: dict[str, Draw] = {
    **dict.fromkeys(("Log1p",), partial(_plain, low=-0.9, high=4)),
    **dict.fromkeys(("Rsqrt", "Log2"), partial(_plain, low=0.1, high=4)),
    **dict.fromkeys(("Expm1", "Atan", "Sinh", "Cosh", "Trunc"), partial(_plain, low=-4, high=4)),
    "Tan": partial(_plain, low=-1.4, high=1.4),
    **dict.fromkeys(("Asin", "Acos"), partial(_plain, low=-0.99, high=0.99)),
    "NotEqual": _unequal,
    **dict.fromkeys(("FloorDivide", "Remainder"), _division),
    **dict.fromkeys(("Var", "Std", "VarMean"), _spread),
    "LogSumExp": _sum_exp,
    **dict.fromkeys(("Any", "All"), _logical),
    "Prod": _one_axis,
    "ArgMin": _one_axis,
    "Normalize": _unit,
    "TopK": _top,
    "Sort": _sorted,
    "GatherElements": _gathered,
    "Scatter": partial(_scattered, adds=False),
    "ScatterAdd": partial(_scattered, adds=True),
    "OneHot": _hot,
    "MaskedFill": _masked,
    "Roll": _rolled,
    "Flip": _flipped,
    "Repeat": _repeated,
    "RepeatInterleave": _interleaved,
    "UnfoldDim": _windows,
    "Einsum": _products,
    "GridSample": _sampled,
    "FunctionalLinear": _linear,
    **{f"FunctionalConv{dims}d": partial(_convolution, dims=dims) for dims in (1, 2, 3)},
}
