"""Rows, deltas and checkpoints as plain JSON and back, exactly. Reading trusts nothing: see CodecError."""

from __future__ import annotations

import base64
import binascii
import json
import math
import sys
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

from sketch.graph.delta import TABLES, Change, Delta
from sketch.graph.dims import Symbolic, parse_dim
from sketch.graph.errors import ExpressionError
from sketch.graph.linking.rows import linked_group
from sketch.graph.rows import (
    COLOURS,
    DTYPES,
    FRAME,
    NOTE,
    Edge,
    FrozenDict,
    Node,
    Note,
    Place,
    TensorRow,
    ValueType,
    Way,
)
from sketch.state.history import Checkpoint

_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class CodecError(ValueError):
    """A stored value is not what it should be; the message says what was found."""


def to_text(value: Any) -> str:
    """Compact JSON in ASCII, so that names with lone surrogates survive."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def from_text(text: str | bytes) -> Any:
    """Parsed JSON; CodecError when it is damaged or nested too deep."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CodecError(f"not readable as JSON: {error}") from None


# --- plain values ----------------------------------------------------------------------------------


def encode_value(value: Any) -> Any:
    """A parameter as JSON: tuples are lists; floats without a number, mappings, bytes, lists are tagged."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        number = float(value)
        return number if math.isfinite(number) else {"f": str(number)}
    if isinstance(value, tuple):
        return [encode_value(item) for item in value]
    return _encode_tagged(value)


def decode_value(raw: Any) -> Any:
    """The inverse of `encode_value`."""
    if raw is None or isinstance(raw, (bool, int, float, str)):
        return raw
    if isinstance(raw, list):
        return tuple(decode_value(item) for item in raw)
    if isinstance(raw, dict) and len(raw) == 1:
        tag, content = next(iter(raw.items()))
        if tag in _TAGS:
            return _TAGS[tag](content)
    raise CodecError(f"not a value: {str(raw)[:80]}")


def _encode_tagged(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {"d": {_text(key): encode_value(item) for key, item in value.items()}}
    if isinstance(value, list):
        return {"l": [encode_value(item) for item in value]}
    if isinstance(value, bytes):
        return {"b": base64.b64encode(value).decode("ascii")}
    if isinstance(value, Symbolic):
        return {"s": str(value)}
    raise CodecError(f"a {type(value).__name__} cannot be kept in a document")


def _decode_float(content: Any) -> float:
    if content not in ("nan", "inf", "-inf"):
        raise CodecError(f"not a number: {str(content)[:40]}")
    return _FLOATS[content]


def _decode_bytes(content: Any) -> bytes:
    try:
        return base64.b64decode(_text(content), validate=True)
    except (binascii.Error, ValueError):
        raise CodecError("bytes are damaged") from None


def _decode_dict(content: Any) -> FrozenDict:
    if not isinstance(content, dict):
        raise CodecError("a mapping is damaged")
    return FrozenDict({key: decode_value(item) for key, item in content.items()})


def _decode_dim(content: Any) -> Any:
    try:
        return parse_dim(_text(content))
    except ExpressionError as error:
        raise CodecError(str(error)) from None


_TAGS: Mapping[str, Callable[[Any], Any]] = {
    "f": _decode_float,
    "d": _decode_dict,
    "l": lambda content: [decode_value(item) for item in _list(content)],
    "b": _decode_bytes,
    "s": _decode_dim,
}


# --- rows ------------------------------------------------------------------------------------------


def encode_row(table: str, row: Any) -> Any:
    """A row of a table as JSON, null when it is absent."""
    if row is None:
        return None
    if table == "nodes":
        return [
            row.id,
            row.layer,
            row.name,
            encode_value(row.params),
            _wires(row.prior),
            _wires(row.next),
            row.parent,
        ]
    if table == "places":
        return _encode_place(row)
    if table == "tensors":
        return [row.id, row.digest, list(row.shape), row.dtype, row.name]
    if table == "hints":
        return [row.dtype, encode_value(row.shape)]
    if table == "notes":
        plain = [row.id, row.text, row.parent, row.width, row.height]
        return plain if _is_plain(row) else [*plain, row.kind, row.colour]
    return encode_value(row)


def first_version(table: str, key: Any, row: Any) -> int:
    """The first version of files that has such a row; a Sketch of before would refuse it, or break what it says.

    Ways of wires, frames, coloured notes and links of groups came with 2.
    """
    if table == "places":
        return 2 if row is not None and row.ways else 1
    if table == "notes":
        return 1 if row is None or _is_plain(row) else 2
    return 2 if table == "meta" and row is not None and linked_group(key) is not None else 1


def decode_row(table: str, raw: Any) -> Any:
    """The inverse of `encode_row`."""
    return None if raw is None else _ROWS[table](raw)


def encode_key(key: Any) -> Any:
    """A key: a number, a name, or a pair."""
    return list(key) if isinstance(key, tuple) else key


def decode_key(table: str, raw: Any) -> Any:
    """The key of a table, with its right type."""
    if table == "weights":
        node, role = _list(raw, 2)
        return _int(node), _text(role)
    if table == "hints":
        node, out = _list(raw, 2)
        return _int(node), _int(out)
    return _text(raw) if table == "meta" else _int(raw)


def _decode_node(raw: Any) -> Node:
    number, layer, name, params, prior, following, parent = _list(raw, 7)
    kept = decode_value(params)
    if not isinstance(kept, FrozenDict):
        raise CodecError("a node's parameters are damaged")
    inside = None if parent is None else _int(parent)
    kind = sys.intern(_text(layer))  # thousands of nodes have few layers: one text each, quickly compared
    return Node(_int(number), kind, _text(name), kept, _edges(prior), _edges(following), inside)


def _is_plain(row: Note) -> bool:
    return (row.kind, row.colour) == (NOTE, "")


def _encode_place(row: Place) -> Any:
    """[x, y] or, with ways, [x, y, [[out, target, into, x, y, x, y, ...], ...]]."""
    centre = [encode_value(row.x), encode_value(row.y)]
    if not row.ways:
        return centre
    ways = [
        [way.out, way.target, way.into, *(encode_value(number) for point in way.points for number in point)]
        for way in row.ways
    ]
    return [*centre, ways]


def _decode_place(raw: Any) -> Place:
    if isinstance(raw, list) and len(raw) == 3:
        return Place(_float(raw[0]), _float(raw[1]), tuple(_decode_way(way) for way in _list(raw[2])))
    x, y = _list(raw, 2)
    return Place(_float(x), _float(y))


def _decode_way(raw: Any) -> Way:
    ends, numbers = _list(raw)[:3], [_float(number) for number in _list(raw)[3:]]
    if len(numbers) % 2 or len(numbers) < 4 or not all(map(math.isfinite, numbers)):
        raise CodecError("the way of a wire is damaged")
    out, target, into = map(_int, ends)
    return Way(out, target, into, tuple(zip(numbers[::2], numbers[1::2], strict=True)))


def _decode_tensor(raw: Any) -> TensorRow:
    number, digest, shape, dtype, name = _list(raw, 5)
    sizes = tuple(_int(size) for size in _list(shape))
    if any(size < 0 for size in sizes):
        raise CodecError("a tensor has a negative size")
    if dtype not in DTYPES:
        raise CodecError(f"{str(dtype)[:40]!r} is no element type")
    if not is_digest(digest):
        raise CodecError("a tensor has no valid digest")
    return TensorRow(_int(number), digest, sizes, dtype, _text(name))


def _decode_type(raw: Any) -> ValueType:
    dtype, shape = _list(raw, 2)
    return ValueType(
        _text(dtype), None if shape is None else tuple(decode_value(size) for size in _list(shape))
    )


def _decode_note(raw: Any) -> Note:
    items = _list(raw)
    number, text, parent, width, height, kind, colour = _list(
        [*items, NOTE, ""] if len(items) == 5 else items, 7
    )
    if kind not in (NOTE, FRAME) or colour not in ("", *COLOURS):
        raise CodecError(f"a note of the kind {str(kind)[:40]!r} and colour {str(colour)[:40]!r} is unknown")
    inside = None if parent is None else _int(parent)
    return Note(_int(number), _text(text), inside, _float(width), _float(height), kind, colour)


_ROWS: Mapping[str, Callable[[Any], Any]] = {
    "nodes": _decode_node,
    "places": _decode_place,
    "tensors": _decode_tensor,
    "weights": lambda raw: _int(raw),  # noqa: PLW0108 - defined below
    "hints": _decode_type,
    "notes": _decode_note,
    "meta": decode_value,
}


def is_digest(text: Any) -> bool:
    """True for the hexadecimal names that a tensor store gives, `at-` before those of slices."""
    return (
        isinstance(text, str) and len(text) <= 140 and text.removeprefix("at-").isalnum() and text.isascii()
    )


# --- deltas and checkpoints ------------------------------------------------------------------------


def encode_delta(delta: Delta) -> Any:
    """A list of [table, key, before, after]."""
    return [
        [c.table, encode_key(c.key), encode_row(c.table, c.before), encode_row(c.table, c.after)]
        for c in delta
    ]


def decode_delta(raw: Any) -> Delta:
    """The inverse of `encode_delta`."""
    return tuple(_change(item) for item in _list(raw))


def encode_checkpoint(checkpoint: Checkpoint) -> Any:
    """[sequence, parent, label, when, delta]; merge keys end with the session."""
    return [
        checkpoint.sequence,
        checkpoint.parent,
        checkpoint.label,
        checkpoint.when,
        encode_delta(checkpoint.delta),
    ]


def decode_checkpoint(raw: Any) -> Checkpoint:
    """The inverse of `encode_checkpoint`."""
    sequence, parent, label, when, delta = _list(raw, 5)
    return Checkpoint(_int(sequence), _int(parent), _text(label), decode_delta(delta), None, _float(when))


def _change(raw: Any) -> Change:
    table, key, before, after = _list(raw, 4)
    if table not in TABLES:
        raise CodecError(f"{str(table)[:40]!r} is no table")
    return Change(table, decode_key(table, key), decode_row(table, before), decode_row(table, after))


# --- checks ----------------------------------------------------------------------------------------


def _wires(edges: tuple[Edge, ...]) -> list[list[int]]:
    return [[edge.source, edge.out, edge.target, edge.into] for edge in edges]


def _edges(raw: Any) -> tuple[Edge, ...]:
    return tuple(Edge(*(_int(end) for end in _list(wire, 4))) for wire in _list(raw))


def _list(raw: Any, length: int | None = None) -> list[Any]:
    if not isinstance(raw, list) or (length is not None and len(raw) != length):
        raise CodecError(f"expected a list{'' if length is None else f' of {length}'}, found {str(raw)[:40]}")
    return raw


def _int(raw: Any) -> int:
    if type(raw) is not int:
        raise CodecError(f"expected a whole number, found {str(raw)[:40]}")
    return raw


def _float(raw: Any) -> float:
    number = decode_value(raw)
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise CodecError(f"expected a number, found {str(raw)[:40]}")
    return number


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise CodecError(f"expected text, found {str(raw)[:40]}")
    return raw
