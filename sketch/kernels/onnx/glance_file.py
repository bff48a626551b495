"""What an .onnx file holds at a glance: operators, their values' names, ends and names of weights. No framework.

Read in pieces where they lie, never mapped: a file that another program cuts off meanwhile is an error and no signal.
Weights are passed over, a size that is only claimed is never allocated, and what is read has a limit.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from sketch.kernels.onnx.claims import LAYER_KEY
from sketch.kernels.onnx.naming import SCOPES_KEY
from sketch.kernels.onnx.wire_format import MAX_DEPTH, WireError, fields, read_varint

MOST_READ = 64 << 20
"""Bytes of structure; a larger one takes too long for a glance."""
MOST_PART = 1 << 20
"""A part of more bytes than this holds weights: only what is around them is read."""
FIRST_PIECE, LARGEST_PIECE = 1 << 10, 1 << 18
_LONGEST_HEAD = 20
"""Bytes of two varints."""
_BODIES = (b"If", b"Loop", b"Scan", b"SequenceMap")
_KEYS = (SCOPES_KEY.encode(), LAYER_KEY.encode())


@dataclass(slots=True)
class Operator:
    """One operator; names of values are bytes as in the file, empty where an optional one is left out.

    `window` is its attribute `kernel_shape`, as it is; `meta` holds what exporters and Sketch write beside it;
    `reads` are the values that its bodies take from outside.
    """

    name: bytes = b""
    kind: bytes = b""
    domain: bytes = b""
    inputs: list[bytes] = field(default_factory=list)
    outputs: list[bytes] = field(default_factory=list)
    window: bytes = b""
    meta: dict[bytes, bytes] = field(default_factory=dict)
    reads: tuple[bytes, ...] = ()


@dataclass(slots=True)
class Outline:
    """A graph: `weights` maps the names of the stored tensors to their ranks; they are no inputs."""

    operators: list[Operator] = field(default_factory=list)
    inputs: list[bytes] = field(default_factory=list)
    outputs: list[bytes] = field(default_factory=list)
    weights: dict[bytes, int] = field(default_factory=dict)


def outline(path: Path) -> Outline:
    """What a file holds; WireError where it is damaged, cut off, no model, or too large for a glance."""
    with path.open("rb") as file:
        source = _Source(file)
        graphs = [place for number, *place in _places(source, 0, source.size) if number == 7]
        if len(graphs) != 1:
            raise WireError("the file holds no single ONNX graph.")
        found = Outline()
        for number, start, end in _places(source, *graphs[0]):
            _take(found, source, number, start, end)
    found.inputs = [name for name in found.inputs if name not in found.weights]
    return found


def _take(found: Outline, source: _Source, number: int, start: int, end: int) -> None:
    """One field of the graph."""
    if number == 1:
        found.operators.append(_operator(source, start, end))
    elif number == 5:
        name, rank = _tensor(source, start, end)
        found.weights[name] = rank
    elif number == 15:
        for inner, first, last in _places(source, start, end):
            if inner == 1:
                found.weights[_tensor(source, first, last)[0]] = 0
    elif number in (11, 12):
        names = found.inputs if number == 11 else found.outputs
        names += [source.piece(a, b) for inner, a, b in _places(source, start, end) if inner == 1]


class _Source:
    """A file of which pieces are read."""

    def __init__(self, file: BinaryIO):
        self._file = file
        self._left = MOST_READ
        self.size = os.fstat(file.fileno()).st_size
        self._window, self._base = b"", 0
        self._next = FIRST_PIECE

    def piece(self, start: int, end: int) -> bytes:
        """The bytes from start to end, of which MOST_PART can be had at once."""
        base = self._base
        if base <= start and end <= base + len(self._window):
            return self._window[start - base : end - base]
        if end - start > MOST_PART:
            raise WireError("a name is too long.")
        return self._read(start, end - start)

    def window(self, at: int, end: int) -> tuple[bytes, int]:
        """(bytes, where they begin) around a place, with at least a field's head if the message has so much."""
        base, after = self._base, self._base + len(self._window)
        if not base <= at <= after:
            self._next = FIRST_PIECE  # what was passed over was large: so may be what follows
        if base <= at and min(at + _LONGEST_HEAD, end) <= after:
            return self._window, base
        count = min(self._next, self.size - at)
        self._next = min(4 * self._next, LARGEST_PIECE)
        self._window, self._base = self._read(at, count), at
        return self._window, at

    def _read(self, at: int, count: int) -> bytes:
        self._left -= count
        if self._left < 0:
            raise WireError("the structure is too large for a glance.")
        self._file.seek(at)
        data = self._file.read(count)
        if len(data) < count:
            raise WireError("the file is cut off.")
        return data


