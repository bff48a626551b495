"""What values an input may take so that a network can run: indices, masks, lengths, shapes, counts.

Consumers that need a range say so; the need walks back through layers that pass values on (Cast, Reshape,
Unsqueeze, Concat, adding a constant, ...) until it reaches the Inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from sketch.graph.network import Network, Source, Step
from sketch.graph.rows import ValueType

STANDARD = "ai.onnx:"


@dataclass(frozen=True, slots=True)
class Need:
    """What a consumer asks of a value.

    `low` <= whole numbers < `high`. `kind` is `index`, `unique` (indices, each once), `count`, `mask` (true where
    something is seen), `additive mask` (0 or -inf), `unit` (0 to 1), `class` or `exact` (then `values` are they).
    """

    kind: str
    low: int = 0
    high: int = 4
    values: tuple[int, ...] = ()

    def both(self, other: Need | None) -> Need:
        """What satisfies both; an exact need and a unique one win."""
        if other is None or self.kind == "exact":
            return self
        if other.kind == "exact":
            return other
        first, second = (self, other) if self.kind == "unique" else (other, self)
        low, high = max(first.low, second.low), min(first.high, second.high)
        return replace(
            first, low=min(low, max(high - 1, 0)), high=max(high, low + 1 if high <= low else high)
        )

    def __str__(self) -> str:
        if self.kind == "exact":
            return f"exactly {', '.join(map(str, self.values))}"
        if self.kind in ("mask", "additive mask", "unit"):
            return {"mask": "true or false, the first true", "unit": "0 to 1"}.get(self.kind, "0 or -inf")
        return f"{self.kind} from {self.low} to {self.high - 1}"


Sizes = Callable[[Step, int], tuple[int, ...]]
Rule = Callable[[Step, int, Sizes], Need | None]


def needs(network: Network, size_of: Callable[[Any], int]) -> dict[int, Need]:
    """Input id -> what its consumers need; inputs that take anything are left out.

    Args:
        size_of: the number that a dimension (a number or a symbol) has in this run.
    """

    def sizes(step: Step, index: int) -> tuple[int, ...]:
        return tuple(size_of(dim) for dim in _shape(network, step, index))

    found: dict[Source, Need] = {}
    for step in reversed(network.steps):
        for index, source in enumerate(step.inputs):
            if source is None:
                continue
            need = _own(step, index, sizes) or _passed(network, step, index, found)
            if need is not None:
                found[source] = need.both(found.get(source))
    return {source.node: need for source, need in found.items() if network.step(source.node).layer == "Input"}


def _own(step: Step, index: int, sizes: Sizes) -> Need | None:
    rule = _RULES.get(step.layer.removeprefix(STANDARD), {}).get(index)
    if rule is None:
        return None
    try:
        return rule(step, index, sizes)
    except (IndexError, KeyError, TypeError, ValueError):
        return None  # a shape that is not known asks for nothing


def _shape(network: Network, step: Step, index: int) -> tuple[Any, ...]:
    """The shape of an input, of a wire or of a constant that the node holds; ValueError when it is not known."""
    kind: ValueType | None = step.input_types[index] if index < len(step.input_types) else None
    if kind is not None and kind.shape is not None:
        return kind.shape
    if f"input{index}" in step.stored:
        return network.tensors[step.stored[f"input{index}"]].shape
    raise ValueError("unknown shape")


# --- what consumers need ---------------------------------------------------------------------------


def _entries(axis: str, default: int, kind: str = "index") -> Rule:
    """Numbers of the entries of the first input along an axis."""

    def rule(step: Step, _index: int, sizes: Sizes) -> Need:
        return Need(kind, 0, sizes(step, 0)[int(step.params.get(axis, default))])

    return rule


def _places(kind: str) -> Rule:
    """GatherND, ScatterND: each index has one number a dimension; the smallest dimension bounds them all."""

    def rule(step: Step, index: int, sizes: Sizes) -> Need:
        data, indices = sizes(step, 0), sizes(step, index)
        batch = int(step.params.get("batch_dims", 0))
        return Need(kind, 0, min(data[batch : batch + indices[-1]]))

    return rule


def _classes(step: Step, _index: int, sizes: Sizes) -> Need:
    shape = sizes(step, 0)
    return Need("class", 0, shape[1] if len(shape) > 1 else shape[0])


def _rows(step: Step, _index: int, _sizes: Sizes) -> Need:
    return Need("index", 0, int(step.params["num_embeddings"]))


def _lengths(axis: int) -> Rule:
    def rule(step: Step, _index: int, sizes: Sizes) -> Need:
        return Need("count", 1, sizes(step, 0)[axis if not step.params.get("layout") else 1] + 1)

    return rule


def _at_most(axis: str, default: int) -> Rule:
    def rule(step: Step, _index: int, sizes: Sizes) -> Need:
        return Need("count", 1, sizes(step, 0)[int(step.params.get(axis, default))] + 1)

    return rule


def _like_output(step: Step, _index: int, sizes: Sizes) -> Need:
    """A shape as a value: the output's where it is in numbers, else that of the data."""
    kind = step.types[0] if step.types else None
    if kind is not None and kind.shape is not None and all(isinstance(size, int) for size in kind.shape):
        return Need("exact", values=tuple(kind.shape))
    return Need("exact", values=sizes(step, 0))


