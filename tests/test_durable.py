"""The one way files are written: old or new, never half."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sketch.durable import publish_file, write_file, write_text


def test_a_failing_write_leaves_the_old_file_and_no_rest(tmp_path):
    target = tmp_path / "model.onnx"
    target.write_text("old")

    def half(path: Path) -> None:
        path.write_text("ne")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="is as it was"):
        write_file(target, half)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["model.onnx"]


def test_a_file_that_fails_its_check_is_not_published(tmp_path):
    target = tmp_path / "a"

    def refuse(_path: Path) -> None:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        write_file(target, lambda path: path.write_bytes(b"x") and None, refuse)
    assert not os.listdir(tmp_path)


def test_mode_and_links_stay(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    write_text(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert real.stat().st_mode & 0o777 == 0o640


def test_rests_of_a_killed_writer_go_with_the_next_write(tmp_path):
    old, fresh = tmp_path / ".sketch-0011.tmp", tmp_path / ".sketch-2233.tmp"
    for rest in (old, fresh):
        rest.write_text("half")
    os.utime(old, (0, 0))
    write_text(tmp_path / "a.txt", "whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".sketch-2233.tmp", "a.txt"]


def test_publish_copies_across_folders(tmp_path):
    (tmp_path / "scratch").mkdir()
    source = tmp_path / "scratch" / "m"
    source.write_bytes(b"123")
    assert publish_file(source, tmp_path / "m").read_bytes() == b"123"
