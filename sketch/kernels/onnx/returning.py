"""Saves a drawing into the file that it was opened from, at that file's opset or another."""

from __future__ import annotations

from dataclasses import dataclass, replace

import onnx

from sketch.binder.kernel import Task
from sketch.graph.network import Network
from sketch.kernels.onnx.assembling import merged
from sketch.kernels.onnx.emitter import UnsayableError
from sketch.kernels.onnx.file_graph import FileGraph
from sketch.kernels.onnx.merge_plan import MergePlan, plan
from sketch.kernels.onnx.pristine import Pristine, opset_of
from sketch.kernels.onnx.program import IMPORT_OPSET, LAYER_DOMAIN, NEWEST_OPSET, OLDEST_OPSET
from sketch.kernels.onnx.protos import OpsetTooOldError
from sketch.kernels.onnx.versions import Failures, converted

RAISED_TO = 15
"""Edited files of opsets that Sketch does not write go up to this one; before, it depends on the runtime whether
BatchNormalization is taken for training."""


@dataclass(frozen=True)
class Returned:
    """A light model ready to be written. `lenient`: it holds operators that were kept as they came."""

    model: onnx.ModelProto
    lenient: bool = True
    is_untouched: bool = False
    notes: tuple[str, ...] = ()


def given_back(
    network: Network, pristine: Pristine, opset: int | None, task: Task, *, every: bool = False
) -> Returned:
    """The opened file with what was edited in it.

    Args:
        opset: the wanted version of the operators; None: that of the file.
        every: write every node anew, as if each was edited.
    """
    title = network.name
    have = pristine.opset
    graph = FileGraph(pristine.model.graph)
    decided = _decided(network, pristine, graph, every)
    if decided.is_untouched and opset in (None, have):
        model = onnx.ModelProto()
        model.CopyFrom(pristine.model)
        return Returned(model, is_untouched=True)
    if decided.is_untouched and opset is not None and not pristine.model.functions:
        model, failures = converted(pristine.model, opset, title)
        if not failures:
            return Returned(model, notes=_notes(pristine, model))
    return _edited(network, pristine, opset, task, every)


def _decided(network: Network, pristine: Pristine, graph: FileGraph, every: bool) -> MergePlan:
    return plan(network, pristine, graph, _everything(network) if every else frozenset())


def _everything(network: Network) -> frozenset[int]:
    return frozenset(step.id for step in network.steps)


def _is_ours(key: int, pristine: Pristine, graph: FileGraph) -> bool:
    """True for a node that is a call of a function which Sketch wrote; another opset needs another function."""
    name = pristine.names.get((key, 0))
    at = graph.maker.get(name) if name else None
    return at is not None and graph.graph.node[at].domain == LAYER_DOMAIN


def _edited(network: Network, pristine: Pristine, opset: int | None, task: Task, every: bool) -> Returned:
    """Try the wanted opset, then the oldest newer one that works where nobody asked for a certain one."""
    have = pristine.opset
    if opset is None and not _decided(network, pristine, FileGraph(pristine.model.graph), every).lowered:
        return Returned(_at(network, pristine, have, task, every))
    target = opset or (have if have >= OLDEST_OPSET else RAISED_TO if have else NEWEST_OPSET)
    while True:
        try:
            model = _at(network, pristine, target, task, every)
        except (OpsetTooOldError, UnsayableError) as error:
            since = getattr(error, "since", 0) or _next(target)
            if opset is not None or since <= target or since > IMPORT_OPSET:
                raise
            target = since
            continue
        return Returned(model, notes=() if have in (0, target) else _notes(pristine, model))


def _notes(pristine: Pristine, model: onnx.ModelProto) -> tuple[str, ...]:
    """What a conversion did."""
    kept = {(item.domain, item.name) for item in model.functions}
    gone = [item.name for item in pristine.model.functions if (item.domain, item.name) not in kept]
    inlined = (f"written in place of their calls: the functions {', '.join(gone)}",) if gone else ()
    return (f"converted from opset {pristine.opset}", *inlined)


def _next(opset: int) -> int:
    """The next opset worth a try when a layer cannot be said in this one."""
    return next((version for version in (17, 18, 20, 23, NEWEST_OPSET) if version > opset), IMPORT_OPSET + 1)


def _at(network: Network, pristine: Pristine, opset: int, task: Task, every: bool) -> onnx.ModelProto:
    """The edited file in an opset; operators without a form in it are written anew from the drawing, if that can."""
    base, failures = pristine, Failures()
    forced = _everything(network) if every else frozenset()
    if pristine.opset not in (0, opset):
        model, failures = converted(pristine.model, opset, network.name)
        base = replace(pristine, model=model)
        before = FileGraph(pristine.model.graph)
        forced |= {step.id for step in network.steps if _is_ours(step.id, pristine, before)}
    graph = FileGraph(base.model.graph)
    decided = plan(network, base, graph, forced)
    lost = {graph.maker[name]: error for name, error in failures.items() if name in graph.maker}
    if lost:
        forced |= {
            key for group in decided.groups if not group.operators.isdisjoint(lost) for key in group.ids
        }
        decided = plan(network, base, graph, frozenset(forced))
    for at in sorted(decided.operators):
        if at in lost:
            raise lost[at]
    result = merged(network, base, graph, decided, task)
    if not opset_of(result):
        result.opset_import.add(domain="", version=opset)
    return result
