"""Weights beside the model, the limit of protobuf, and documents that carry the opened file."""

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from sketch.binder.tensors import TensorStore
from sketch.graph.attachments import add_tensor, set_weight
from sketch.graph.delta import inverse
from sketch.graph.tables import Tables, whole
from sketch.kernels.onnx import KERNEL, model_writer
from sketch.state import document_file
from sketch.state.document import Document
from sketch.state.document_file import load_document, save_document
from tests.contract.networks import library
from tests.kernels.onnx.edits import Opened, insert_after
from tests.kernels.onnx.job import task_in
from tests.kernels.onnx.models import info, model_of, random, saved
from tests.kernels.onnx.round_trip import difference

node = helper.make_node


@pytest.fixture
def model():
    nodes = [node("MatMul", ["x", "w"], ["m"], name="mm"), node("Add", ["m", "b"], ["y"], name="add")]
    weights = {"w": random(64, 48), "b": random(48), "spare": random(2000)}
    return model_of(nodes, [info("x", 2, 64)], [info("y", 2, 48)], weights)


def beside(model, folder):
    """The model with its weights in `weights.bin`."""
    path = folder / "model.onnx"
    onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    return path


def test_external_weights_go_back_where_they_were(model, tmp_path):
    path = beside(onnx.ModelProto.FromString(model.SerializeToString()), tmp_path)
    layout = [
        list(tensor.external_data) for tensor in onnx.load(path, load_external_data=False).graph.initializer
    ]
    (tmp_path / "out").mkdir()
    document = Opened(path, task_in(tmp_path))
    document.folder = tmp_path / "out"
    document.edit(lambda draft: draft.rename(document.id_of("add"), "shift"))
    after = document.save("model.onnx", external_data="as it was")
    assert (tmp_path / "out" / "weights.bin").read_bytes() == (tmp_path / "weights.bin").read_bytes()
    raw = onnx.load(tmp_path / "out" / "model.onnx", load_external_data=False)
    assert [list(tensor.external_data) for tensor in raw.graph.initializer] == layout
    after.graph.node[1].name = "add"
    assert difference(model, after) == ""


def test_too_much_for_protobuf_goes_beside_the_model_with_a_note(model, tmp_path, monkeypatch):
    monkeypatch.setattr(model_writer, "EMBEDDED_LIMIT", 4000)
    document = Opened(saved(model, tmp_path / "model.onnx"), task_in(tmp_path))
    assert difference(model, document.save()) == ""
    assert any("again.onnx.data beside the model" in note for note in document.report.notes)
    assert (tmp_path / "again.onnx").stat().st_size < 4000


def test_a_transposed_weight_is_not_copied_on_opening(model, tmp_path):
    task = task_in(tmp_path)
    document = Opened(saved(model, tmp_path / "model.onnx"), task)
    (linear,) = (step for step in document.network.steps if step.layer == "Linear")
    row = document.network.tensors[linear.stored["weight"]]
    assert not task.store.get(row.digest, row.shape, row.dtype).flags.owndata
    stored = sum(place.stat().st_size for place in task.store.folder.iterdir())
    assert stored < 64 * 48 * 4


def test_a_sketch_document_carries_the_opened_file(model, tmp_path):
    path = saved(model, tmp_path / "model.onnx")
    imported = KERNEL.import_model(path, {}, task_in(tmp_path))
    document = Document(library(), store=TensorStore(tmp_path / "store", 0), folder=None, name="model")
    document.load(imported.delta, "Open")
    save_document(document, tmp_path / "model.sketch")
    path.unlink()
    store = TensorStore(tmp_path / "elsewhere")
    again = load_document(tmp_path / "model.sketch", library(), store=store, folder=None)
    back = Opened.__new__(Opened)
    back.task, back.name, back.folder, back.tables = task_in(tmp_path), "model", tmp_path, Tables()
    back.task.store = store
    back.tables.apply(whole(again.tables))
    assert difference(model, back.save()) == ""
    assert document_file.SUFFIX == ".sketch"
    np.testing.assert_equal(len(back.network.steps), len(again.tables.nodes))


def over(engine, document, path, **options):
    """Compile a document over a file, then open its store anew as the next session does."""
    job = engine.binder.export_model(document.network, path, "onnx", options).wait()
    assert job.state == "done", job.error
    document.task.store = TensorStore(document.task.store.folder)
    return onnx.load(path)


def test_the_opened_file_can_be_saved_over(engine, model, tmp_path):
    path = saved(model, tmp_path / "big.onnx")
    document = Opened(path, task_in(tmp_path))
    delta = document.edit(lambda draft: insert_after(draft, document.id_of("add"), "Tanh"))
    for _ in range(2):
        after = over(engine, document, path)
        assert [item.op_type for item in after.graph.node] == ["MatMul", "Add", "Tanh"]
        assert list(after.graph.initializer) == list(model.graph.initializer)
    document.tables.apply(inverse(delta))
    assert difference(model, document.save()) == ""


def test_files_with_external_weights_can_be_saved_over(engine, model, tmp_path):
    path = beside(onnx.ModelProto.FromString(model.SerializeToString()), tmp_path)
    document = Opened(path, task_in(tmp_path))
    other = random(48, 64)
    new = document.task.store.put(other)

    def change(draft):
        set_weight(draft, document.id_of("add"), "weight", add_tensor(draft, new, other.shape, "float32"))

    delta = document.edit(change)
    after = over(engine, document, path, external_data="as it was")
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in after.graph.initializer}
    np.testing.assert_array_equal(arrays["w"], other)  # a Linear, so that it is written as Gemm with transB
    document.tables.apply(inverse(delta))
    assert difference(model, document.save()) == ""
