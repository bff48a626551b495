"""ScaledDotProductAttention: Softmax between two MatMuls, with a scale and a mask where exporters put them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx_ir as ir

from sketch.kernels.onnx.folding import known
from sketch.kernels.onnx.raising.matching import made_by, only_user, scalar, sizes
from sketch.kernels.onnx.raising.site import Finder, Found, Plan

_FINITE = frozenset(
    {
        "Sub",
        "Add",
        "Mul",
        "Cast",
        "Unsqueeze",
        "Squeeze",
        "Reshape",
        "Transpose",
        "Expand",
        "Slice",
        "Identity",
        "Gather",
    }
)
_MASKS = 8
"""How many operators behind a mask are looked at."""


@dataclass
class _Attention:
    """What was read so far, from the result up to the sources."""

    scale: float = 1.0
    mask: ir.Value | None = None
    blocked: ir.Value | None = None
    guarded: bool = False
    nodes: list[ir.Node] = field(default_factory=list)


def _attention(node: ir.Node) -> Iterator[Found]:
    about = _Attention(nodes=[node])
    weights, value = node.inputs
    softmax = _softmax(weights, about)
    if softmax is None or value is None or value.dtype not in (ir.DataType.FLOAT, ir.DataType.DOUBLE):
        return
    product = _scores(softmax.inputs[0], about)
    if product is None:
        return
    query, key = (_scaled(source, about) for source in product.inputs)
    if query is None or key is None or known(value) is not None:
        return
    plans = _plans(node, about, query, key, value)
    if plans is not None:
        yield Found(plans, about.nodes)


def _softmax(weights: ir.Value | None, about: _Attention) -> ir.Node | None:
    """The Softmax over the last dimension; a guard sets rows without any key to 0."""
    guard = made_by(weights, "Where")
    if guard is not None:
        test = made_by(guard.inputs[0], "IsNaN")
        if test is None or scalar(guard.inputs[1]) != 0 or test.inputs[0] is not guard.inputs[2]:
            return None
        about.nodes += [guard, test]
        about.guarded = True
        weights = guard.inputs[2]
    softmax = made_by(weights, "Softmax")
    if softmax is None or softmax.inputs[0] is None:
        return None
    shape = softmax.inputs[0].shape
    axis = softmax.attributes["axis"].value if "axis" in softmax.attributes else -1
    about.nodes.append(softmax)
    return softmax if axis == -1 or (shape is not None and axis == len(shape) - 1) else None


def _scores(value: ir.Value | None, about: _Attention) -> ir.Node | None:
    """The product of query and key behind a mask and a scale."""
    add, where = made_by(value, "Add"), made_by(value, "Where")
    if add is not None:
        place = _masked_side(add)
        if place is None:
            return None
        about.nodes.append(add)
        about.mask, value = add.inputs[1 - place], add.inputs[place]
    elif where is not None:
        if scalar(where.inputs[1]) != -math.inf:
            return None
        about.nodes.append(where)
        about.blocked, value = where.inputs[0], where.inputs[2]
    source = _scaled(value, about)
    product = made_by(source, "MatMul")
    if product is not None:
        about.nodes.append(product)
    return product


def _masked_side(add: ir.Node) -> int | None:
    """Which input of the Add holds the scores."""
    for place in (0, 1):
        probe = _scaled(add.inputs[place], _Attention())
        if made_by(probe, "MatMul") is not None and add.inputs[1 - place] is not None:
            return place
    return None


def _scaled(value: ir.Value | None, about: _Attention) -> ir.Value | None:
    """The value without factors, which go into the scale."""
    while True:
        times, over = made_by(value, "Mul"), made_by(value, "Div")
        if times is not None:
            factors = [scalar(item) for item in times.inputs]
            place = next((n for n, factor in enumerate(factors) if factor is not None), None)
            if place is None or len(times.inputs[place].shape or ()) > 1:  # type: ignore[union-attr]
                return value
            about.scale *= factors[place] or 0.0
            value = times.inputs[1 - place]
            about.nodes.append(times)
        elif over is not None and scalar(over.inputs[1]) and len(over.inputs[1].shape or ()) <= 1:  # type: ignore[union-attr]
            about.scale /= scalar(over.inputs[1]) or 1.0
            value = over.inputs[0]
            about.nodes.append(over)
        else:
            return value


def _plans(
    node: ir.Node, about: _Attention, query: ir.Value, key: ir.Value, value: ir.Value
) -> list[Plan] | None:
    """Layers, when all shapes are as the layer wants them and no row can be without a key."""
    shapes = [sizes(query), sizes(key), sizes(value)]
    if (
        any(shape is None or len(shape) < 3 for shape in shapes)
        or not math.isfinite(about.scale)
        or not about.scale
    ):
        return None
    q, k, v = (shape for shape in shapes if shape is not None)
    if not (len(q) == len(k) == len(v) and q[:-2] == k[:-2] == v[:-2] and q[-1] == k[-2] and k[-1] == v[-2]):
        return None
    scores = (*q[:-1], k[-1])
    plans: list[Plan] = []
    turned = _turned(key, plans, about)
    mask = _mask(about, scores, plans)
    if mask is False:
        return None
    usual = isinstance(q[-1], int) and math.isclose(about.scale, 1 / math.sqrt(q[-1]), rel_tol=1e-6)
    params = {} if usual else {"scale": float(str(np.float32(about.scale)))}
    inputs = [query, turned, value, *([mask] if mask is not None else [])]
    plans.append(Plan("ScaledDotProductAttention", params, inputs, {}, node.outputs[:1]))  # type: ignore[arg-type]
    return plans


def _turned(key: ir.Value, plans: list[Plan], about: _Attention) -> ir.Value | tuple[int, int]:
    """The key as ...×S×E: before the Transpose that a file has there, or behind one of our own."""
    rank = len(key.shape or ())
    order = list(range(rank))
    flat = _turned_flat(key, about)
    if flat is not None:
        return flat
    turn = made_by(key, "Transpose")
    if turn is not None and turn.inputs[0] is not None and only_user(key) is not None:
        order = list(turn.attributes["perm"].value) if "perm" in turn.attributes else order[::-1]
        about.nodes.append(turn)
        key = turn.inputs[0]
    order[-1], order[-2] = order[-2], order[-1]
    if order == list(range(rank)):
        return key
    plans.append(Plan("Permute", {"dims": tuple(order)}, [key]))
    return len(plans) - 1, 0


def _turned_flat(key: ir.Value, about: _Attention) -> ir.Value | None:
    """The source of Reshape to three dimensions, Transpose of the last two, Reshape back."""
    back = made_by(key, "Reshape")
    turn = made_by(back.inputs[0], "Transpose") if back is not None else None
    flat = made_by(turn.inputs[0], "Reshape") if turn is not None else None
    if back is None or turn is None or flat is None or tuple(turn.attributes["perm"].value) != (0, 2, 1):
        return None
    source = flat.inputs[0]
    have, three, end = sizes(source), sizes(flat.outputs[0]), sizes(key)
    if have is None or three is None or end is None or source is None:
        return None
    if three[1:] != have[-2:] or end != (*have[:-2], have[-1], have[-2]):
        return None
    if not all(only_user(node.outputs[0]) for node in (back, turn, flat)):
        return None
    about.nodes += [back, turn, flat]
    return source


def _mask(
    about: _Attention, scores: tuple[object, ...], plans: list[Plan]
) -> ir.Value | tuple[int, int] | bool | None:
    """The mask to wire, None without one; False where the layer would compute something else."""
    value = about.blocked if about.blocked is not None else about.mask
    if value is None:
        return None
    if not _fits(sizes(value), scores):
        return False
    if about.blocked is not None:
        if not about.guarded and not _lets_through(value, blocked=True):
            return False
        plans.append(Plan("Not", {}, [value]))
        return len(plans) - 1, 0
    kept = _kept(value) if about.guarded else None
    if kept is not None and _fits(sizes(kept.inputs[0]), scores) and only_user(value) is not None:
        about.nodes.append(kept)
        return kept.inputs[0] or False
    if value.dtype not in (ir.DataType.FLOAT, ir.DataType.DOUBLE):
        return False
    return value if about.guarded or _lets_through(value) or _is_finite(value, _MASKS) else False


def _kept(value: ir.Value) -> ir.Node | None:
    """Where(keep, 0, -inf): a mask of truth values, written as numbers."""
    where = made_by(value, "Where")
    plain = where is not None and scalar(where.inputs[1]) == 0 and scalar(where.inputs[2]) == -math.inf
    return where if plain else None


def _fits(mask: tuple[object, ...] | None, scores: tuple[object, ...]) -> bool:
    """A mask that broadcasts to the scores and not beyond."""
    if mask is None or len(mask) > len(scores) or len(mask) < 2:
        return False
    return all(own in (1, size) for own, size in zip(mask[::-1], scores[::-1], strict=False))


def _lets_through(value: ir.Value, *, blocked: bool = False) -> bool:
    """A constant mask that leaves each query a key; a row of -inf alone gives NaN in a file and 0 in the layer."""
    tensor = known(value)
    if tensor is None or tensor.size > 1 << 24:
        return False
    array = np.asarray(tensor.numpy())
    barred = array.astype(bool) if blocked else np.isneginf(array)
    return not bool(barred.all(axis=-1).any()) and (
        blocked or not bool(np.isnan(array).any() or np.isposinf(array).any())
    )


def _is_finite(value: ir.Value | None, depth: int) -> bool:
    """A mask computed from whole numbers, truth values and finite constants by sums and products."""
    if value is None or depth == 0:
        return False
    tensor = known(value)
    if tensor is not None:
        return tensor.size <= 1 << 20 and bool(np.isfinite(np.asarray(tensor.numpy(), np.float64)).all())
    if value.dtype in (ir.DataType.BOOL, ir.DataType.INT64, ir.DataType.INT32, ir.DataType.UINT8):
        return True
    node = value.producer()
    if node is None or node.op_type not in _FINITE:
        return (
            node is not None
            and node.op_type == "Where"
            and all(_is_finite(item, depth - 1) for item in node.inputs[1:])
        )
    sources = node.inputs[:1] if node.op_type not in ("Add", "Sub", "Mul") else node.inputs
    return all(_is_finite(item, depth - 1) for item in sources)


def _plain(values: Mapping[str, object]) -> bool:
    """Attributes that PyTorch's function has, or at the values where they change nothing."""
    idle = {
        "softcap": (0.0,),
        "softmax_precision": (1,),
        "left_window_size": (-1,),
        "right_window_size": (-1,),
    }
    free = ("is_causal", "scale", "q_num_heads", "kv_num_heads", "qk_matmul_output_mode")
    return all(name in free or value in idle.get(name, ()) for name, value in values.items())


