"""The first look: each kind of file that is no model gets a sentence that names what it is."""

from __future__ import annotations

import os

import pytest

from sketch.binder.kernel import BinderError
from sketch.binder.sniff import recognise


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1", "Git LFS pointer"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\x89PNG\r\n", "PNG picture"),
        (b"\x00" * 32, "no model that Sketch reads"),
        (b"hello world, this is no model", "no model that Sketch reads"),
    ],
)
def test_what_a_file_is_instead(registry, tmp_path, content, words):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(BinderError, match=words) as caught:
        recognise(path, registry)
    assert str(caught.value).startswith(f"{path}: ")


def test_folders_pipes_and_nothing(registry, tmp_path):
    with pytest.raises(BinderError, match="is a folder"):
        recognise(tmp_path, registry)
    with pytest.raises(BinderError, match="no such file"):
        recognise(tmp_path / "missing.onnx", registry)
    os.mkfifo(tmp_path / "pipe.onnx")
    with pytest.raises(BinderError, match="no regular file"):
        recognise(tmp_path / "pipe.onnx", registry)


def test_content_decides_not_the_suffix(registry, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"play:well")
    assert recognise(path, registry).info.name == "rehearsal"
