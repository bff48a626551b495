"""Sizes that a layer's own inputs do not say: read from the inputs of the model while it runs.

A class token that is expanded to the batch is such a layer. The operators that read a size stand in the model, once a
size; on import they are no nodes (see raising/measured.py).
"""

from __future__ import annotations

import ast

from sketch.graph.dims import Dim, Symbolic, parse_dim
from sketch.graph.network import Network
from sketch.kernels.onnx.emitter import UnsayableError
from sketch.kernels.onnx.program import Op, Program, ints
from sketch.kernels.onnx.value_names import ValueNames


class Measures:
    """Writes the operators for sizes into a program and knows their names."""

    def __init__(self, network: Network, program: Program, names: ValueNames):
        self._network, self._program, self._names = network, program, names
        self._known: dict[Dim, str] = {}
        self._shapes: dict[str, str] = {}

    def value(self, dim: Dim) -> str:
        """The name of a 1-D int64 value with this one size; UnsayableError when no input has its symbols."""
        if dim not in self._known:
            self._known[dim] = self._write(dim)
        return self._known[dim]

    def _write(self, dim: Dim) -> str:
        if isinstance(dim, int):
            return self._op("Constant", (), value=ints((dim,)))
        read = self._read(dim)
        if read:
            return read
        (atoms, factor), *more = dim.terms
        if not more and factor == 1 and len(atoms) == 1:
            return self._atom(atoms[0])
        total = ""
        for atoms, factor in dim.terms:
            term = self._term(atoms, factor)
            total = self._op("Add", (total, term)) if total else term
        return total

    def _term(self, atoms: tuple[str, ...], factor: int) -> str:
        parts = [self.value(Symbolic((((atom,), 1),))) for atom in atoms]
        if factor != 1 or not parts:
            parts.append(self.value(factor))
        total = parts[0]
        for part in parts[1:]:
            total = self._op("Mul", (total, part))
        return total

    def _atom(self, atom: str) -> str:
        """A floor division; a symbol gets here only when no input has it."""
        tree = ast.parse(atom, mode="eval").body
        if not isinstance(tree, ast.BinOp) or not isinstance(tree.op, ast.FloorDiv):
            return self._solved(atom)
        sides = [self.value(parse_dim(ast.unparse(side))) for side in (tree.left, tree.right)]
        return self._op("Div", tuple(sides))

    def _solved(self, name: str) -> str:
        """A symbol out of a size that is a multiple of it plus a number."""
        for step in self._network.inputs:
            kind = step.types[0] if step.types else None
            for dim in (kind.shape or ()) if kind is not None else ():
                factor, offset = _line(dim, name)
                if factor:
                    rest = (
                        self._op("Sub", (self.value(dim), self.value(offset))) if offset else self.value(dim)
                    )
                    return self._op("Div", (rest, self.value(factor)))
        raise UnsayableError(
            f"The size {name} is no size of an input; give it a number, or name it in an Input."
        )

    def _read(self, dim: Symbolic) -> str:
        """From an input that has the size, or a multiple of it that is asked for as it stands."""
        for step in self._network.inputs:
            kind = step.types[0] if step.types else None
            if kind is None or kind.shape is None or dim not in kind.shape:
                continue
            name = self._names.values[step.id, -1]
            if name not in self._shapes:
                self._shapes[name] = self._op("Shape", (name,))
            return self._op("Gather", (self._shapes[name], self.value(kind.shape.index(dim))), axis=0)
        return ""

    def _op(self, kind: str, inputs: tuple[str, ...], **attributes: object) -> str:
        name = self._names.unique(f"size.{kind.lower()}")
        self._program.ops.append(Op(kind, inputs, (name,), dict(attributes), name=name))  # type: ignore[arg-type]
        return name


def _line(dim: Dim, name: str) -> tuple[int, int]:
    """(a, b) of a size a·name + b with a above 0; (0, 0) for any other."""
    if isinstance(dim, int):
        return 0, 0
    terms = dict(dim.terms)
    factor, offset = terms.pop((name,), 0), terms.pop((), 0)
    return (factor, offset) if factor > 0 and not terms else (0, 0)