def _operator(node: ir.Node) -> Iterator[Found]:
    """The operator Attention over N×heads×L×E, without a cache and what else PyTorch's function lacks."""
    query, key, value, mask, *cache = (*node.inputs, *(None,) * 4)[: max(4, len(node.inputs))]
    values = {name: item.value for name, item in node.attributes.items()}
    shapes = [sizes(source) for source in (query, key, value)]
    if any(cache) or any(shape is None or len(shape) != 4 for shape in shapes) or query is None:
        return
    if query.dtype != ir.DataType.FLOAT or not _plain(values):
        return
    if any(output.uses() or output.is_graph_output() for output in node.outputs[1:]):
        return
    q, k, v = (shape for shape in shapes if shape is not None)
    if (
        q[0] != k[0]
        or k[:3] != v[:3]
        or q[3] != k[3]
        or not (isinstance(q[1], int) and isinstance(k[1], int))
    ):
        return
    if q[1] % k[1] or (mask is not None and values.get("is_causal")):
        return
    if mask is not None and not (_fits(sizes(mask), (*q[:3], k[2])) and _is_safe(mask)):
        return
    params: dict[str, object] = {"is_causal": bool(values.get("is_causal", 0)), "enable_gqa": q[1] != k[1]}
    if values.get("scale"):
        params["scale"] = float(str(np.float32(values["scale"])))
    inputs = [source for source in (query, key, value, mask) if source is not None]
    yield Found([Plan("ScaledDotProductAttention", params, inputs, {}, node.outputs[:1])], (node,))


def _is_safe(mask: ir.Value) -> bool:
    """A mask that leaves each query a key, as numbers or as truth values that keep."""
    tensor = known(mask)
    if mask.dtype == ir.DataType.BOOL:
        return tensor is not None and bool(np.asarray(tensor.numpy()).any(axis=-1).all())
    return mask.dtype == ir.DataType.FLOAT and (_lets_through(mask) or _is_finite(mask, _MASKS))


FINDERS: Mapping[str, Finder] = {"MatMul": _attention, "Attention": _operator}
