"""Values and calls as Python text, and statements broken at 100 columns in the common style."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sketch.graph.network import Source
from sketch.kernels.pytorch.calls import FUNCTION, MODULE, TORCH_TYPES, Call, Fixed, Operand, Size, TypeName
from sketch.kernels.pytorch.module_rows import Tensor1d

WIDTH = 100

_INFIX: Mapping[str, tuple[str, int]] = {
    "operator.add": ("+", 4), "operator.sub": ("-", 4), "operator.mul": ("*", 5), "operator.truediv": ("/", 5),
    "operator.matmul": ("@", 5), "operator.floordiv": ("//", 5), "operator.mod": ("%", 5),
    "operator.eq": ("==", 2), "operator.gt": (">", 2), "operator.lt": ("<", 2),
    "operator.ge": (">=", 2), "operator.le": ("<=", 2), "operator.ne": ("!=", 2),
}  # fmt: skip
_UNARY = 6
_ATOM = 9


class Word(str):
    """Text that stands in the source as it is, inside of plain values."""


def literal(value: Any) -> str:
    """A plain value as source text."""
    writer = next((text for kind, text in _TEXTS.items() if isinstance(value, kind)), repr)
    return writer(value)


def _float_text(value: float) -> str:
    return repr(value).replace("e+", "e") if math.isfinite(value) else f'float("{value}")'


def _string_text(value: str) -> str:
    plain = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char.isprintable() else repr(char)[1:-1] for char in plain) + '"'


def _tuple_text(value: tuple[Any, ...]) -> str:
    return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"


def _dict_text(value: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"


def fixed_text(value: Fixed) -> str:
    """`torch.tensor([1, -1])`; the element type is written where it is not what torch would choose."""
    kind = f", dtype=torch.{TORCH_TYPES[value.dtype]}"
    if not value.data:
        return f"torch.empty({literal(value.shape)}{kind})"
    usual = {"bool": bool, "int64": int, "float32": float}.get(value.dtype)
    plain = bool(value.data) and all(type(item) is usual for item in value.data)
    return f"torch.tensor({literal(value.nested())}{'' if plain else kind})"


_TEXTS: Mapping[type, Callable[[Any], str]] = {
    Word: str,
    Tensor1d: lambda value: f"torch.tensor({literal(list(value))})",
    bool: repr,
    float: _float_text,
    str: _string_text,
    Fixed: fixed_text,
    TypeName: lambda value: f"torch.{TORCH_TYPES[value.name]}",
    dict: _dict_text,
    tuple: _tuple_text,
    list: lambda value: f"[{', '.join(map(literal, value))}]",
    type(Ellipsis): lambda _value: "...",
}
"""How each kind of value is written; the first that fits."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Text of an expression; `head` and `items` let a long call be broken between its arguments."""

    text: str
    head: str = ""
    items: tuple[str, ...] = ()
    rank: int = _ATOM


