"""Seeded random edits of a file, each saved: operators and weights that have nothing to do with it keep their bytes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import onnx
from onnx.backend.test.loader import load_model_tests

from sketch.graph.delta import inverse
from sketch.graph.errors import GraphError
from sketch.kernels.onnx.program import OLDEST_OPSET
from tests.kernels.onnx.edits import Opened, insert_after, nodes_of, take_out, weights_of
from tests.kernels.onnx.job import task_in
from tests.kernels.onnx.models import saved
from tests.kernels.onnx.round_trip import difference

NAMES = (
    "autoencoder",
    "deepsets",
    "gan",
    "gcn",
    "highway",
    "lenet",
    "mlp",
    "recommender",
    "resnet",
    "tabnet",
)
EXPORTS = tuple((name, exporter) for name in NAMES for exporter in ("dynamo", "script"))
"""Twenty real graphs: networks of the zoo as two exporters write them."""
CLASSICS = ("test_bvlc_alexnet", "test_squeezenet", "test_shufflenet", "test_inception_v1", "test_resnet50")
"""Light models of onnx's own suite, as well."""
KINDS = ("rename", "attribute", "insert", "remove")
_FIXED = ("Input", "Output", "Constant", "Parameter")


def classic(name: str, folder: Path) -> Path:
    """A light model of onnx's own suite; an old one goes up first, which is not what is asked here."""
    root = Path(onnx.__file__).parents[1]
    case = next(case for case in load_model_tests(kind="real") if case.name == name)
    model = onnx.load(Path(case.model_dir, "model.onnx") if case.model_dir else root / case.url)
    if model.opset_import[0].version < OLDEST_OPSET:
        model = onnx.version_converter.convert_version(model, 17)
    return saved(model, folder / "source.onnx")


def check(path: Path, seed: object, folder: Path, edits: int) -> list[str]:
    """Edit, save, compare and undo, `edits` times; the kinds of the edits that were possible.

    AssertionError when a byte changed that the edit does not explain, or when the undone file is not the original.
    """
    before, dice = onnx.load(path), random.Random(str(seed))
    document = Opened(path, task_in(folder))
    document.folder, done = folder, []
    for _ in range(edits):
        try:
            delta, node, kind = edit(document, dice)
        except (GraphError, IndexError):
            continue
        if is_sound(document):
            _compare(document, before, node, delta)
            done.append(kind)
        document.tables.apply(inverse(delta))
    assert difference(before, document.save()) == ""
    return done


def edit(document: Opened, dice: random.Random):
    """One edit at a random node: (its Delta, the node's id, its kind). GraphError, IndexError: it is not possible."""
    step = dice.choice([step for step in document.network.steps if step.layer not in _FIXED])
    kind = dice.choice(KINDS)
    if kind == "rename":
        delta = document.edit(lambda draft: draft.rename(step.id, f"renamed_{dice.randrange(10**6)}"))
    elif kind == "attribute":
        name, value = dice.choice(list(_other_values(step)))
        delta = document.edit(lambda draft: draft.set_param(step.id, name, value))
    elif kind == "insert":
        delta = document.edit(lambda draft: insert_after(draft, step.id, "Identity"))
    else:
        delta = document.edit(lambda draft: take_out(draft, step.id))
    return delta, step.id, kind


def _other_values(step) -> Iterator[tuple[str, object]]:
    """Parameters with another value: of a choice, a flag or a number."""
    for name, value in step.params.items():
        spec = step.spec.params.get(name)
        if spec is not None and spec.choices:
            yield from ((name, choice) for choice in spec.choices if choice != value)
        elif isinstance(value, bool):
            yield name, not value
        elif isinstance(value, (int, float)):
            yield name, value + 1


def is_sound(document: Opened) -> bool:
    """True when the edit left no layer with an input or a weight that does not fit."""
    network = document.network
    return not network.errors and not any(step.outgrown for step in network.steps)


def _compare(document: Opened, before: onnx.ModelProto, node: int, delta) -> None:
    touched = _near(document, node)
    document.tables.apply(inverse(delta))
    touched |= _near(document, node)
    document.tables.apply(delta)
    after = document.save()
    if any("converted from opset" in note for note in document.report.notes):
        return  # what was drawn needs a newer opset (Pad with wrap): the whole file went up, and the report says so
    one, other = nodes_of(before), nodes_of(after)
    changed = {key for key in one if other.get(key) != one[key]}
    allowed = _explained(document, before, touched)
    assert changed <= allowed, (node, sorted(changed - allowed))
    kept = weights_of(after)
    read = {name for key in changed for name in _reads(before, key)}
    assert all(kept.get(key) == data for key, data in weights_of(before).items() if key not in read)


def _near(document: Opened, node: int) -> set[str]:
    """Names of values of a node, of what it reads, and of what reads it."""
    network = document.network
    ids = {node} | {
        step.id for step in network.steps for source in step.inputs if source and source.node == node
    }
    ids |= {source.node for step in network.steps if step.id == node for source in step.inputs if source}
    return {name for (key, _), name in document.pristine.names.items() if key in ids}


def _explained(document: Opened, model: onnx.ModelProto, touched: set[str]) -> set[str]:
    """Operators (by first output) that touch these values, or that lie inside of the nodes that make them."""
    makers = {name: key for node in model.graph.node for name in node.output if (key := _first(node))}
    ports = set(document.pristine.names.values()) - touched
    found = {_first(node) for node in model.graph.node if touched & {*node.input, *node.output}}
    waiting = list(found)
    while waiting:
        for name in _reads(model, waiting.pop()):
            key = makers.get(name, "")
            if key and key not in found and name not in ports:
                found.add(key)
                waiting.append(key)
    return found


def _first(node: onnx.NodeProto) -> str:
    return next(filter(None, node.output), "")


def _reads(model: onnx.ModelProto, output: str) -> list[str]:
    """What the operator with this first output reads."""
    return [name for node in model.graph.node if _first(node) == output for name in node.input]
