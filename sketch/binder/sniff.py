"""First look at a file: is it one, is there anything in it, what is it really. Reads 4 kB, runs nothing."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from sketch.binder.kernel import BinderError, Kernel
from sketch.binder.registry import KernelRegistry

HEAD_BYTES = 4096
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"version https://git-lfs", "a Git LFS pointer, not the model; fetch it with `git lfs pull`"),
    (b"<!doctype html", "a web page; the download went wrong, fetch the model itself"),
    (b"<html", "a web page; the download went wrong, fetch the model itself"),
    (b"\x89png", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"%pdf", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"\x7felf", "a program"),
)


def head_of(path: Path) -> bytes:
    """The first 4 kB of a regular file that is not empty; BinderError says what else it is."""
    try:
        mode = path.stat()
    except FileNotFoundError:
        raise BinderError(f"{path}: there is no such file; check the path.") from None
    except OSError as error:
        raise BinderError(f"{path}: cannot be opened ({error.strerror}).") from None
    if stat.S_ISDIR(mode.st_mode):
        raise BinderError(f"{path}: is a folder; choose a model file in it.")
    if not stat.S_ISREG(mode.st_mode):
        raise BinderError(f"{path}: is no regular file; choose a model file.")
    if mode.st_size == 0:
        raise BinderError(f"{path}: is empty; the download or the save was cut off.")
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise BinderError(f"{path}: cannot be read ({error.strerror}).") from None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(HEAD_BYTES)


def recognise(path: Path, registry: KernelRegistry) -> Kernel:
    """The kernel for a file by its content; BinderError says what the file is instead."""
    head = head_of(path)
    kernel = registry.for_content(path, head)
    if kernel is not None:
        return kernel
    start = head[:64].lower().lstrip()
    for mark, what in _FOREIGN:
        if start.startswith(mark):
            raise BinderError(f"{path}: is {what}.")
    known = ", ".join(suffix for kernel in registry for suffix in kernel.info.reads)
    raise BinderError(f"{path}: is no model that Sketch reads; it reads {known}.")
