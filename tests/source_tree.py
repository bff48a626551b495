"""The source of Sketch as syntax trees, for the tests that read it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "sketch"

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


@dataclass(frozen=True)
class SourceFile:
    """One file of the package."""

    path: Path

    @cached_property
    def text(self) -> str:
        """The file as text."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """The file as a syntax tree."""
        return ast.parse(self.text)

    @property
    def name(self) -> str:
        """The path below the project's root."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def layer(self) -> str:
        """The package or module directly below sketch that the file belongs to."""
        return self.path.relative_to(PACKAGE).parts[0].removesuffix(".py")

    def definitions(self) -> Iterator[Definition]:
        """Yield every function and class, however deep."""
        return (n for n in ast.walk(self.tree) if isinstance(n, Definition))

    def public(self) -> Iterator[tuple[str, Definition]]:
        """Yield dotted name and node of public classes, their public methods, and public functions."""
        for node in self.tree.body:
            if isinstance(node, Definition) and not node.name.startswith("_"):
                yield node.name, node
                yield from ((f"{node.name}.{m.name}", m) for m in public_methods(node))


def public_methods(node: Definition) -> Iterator[Function]:
    """Yield the public methods of a class, without the setters of properties; nothing for a function."""
    if isinstance(node, ast.ClassDef):
        methods = (m for m in node.body if isinstance(m, Function) and not m.name.startswith("_"))
        yield from (m for m in methods if not any(is_setter(d) for d in m.decorator_list))


def is_setter(decorator: ast.expr) -> bool:
    """Tell whether a decorator makes the second half of a property, which has its docstring on the first."""
    return isinstance(decorator, ast.Attribute) and decorator.attr in {"setter", "deleter"}


def lines_of(node: Definition) -> int:
    """Count the lines of a definition, from its def or class line to its end."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def source_files() -> list[SourceFile]:
    """Return every Python file of the package, sorted by path."""
    return [SourceFile(path) for path in sorted(PACKAGE.rglob("*.py"))]
