"""Reads a pickle without running any of it: plain values are built, every other object becomes a record of its name.

The standard library's unpickler imports and calls what a file names. This one has no way to: a global is an entry in
a list, a call of it makes an `Opaque`, unless the caller gave a builder for exactly that name.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, cast

from sketch.binder.kernel import BinderError

MOST_STEPS = 20_000_000
"""Instructions of the longest pickle that is read: some 300,000 tensors."""
MOST_DISTINCT_GLOBALS = 10_000
_LONGEST_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class Global:
    """A name that a pickle looks up."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(slots=True, eq=False)
class Opaque:
    """An object that was not built: what it is called, its arguments, state, and what was put into it."""

    kind: Global
    args: tuple[Any, ...] = ()
    state: Any = None
    entries: dict[Any, Any] = field(default_factory=dict)
    items: list[Any] = field(default_factory=list)

    @property
    def attributes(self) -> Mapping[Any, Any]:
        """Its attributes, as far as its state says them."""
        parts = self.state if isinstance(self.state, tuple) else (self.state,)
        return {key: value for part in parts if isinstance(part, dict) for key, value in part.items()}


Builder = Callable[[tuple[Any, ...]], Any]


class _DamagedError(Exception):
    """The pickle does something that no writer of pickles does."""


class _Bounded:
    """A stream that is never asked for more bytes than it has: memory for a claim would be taken first."""

    def __init__(self, stream: IO[bytes]):
        self._stream = stream
        here = stream.tell()
        self._end = stream.seek(0, 2)
        stream.seek(here)
        self.tell = stream.tell

    def read(self, count: int = -1) -> bytes:
        left = self._end - self._stream.tell()
        return self._stream.read(left if count < 0 else min(count, left))

    def readline(self) -> bytes:
        return self._stream.readline(_LONGEST_LINE)


class PickleReader:
    """Reads one pickle after the other from a stream.

    Args:
        builders: what to make of a call of a global, by (module, name).
        persistent: what to make of a persistent id.
        where: the file, for messages.
    """

    def __init__(
        self,
        where: str,
        builders: Mapping[tuple[str, str], Builder],
        persistent: Callable[[Any], Any] | None = None,
    ):
        self.globals: dict[tuple[str, str], Global] = {}
        self._where = where
        self._builders = builders
        self._persistent = persistent
        self._stack: list[Any] = []
        self._marks: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        self._steps = 0

    def read(self, stream: IO[bytes]) -> Any:
        """The value of the next pickle; BinderError when it is damaged or too large."""
        self._stack, self._marks, self._memo = [], [], {}
        try:
            for opcode, argument, _ in pickletools.genops(cast("IO[bytes]", _Bounded(stream))):
                self._steps += 1
                if self._steps > MOST_STEPS:
                    raise BinderError(
                        f"{self._where}: its pickle is longer than any model's; it was not opened."
                    )
                if opcode.name in _PUSHED:
                    self._stack.append(argument)
                else:
                    _STEPS[opcode.name](self, argument)
            return self._stack.pop()
        except (BinderError, MemoryError):
            raise
        except Exception:  # noqa: BLE001 - a border: a damaged pickle fails in any way there is
            raise BinderError(
                f"{self._where}: its pickle is damaged or cut off; download or save it again."
            ) from None

    def _pop_mark(self) -> list[Any]:
        items, self._stack = self._stack, self._marks.pop()
        return items

    def _mark(self, _: Any) -> None:
        self._marks.append(self._stack)
        self._stack = []

    def _pop(self, _: Any) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self._pop_mark()

    def _drop(self, _: Any) -> None:
        self._pop_mark()

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _look_up(self, module: Any, name: Any) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise _DamagedError
        if len(self.globals) >= MOST_DISTINCT_GLOBALS:
            raise _DamagedError
        self._push(self.globals.setdefault((module, name), Global(module, name)))

    def _global(self, argument: Any) -> None:
        module, _, name = str(argument).partition(" ")
        self._look_up(module, name)

    def _stack_global(self, _: Any) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        self._look_up(module, name)

    def _extension(self, argument: Any) -> None:
        self._look_up("copyreg", f"extension {argument}")

    def _inst(self, argument: Any) -> None:
        args = self._pop_mark()
        self._global(argument)
        self._call(self._stack.pop(), tuple(args))

    def _obj(self, _: Any) -> None:
        kind, *args = self._pop_mark()
        self._call(kind, tuple(args))

    def _reduce(self, _: Any) -> None:
        args, kind = self._stack.pop(), self._stack.pop()
        self._call(kind, args)

    def _newobj_ex(self, _: Any) -> None:
        named, args, kind = self._stack.pop(), self._stack.pop(), self._stack.pop()
        self._call(kind, (*args, named) if named else args)

    def _call(self, kind: Any, args: Any) -> None:
        if not isinstance(args, tuple):
            raise _DamagedError
        if not isinstance(kind, Global):
            kind = Global("?", "call of a value")
            self.globals.setdefault((kind.module, kind.name), kind)
        builder = self._builders.get((kind.module, kind.name))
        self._push(Opaque(kind, args) if builder is None else builder(args))

    def _build(self, _: Any) -> None:
        state, target = self._stack.pop(), self._stack[-1]
        if isinstance(target, Opaque):
            target.state = state

    def _persistent_id(self, value: Any) -> None:
        if self._persistent is None:
            raise _DamagedError
        self._push(self._persistent(value))

    def _extend(self, items: Iterable[Any]) -> None:
        target = self._stack[-1]
        if isinstance(target, list):
            target.extend(items)
        elif isinstance(target, Opaque):
            target.items.extend(items)
        else:
            raise _DamagedError

    def _set_items(self, items: list[Any]) -> None:
        target = self._stack[-1]
        into = target.entries if isinstance(target, Opaque) else target
        if not isinstance(into, dict):
            raise _DamagedError
        for key, value in zip(items[::2], items[1::2], strict=True):
            into[_key(key)] = value

    def _dict(self, _: Any) -> None:
        items = self._pop_mark()
        self._push({})
        self._set_items(items)

    def _set_item(self, _: Any) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._set_items([key, value])

    def _append(self, _: Any) -> None:
        self._extend([self._stack.pop()])

    def _tuple(self, count: int) -> None:
        if len(self._stack) < count:
            raise _DamagedError
        items = tuple(self._stack[-count:])
        del self._stack[-count:]
        self._push(items)

    def _put(self, argument: Any) -> None:
        self._memo[int(argument)] = self._stack[-1]

    def _get(self, argument: Any) -> None:
        self._push(self._memo[int(argument)])

    def _memoize(self, _: Any) -> None:
        self._memo[len(self._memo)] = self._stack[-1]


