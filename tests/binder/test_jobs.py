"""Jobs: results, progress, and every way a worker can go wrong without taking anything else along."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from sketch.binder.binder import Binder
from sketch.binder.kernel import BinderError, ImportedModel
from sketch.binder.process import WorkerProcess
from sketch.binder.tensors import TensorStore


def open_play(binder: Binder, path: Path, store: Path, **how):
    return binder.import_model(path, store, **how)


def test_a_job_returns_its_model_and_reports_progress(binder, play, tmp_path):
    seen: list[str] = []
    job = open_play(binder, play("well"), tmp_path / "store")
    job.on_progress(lambda done, total, text: seen.append(text))
    job.wait(60)
    assert (job.state, job.error) == ("done", "")
    assert isinstance(job.result, ImportedModel)
    digest = job.result.delta[0].after.name
    assert TensorStore(tmp_path / "store").get(digest, (6,), "float32").tolist() == [0, 1, 2, 3, 4, 5]
    assert job.progress == (4.0, 4.0, "done")
    assert set(seen) <= {"reading", "done"}


def test_the_worker_stays_warm(binder, play, tmp_path):
    open_play(binder, play("well"), tmp_path).wait(60)
    first = binder._workers["rehearsal"]._process.pid
    open_play(binder, play("well"), tmp_path).wait(60)
    assert binder._workers["rehearsal"]._process.pid == first


def test_an_idle_worker_ends_and_a_new_one_answers(binder, play, tmp_path):
    binder._workers["rehearsal"] = worker = WorkerProcess("rehearsal", idle_seconds=0.2)
    assert open_play(binder, play("well"), tmp_path).wait(60).state == "done"
    assert worker._process.wait(10) == 0
    assert open_play(binder, play("well"), tmp_path).wait(60).state == "done"


@pytest.mark.parametrize(
    ("act", "words"),
    [
        ("crash", "ended by signal SIGSEGV"),
        ("exit", "ended with code 3"),
        ("fail", "ValueError: first line"),
        ("gulp", "more memory than this machine has"),
    ],
)
def test_a_fault_costs_the_job_alone(binder, play, tmp_path, act, words):
    job = open_play(binder, play(act), tmp_path).wait(60)
    assert job.state == "failed"
    assert words in job.error
    assert "\n" not in job.error
    after = open_play(binder, play("well"), tmp_path).wait(60)
    assert (after.state, after.error) == ("done", "")


def test_cancel_ends_the_worker_within_a_second(binder, play, tmp_path):
    job = open_play(binder, play("sleep"), tmp_path)
    busy = threading.Event()
    job.on_progress(lambda *_: busy.set())
    while not (busy.is_set() or job.progress[2] == "reading"):
        time.sleep(0.01)
    pid = binder._workers["rehearsal"]._process.pid
    start = time.monotonic()
    job.cancel()
    job.wait(10)
    assert job.state == "cancelled"
    assert time.monotonic() - start < 1.0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_job_that_is_cancelled_while_its_worker_starts_never_runs(binder, play, tmp_path, monkeypatch):
    worker = binder._workers["rehearsal"] = WorkerProcess("rehearsal")
    started, jobs, ready = worker._started, [], threading.Event()

    def slow():
        ready.wait(30)
        jobs[0].cancel()
        return started()

    monkeypatch.setattr(worker, "_started", slow)
    jobs.append(open_play(binder, play("sleep"), tmp_path))
    ready.set()
    assert jobs[0].wait(30).state == "cancelled"


def test_code_needs_permission(binder, play, tmp_path):
    refused = open_play(binder, play("ask"), tmp_path).wait(60)
    assert (refused.state, refused.permission_needed) == ("failed", True)
    assert open_play(binder, play("ask"), tmp_path, trusted=True).wait(60).state == "done"


def test_scratch_folders_are_gone_afterwards(binder, play, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for act in ("well", "fail", "crash"):
        open_play(binder, play(act), tmp_path / "store").wait(60)
    assert not list(tmp_path.glob("sketch-job-*"))


def test_a_broken_plug_in_is_listed_with_its_reason(registry):
    assert registry.failures == {"broken": "ImportError: no such framework"}
    with pytest.raises(BinderError, match="broken failed to load"):
        registry["broken"]
    with pytest.raises(BinderError, match="There is no kernel 'caffe9'"):
        registry["caffe9"]


def test_tensors_of_a_model_stay_where_they_are(tmp_path):
    from sketch.binder.tensors import FileSlice

    data = np.arange(10, dtype=np.float32)
    file = tmp_path / "weights.bin"
    file.write_bytes(b"12345678" + data.tobytes())
    store = TensorStore(tmp_path / "store", adopt_below=0)
    digest = store.put_slice(FileSlice(str(file), 8, 40), "float32", (2, 5))
    assert store.get(digest, (2, 5), "float32").tolist() == data.reshape(2, 5).tolist()
    with pytest.raises(BinderError, match="claims bytes 8 to 80"):
        store.put_slice(FileSlice(str(file), 8, 72), "float32", (18,))
    file.write_bytes(b"changed" * 20)
    with pytest.raises(BinderError, match="has changed since it was opened"):
        store.get(digest, (2, 5), "float32")


def test_tensors_of_a_small_model_outlive_its_file(tmp_path):
    from sketch.binder.tensors import FileSlice

    data = np.arange(10, dtype=np.float32)
    file = tmp_path / "weights.bin"
    file.write_bytes(b"12345678" + data.tobytes())
    store = TensorStore(tmp_path / "store")
    digest = store.put_slice(FileSlice(str(file), 8, 40), "float32", (10,))
    file.unlink()
    assert store.get(digest, (10,), "float32").tolist() == data.tolist()
    assert digest == store.put(data)
