"""The proof finds where two programs part, runs the source again after a restart, and leaves a report."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from sketch.binder.binder import Binder
from sketch.binder.kernel import ExportReport, Loss, Verification
from sketch.binder.origin import drawing_digest, file_digest, origin_of
from sketch.binder.proof import rounds
from sketch.binder.proof_report import proof_record, save_report
from sketch.binder.registry import KernelRegistry
from sketch.binder.tensors import TensorStore
from sketch.graph.draft import Draft
from sketch.graph.library import LayerLibrary
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.resources_root import resource_root

FAULTY = Path(__file__).parents[1] / "data" / "faulty"


@pytest.fixture(scope="module")
def library():
    return LayerLibrary.load(resource_root() / "layers")


@pytest.fixture(scope="module")
def binder():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(FAULTY))
        patch.syspath_prepend(str(FAULTY))
        made = Binder(KernelRegistry.discover())
        for name in ("faulty", "onnx", "pytorch"):
            made.worker(name).start()  # before the first test, which must leave nothing behind
        yield made
        made.close()
        sys.modules.pop("faulty", None)


def chain(library, folder, *layers):
    tables = Tables()
    draft = Draft(tables, library)
    last = draft.add("Input", "x", {"shape": ("N", 4)})
    for layer in (*layers, "Output"):
        node = draft.add(layer)
        draft.connect(last, 0, node, 0)
        last = node
    tables.apply(draft.delta())
    return build_network(tables, library, store=TensorStore(folder / "store"))


@pytest.mark.parametrize(
    ("layers", "first"),
    [(("Linear", "ReLU", "Tanh", "Linear", "Tanh"), "tanh1"), (("Sigmoid", "Linear", "ReLU"), "")],
)
def test_a_planted_fault_is_found_at_its_node(binder, library, tmp_path, layers, first):
    network = chain(library, tmp_path, *layers)
    job = binder.export_model(network, tmp_path / "o.faulty", "faulty").wait(120)
    proof = job.result.verification
    assert proof is not None, job.result.notes
    assert (proof.agrees, proof.first_node) == (not first, first)
    assert proof.inputs[0].name == "x"
    assert proof.inputs[0].shape == (2, 4)
    if first:
        assert proof.max_abs_error > 1e-3


@pytest.fixture
def model(tmp_path) -> Path:
    """tanh(x) + 1 as another program writes it."""
    graph = helper.make_graph(
        [helper.make_node("Tanh", ["x"], ["t"], name="curve"), helper.make_node("Neg", ["t"], ["y"], name="minus")],
        "m",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 4])],
    )  # fmt: skip
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)
    return path


def opened(binder, library, path, folder):
    job = binder.import_model(path, folder / "store").wait(120)
    assert job.state == "done", job.error
    tables = Tables()
    tables.apply(job.result.delta)
    return build_network(tables, library, store=TensorStore(folder / "store"))


def test_the_source_runs_again_while_it_and_the_drawing_are_unchanged(binder, library, tmp_path, model):
    network = opened(binder, library, model, tmp_path)
    job = binder.export_model(network, tmp_path / "o.faulty", "faulty").wait(120)
    assert job.result.verification.against == "m.onnx"
    assert job.result.verification.first_node == "curve"
    assert job.result.source == str(model)

    draft = Draft(network.tables, library)
    curve = next(step for step in network.steps if step.name == "curve")
    draft.rename(curve.id, "renamed")
    draft.move(curve.id, 5.0, 5.0)
    renamed = Tables()
    renamed.apply(tuple(c for table in [network.tables] for c in _whole(table)))
    renamed.apply(draft.delta())
    assert origin_of(replace(network, tables=renamed)) == model  # names and places compute nothing

    draft = Draft(renamed, library)
    draft.remove([curve.id])
    renamed.apply(draft.delta())
    assert origin_of(replace(network, tables=renamed)) is None
    assert origin_of(network) == model
    model.write_bytes(model.read_bytes() + b"\0")
    assert origin_of(network) is None


def _whole(tables):
    from sketch.graph.tables import whole

    return whole(tables)


def test_a_large_file_is_told_apart_by_samples(tmp_path):
    path = tmp_path / "large"
    data = bytearray(np.random.default_rng(0).bytes(9 << 20))
    path.write_bytes(data)
    first = file_digest(path)
    assert file_digest(path) == first
    data[-1] ^= 1
    path.write_bytes(data)
    assert file_digest(path) != first


def test_the_digest_of_a_drawing_sees_every_parameter(library, tmp_path):
    first = chain(library, tmp_path, "Linear")
    draft = Draft(first.tables, library)
    draft.set_param(2, "out_features", 7)
    changed = Tables()
    changed.apply(_whole(first.tables))
    changed.apply(draft.delta())
    assert drawing_digest(changed) != drawing_digest(first.tables)


def test_rounds_hold_values_of_bounded_size(library, tmp_path):
    network = chain(library, tmp_path, *["ReLU"] * 10)
    parts = list(rounds(network, 3 << 20))  # sizes with N are not known, so each counts as 1 MB
    assert [len(part) for part in parts] == [3, 3, 3, 1]
    assert [value for part in parts for value in part] == [
        (step.id, 0) for step in network.steps if step.layer == "ReLU"
    ]


def test_the_report_is_plain_json(tmp_path):
    file = tmp_path / "o.onnx"
    file.write_bytes(b"1234")
    proof = Verification("a.onnx", float("inf"), 0.5, False, {"y": (float("inf"), 0.5)}, "y", "conv1")
    report = ExportReport(
        (file,), (Loss("fc", "lost"),), ("note",), proof, "onnx", {"opset": 20}, "/x/a.onnx"
    )
    place = save_report(report)
    assert place == tmp_path / "o.onnx.proof.json"
    kept = json.loads(place.read_text())
    assert kept == proof_record(report)
    assert kept["files"] == [{"name": "o.onnx", "bytes": 4}]
    assert (kept["source"], kept["options"]) == ("a.onnx", {"opset": 20})
    assert (kept["proof"]["max_abs_error"], kept["proof"]["first_node"]) == ("inf", "conv1")
