"""Functions of torch as nodes, `torch:roll` with its arguments: what every part of Sketch may know, without torch.

The parameters of such a node are `args` (a tuple) and `kwargs`: plain values, in which a record with one key stands for
what no plain value is: `{"port": 0}` a wire, `{"size": "4*N"}` a size, `{"dtype": "float32"}` an element type,
`{"slice": (a, b, c)}` a slice, `{"list": (...)}` a list where a tuple would mean something else, `{"ellipsis": True}`,
`{"number": "nan"}` a number that equals nothing or is complex.
`results` says where the outputs are in what the function gives: nested tuples and records of output numbers, None for
what is no tensor; without it the node has one output.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from keyword import iskeyword
from typing import Any

from sketch.resources_root import resource_root

DOMAIN = "torch"
PREFIX = "torch:"
PORT, SIZE, DTYPE, SLICE, LIST = "port", "size", "dtype", "slice", "list"
ELLIPSIS, NUMBER = "ellipsis", "number"
MARKS = frozenset({PORT, SIZE, DTYPE, SLICE, LIST, ELLIPSIS, NUMBER})
SET_ITEM = "set_item"
"""A function of Sketch's own among them: a copy of a tensor in which the item at an index is another value."""

_NUMBER = re.compile(r"\(?[-+.\dejnaif]+\)?", re.ASCII)
_ATEN = re.compile(r"(ops\.aten\.\w+)(\.\w+)?", re.ASCII)


def is_torch(layer: str) -> bool:
    """True for a node that is a function of torch."""
    return layer.startswith(PREFIX)


def function_name(layer: str) -> str:
    """`nn.functional.grid_sample` of `torch:nn.functional.grid_sample`."""
    return layer.removeprefix(PREFIX)


def is_allowed(name: str) -> bool:
    """True for a function that only computes: none that loads, saves, prints or runs code may be named."""
    aten = _ATEN.fullmatch(name)
    return name == SET_ITEM or (aten.group(1) if aten else name) in _names()


def refusal(layer: str, params: Mapping[str, Any]) -> str | None:
    """None, or why a node cannot be written: its function is not among those allowed, or its arguments are damaged."""
    name = function_name(layer)
    if not is_allowed(name):
        return f"torch.{name} is no function that a drawing may call; replace the node."
    args, named = params.get("args", ()), params.get("kwargs", {})
    sound = isinstance(args, tuple) and isinstance(named, Mapping)
    if not sound or not all(map(_is_sound, (*args, *named.values()))) or not all(map(_is_name, named)):
        return f"the arguments of torch.{name} are damaged; replace the node."
    return None


def mark(value: Any) -> str:
    """The key of a record that stands for something, "" for any other value."""
    if isinstance(value, Mapping) and len(value) == 1:
        key: str = next(iter(value))
        return key if key in MARKS else ""
    return ""


def ports(params: Mapping[str, Any]) -> Iterator[int]:
    """The input numbers that the arguments name, in order."""

    def found(value: Any) -> Iterator[int]:
        if mark(value) == PORT:
            yield value[PORT]
        elif isinstance(value, Mapping):
            for item in value.values():
                yield from found(item)
        elif isinstance(value, tuple):
            for item in value:
                yield from found(item)

    yield from found((*params.get("args", ()), *params.get("kwargs", {}).values()))


def decoded(value: Any, read: Mapping[str, Callable[[Any], Any]]) -> Any:
    """An argument with its records replaced by what `read` makes of their contents.

    Slices, lists and the ellipsis are made here; `read` has the keys `port`, `size` and `dtype`.
    """
    kind = mark(value)
    if kind in read:
        return read[kind](value[kind])
    if kind == SLICE:
        return slice(*(decoded(item, read) for item in value[SLICE]))
    if kind == LIST:
        return [decoded(item, read) for item in value[LIST]]
    if kind == ELLIPSIS:
        return Ellipsis
    if kind == NUMBER:
        return complex(value[NUMBER]) if "j" in value[NUMBER] else float(value[NUMBER])
    if isinstance(value, tuple):
        return tuple(decoded(item, read) for item in value)
    return value


def argument_text(value: Any) -> str:
    """An argument in words: `in 1` for a wire, `4*N` for a size, `1:3` for a slice, else as Python writes it."""
    kind = mark(value)
    if kind == PORT:
        return f"in {value[PORT] + 1}"
    if kind == SLICE:
        parts = ["" if item is None else argument_text(item) for item in value[SLICE]]
        return ":".join(parts[:2] if not parts[2:] or not parts[2] else parts)
    if kind == LIST:
        return f"[{', '.join(map(argument_text, value[LIST]))}]"
    if kind == ELLIPSIS:
        return "..."
    if kind:
        return str(value[kind])
    if isinstance(value, tuple):
        return f"({', '.join(map(argument_text, value))}{',' if len(value) == 1 else ''})"
    return repr(value)


def call_text(params: Mapping[str, Any]) -> str:
    """The arguments of a node in words: `in 1, shifts=(3, 3), dims=(1, 2)`."""
    args, named = params.get("args", ()), params.get("kwargs", {})
    texts = [*map(argument_text, args), *(f"{name}={argument_text(item)}" for name, item in named.items())]
    return ", ".join(texts)


def outputs(results: Any) -> Iterator[int]:
    """The output numbers in a template of results, in order."""
    if isinstance(results, Mapping):
        for item in results.values():
            yield from outputs(item)
    elif isinstance(results, tuple):
        for item in results:
            yield from outputs(item)
    elif isinstance(results, int) and not isinstance(results, bool):
        yield results


def _is_name(text: str) -> bool:
    return text.isidentifier() and not iskeyword(text)


def _is_sound(value: Any) -> bool:
    if isinstance(value, Mapping):
        kind = mark(value)
        if kind in (SLICE, LIST):
            return isinstance(value[kind], tuple) and _is_sound(value[kind])
        if kind == PORT:
            return isinstance(value[PORT], int)
        if kind == NUMBER:
            return isinstance(value[NUMBER], str) and bool(_NUMBER.fullmatch(value[NUMBER]))
        return isinstance(value[kind], str) if kind in (SIZE, DTYPE) else kind == ELLIPSIS
    if isinstance(value, tuple):
        return all(map(_is_sound, value))
    return value is None or isinstance(value, (bool, int, float, complex, str))


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    """The list that scripts/generate-torch-functions writes."""
    return frozenset((resource_root() / "torch_functions.txt").read_text(encoding="utf-8").split())
