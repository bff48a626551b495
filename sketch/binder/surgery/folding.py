"""What depends on constants only is computed once and becomes a constant itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from sketch.binder.binder import Runs
from sketch.binder.kernel import BinderError
from sketch.binder.surgery.agreement import run_network
from sketch.binder.surgery.arrays import Array, after, begun, from_numbers, store_weight, stored_bytes
from sketch.binder.tensors import storage_dtype
from sketch.graph.delta import Delta
from sketch.graph.draft import Draft
from sketch.graph.library import LayerLibrary
from sketch.graph.network import Network, Source, Step
from sketch.graph.rerouting import reroute
from sketch.graph.rows import DTYPES, FrozenDict, ValueType

SOURCES = ("Constant", "Parameter")
SMALL = 16
"""A result of up to this many elements is written into the node, a larger one is stored."""
GROWTH = 1 << 20
"""A result may be so many bytes larger than what it is made of; a larger one stays computed."""
_NEVER = frozenset(
    {
        "RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Multinomial", "Bernoulli",
        "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "If", "Loop", "Scan", "SequenceMap",
    }
)  # fmt: skip
"""Chance, control flow, and weights that are small because they are quantised."""
_TRAINED = ("float16", "bfloat16", "float32", "float64")


@dataclass(frozen=True, slots=True)
class Fold:
    """What folding changes: the edit, how many nodes there were and are, and the bytes of all weights."""

    delta: Delta
    nodes_before: int
    nodes_after: int
    bytes_before: int
    bytes_after: int

    def __str__(self) -> str:
        gone = self.nodes_before - self.nodes_after
        change = self.bytes_after - self.bytes_before
        return (
            f"{gone} node{'' if gone == 1 else 's'} folded away ({self.nodes_before} to {self.nodes_after}); "
            f"weights {self.bytes_before:,} to {self.bytes_after:,} bytes ({change:+,})"
        )


def constant_steps(network: Network) -> dict[int, Step]:
    """Nodes whose values never change: constants, and what is computed from nothing else."""
    found: dict[int, Step] = {}
    for step in network.steps:
        if step.layer in SOURCES or _is_constant(network, step, found):
            found[step.id] = step
    return found


def ends(network: Network, constant: Mapping[int, Step]) -> list[Source]:
    """The computed values that something else reads."""
    wanted: dict[Source, None] = {}
    for step in network.steps:
        if step.id in constant:
            continue
        for source in step.inputs:
            if source and source.node in constant and constant[source.node].layer not in SOURCES:
                wanted[source] = None
    return list(wanted)


def why_nothing_folds(network: Network) -> str | None:
    """None, or why there is nothing to fold."""
    found = any(step.layer not in SOURCES for step in constant_steps(network).values())
    return None if found else "No layer depends on constants only."


def fold(runs: Runs, network: Network, library: LayerLibrary) -> Fold:
    """Compute the constants in a worker; BinderError when no kernel can."""
    constant = constant_steps(network)
    wanted = ends(network, constant)
    runs.job.report(0, 2, "Computing constants")
    values = _computed(runs, network, constant, wanted, library) if wanted else {}
    runs.job.report(1, 2, "Writing constants")
    draft = begun(network, library)
    made = [_replace(draft, network, constant, source, values[source]) for source in wanted]
    _drop_idle(draft, constant)
    for node, name in made:
        if draft.named(draft.node(node).parent, name) is None:
            draft.rename(node, name)
    delta = draft.delta()
    done = after(network, delta, library)
    return Fold(delta, len(network.steps), len(done.steps), stored_bytes(network), stored_bytes(done))


def _is_constant(network: Network, step: Step, found: Mapping[int, Step]) -> bool:
    kind = step.layer.partition(":")[2] if step.spec.is_operator else step.layer
    if kind in _NEVER or step.layer in ("Input", "Output") or not step.types or step.spec.group:
        return False
    if step.spec.is_operator and not step.layer.startswith("ai.onnx:"):
        return False
    if any(isinstance(v, dict) and v.get("kind") in ("graph", "graphs") for v in step.params.values()):
        return False
    fed = [source for source in step.inputs if source is not None]
    inner = step.spec.is_operator and (step.stored or any(n.startswith("$input") for n in step.params))
    if any(source.node not in found for source in fed) or not (fed or inner):
        return False
    if any(weight.trainable for weight in step.weights.values()) or _is_weight_cast(network, step):
        return False
    return all(_known(kind) for kind in step.types) and _bytes(step.types) <= _given(network, step) + GROWTH


def _is_weight_cast(network: Network, step: Step) -> bool:
    """A half-precision weight that is widened at run time is small on purpose."""
    tensor = step.stored.get("input0")
    return step.layer == "ai.onnx:Cast" and tensor is not None and network.tensors[tensor].dtype in _TRAINED


def _known(kind: ValueType | None) -> bool:
    return (
        kind is not None and kind.shape is not None and kind.dtype in DTYPES and kind.dtype != "string"
        and all(isinstance(size, int) for size in kind.shape)
    )  # fmt: skip


def _bytes(kinds: tuple[ValueType | None, ...]) -> int:
    known = [kind for kind in kinds if kind is not None and kind.shape is not None]
    return sum(prod(kind.shape or ()) * storage_dtype(kind.dtype).itemsize for kind in known)


def _given(network: Network, step: Step) -> int:
    stored = [network.tensors[tensor] for tensor in step.stored.values()]
    kinds = tuple(ValueType(row.dtype, row.shape) for row in stored)
    return _bytes(kinds) + _bytes(tuple(kind for kind in step.input_types if _known(kind)))


def _computed(
    runs: Runs, network: Network, constant: Mapping[int, Step], wanted: list[Source], library: LayerLibrary
) -> dict[Source, Array]:
    """The values, by the first kernel that can compute them."""
    names = {f"value_{source.node}_{source.out}": source for source in wanted}
    following = max(network.by_id) + 1
    outputs = [
        _output(following + place, name, source, constant[source.node].types[source.out], library)
        for place, (name, source) in enumerate(names.items())
    ]
    steps = (*_needed(network, constant, wanted), *outputs)
    part = replace(network, steps=steps, groups={}, problems=(), meta={}, tables=None)
    part = replace(part, steps=tuple(replace(s, name=f"n{s.id}" if s.layer != "Output" else s.name, parent=None)
                                     for s in steps))  # fmt: skip
    last = BinderError("No kernel here can compute these constants.")
    for kernel in runs.registry:
        if kernel.available() or any(kernel.refusal(step) for step in part.steps):
            continue
        try:
            answers = run_network(runs, kernel, part, {})
            return {source: answers[name] for name, source in names.items()}
        except (BinderError, KeyError) as error:
            runs.job.check()
            last = BinderError(f"The constants could not be computed: {error}")
    raise last


def _needed(network: Network, constant: Mapping[int, Step], wanted: list[Source]) -> list[Step]:
    stack, seen = [source.node for source in wanted], set[int]()
    while stack:
        key = stack.pop()
        if key not in seen:
            seen.add(key)
            stack += [source.node for source in constant[key].inputs if source is not None]
    return [step for step in network.steps if step.id in seen]


def _output(key: int, name: str, source: Source, kind: ValueType | None, library: LayerLibrary) -> Step:
    return Step(
        id=key, name=name, layer="Output", spec=library["Output"], params=FrozenDict(), pinned=FrozenDict(),
        inputs=(source,), input_types=(kind,), types=(), weights={}, stored={}, outgrown=(), parent=None,
    )  # fmt: skip


def _replace(
    draft: Draft, network: Network, constant: Mapping[int, Step], source: Source, value: Array
) -> tuple[int, str]:
    """A constant in the place of a value: (its id, the name that it is to have)."""
    step = constant[source.node]
    kind = step.types[source.out]
    dtype = kind.dtype if kind is not None else value.dtype.name
    trained = dtype in _TRAINED and _from_parameter(constant, step)
    place = draft.get("places", step.id)
    at = (place.x, place.y) if place is not None else (0.0, 0.0)
    small = (
        value.size <= SMALL and not trained and storage_dtype(dtype).kind in "fiub" and dtype != "bfloat16"
    )
    if small and bool(np.isfinite(value.astype(np.float64)).all()):
        params: dict[str, Any] = {"value": value.tolist(), "dtype": dtype}
    else:
        small, params = False, {"shape": tuple(value.shape), "dtype": dtype}
    node = draft.add("Parameter" if trained else "Constant", None, params, parent=step.parent, place=at)
    if not small:
        plain = (
            value if value.dtype == storage_dtype(dtype) else from_numbers(value.astype(np.float64), dtype)
        )
        store_weight(draft, network, node, "value", plain, dtype, step.name)
    for edge in draft.node(step.id).next:
        if edge.out == source.out and edge.target not in constant:
            reroute(draft, edge, node, 0)
    return node, step.name


def _from_parameter(constant: Mapping[int, Step], step: Step) -> bool:
    if step.layer == "Parameter":
        return True
    return any(source and _from_parameter(constant, constant[source.node]) for source in step.inputs)


def _drop_idle(draft: Draft, constant: Mapping[int, Step]) -> None:
    """Remove computed constants, and the plain ones that fed only them, from the end on."""
    for step in reversed(list(constant.values())):
        node = draft.node(step.id)
        fed_only_folded = step.layer not in SOURCES or any(
            e.target in constant for e in draft.base.node(step.id).next
        )
        if not node.next and fed_only_folded:
            draft.remove([step.id])