def _key(key: Any) -> Any:
    """A key that is safe to hash: a nested tuple can take for ever."""
    if isinstance(key, tuple):
        return tuple(part if isinstance(part, (str, int, float, bytes)) else str(type(part)) for part in key)
    return key if key is None or isinstance(key, (str, int, float, bytes, Global)) else str(type(key))


_PUSHED = frozenset({
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING", "BINSTRING",
    "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8", "UNICODE", "SHORT_BINUNICODE",
    "BINUNICODE", "BINUNICODE8",
})  # fmt: skip
_STEPS: Mapping[str, Callable[[PickleReader, Any], None]] = {
    "PROTO": lambda *_: None, "FRAME": lambda *_: None, "STOP": lambda *_: None,
    "MARK": PickleReader._mark, "POP": PickleReader._pop, "POP_MARK": PickleReader._drop,
    "DUP": lambda r, _: r._push(r._stack[-1]),
    "NONE": lambda r, _: r._push(None), "NEWTRUE": lambda r, _: r._push(True), "NEWFALSE": lambda r, _: r._push(False),
    "EMPTY_LIST": lambda r, _: r._push([]), "LIST": lambda r, _: r._push(r._pop_mark()),
    "EMPTY_SET": lambda r, _: r._push([]), "FROZENSET": lambda r, _: r._push(r._pop_mark()),
    "APPEND": PickleReader._append, "APPENDS": lambda r, _: r._extend(r._pop_mark()),
    "ADDITEMS": lambda r, _: r._extend(r._pop_mark()),
    "EMPTY_DICT": lambda r, _: r._push({}), "DICT": PickleReader._dict, "SETITEM": PickleReader._set_item,
    "SETITEMS": lambda r, _: r._set_items(r._pop_mark()),
    "EMPTY_TUPLE": lambda r, _: r._push(()), "TUPLE": lambda r, _: r._push(tuple(r._pop_mark())),
    "TUPLE1": lambda r, _: r._tuple(1), "TUPLE2": lambda r, _: r._tuple(2), "TUPLE3": lambda r, _: r._tuple(3),
    "GLOBAL": PickleReader._global, "STACK_GLOBAL": PickleReader._stack_global, "EXT1": PickleReader._extension,
    "EXT2": PickleReader._extension, "EXT4": PickleReader._extension, "INST": PickleReader._inst,
    "OBJ": PickleReader._obj, "REDUCE": PickleReader._reduce, "NEWOBJ": PickleReader._reduce,
    "NEWOBJ_EX": PickleReader._newobj_ex, "BUILD": PickleReader._build,
    "PERSID": PickleReader._persistent_id, "BINPERSID": lambda r, _: r._persistent_id(r._stack.pop()),
    "PUT": PickleReader._put, "BINPUT": PickleReader._put, "LONG_BINPUT": PickleReader._put,
    "GET": PickleReader._get, "BINGET": PickleReader._get, "LONG_BINGET": PickleReader._get,
    "MEMOIZE": PickleReader._memoize,
}  # fmt: skip