def _flat(step: Step, index: int, sizes: Sizes) -> Need:
    count = prod(sizes(step, index))
    return Need("exact", values=sizes(step, 0) if count == len(sizes(step, 0)) else (-1,) * count)


def _fixed(kind: str, low: int = 0, high: int = 2) -> Rule:
    return lambda _step, _index, _sizes: Need(kind, low, high)


def _mask(step: Step, index: int, _sizes: Sizes) -> Need:
    kind = step.input_types[index]
    return Need("mask" if kind is not None and kind.dtype == "bool" else "additive mask", 0, 2)


def _labels(step: Step, index: int, sizes: Sizes) -> Need:
    """CTCLoss: labels are classes but the blank; lengths are all steps, and a small share of the labels."""
    scores = sizes(step, 0)
    if index == 1:
        return Need("class", 1, max(2, scores[-1]))
    if index == 2:
        return Need("count", scores[0], scores[0] + 1)
    return Need("count", 1, 2)


def _switched(step: Step, _index: int, _sizes: Sizes) -> Need | None:
    """What becomes a truth value is one already."""
    return Need("mask", 0, 2) if step.params.get("dtype") == "bool" or step.params.get("to") == 9 else None


def _along(kind: str) -> Rule:
    """Numbers of entries along `axis` of an operator, `dim` of a layer."""
    return lambda s, i, z: _entries("axis" if ":" in s.layer else "dim", 0, kind)(s, i, z)


def _hot(step: Step, _index: int, _sizes: Sizes) -> Need:
    return Need("index", 0, int(step.params.get("num_classes", 4)))


_RNN: Mapping[int, Rule] = {4: _lengths(0)}
_RULES: Mapping[str, Mapping[int, Rule]] = {
    "Embedding": {0: _rows},
    "Gather": {1: _along("index")},
    "GatherElements": {1: _along("index")},
    "ScatterElements": {1: _along("unique")},
    "Scatter": {1: _along("unique")},
    "ScatterAdd": {1: _along("index")},
    "GatherND": {1: _places("index")},
    "ScatterND": {1: _places("unique")},
    "TensorScatter": {2: _fixed("count", 0, 1)},
    "OneHot": {0: _hot, 1: _fixed("count", 8, 9)},
    "TopK": {1: _at_most("axis", -1)},
    "Reshape": {1: _flat},
    "Expand": {1: _like_output},
    "Tile": {1: _fixed("count", 1, 3)},
    "ConstantOfShape": {0: _fixed("count", 1, 4)},
    "Range": {0: _fixed("count", 0, 1), 1: _fixed("count", 5, 6), 2: _fixed("count", 1, 2)},
    "Slice": {
        1: _fixed("count", 0, 1),
        2: _at_most("", 0),
        3: _fixed("count", 0, 1),
        4: _fixed("count", 1, 2),
    },
    "Pad": {1: _fixed("count", 0, 2), 3: _fixed("count", 0, 1)},
    "CumSum": {1: _fixed("count", 0, 1)},
    "Squeeze": {1: _fixed("count", 0, 1)},
    "Unsqueeze": {1: _fixed("count", 0, 1)},
    "Trilu": {1: _fixed("count", 0, 2)},
    "BitShift": {1: _fixed("count", 0, 4)},
    "Mod": {1: _fixed("count", 1, 5)},
    "FloorDivide": {1: _fixed("count", 1, 5)},
    "Remainder": {1: _fixed("count", 1, 5)},
    "Cast": {0: _switched},
    "LSTM": _RNN,
    "GRU": _RNN,
    "RNN": _RNN,
    "ReverseSequence": {1: _fixed("count", 1, 2)},
    "ScaledDotProductAttention": {3: _mask},
    "MultiheadAttention": {3: _mask, 4: _mask},
    "Attention": {3: _mask},
    "TransformerEncoderLayer": {1: _mask, 2: _mask},
    "CrossEntropyLoss": {1: _classes},
    "NLLLoss": {1: _classes},
    "NegativeLogLikelihoodLoss": {1: _classes},
    "SoftmaxCrossEntropyLoss": {1: _classes},
    "CTCLoss": {1: _labels, 2: _labels, 3: _labels},
    "BCELoss": {0: _fixed("unit"), 1: _fixed("unit")},
    "KLDivLoss": {1: _fixed("unit")},
}


