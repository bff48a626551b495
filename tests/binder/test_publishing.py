"""A file may be replaced by what was made of it: the tensors that lie in it go on."""

import errno
import os
import shutil

import numpy as np
import pytest

from sketch.binder.kernel import BinderError
from sketch.binder.publishing import publish
from sketch.binder.tensors import FileSlice, TensorStore

WHOLE = np.arange(24, dtype=np.float32).reshape(4, 6)


def no_link(*_args, **_options):
    raise OSError(errno.EXDEV, "Invalid cross-device link")


def no_room(*_args, **_options):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def place(tmp_path):
    """A file with a tensor, its store and two digests: the tensor and a view of it."""
    (tmp_path / "big.bin").write_bytes(b"head" + WHOLE.tobytes())
    store = TensorStore(tmp_path / "store", adopt_below=0)
    base = store.put_slice(FileSlice(str(tmp_path / "big.bin"), 4, WHOLE.nbytes), "float32", (4, 6))
    view = store.view(base, (4, 6), "float32", order=(1, 0))
    return tmp_path / "big.bin", base, view


def made(folder, *names):
    """Finished files in a scratch folder."""
    (folder / "scratch").mkdir()
    for name in names:
        (folder / "scratch" / name).write_bytes(b"new " + name.encode())
    return [folder / "scratch" / name for name in names]


def reads(folder, base, view):
    """True when a store opened afresh has both tensors."""
    store = TensorStore(folder / "store")
    np.testing.assert_array_equal(store.get(base, (4, 6), "float32"), WHOLE)
    np.testing.assert_array_equal(store.get(view, (6, 4), "float32"), WHOLE.T)


@pytest.mark.parametrize("linked", [True, False])
def test_tensors_outlive_their_file(place, tmp_path, monkeypatch, linked):
    path, base, view = place
    if not linked:
        monkeypatch.setattr(os, "link", no_link)
    assert publish(made(tmp_path, "big.bin"), tmp_path, TensorStore(tmp_path / "store")) == (path,)
    assert path.read_bytes() == b"new big.bin"
    reads(tmp_path, base, view)
    publish([tmp_path / "scratch" / "big.bin"], tmp_path, TensorStore(tmp_path / "store"))
    reads(tmp_path, base, view)
    assert len(list((tmp_path / "store").glob("kept-*"))) == 1


@pytest.mark.parametrize("kind", ["symbolic", "hard"])
def test_another_name_of_the_file_counts(place, tmp_path, kind):
    path, base, view = place
    other = tmp_path / "other.bin"
    other.symlink_to(path) if kind == "symbolic" else other.hardlink_to(path)
    publish(made(tmp_path, "other.bin"), tmp_path, TensorStore(tmp_path / "store"))
    reads(tmp_path, base, view)
    assert other.read_bytes() == b"new other.bin"


def test_a_file_beside_it_leaves_the_store_alone(place, tmp_path):
    publish(made(tmp_path, "else.bin"), tmp_path, TensorStore(tmp_path / "store"))
    assert not list((tmp_path / "store").glob("kept-*"))


def test_no_room_to_keep_them_is_one_line_and_nothing_is_lost(place, tmp_path, monkeypatch):
    path, base, view = place
    before = path.read_bytes()
    files = made(tmp_path, "big.bin")
    monkeypatch.setattr(os, "link", no_link)
    monkeypatch.setattr(shutil, "copyfile", no_room)
    with pytest.raises(BinderError, match=r"big\.bin: not written: it holds weights.*No space left") as found:
        publish(files, tmp_path, TensorStore(tmp_path / "store"))
    assert "\n" not in str(found.value)
    assert path.read_bytes() == before
    reads(tmp_path, base, view)
    assert not list((tmp_path / "store").glob("*.tmp"))


def test_a_model_and_its_data_are_replaced_together_or_not_at_all(tmp_path, monkeypatch):
    for name in ("m.onnx", "m.onnx.data"):
        (tmp_path / name).write_text("old")
    files = made(tmp_path, "m.onnx", "m.onnx.data")
    copy = shutil.copyfile
    monkeypatch.setattr(shutil, "copyfile", lambda a, b: no_room() if a.suffix == ".data" else copy(a, b))
    with pytest.raises(BinderError, match=r"No space left on device; .*m\.onnx\.data is as it was"):
        publish(files, tmp_path, TensorStore(tmp_path / "store"))
    assert [(tmp_path / name).read_text() for name in ("m.onnx", "m.onnx.data")] == ["old", "old"]
    monkeypatch.undo()
    publish(files, tmp_path, TensorStore(tmp_path / "store"))
    assert (tmp_path / "m.onnx.data").read_text() == "new m.onnx.data"
