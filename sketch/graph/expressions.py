"""The small language of layer files: names, integers, arithmetic, comparisons and a few functions; never eval."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from sketch.graph.dims import Symbolic, floor_divide, product
from sketch.graph.errors import ExpressionError
from sketch.graph.rows import ValueType

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: lambda a, b: (
        floor_divide(a, b) if isinstance(a, Symbolic) or isinstance(b, Symbolic) else a // b
    ),
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Is: lambda a, b: a is b,
    ast.IsNot: lambda a, b: a is not b,
}


def _dim(value: ValueType | None, axis: int) -> Any:
    if value is None or value.shape is None or not -len(value.shape) <= axis < len(value.shape):
        raise ExpressionError(f"the input has no dimension {axis}")
    return value.shape[axis]


def _rank(value: ValueType | None) -> int:
    if value is None or value.shape is None:
        raise ExpressionError("the input's rank is not known")
    return len(value.shape)


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "dim": _dim,
    "rank": _rank,
    "len": len,
    "min": min,
    "max": max,
    "prod": lambda dims: product(tuple(dims)),
    "known": lambda value: value is not None,
    "same": lambda items: len(set(items)) <= 1,
    "any": any,
    "all": all,
    "abs": abs,
    "range": lambda *args: tuple(range(*args)),
}


def evaluate(text: str | float | bool, names: Mapping[str, Any]) -> Any:
    """The value of an expression; a tuple for `a, b`, unpacking with `*` allowed.

    `dim(x, i)` and `rank(x)` ask an input's type, `known(x)` whether it is connected. Raises ExpressionError.
    """
    if not isinstance(text, str):
        return text
    try:
        return _value(_parse(text), names)
    except (TypeError, ValueError, ZeroDivisionError, IndexError, OverflowError) as error:
        raise ExpressionError(f"{text!r} cannot be computed: {error}") from None


def shape_of(text: str | int, names: Mapping[str, Any]) -> tuple[Any, ...]:
    """A weight's shape: the expression as a tuple of sizes (`""` is a scalar)."""
    if text == "":
        return ()
    value = evaluate(text, names)
    return tuple(value) if isinstance(value, tuple) else (value,)


@lru_cache(maxsize=4096)
def names_in(text: str | float | bool) -> frozenset[str]:
    """The names an expression reads, functions excluded."""
    if not isinstance(text, str) or text == "":
        return frozenset()
    found = {node.id for node in ast.walk(_parse(text)) if isinstance(node, ast.Name)}
    return frozenset(found - _FUNCTIONS.keys() - {"True", "False", "None"})


@lru_cache(maxsize=4096)
def _parse(text: str) -> ast.expr:
    try:
        return ast.parse(f"({text.strip()})", mode="eval").body
    except (SyntaxError, ValueError):
        raise ExpressionError(f"{text!r} is no expression") from None


def _value(node: ast.expr, names: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        if node.id not in names:
            raise ExpressionError(f"{node.id!r} is not known here")
        return names[node.id]
    if isinstance(node, (ast.Tuple, ast.List)):
        return _tuple(node.elts, names)
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return _BINARY[type(node.op)](_value(node.left, names), _value(node.right, names))
    return _logic(node, names)


def _logic(node: ast.expr, names: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        value = _value(node.operand, names)
        return not value if isinstance(node.op, ast.Not) else -value
    if isinstance(node, ast.BoolOp):
        stop = isinstance(node.op, ast.Or)
        result: Any = not stop
        for part in node.values:
            result = _value(part, names)
            if bool(result) is stop:
                return result
        return result
    if isinstance(node, ast.Compare):
        return _comparison(node, names)
    if isinstance(node, ast.IfExp):
        return _value(node.body if _value(node.test, names) else node.orelse, names)
    return _access(node, names)


def _access(node: ast.expr, names: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Subscript):
        target = _value(node.value, names)
        if isinstance(node.slice, ast.Slice):
            part = (node.slice.lower, node.slice.upper, node.slice.step)
            return target[slice(*(None if p is None else _value(p, names) for p in part))]
        return target[_value(node.slice, names)]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
        return _FUNCTIONS[node.func.id](*_tuple(node.args, names))
    raise ExpressionError(f"{ast.unparse(node)!r} is not allowed in a layer file")


def _comparison(node: ast.Compare, names: Mapping[str, Any]) -> bool:
    left = _value(node.left, names)
    for op, right_node in zip(node.ops, node.comparators, strict=True):
        right = _value(right_node, names)
        if not _COMPARE[type(op)](left, right):
            return False
        left = right
    return True


def _tuple(nodes: list[ast.expr], names: Mapping[str, Any]) -> tuple[Any, ...]:
    values: list[Any] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            values.extend(_value(node.value, names))
        else:
            values.append(_value(node, names))
    return tuple(values)