# --- how needs walk back ---------------------------------------------------------------------------

_KEEP_FIRST = frozenset(
    {
        "Cast", "CastLike", "Identity", "Unsqueeze", "Squeeze", "Reshape", "Flatten", "Unflatten", "Permute",
        "Transpose", "Expand", "Slice", "Tile", "Dropout", "Gather", "GatherElements", "GatherND", "Split", "Chunk",
        "Min", "Clip", "Clamp", "Pad", "Roll", "Flip", "Repeat", "RepeatInterleave", "UnfoldDim", "torch:set_item",
        "torch:Tensor.__getitem__",
    }
)  # fmt: skip
"""Layers whose first input shows its values unchanged on their outputs."""
_KEEP_ALL = frozenset({"Concat", "Stack", "Max", "Maximum", "Minimum"})
_SHIFTING = {"Add": -1, "Sub": 1}


def _passed(network: Network, step: Step, index: int, found: Mapping[Source, Need]) -> Need | None:
    """What the consumers of this step's outputs need, as its input sees it."""
    layer = step.layer.removeprefix(STANDARD)
    asked = [found[key] for out in range(max(len(step.types), 1)) if (key := Source(step.id, out)) in found]
    if not asked:
        return None
    need = asked[0]
    for other in asked[1:]:
        need = need.both(other)
    if (layer in _KEEP_FIRST and index == 0) or layer in _KEEP_ALL or (layer == "Where" and index > 0):
        return need if need.kind != "exact" or len(step.inputs) == 1 else None
    if layer in _SHIFTING and need.kind in ("index", "unique", "class", "count"):
        return _shifted(network, step, index, need, _SHIFTING[layer])
    return None


def _shifted(network: Network, step: Step, index: int, need: Need, sign: int) -> Need | None:
    """Ids plus an offset: the range moves the other way; two inputs that are both open share it."""
    other = _number(network, step, 1 - index) if len(step.inputs) == 2 else None
    if other is None:
        half = max(need.high // 2, need.low + 1)
        return replace(need, high=half) if sign < 0 else None
    low, high = need.low + sign * other, need.high + sign * other
    return replace(need, low=max(low, 0), high=max(high, 1)) if index == 0 else None


def _number(network: Network, step: Step, index: int) -> int | None:
    """The largest value of a constant operand, None when it is no constant."""
    source = step.inputs[index] if 0 <= index < len(step.inputs) else None
    record = step.params.get(f"$input{index}")
    if source is None:
        data = record.get("data") if isinstance(record, dict) else None
    else:
        maker = network.step(source.node)
        data = maker.params.get("value") if maker.layer == "Constant" and not maker.stored else None
    values = _flattened(data)
    return int(max(values)) if values else None


def _flattened(value: Any) -> list[float]:
    if isinstance(value, (tuple, list)):
        return [number for item in value for number in _flattened(item)]
    return [value] if isinstance(value, (int, float)) else []
