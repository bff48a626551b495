"""Linear as MatMul and Add, shuffles of channels and pixels, recurrent layers with the operators behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from sketch.kernels.onnx.folding import known
from sketch.kernels.onnx.raising.matching import made_by, only_user, sizes
from sketch.kernels.onnx.raising.recurrent import recurrent
from sketch.kernels.onnx.raising.site import Finder, Found, Plan, Site, Weight
from sketch.kernels.onnx.raising.types import type_of

_REAL = (ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.FLOAT16, ir.DataType.BFLOAT16)


def _linear(node: ir.Node) -> Iterator[Found]:
    """MatMul by a constant matrix, then Add of a constant row."""
    for place in (0, 1):
        product = made_by(node.inputs[place], "MatMul") if len(node.inputs) == 2 else None
        shift = node.inputs[1 - place]
        if product is None or shift is None or known(shift) is None:
            continue
        source, table = product.inputs
        matrix, rank = known(table), sizes(source)
        if matrix is None or table is None or known(source) is not None or len(matrix.shape) != 2:
            continue
        out = int(matrix.shape[1])  # type: ignore[arg-type]
        if (
            rank is None
            or matrix.dtype not in _REAL
            or sizes(shift) not in ((out,), (1, out))[: 2 if len(rank) > 1 else 1]
        ):
            continue
        weights = {"weight": Weight(table, None, np.transpose, "T"), "bias": Weight(shift, (out,))}
        plan = Plan("Linear", {"out_features": out, "bias": True}, [source], weights, node.outputs[:1])
        yield Found([plan], (node, product))


def _shuffled(node: ir.Node) -> Iterator[Found]:
    """Reshape-Transpose-Reshape that is PixelShuffle, PixelUnshuffle or ChannelShuffle."""
    turn = made_by(node.inputs[0], "Transpose")
    first = made_by(turn.inputs[0], "Reshape") if turn is not None else None
    if turn is None or first is None or "perm" not in turn.attributes:
        return
    have, split, end = sizes(first.inputs[0]), sizes(first.outputs[0]), sizes(node.outputs[0])
    if have is None or split is None or end is None or len(have) != 4 or len(end) != 4:
        return
    layer = _shuffle(tuple(turn.attributes["perm"].value), have, split, end)
    if layer is not None:
        yield Found([Plan(layer[0], layer[1], [first.inputs[0]], {}, node.outputs[:1])], (node, turn, first))


def _shuffle(
    perm: tuple[int, ...], have: tuple[object, ...], split: tuple[object, ...], end: tuple[object, ...]
) -> tuple[str, dict[str, int]] | None:
    """(layer, parameters) of x: have -> split -> (transposed) -> end."""
    batch, channels, *space = have
    if not isinstance(channels, int) or split[0] != batch or end[0] != batch:
        return None
    if perm == (0, 2, 1, 3, 4) and end == have and list(split[3:]) == space and isinstance(split[1], int):
        whole = isinstance(split[2], int) and split[1] * split[2] == channels
        return ("ChannelShuffle", {"groups": split[1]}) if whole else None
    if perm == (0, 1, 4, 2, 5, 3) and len(split) == 6 and split[2] == split[3] and list(split[4:]) == space:
        factor, inner = split[2], split[1]
        if (
            isinstance(factor, int)
            and isinstance(inner, int)
            and inner * factor**2 == channels
            and end[1] == inner
        ):
            return "PixelShuffle", {"upscale_factor": factor}
    return None


def _sequence(node: ir.Node) -> Iterator[Found]:
    """A recurrent operator, with the operators behind it that bring its output into PyTorch's layout."""
    plans = recurrent(Site(node, type_of))
    if not plans:
        return
    layer, *moves = plans
    end = _laid_out(node, 2 if layer.params["bidirectional"] else 1) if moves else None
    if end is not None:
        yield Found([replace(layer, outputs=[end[0].outputs[0], *layer.outputs[1:]])], (*end, node), node)
    yield Found(plans, (node,))


def _laid_out(node: ir.Node, ways: int) -> tuple[ir.Node, ...] | None:
    """Squeeze of the direction, or Transpose and Reshape that join two."""
    user = only_user(node.outputs[0])
    if user is None or user.graph is not node.graph:
        return None
    site = Site(user, type_of)
    if ways == 1 and user.op_type == "Squeeze" and site.numbers(1) == (1,):
        return (user,)
    if user.op_type != "Transpose" or site.attribute("perm") != (0, 2, 1, 3):
        return None
    last = only_user(user.outputs[0])
    wanted = Site(last, type_of).numbers(1) if last is not None and last.op_type == "Reshape" else None
    have = sizes(last.outputs[0]) if last is not None else None
    before = sizes(node.outputs[0])
    if last is None or last.graph is not node.graph:
        return None
    if wanted == (0, 0, -1):
        return (last, user)
    joined = have is not None and before is not None and len(have) == 3 and have[:2] == (before[0], before[2])
    return (last, user) if joined else None


FINDERS: Mapping[str, Finder] = {
    "Add": _linear,
    "Reshape": _shuffled,
    "LSTM": _sequence,
    "GRU": _sequence,
    "RNN": _sequence,
}
