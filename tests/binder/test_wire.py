"""Messages: what goes in comes out, and a worker cannot make the window build anything else."""

from __future__ import annotations

import io
import os
import pickle
from pathlib import Path

import pytest

from sketch.binder.kernel import ExportReport, Loss, Verification
from sketch.binder.wire import Done, read_message, write_message


def test_reports_survive_the_pipe():
    report = ExportReport((Path("a.onnx"),), (Loss("conv1", "x"),), (), Verification("a", 0.1, 0.2, True))
    stream = io.BytesIO()
    write_message(stream, Done(report))
    stream.seek(0)
    assert read_message(stream, plain=True) == Done(report)


class Trap:
    def __reduce__(self):
        return os.system, ("echo hacked",)


@pytest.mark.parametrize("hostile", [Trap(), os.system, eval, pickle.loads, getattr])
def test_a_hostile_worker_is_refused(hostile):
    stream = io.BytesIO()
    write_message(stream, hostile)
    stream.seek(0)
    with pytest.raises(pickle.UnpicklingError, match="a worker sent"):
        read_message(stream, plain=True)


def test_a_cut_message_is_an_end():
    stream = io.BytesIO()
    write_message(stream, Done(1))
    with pytest.raises(EOFError):
        read_message(io.BytesIO(stream.getvalue()[:-1]), plain=True)
