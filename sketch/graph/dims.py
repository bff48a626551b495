"""Dimensions that may be symbols: integer polynomials with floor division, always in one canonical form."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

from sketch.graph.errors import ExpressionError

Monomial = tuple[str, ...]
"""Sorted atom names whose product this is; () is the constant term."""


@dataclass(frozen=True, slots=True)
class Symbolic:
    """A polynomial with integer coefficients over atoms (symbols, or opaque floor divisions).

    `terms` is sorted and holds no zero, so equal values are equal objects. `floors` names the atoms that
    stand for a floor division: atom text -> (numerator terms, divisor).
    """

    terms: tuple[tuple[Monomial, int], ...]

    def __str__(self) -> str:
        parts = []
        for atoms, factor in sorted(self.terms, key=lambda term: (-len(term[0]), term[0])):
            text = "*".join(atoms)
            if not atoms:
                text = str(abs(factor))
            elif abs(factor) != 1:
                text = f"{abs(factor)}*{text}"
            parts.append(("-" if factor < 0 else "+") + text)
        text = "".join(parts).removeprefix("+")
        alone = len(self.terms) == 1 and self.terms[0][1] == 1 and len(self.terms[0][0]) == 1
        return text[1:-1] if alone and text.startswith("(") else text

    def __repr__(self) -> str:
        return f"Symbolic({str(self)!r})"

    def __add__(self, other: Dim) -> Dim:
        return _sum(_terms(self), _terms(other), 1)

    def __radd__(self, other: int) -> Dim:
        return _sum(_terms(other), _terms(self), 1)

    def __sub__(self, other: Dim) -> Dim:
        return _sum(_terms(self), _terms(other), -1)

    def __rsub__(self, other: int) -> Dim:
        return _sum(_terms(other), _terms(self), -1)

    def __neg__(self) -> Dim:
        return 0 - self

    def __mul__(self, other: Dim) -> Dim:
        return _product(_terms(self), _terms(other))

    __rmul__ = __mul__

    def __floordiv__(self, other: Dim) -> Dim:
        return floor_divide(self, other)

    def __rfloordiv__(self, other: int) -> Dim:
        return floor_divide(other, self)

    def __mod__(self, other: Dim) -> Dim:
        return self - floor_divide(self, other) * other

    def __rmod__(self, other: int) -> Dim:
        return other - floor_divide(other, self) * self


Dim = int | Symbolic
"""A size: a number, or an expression over named symbols such as `N` or `(H+1)//2`."""

_Terms = dict[Monomial, int]


def symbol(name: str) -> Symbolic:
    """The dimension that a name stands for."""
    if not name.isidentifier():
        raise ExpressionError(f"{name!r} cannot name a dimension; use letters, digits and underscores.")
    return Symbolic((((name,), 1),))


def parse_dim(text: str | int) -> Dim:
    """`3`, `N`, `2*N+1`, `(H+1)//2` as a dimension; ExpressionError otherwise."""
    try:
        return _walk(ast.parse(str(text).strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError):
        raise ExpressionError(f"{text!r} is no dimension; write a number or a name such as N.") from None


def is_known(shape: tuple[Dim, ...] | None) -> bool:
    """True when every size is a number."""
    return shape is not None and all(isinstance(dim, int) for dim in shape)


def product(dims: tuple[Dim, ...] | list[Dim]) -> Dim:
    """The product of sizes; 1 for none."""
    return reduce(lambda a, b: a * b, dims, 1)


def substitute(dim: Dim, values: Mapping[str, int]) -> Dim:
    """Replace symbols by numbers, inside floor divisions too."""
    if isinstance(dim, int):
        return dim
    total: Dim = 0
    for atoms, factor in dim.terms:
        term: Dim = factor
        for atom in atoms:
            term = term * _atom_value(atom, values)
        total = total + term
    return total


def symbols_in(dim: Dim) -> frozenset[str]:
    """The names a dimension depends on."""
    if isinstance(dim, int):
        return frozenset()
    names: set[str] = set()
    for atoms, _ in dim.terms:
        for atom in atoms:
            names |= {n.id for n in ast.walk(ast.parse(atom, mode="eval")) if isinstance(n, ast.Name)}
    return frozenset(names)


def floor_divide(top: Dim, bottom: Dim) -> Dim:
    """Exact where it can be: `(4*N+3)//4` is `N`, `(N*M)//N` is `M`; else an opaque floor term."""
    if bottom == 0:
        raise ExpressionError("Division by zero in a dimension.")
    if isinstance(top, int) and isinstance(bottom, int):
        return top // bottom
    if top == bottom:
        return 1
    divided, rest = _split(_terms(top), _terms(bottom))
    if isinstance(bottom, int):
        constant = rest.pop((), 0)
        if not rest:
            return _make(divided) + constant // bottom
        rest[()] = constant % bottom
        divided[()] = divided.get((), 0) + constant // bottom
    if not any(rest.values()):
        return _make(divided)
    atom = f"({_operand(_make(rest))}//{_operand(bottom, single=True)})"
    return _make(divided) + Symbolic((((atom,), 1),))


def _operand(dim: Dim, *, single: bool = False) -> str:
    """A side of a division as text, in parentheses where precedence asks for them."""
    text = str(dim)
    if isinstance(dim, int) or text.isidentifier():
        return text
    return f"({text})" if single or len(dim.terms) > 1 else text


def _split(top: _Terms, bottom: _Terms) -> tuple[_Terms, _Terms]:
    """(whole part, rest) of a division by a single-term divisor, term by term; else all is rest."""
    whole: _Terms = {}
    rest: _Terms = {}
    single = next(iter(bottom.items())) if len(bottom) == 1 else None
    for atoms, factor in top.items():
        reduced = _divide_monomial(atoms, factor, single) if single else None
        if reduced is None:
            rest[atoms] = factor
        else:
            whole[reduced[0]] = whole.get(reduced[0], 0) + reduced[1]
    return whole, rest


def _divide_monomial(atoms: Monomial, factor: int, by: tuple[Monomial, int]) -> tuple[Monomial, int] | None:
    left = list(atoms)
    for atom in by[0]:
        if atom not in left:
            return None
        left.remove(atom)
    return None if factor % by[1] else (tuple(left), factor // by[1])


def _terms(dim: Dim) -> _Terms:
    if isinstance(dim, Symbolic):
        return dict(dim.terms)
    return {(): int(dim)} if dim else {}


def _make(terms: _Terms) -> Dim:
    kept = tuple(sorted((atoms, factor) for atoms, factor in terms.items() if factor))
    if not kept:
        return 0
    if len(kept) == 1 and kept[0][0] == ():
        return kept[0][1]
    return Symbolic(kept)


def _sum(first: _Terms, second: _Terms, sign: int) -> Dim:
    total = dict(first)
    for atoms, factor in second.items():
        total[atoms] = total.get(atoms, 0) + sign * factor
    return _make(total)


def _product(first: _Terms, second: _Terms) -> Dim:
    total: _Terms = {}
    for atoms, factor in first.items():
        for more, by in second.items():
            key = tuple(sorted(atoms + more))
            total[key] = total.get(key, 0) + factor * by
    return _make(total)


def _atom_value(atom: str, values: Mapping[str, int]) -> Dim:
    if atom.isidentifier():
        return values.get(atom, symbol(atom))
    tree = ast.parse(atom, mode="eval").body
    return _walk(tree, values)


def _walk(tree: ast.expr, values: Mapping[str, int] | None = None) -> Dim:
    if isinstance(tree, ast.Constant) and type(tree.value) is int:
        return tree.value
    if isinstance(tree, ast.Name):
        return (values or {}).get(tree.id, symbol(tree.id))
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
        return 0 - _walk(tree.operand, values)
    if isinstance(tree, ast.BinOp):
        left, right = _walk(tree.left, values), _walk(tree.right, values)
        if isinstance(tree.op, ast.Add):
            return left + right
        if isinstance(tree.op, ast.Sub):
            return left - right
        if isinstance(tree.op, ast.Mult):
            return left * right
        if isinstance(tree.op, ast.FloorDiv):
            return floor_divide(left, right)
        if isinstance(tree.op, ast.Mod):
            return left % right
    raise ValueError("not a dimension")