class Printer:
    """Writes calls; `name` gives the text of a value, `module` that of the node's own module."""

    def __init__(self, name: Callable[[Source], str], module: str = ""):
        self._name = name
        self._module = module

    def call(self, call: Call) -> Phrase:
        """A call as an expression."""
        if call.target in _INFIX and len(call.args) == 2:
            return self._infix(call)
        if call.target == "operator.neg":
            return Phrase(f"-{self._inside(call.args[0], _UNARY)}", rank=_UNARY)
        if call.target == "operator.getitem":
            return Phrase(f"{self._inside(call.args[0], _ATOM)}[{self._key(call.args[1])}]")
        args, head = call.args, call.target.removeprefix(FUNCTION)
        if call.target == MODULE:
            head = self._module
        elif call.target.startswith("."):
            head, args = self._inside(args[0], _ATOM) + call.target, args[1:]
        items = (
            *map(self.value, args),
            *(f"{name}={self.value(item)}" for name, item in call.kwargs.items()),
        )
        return Phrase(f"{head}({', '.join(items)})", head, items)

    def value(self, value: Any) -> str:
        """An argument as text."""
        if isinstance(value, Operand):
            return self._name(value.source)
        if isinstance(value, Size):
            return f"{self._name(value.operand.source)}.shape[{value.dim}]"
        if isinstance(value, Call):
            return self.call(value).text
        if type(value) is tuple:
            return f"({', '.join(map(self.value, value))}{',' if len(value) == 1 else ''})"
        if type(value) is list:
            return f"[{', '.join(map(self.value, value))}]"
        if isinstance(value, slice):
            return f"slice({', '.join(map(self.value, (value.start, value.stop, value.step)))})"
        return literal(value)

    def _infix(self, call: Call) -> Phrase:
        sign, rank = _INFIX[call.target]
        left, right = self._inside(call.args[0], rank), self._inside(call.args[1], rank + 1)
        return Phrase(f"{left} {sign} {right}", rank=rank)

    def _inside(self, value: Any, rank: int) -> str:
        if isinstance(value, Call):
            phrase = self.call(value)
            return phrase.text if phrase.rank >= rank else f"({phrase.text})"
        text = self.value(value)
        return f"({text})" if rank == _ATOM and isinstance(value, (int, float)) else text

    def _key(self, key: Any) -> str:
        if isinstance(key, tuple):
            return ", ".join(map(self._entry, key)) + ("," if len(key) == 1 else "")
        return self._entry(key)

    def _entry(self, entry: Any) -> str:
        if isinstance(entry, slice):
            parts = ["" if part is None else self.value(part) for part in (entry.start, entry.stop)]
            if any("." in part for part in parts):
                return " : ".join(parts).strip()
            return ":".join(parts) + ("" if entry.step is None else f":{entry.step}")
        return "..." if entry is Ellipsis else self.value(entry)


def statement(indent: int, before: str, phrase: Phrase, after: str = "") -> list[str]:
    """`before` + expression + `after`, on as many lines as it needs."""
    space = " " * indent
    line = f"{space}{before}{phrase.text}{after}"
    if len(line) <= WIDTH:
        return [line]
    if phrase.items:
        return [f"{space}{before}{phrase.head}(", *arguments(indent + 4, phrase.items), f"{space}){after}"]
    inner = " " * (indent + 4)
    parts = (
        phrase.text.split(" + ")
        if phrase.rank == 4 and len(inner) + len(phrase.text) > WIDTH
        else [phrase.text]
    )
    lines = [f"{inner}{parts[0]}", *(f"{inner}+ {part}" for part in parts[1:])]
    return [f"{space}{before}(", *lines, f"{space}){after}"]


def arguments(indent: int, items: Sequence[str]) -> list[str]:
    """Arguments on one line of their own, or one line each."""
    space = " " * indent
    together = space + ", ".join(items)
    if len(together) <= WIDTH:
        return [together]
    return [line for item in items for line in _argument(space, item)]


def _argument(space: str, item: str) -> list[str]:
    """One argument and its comma; a long tuple or list is broken between its entries."""
    if len(space) + len(item) < WIDTH:
        return [f"{space}{item},"]
    opening = min((item.find(sign) for sign in "([" if sign in item), default=-1)
    if opening < 0 or item[-1] not in ")]":
        return [f"{space}{item},"]
    entries = _split(item[opening + 1 : -1])
    inner = arguments(len(space) + 4, entries)
    return [space + item[: opening + 1], *inner, f"{space}{item[-1]},"]


def _split(text: str) -> list[str]:
    """The parts between the commas that stand outside of brackets and quotes."""
    parts, depth, start, quoted = [], 0, 0, False
    for index, char in enumerate(text):
        if char == '"' and text[index - 1 : index] != "\\":
            quoted = not quoted
        elif not quoted and char in "([{":
            depth += 1
        elif not quoted and char in ")]}":
            depth -= 1
        elif char == "," and not depth and not quoted:
            parts.append(text[start:index].strip())
            start = index + 1
    return [part for part in (*parts, text[start:].strip()) if part]
