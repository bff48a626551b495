"""What can be said of source text without running any of it: faults, classes, whether an edit changes anything."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

Ranges = Mapping[int, tuple[tuple[int, int], ...]]
"""Node -> first and last lines (from 1) that belong to it."""


@dataclass(frozen=True)
class Fault:
    """What is wrong at a line (from 1; 0 when no line is known)."""

    line: int
    text: str


@dataclass(frozen=True)
class ClassInText:
    """A class that may be the network: its name and the arguments without which it cannot be made.

    `inputs` are the arguments of its forward, `lines` its first and last line.
    """

    name: str
    needs: tuple[str, ...] = ()
    inputs: tuple[str, ...] = field(default=(), compare=False)
    lines: tuple[int, int] = field(default=(0, 0), compare=False)

    def __str__(self) -> str:
        return f"{self.name}({', '.join(self.needs)})"


def fault(text: str) -> Fault | None:
    """The first syntax error, None for text that can be compiled; nothing of it runs."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "source", "exec", dont_inherit=True)
    except SyntaxError as error:
        return Fault(error.lineno or 0, _sentence(error.msg or "invalid syntax"))
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return Fault(0, _sentence(str(error) or "The text cannot be read as Python"))
    return None


def classes(text: str) -> list[ClassInText]:
    """The classes at the top of the text that derive from another one, in their order; none while it has a fault."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [
        ClassInText(
            node.name,
            tuple(_needs(node)),
            tuple(_inputs(node)),
            (node.lineno, node.end_lineno or node.lineno),
        )
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.bases
    ]


def same_program(first: str, second: str) -> bool:
    """True when two texts differ in nothing but comments and layout."""
    return first == second or ast.dump(_tree(first)) == ast.dump(_tree(second))


def moved(before: str, after: str) -> dict[int, int]:
    """Line of the text before an edit -> its line after it; lines that changed are left out."""
    old, new = before.splitlines(), after.splitlines()
    start = common_start(old, new)
    end = common_start(old[start:][::-1], new[start:][::-1])
    found = {line: line for line in range(1, start + 1)}
    middle = SequenceMatcher(None, old[start : len(old) - end], new[start : len(new) - end], autojunk=False)
    for first, second, size in middle.get_matching_blocks():
        for step in range(size):
            found[start + first + step + 1] = start + second + step + 1
    for step in range(end):
        found[len(old) - step] = len(new) - step
    return found


def moved_ranges(lines: Ranges, places: Mapping[int, int]) -> dict[int, tuple[tuple[int, int], ...]]:
    """The ranges of nodes after an edit, as far as their first and last lines are still there."""
    found = {}
    for node, ranges in lines.items():
        kept = [(places[first], places[last]) for first, last in ranges if first in places and last in places]
        if kept:
            found[node] = tuple(kept)
    return found


def _tree(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def common_start(first: Sequence[str], second: Sequence[str]) -> int:
    """How many lines two texts have in common at their beginnings."""
    count = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        count += 1
    return count


def _needs(node: ast.ClassDef) -> Iterator[str]:
    """Arguments of __init__ without a default."""
    for item in node.body:
        if isinstance(item, ast.FunctionDef) and item.name == "__init__":
            given = item.args
            plain = [*given.posonlyargs, *given.args][1:]
            yield from (arg.arg for arg in plain[: max(0, len(plain) - len(given.defaults))])
            yield from (
                arg.arg
                for arg, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
                if default is None
            )


def _inputs(node: ast.ClassDef) -> list[str]:
    """Names of the arguments of forward."""
    for item in node.body:
        if isinstance(item, ast.FunctionDef) and item.name == "forward":
            return [arg.arg for arg in (*item.args.posonlyargs, *item.args.args, *item.args.kwonlyargs)][1:]
    return []


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
