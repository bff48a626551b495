"""What the window and a worker say to each other: length-prefixed messages over the worker's own pipes.

The window side never unpickles freely: only plain values and Sketch's own value types are built, so a worker that
went wrong on a hostile file cannot make the window run anything.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any

MAX_MESSAGE = 1 << 31
_LENGTH = struct.Struct("<Q")
_PLAIN = frozenset({"set", "frozenset", "complex", "bytearray", "range", "slice"})
_MODULES = (
    "sketch.graph.", "sketch.binder.wire", "sketch.binder.kernel", "sketch.binder.tensors",
    "sketch.binder.run_facts", "sketch.binder.matching",
)  # fmt: skip
_OTHERS = frozenset(
    {
        ("pathlib", "PosixPath"), ("pathlib", "WindowsPath"), ("pathlib", "Path"),
        ("pathlib", "PurePosixPath"), ("pathlib", "PureWindowsPath"), ("copyreg", "_reconstructor"),
        ("pathlib._local", "PosixPath"), ("pathlib._local", "WindowsPath"), ("builtins", "object"),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """Call `method` of the kernel with these arguments."""

    method: str
    arguments: Mapping[str, Any]
    store: str
    scratch: str
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """A job got on: `done` of `total`, and what it is doing."""

    done: float
    total: float
    text: str


@dataclass(frozen=True, slots=True)
class LogLine:
    """A log record of the worker, under its own logger's name."""

    name: str
    level: int
    message: str


@dataclass(frozen=True, slots=True)
class Done:
    """The job's result."""

    result: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """Why the job failed: one line for the person, details for the log."""

    message: str
    details: str = ""
    permission_needed: bool = False
    asks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker is up; `reason` says why its kernel cannot run, if so."""

    reason: str | None = None
    pid: int = field(default=0)


class _PlainUnpickler(pickle.Unpickler):
    """Builds plain values and Sketch's value types, nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        known = module == "builtins" and name in _PLAIN
        ours = module.startswith(_MODULES) and "." not in name and name[:1].isupper()
        if known or ours or (module, name) in _OTHERS:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"a worker sent a {module}.{name}")


def write_message(stream: IO[bytes], message: object) -> None:
    """Send one message; BrokenPipeError when the other side is gone."""
    data = pickle.dumps(message, protocol=5)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def read_message(stream: IO[bytes], *, plain: bool) -> Any:
    """Receive one message; EOFError when the other side is gone. `plain` restricts what is built."""
    head = _read(stream, _LENGTH.size)
    (length,) = _LENGTH.unpack(head)
    if length > MAX_MESSAGE:
        raise EOFError(f"a message claims {length} bytes")
    data = _read(stream, length)
    return _PlainUnpickler(io.BytesIO(data)).load() if plain else pickle.loads(data)  # noqa: S301


def _read(stream: IO[bytes], count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        part = stream.read(count - len(data))
        if not part:
            raise EOFError("the other side closed the pipe")
        data += part
    return bytes(data)
