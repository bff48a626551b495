"""A block as one file, to be given to others: a zip of its folder. What comes in is measured before it is written."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from sketch.durable import write_file

if TYPE_CHECKING:
    from sketch.state.document_file import Step

SUFFIX = ".sketchblock"
MOST_FILES = 100_000
MOST_BYTES = 64 * 2**30
MOST_RATIO = 200
"""No honest file grows by more than this when it is unpacked."""


def pack(folder: Path, path: Path, step: Step) -> None:
    """Write a folder's files to a zip; OSError. `step` is told of the progress and may raise to stop: no file then."""
    files = [each for each in sorted(folder.rglob("*")) if each.is_file()]

    def write(target: Path) -> None:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as file:
            for number, each in enumerate(files):
                step(number, len(files), "Writing")
                file.write(each, each.relative_to(folder).as_posix())
        step(1, 1, "Writing")

    write_file(path, write)


def unpack(path: Path, folder: Path, step: Step) -> None:
    """Write the files of a zip into a new folder; ValueError when it is no zip, too large, or names other places.

    `step` is told of the progress and may raise to stop.
    """
    try:
        with zipfile.ZipFile(path) as file:
            entries = [entry for entry in file.infolist() if not entry.is_dir()]
            _check(entries, path.stat().st_size)
            folder.mkdir(parents=True)
            for number, entry in enumerate(entries):
                step(number, len(entries), "Reading")
                target = folder / entry.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                with file.open(entry) as source, target.open("wb") as sink:
                    _copy(source, sink, entry.file_size)
    except (zipfile.BadZipFile, RuntimeError, EOFError) as error:
        raise ValueError(f"it cannot be unpacked ({error})") from None


def _check(entries: list[zipfile.ZipInfo], size: int) -> None:
    total = sum(entry.file_size for entry in entries)
    if len(entries) > MOST_FILES or total > min(MOST_BYTES, MOST_RATIO * max(size, 1)):
        raise ValueError("it claims to hold more than such a file can")
    for entry in entries:
        parts = PurePosixPath(entry.filename).parts
        if not parts or parts[0] == "/" or ".." in parts or any(sign in entry.filename for sign in "\\:"):
            raise ValueError(f"it names a place outside of itself ({entry.filename[:60]!r})")


def _copy(source: IO[bytes], sink: IO[bytes], size: int) -> None:
    """No more than was claimed."""
    left = size
    while left > 0 and (piece := source.read(min(left, 1 << 20))):
        sink.write(piece)
        left -= len(piece)
