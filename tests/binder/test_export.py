"""Exports: published by rename, proved against a second program, refused before anything is written."""

from __future__ import annotations

import numpy as np
import pytest

from sketch.binder.kernel import BinderError
from sketch.binder.tensors import TensorStore
from sketch.binder.verify import compare
from sketch.graph.draft import Draft
from sketch.graph.library import LayerLibrary
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.resources_root import resource_root


@pytest.fixture(scope="module")
def library():
    return LayerLibrary.load(resource_root() / "layers")


def chain(library, tmp_path, *layers):
    tables = Tables()
    draft = Draft(tables, library)
    last = draft.add("Input", "x", {"shape": ("N", 4)})
    for layer in (*layers, "Output"):
        node = draft.add(layer)
        draft.connect(last, 0, node, 0)
        last = node
    tables.apply(draft.delta())
    return build_network(tables, library, store=TensorStore(tmp_path / "store"))


def test_the_result_is_published_with_its_losses(binder, library, tmp_path):
    target = tmp_path / "out.play"
    job = binder.export_model(chain(library, tmp_path, "ReLU"), target, "rehearsal", verify=False).wait(60)
    assert job.state == "done", job.error
    assert job.result.files == (target,)
    assert target.read_text() == "play:1.0"
    assert job.result.losses[0].what == "was only played"


@pytest.mark.parametrize(("answer", "agrees", "error"), [("1.0", True, 0.0), ("1.5", False, None)])
def test_the_proof_runs_source_and_result(binder, library, tmp_path, answer, agrees, error):
    source = tmp_path / "source.play"
    source.write_text("play:1.0")
    network = chain(library, tmp_path, "ReLU")
    options = {"answer": answer}
    job = binder.export_model(network, tmp_path / "o.play", "rehearsal", options, source=source).wait(60)
    proof = job.result.verification
    assert proof.against == "source.play"
    assert proof.agrees is agrees
    assert proof.max_rel_error == pytest.approx(0.5 if error is None else error)
    assert proof.first_difference == ("" if agrees else "x")


def test_refusals_come_before_anything_is_written(binder, library, tmp_path):
    with pytest.raises(BinderError, match=r"\'tanh1\': Rehearsals have no Tanh\."):
        binder.export_model(chain(library, tmp_path, "Tanh"), tmp_path / "o.play", "rehearsal")
    with pytest.raises(BinderError, match="does not exist"):
        binder.export_model(chain(library, tmp_path), tmp_path / "no" / "o.play", "rehearsal")
    with pytest.raises(BinderError, match="The canvas is empty"):
        binder.export_model(build_network(Tables(), library), tmp_path / "o.play", "rehearsal")
    assert not (tmp_path / "o.play").exists()


def test_a_crash_leaves_the_old_file(binder, library, tmp_path):
    target = tmp_path / "out.play"
    target.write_text("old")
    job = binder.export_model(chain(library, tmp_path), target, "rehearsal", {"act": "crash"}).wait(60)
    assert job.state == "failed"
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir() if path.name != "store"] == ["out.play"]


def test_compare_measures_what_differs():
    want = {"a": np.array([1.0, -2.0], np.float32), "b": np.array([3], np.int64)}
    assert compare("x", want, want).agrees
    off = compare("x", want, {"a": np.array([1.0, -2.5], np.float32), "b": np.array([3], np.int64)})
    assert (off.agrees, off.first_difference) == (False, "a")
    assert (off.max_abs_error, off.max_rel_error) == (0.5, 0.25)
    nan = np.array([np.nan, np.inf])
    assert compare("x", {"y": nan}, {"z": nan}).agrees
    assert not compare("x", {"y": nan}, {"y": np.array([np.nan, 1.0])}).agrees
    assert compare("x", {"y": np.full(2, np.nan)}, {"y": np.full(2, np.nan)}).remarks
    assert compare("x", {"y": np.zeros((0, 2))}, {"y": np.zeros((0, 2))}).remarks
    assert not compare("x", want, want).remarks
    words = np.array(["a", "b"])
    assert compare("x", {"y": words}, {"y": words}).agrees
    assert not compare("x", {"y": words}, {"y": words[::-1]}).agrees
    with pytest.raises(BinderError, match="shape"):
        compare("x", {"y": np.zeros(2)}, {"y": np.zeros(3)})
