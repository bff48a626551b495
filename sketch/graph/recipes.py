"""How a tensor is made from another one or from random numbers: a plain record, computed when it is first read.

A record holds `shape` and `dtype` of the result, `base` (digest, shape and element type of the tensor it is made
from, or None), `how`, and `fill`: what the elements start from that the base does not give. The same record always
gives the same bytes, so an edit that resizes or initialises weights costs nothing, and undo finds the old ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sketch.graph.expressions import evaluate
from sketch.graph.rows import TensorRow
from sketch.graph.specs import LayerSpec
from sketch.graph.weights import WeightType

Recipe = dict[str, Any]

MADE = "made"
"""Digests of tensors that a record makes begin so."""
KEEP, TILE, NEW = "keep", "tile", "new"
RESIZING = (KEEP, TILE, NEW)
"""What can become of a stored tensor when its weight changes its shape: keep the overlap, repeat it, start anew."""
CAST = "cast"
_WORDS = ("scheme", "of", "zero_row", "mode")


def initial(
    weight: WeightType, siblings: Mapping[str, WeightType], params: Mapping[str, Any], seed: int, node_id: int
) -> Recipe:
    """The values that a layer starts from, as `binder.initial.initial_tensor` makes them."""
    init = {
        name: value if name in _WORDS else _plain(evaluate(value, params))
        for name, value in weight.init.items()
    }
    zero_row = init.pop("zero_row", None)
    fan = siblings.get(init.get("of", ""))
    fill = {
        "role": weight.role, "node": node_id, "seed": seed, "init": init,
        "of": None if fan is None else list(fan.shape),
        "zero_row": None if zero_row is None else params.get(zero_row),
    }  # fmt: skip
    return _record(weight.shape, weight.dtype, NEW, fill=fill)


def by_scheme(weight: WeightType, scheme: Mapping[str, Any], seed: int, node_id: int) -> Recipe:
    """The values of another scheme: its name under `scheme`, and its arguments."""
    fill = {
        "role": weight.role,
        "node": node_id,
        "seed": seed,
        "init": dict(scheme),
        "of": None,
        "zero_row": None,
    }
    return _record(weight.shape, weight.dtype, NEW, fill=fill)  # fmt: skip


def resized(base: TensorRow, fresh: Recipe, how: str, spec: LayerSpec, role: str) -> Recipe:
    """A tensor in another shape of the same rank; `fresh` is what it would be initialised to, and gives the shape."""
    blocks, centred = layout(spec, role, len(base.shape))
    grows = any(new > old for old, new in zip(base.shape, fresh["shape"], strict=True))
    fill = fresh["fill"] if how == KEEP and grows else None
    record = _record(tuple(fresh["shape"]), base.dtype, how, base, fill)
    return {**record, "blocks": blocks, "centred": centred}


def cast(base: TensorRow, dtype: str) -> Recipe:
    """A tensor in another element type, rounded to nearest."""
    return _record(base.shape, dtype, CAST, base)


def base_of(recipe: Mapping[str, Any]) -> TensorRow | None:
    """The tensor that a record is made from, as a row without id."""
    base = recipe["base"]
    return None if base is None else TensorRow(0, base["digest"], tuple(base["shape"]), base["dtype"])


def layout(spec: LayerSpec, role: str, rank: int) -> tuple[list[int], list[bool]]:
    """For each dimension: how many equal blocks lie in it (4 gates of an LSTM), and whether its middle stays.

    Both are read from the shape in the layer file: `4 * hidden_size` has four blocks, `*kernel_size` keeps its middle.
    """
    blocks, centred = [1] * rank, [False] * rank
    sizes = _sizes(spec, role)
    for place, text in enumerate(sizes):
        if text.startswith("*"):
            return blocks, [*centred[:place], *[True] * (rank - place)][:rank]
        if place < rank and (found := re.match(r"(\d+) \* ", text)):
            blocks[place] = int(found[1])
    return blocks, centred


def _sizes(spec: LayerSpec, role: str) -> list[str]:
    for weight in spec.weights.values():
        pattern = "".join(
            ".*" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", weight.name)
        )
        if re.fullmatch(pattern, role):
            return [part.strip() for part in re.split(r",(?![^(]*\))", str(weight.shape))]
    return []


def _record(
    shape: tuple[int, ...], dtype: str, how: str, base: TensorRow | None = None, fill: Recipe | None = None
) -> Recipe:
    kept = None if base is None else {"digest": base.digest, "shape": list(base.shape), "dtype": base.dtype}
    return {"shape": list(shape), "dtype": dtype, "how": how, "base": kept, "fill": fill}


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, (tuple, list)) else value
