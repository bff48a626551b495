"""A painter ends with the function that made it, also when something still holds that function's frame.

An error on its way up, or a profiler, keeps a frame and its painter alive; a painter that is active when Qt goes on to
the next widget ends the process.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import sketch.gui

SOURCES = sorted(Path(sketch.gui.__file__).parent.rglob("*.py"))


def _left_open(source: str) -> Iterator[int]:
    """Lines that make a painter which neither a `with` nor a call of `end` ends."""
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef):
            continue
        inside = list(ast.walk(function))
        ended = {
            ast.unparse(node.func.value)
            for node in inside
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "end"
        }
        for node in inside:
            if isinstance(node, ast.Assign) and "QPainter(" in ast.unparse(node.value):
                yield from (node.lineno for name in node.targets if ast.unparse(name) not in ended)


def test_the_check_sees_a_painter_that_stays_open() -> None:
    source = "def paint(self):\n    painter = QPainter(self)\n    {}\n"
    assert list(_left_open(source.format("painter.drawLine()"))) == [2]
    assert list(_left_open(source.format("painter.end()"))) == []
    assert list(_left_open("def paint(self):\n    with QPainter(self) as painter:\n        pass\n")) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_painter_ends(path: Path) -> None:
    assert list(_left_open(path.read_text(encoding="utf-8"))) == []
