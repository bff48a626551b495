"""A first look at what torch.save wrote, without running any of it: the kind of file and the code it would call."""

from __future__ import annotations

import pickletools
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sketch.binder.kernel import BinderError
from sketch.kernels.pytorch.calls import SKETCH_TYPES

LEGACY_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_MOST_PICKLE = 1 << 28
_HARMLESS = frozenset({
    ("collections", "OrderedDict"), ("collections", "Counter"), ("torch", "Size"), ("torch", "device"),
    ("torch", "Tensor"), ("torch.nn.parameter", "Parameter"), ("_codecs", "encode"), ("builtins", "set"),
    ("builtins", "complex"), ("builtins", "bytearray"),
    ("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_tensor"), ("torch._utils", "_rebuild_parameter"),
    ("torch._utils", "_rebuild_parameter_with_state"), ("torch.serialization", "_get_layout"),
    ("torch._tensor", "_rebuild_from_type_v2"), ("torch.storage", "UntypedStorage"),
    ("torch.storage", "TypedStorage"), ("torch._utils", "_rebuild_sparse_tensor"),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """What a file is: `kind` is weights, module, script or exported; `calls` is the code that loading it would run."""

    kind: str
    calls: tuple[str, ...] = ()


def is_torch_file(path: Path, head: bytes) -> bool:
    """True for what torch.save, torch.jit.save and torch.export.save write, and for a bare pickle of a model."""
    if head.startswith(LEGACY_MAGIC) or is_bare_pickle(head):
        return True
    if not head.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.partition("/")[2] for name in archive.namelist()]
    except (zipfile.BadZipFile, OSError):
        return b"data.pkl" in head or b"/version" in head or path.suffix in (".pth", ".pt")
    return any(name in ("data.pkl", "archive_format") or name.endswith("/data.pkl") for name in names)


def is_bare_pickle(head: bytes) -> bool:
    """True for what pickle.dump writes (protocol 2 and later), without torch's container around it."""
    return head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05" and not head.startswith(LEGACY_MAGIC)


def look(path: Path) -> Look:
    """The kind of a file and the names it would call; BinderError when it is damaged or no file of torch."""
    with path.open("rb") as file:
        head = file.read(len(LEGACY_MAGIC))
        if head == LEGACY_MAGIC:
            return _of_globals(_legacy_globals(path))
        if is_bare_pickle(head):
            file.seek(0)
            return _of_globals(list(globals_of(path, file)))
    try:
        with zipfile.ZipFile(path) as archive:
            return _of_zip(path, archive)
    except (zipfile.BadZipFile, EOFError, OSError):
        raise BinderError(f"{path}: is damaged or cut off; download or save it again.") from None


def _of_zip(path: Path, archive: zipfile.ZipFile) -> Look:
    _check_sizes(path, archive)
    names = {name.partition("/")[2]: name for name in archive.namelist()}
    if "archive_format" in names or any(name.endswith(".json") and "models/" in name for name in names):
        return Look("exported")
    if any(name.startswith("code/") for name in names) or "constants.pkl" in names:
        return Look("script")
    if "data.pkl" not in names:
        raise BinderError(f"{path}: is a zip archive but no PyTorch file; choose a .pth or .pt file.")
    with archive.open(names["data.pkl"]) as stream:
        return _of_globals(list(globals_of(path, stream)))


def _check_sizes(path: Path, archive: zipfile.ZipFile) -> None:
    """Every claimed size must be there as bytes: torch stores without compression."""
    total = path.stat().st_size
    for entry in archive.infolist():
        packed = entry.compress_type != zipfile.ZIP_STORED
        short = not packed and entry.compress_size < entry.file_size
        if short or entry.header_offset + entry.compress_size > total:
            raise BinderError(
                f"{path}: {entry.filename} claims {entry.file_size} bytes that the file does not have."
            )
        if packed and entry.file_size > 100 * max(entry.compress_size, 1024):
            raise BinderError(
                f"{path}: {entry.filename} would unpack to {entry.file_size} bytes; it was not opened."
            )
        if entry.filename.endswith("data.pkl") and entry.file_size > _MOST_PICKLE:
            raise BinderError(
                f"{path}: its structure alone claims {entry.file_size} bytes; it was not opened."
            )


def globals_of(path: Path, stream: IO[bytes]) -> Iterator[tuple[str, str]]:
    """(module, name) of everything that a pickle would look up, found without running it."""
    strings: list[str] = []
    memo: dict[int, str] = {}
    last = ""
    try:
        for opcode, argument, _ in pickletools.genops(stream):
            if opcode.name in ("GLOBAL", "INST"):
                module, _, name = str(argument).partition(" ")
                yield module, name
            elif opcode.name == "STACK_GLOBAL":
                yield (strings[-2], strings[-1]) if len(strings) > 1 else ("?", "?")
            elif opcode.name in ("MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"):
                memo[len(memo) if opcode.name == "MEMOIZE" else int(str(argument))] = last
            elif opcode.name in ("GET", "BINGET", "LONG_BINGET"):
                last = memo.get(int(str(argument)), "")
                strings.append(last)
            elif isinstance(argument, str):
                last = argument
                strings.append(last)
            else:
                last = ""
    except (ValueError, IndexError, EOFError):
        raise BinderError(f"{path}: its pickle is damaged; download or save the file again.") from None


def _legacy_globals(path: Path) -> list[tuple[str, str]]:
    """The old format is five pickles after each other, then the bytes of the storages."""
    found: list[tuple[str, str]] = []
    with path.open("rb") as stream:
        for _ in range(5):
            found.extend(globals_of(path, stream))
    return found


def _of_globals(found: list[tuple[str, str]]) -> Look:
    calls = [pair for pair in dict.fromkeys(found) if not _harmless(pair)]
    return Look("module" if calls else "weights", tuple(".".join(pair) for pair in calls))


def _harmless(pair: tuple[str, str]) -> bool:
    module, name = pair
    return pair in _HARMLESS or (module == "torch" and (name.endswith("Storage") or name in SKETCH_TYPES))
