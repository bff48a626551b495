"""The one way into a zip archive of torch: every claim of its directory is checked before anything is unpacked."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sketch.binder.kernel import BinderError

MOST_ENTRIES = 1 << 18
_RATIO = 200
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_BLOCK = 1 << 20


class Archive:
    """A zip archive whose entries are all there, once, beside each other. Paths are without the folder around them."""

    def __init__(self, path: Path, archive: zipfile.ZipFile):
        self.path = path
        self._archive = archive
        self._entries = _checked(path, archive)
        tops = {name.partition("/")[0] for name in self._entries}
        self._top = f"{tops.pop()}/" if len(tops) == 1 and all("/" in name for name in self._entries) else ""

    @property
    def names(self) -> list[str]:
        """Names of the entries."""
        return [name.removeprefix(self._top) for name in self._entries]

    def __contains__(self, name: str) -> bool:
        return self._top + name in self._entries

    def size(self, name: str) -> int:
        """Bytes of an entry, unpacked."""
        return self._entries[self._top + name].file_size

    def read(self, name: str, most: int) -> bytes:
        """An entry of at most so many bytes; BinderError when it is larger, missing or damaged."""
        entry = self._entries.get(self._top + name)
        if entry is None:
            raise BinderError(f"{self.path}: has no {name}; the file is damaged.")
        if entry.file_size > most:
            raise BinderError(f"{self.path}: {name} claims {entry.file_size} bytes; it was not opened.")
        try:
            with self._archive.open(entry) as stream:
                return stream.read(most)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError):
            raise BinderError(f"{self.path}: {name} is damaged; download or save the file again.") from None

    def place(self, name: str) -> tuple[int, int]:
        """(offset in the file, length) of an entry that is stored as it is, in bytes."""
        entry = self._entries.get(self._top + name)
        if entry is None:
            raise BinderError(f"{self.path}: has no {name}; the file is damaged or cut off.")
        if entry.compress_type != zipfile.ZIP_STORED:
            raise BinderError(
                f"{self.path}: {name} is compressed, which torch.save never does; save it again."
            )
        with self.path.open("rb") as file:
            file.seek(entry.header_offset)
            head = file.read(_LOCAL_HEADER.size)
        if len(head) < _LOCAL_HEADER.size or head[:4] != b"PK\x03\x04":
            raise BinderError(f"{self.path}: {name} is not where the file says; it is damaged.")
        _, name_size, extra_size = _LOCAL_HEADER.unpack(head)
        return entry.header_offset + _LOCAL_HEADER.size + name_size + extra_size, entry.file_size

    def check_bytes(self) -> None:
        """BinderError when an entry is not what was written, by its checksum (0: none was computed)."""
        for name, entry in self._entries.items():
            if entry.compress_type == zipfile.ZIP_STORED and entry.CRC:
                offset, length = self.place(name.removeprefix(self._top))
                if _checksum(self.path, offset, length) != entry.CRC:
                    raise BinderError(f"{self.path}: {name} is damaged; download or save the file again.")


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """The archive in a file; BinderError when it is damaged or claims what is not there."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield Archive(path, archive)
    except (
        zipfile.BadZipFile,
        EOFError,
        OSError,
        struct.error,
        RuntimeError,
        ValueError,
        OverflowError,
    ):
        raise BinderError(f"{path}: is damaged or cut off; download or save it again.") from None


def _checked(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    total = path.stat().st_size
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise BinderError(f"{path}: claims {len(entries)} parts; it was not opened.")
    if (
        min((entry.header_offset for entry in entries), default=0) != 0
    ):  # a zip archive inside of a cut off one
        raise BinderError(f"{path}: is damaged or cut off; download or save it again.")
    found: dict[str, zipfile.ZipInfo] = {}
    end = 0
    for entry in sorted(entries, key=lambda each: each.header_offset):
        name = entry.filename
        if name in found:
            raise BinderError(f"{path}: has two parts that are called {name}; it was not opened.")
        stored = entry.compress_type == zipfile.ZIP_STORED
        short = stored and entry.compress_size != entry.file_size
        if short or entry.header_offset + entry.compress_size > total:
            raise BinderError(f"{path}: {name} claims {entry.file_size} bytes that the file does not have.")
        if not stored and entry.file_size > _RATIO * max(entry.compress_size, 1024):
            raise BinderError(f"{path}: {name} would unpack to {entry.file_size} bytes; it was not opened.")
        if entry.header_offset < end:
            raise BinderError(f"{path}: {name} lies over another part of the file; it was not opened.")
        end = entry.header_offset + _LOCAL_HEADER.size + len(name.encode()) + entry.compress_size
        found[name] = entry
    return found


def _checksum(path: Path, offset: int, length: int) -> int:
    value = 0
    with path.open("rb") as file:
        file.seek(offset)
        while length > 0 and (block := file.read(min(_BLOCK, length))):
            value = zlib.crc32(block, value)
            length -= len(block)
    return value
