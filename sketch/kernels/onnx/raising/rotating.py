"""RotaryEmbedding: x·cos + turned·sin as exporters write it, and the operator of opset 23.

Turned halves are Concat(Neg(second half), first half); turned neighbours Reshape(Concat(Neg(odd), even)) of columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import onnx_ir as ir

from sketch.kernels.onnx.raising.matching import made_by, other, sizes
from sketch.kernels.onnx.raising.site import Finder, Found, Plan, Site
from sketch.kernels.onnx.raising.types import type_of

_FLOATS = frozenset({ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.FLOAT16, ir.DataType.BFLOAT16})


def _written_out(node: ir.Node) -> Iterator[Found]:
    """Add(Mul(x, cos), Mul(turned, sin)), sum and products in either order."""
    for place in (0, 1):
        turned, plain = (made_by(node.inputs[at], "Mul") for at in (place, 1 - place))
        if turned is None or plain is None or turned is plain:
            continue
        for value in turned.inputs:
            found = _turned(value)
            if found is None:
                continue
            x, interleaved, nodes = found
            sin, cos = other(turned, value), other(plain, x)
            if any(item is x for item in plain.inputs) and _fits(x, cos) and _fits(x, sin):
                params = {"interleaved": interleaved}
                plan = Plan("RotaryEmbedding", params, [x, cos, sin], {}, node.outputs[:1])
                yield Found([plan], (node, turned, plain, *nodes))


def _turned(value: ir.Value | None) -> tuple[ir.Value, bool, tuple[ir.Node, ...]] | None:
    """(x, interleaved, operators) of the pairs (a, b) of x as (-b, a)."""
    back = made_by(value, "Reshape")
    joined = made_by(back.inputs[0] if back is not None else value, "Concat")
    if joined is None or len(joined.inputs) != 2 or not _is_last(joined, joined.inputs[0]):
        return None
    behind, before = joined.inputs if back is None else map(_column, joined.inputs)
    negative = made_by(behind, "Neg")
    first, second = _part(before), _part(negative.inputs[0] if negative is not None else None)
    if negative is None or first is None or second is None or first[0] is not second[0]:
        return None
    if (first[1], second[1]) != ((0, 1) if back is None else (2, 3)) or sizes(value) != sizes(first[0]):
        return None
    columns = [] if back is None else [back, *(item.producer() for item in joined.inputs if item is not None)]
    nodes = dict.fromkeys((*columns, joined, negative, second[2], first[2]))
    return first[0], back is not None, tuple(node for node in nodes if node is not None)


def _column(value: ir.Value | None) -> ir.Value | None:
    """What an Unsqueeze behind the last dimension gives a place of its own."""
    node = made_by(value, "Unsqueeze")
    shape = sizes(value)
    if node is None or shape is None or Site(node, type_of).numbers(1) not in ((-1,), (len(shape) - 1,)):
        return None
    return node.inputs[0]


def _part(value: ir.Value | None) -> tuple[ir.Value, int, ir.Node] | None:
    """(x, which, operator) of half of x: 0 the first, 1 the second, 2 the even features, 3 the odd ones."""
    node = value.producer() if value is not None else None
    source = node.inputs[0] if node is not None and node.inputs else None
    have, whole = sizes(value), sizes(source)
    if node is None or source is None or not have or not whole or source.dtype not in _FLOATS:
        return None
    if not isinstance(whole[-1], int) or have != (*whole[:-1], whole[-1] // 2) or whole[-1] % 2:
        return None
    if made_by(value, "Split") is not None and len(node.outputs) == 2 and _is_last(node, source):
        return source, int(node.outputs[1] is value), node
    which = _which(node, whole) if made_by(value, "Slice") is not None else None
    return None if which is None else (source, which, node)


def _is_last(node: ir.Node, value: ir.Value | None) -> bool:
    """True when the operator's axis is the last one of a value."""
    shape = sizes(value)
    axis = node.attributes["axis"].value if "axis" in node.attributes else 0
    return shape is not None and axis in (-1, len(shape) - 1)


def _which(node: ir.Node, whole: tuple[Any, ...]) -> int | None:
    """Which half a Slice of the last dimension alone gives (see _part), by where it starts and its step."""
    site, width = Site(node, type_of), whole[-1]
    starts, axes, steps = (site.numbers(index) for index in (1, 3, 4))
    if starts is None or len(starts) != 1 or axes not in ((-1,), (len(whole) - 1,)):
        return None
    step = 1 if not site.given(4) else steps[0] if steps is not None and len(steps) == 1 else 0
    start = max(0, starts[0] + width) if starts[0] < 0 else starts[0]
    return {(0, 1): 0, (width // 2, 1): 1, (0, 2): 2, (1, 2): 3}.get((start, step))


def _fits(x: ir.Value, angles: ir.Value | None) -> bool:
    """Numbers for each feature of x that broadcast to it and not beyond.

    A size without a number is 1 or x's own: sizes that a graph computes go by another name than x's.
    """
    whole = sizes(x)
    if (
        angles is None
        or angles.shape is None
        or whole is None
        or not 2 <= len(whole) >= len(angles.shape) > 0
    ):
        return False
    own = list(angles.shape)
    if own[-1] != whole[-1]:
        return False
    pairs = zip(own[-2::-1], whole[-2::-1], strict=False)
    return all(have in (1, size) if isinstance(have, int) else size != 1 for have, size in pairs)


def _operator(node: ir.Node) -> Iterator[Found]:
    """The operator over N×heads×L×E that turns all features, with its angles by place or picked by position."""
    x, cos, sin, places = (*node.inputs, None)[:4]
    site, shape = Site(node, type_of), sizes(x)
    if x is None or cos is None or sin is None or shape is None or len(shape) != 4 or x.dtype not in _FLOATS:
        return
    width, part = shape[3], site.attribute("rotary_embedding_dim", 0)
    if not isinstance(width, int) or width % 2 or part not in (0, width):
        return
    plans: list[Plan] = []
    ends = [_angles(value, places, shape, plans) for value in (cos, sin)]
    if None not in ends:
        params = {"interleaved": bool(site.attribute("interleaved", 0))}
        yield Found([*plans, Plan("RotaryEmbedding", params, [x, *ends], {}, node.outputs[:1])], (node,))


def _angles(
    cache: ir.Value, places: ir.Value | None, shape: tuple[Any, ...], plans: list[Plan]
) -> tuple[int, int] | None:
    """N×1×L×E/2 out of N×L×E/2, or out of rows that positions (N×L) choose; None for other sizes."""
    have, wanted = sizes(cache), (shape[0], shape[2], shape[3] // 2)
    source: ir.Value | tuple[int, int] = cache
    if places is not None:
        if have is None or len(have) != 2 or have[1] != wanted[2] or sizes(places) != wanted[:2]:
            return None
        plans.append(Plan("Gather", {"dim": 0}, [cache, places]))
        source = len(plans) - 1, 0
    elif have != wanted:
        return None
    plans.append(Plan("Unsqueeze", {"dim": 1}, [source]))
    return len(plans) - 1, 0


FINDERS: Mapping[str, Finder] = {"Add": _written_out, "RotaryEmbedding": _operator}