def _places(source: _Source, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(number, start, end) of the fields of a message that hold bytes; the number of a varint is negative."""
    while at < end:
        window, base = source.window(at, end)
        here = at - base
        if (
            here + 1 < len(window) and window[here] & 0x87 == 2 and window[here + 1] < 128
        ):  # both are one byte
            number, start = window[here] >> 3, at + 2
            at = start + window[here + 1]
        else:
            number, start, at = _head(window, here, min(len(window), end - base))
            start, at = start + base, at + base
        if at > end:
            raise WireError("the file is cut off.")
        yield number, start, at


def _head(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """(number, start, end) of the field at a place; the number of what holds no bytes is negative."""
    tag, start = read_varint(data, at, end)
    number, wire = tag >> 3, tag & 7
    if number and wire == 2:
        length, start = read_varint(data, start, end)
        return number, start, start + length
    if number and wire == 0:
        return -number, start, read_varint(data, start, end)[1]
    if number and wire in (1, 5):
        return -number, start, start + (8 if wire == 1 else 4)
    raise WireError("the file is no ONNX model, or damaged.")


def _tensor(source: _Source, start: int, end: int) -> tuple[bytes, int]:
    """(name, rank) of a stored tensor; its elements are passed over."""
    name, rank = b"", 0
    for number, first, last in _places(source, start, end):
        if number == -1:
            rank += 1
        elif number == 1:
            rank += sum(byte < 128 for byte in source.piece(first, last))
        elif number == 8:
            name = source.piece(first, last)
    return name, rank


def _operator(source: _Source, start: int, end: int) -> Operator:
    if end - start > MOST_PART:
        return _large_operator(source, start, end)
    body, made = source.piece(start, end), Operator()
    inputs, outputs = made.inputs, made.outputs
    at, size = 0, len(body)
    while at < size:
        tag = body[at]
        if at + 1 < size and tag & 0x87 == 2 and body[at + 1] < 128:
            number, value = tag >> 3, at + 2
            at = value + body[at + 1]
        else:
            number, value, at = _head(body, at, size)
        if at > size:
            raise WireError("the file is damaged.")
        if number == 1:
            inputs.append(body[value:at])
        elif number == 2:
            outputs.append(body[value:at])
        elif number == 3:
            made.name = body[value:at]
        elif number == 4:
            made.kind = body[value:at]
        else:
            _set(made, number, body[value:at])
    return made


def _large_operator(source: _Source, start: int, end: int) -> Operator:
    """An operator with weights in its attributes."""
    made = Operator()
    for number, first, last in _places(source, start, end):
        if number > 0 and last - first <= MOST_PART:
            value = source.piece(first, last)
            made.inputs += [value] if number == 1 else []
            made.outputs += [value] if number == 2 else []
            _set(made, number, value)
    return made


def _set(made: Operator, number: int, value: bytes) -> None:
    """A field that is neither input nor output. Attributes follow the kind."""
    if number == 3:
        made.name = value
    elif number == 4:
        made.kind = value
    elif number == 7:
        made.domain = value
    elif number == 5 and b"kernel_shape" in value[:20]:
        made.window = value
    elif number == 5 and made.kind in _BODIES:
        made.reads += tuple(_taken_in(value))
    elif number == 9 and any(key in value for key in _KEYS):
        pair = {inner: value[first:last] for inner, _, _, first, last in fields(value, 0, len(value))}
        made.meta[pair.get(1, b"")] = pair.get(2, b"")


def entries(attribute: bytes) -> int:
    """How many whole numbers an attribute holds; WireError when it is damaged."""
    count = 0
    for number, wire, _, start, end in fields(attribute, 0, len(attribute)):
        if number == 8:
            count += 1 if wire == 0 else sum(byte < 128 for byte in attribute[start:end])
    return count


def _taken_in(attribute: bytes) -> Iterator[bytes]:
    """The values that the graphs of an attribute read from outside."""
    for number, _, _, start, end in fields(attribute, 0, len(attribute)):
        if number in (6, 11):
            yield from _free(attribute, start, end, 0)


def _free(data: bytes, at: int, end: int, depth: int) -> Iterator[bytes]:
    """The names that a graph reads and does not make."""
    if depth > MAX_DEPTH:
        raise WireError("graphs are nested too deeply.")
    read: dict[bytes, None] = {}
    made = set[bytes]()
    for number, _, _, start, stop in fields(data, at, end):
        if number in (5, 11, 12):
            key, names = (8 if number == 5 else 1), (read if number == 12 else made)
            found = [data[a:b] for inner, _, _, a, b in fields(data, start, stop) if inner == key]
            names.update(dict.fromkeys(found))
        elif number == 1:
            _note(data, start, stop, depth, read, made)
    return (name for name in read if name and name not in made)


def _note(data: bytes, at: int, end: int, depth: int, read: dict[bytes, None], made: set[bytes]) -> None:
    """What an operator inside a body reads and makes, that of its own bodies included."""
    for number, _, _, start, stop in fields(data, at, end):
        if number == 1:
            read[data[start:stop]] = None
        elif number == 2:
            made.add(data[start:stop])
        elif number == 5:
            for inner, _, _, a, b in fields(data, start, stop):
                if inner in (6, 11):
                    read.update(dict.fromkeys(_free(data, a, b, depth + 1)))
