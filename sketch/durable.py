"""The one way in which Sketch writes a person's file: old or new, never half.

Temporary file in the target's folder, fsync, re-open and verify, rename, fsync of the folder.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
import time
from collections.abc import Callable
from pathlib import Path

_PREFIX = ".sketch-"
_STALE_SECONDS = 24 * 3600


def write_file(
    target: Path, write: Callable[[Path], None], verify: Callable[[Path], None] | None = None
) -> Path:
    """Let `write` fill a temporary file, then put it in the place of `target` and return that.

    `verify` re-opens the temporary file and raises when it is not right; the target is then untouched.
    A target that is a link keeps pointing where it does. Raises OSError with the target's name.
    """
    final = Path(os.path.realpath(target))
    _clear_rests(final.parent)
    temporary = final.with_name(f"{_PREFIX}{secrets.token_hex(6)}.tmp")
    try:
        write(temporary)
        _sync(temporary)
        if verify is not None:
            verify(temporary)
        with contextlib.suppress(FileNotFoundError):
            temporary.chmod(stat.S_IMODE(final.stat().st_mode))
        temporary.replace(final)
        _sync(final.parent)
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror or error}; {target} is as it was", str(target)) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    return target


def _clear_rests(folder: Path) -> None:
    """Remove what a Sketch that was killed while writing left here more than a day ago."""
    for rest in folder.glob(f"{_PREFIX}*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - rest.stat().st_mtime > _STALE_SECONDS:
                rest.unlink()


def write_text(target: Path, text: str) -> Path:
    """Write text as UTF-8."""

    def write(path: Path) -> None:
        path.write_text(text, encoding="utf-8")

    return write_file(target, write)


def publish_file(source: Path, target: Path, before: Callable[[], None] = lambda: None) -> Path:
    """Bring a finished file of a job to its place. `before` runs when the file only has to take its name."""

    def write(path: Path) -> None:
        shutil.copyfile(source, path)

    def verify(path: Path) -> None:
        _same_size(source, path)
        before()

    return write_file(target, write, verify)


def _same_size(source: Path, copy: Path) -> None:
    if source.stat().st_size != copy.stat().st_size:
        raise OSError(0, f"{copy} was written only in part")


def _sync(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
