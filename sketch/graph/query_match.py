"""Asks a drawing a query: which nodes does it find. Nothing is indexed; each node is looked at once."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from sketch.graph.colour_rules import Facts, node_bytes, node_flops
from sketch.graph.freezing import frozen_roles
from sketch.graph.infer import Inference
from sketch.graph.lifting import open_inputs
from sketch.graph.query import FIELDS, NUMBERS, Either, Every, Not, Query, QueryError, Term, Word, number
from sketch.graph.rows import Node, ValueType
from sketch.graph.tables import Tables

Test = Callable[[Node], bool]
"""True for a node that is looked for."""
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_TRUE, _FALSE = ("true", "yes", "on"), ("false", "no", "off")


def matcher(
    query: Query, tables: Tables, inference: Inference, selected: Collection[int] = frozenset()
) -> Test:
    """The test that a query is, of the nodes of these tables as they are now.

    Raises:
        QueryError: it names a parameter that no layer has.
    """
    return _Asked(tables, inference, frozenset(selected)).test(query)


def in_order(tables: Tables, inference: Inference) -> list[Node]:
    """Every node in the order in which the network runs."""
    rank = inference.order.rank
    return sorted(tables.nodes.values(), key=lambda node: (rank.get(node.id, 0), node.id))


class _Drawing:
    """One drawing while it is asked: what its nodes are and have."""

    def __init__(self, tables: Tables, inference: Inference, selected: frozenset[int]):
        self._tables = tables
        self._inference = inference
        self._library = inference.library
        self._facts = Facts(tables, inference)
        self._selected = selected
        self._paths: dict[int | None, str] = {None: ""}
        self._types: dict[str, tuple[str, str]] = {}

    def _parameters(self, node: Node) -> float | None:
        group = self._library[node.layer].group or node.id not in self._inference
        return None if group else self._inference.of(node.id).parameters

    def _flops(self, node: Node) -> float | None:
        return self._counted(node_flops, node)

    def _memory(self, node: Node) -> float | None:
        return self._counted(node_bytes, node)

    def _counted(self, count: Callable[[Facts, int], int | None], node: Node) -> float | None:
        if self._library[node.layer].group or node.id not in self._inference:
            return None
        return count(self._facts, node.id)

    def _named(self, layer: str) -> tuple[str, str]:
        names = self._types.get(layer)
        if names is None:
            names = self._types[layer] = (layer, self._library[layer].title)
        return names

    def _path(self, node_id: int | None) -> str:
        """`layer1.0.conv1`."""
        known = self._paths.get(node_id)
        if known is None:
            node = self._tables.nodes[node_id or 0]
            above = self._path(node.parent)
            known = self._paths[node_id] = f"{above}.{node.name}" if above else node.name
        return known

    def _above(self, node: Node) -> list[int]:
        found: list[int] = []
        parent = node.parent
        while parent is not None:
            found.append(parent)
            parent = self._tables.nodes[parent].parent
        return found

    def _inputs(self, node: Node) -> tuple[ValueType | None, ...]:
        return self._inference.of(node.id).inputs if node.id in self._inference else ()

    def _outputs(self, node: Node) -> tuple[ValueType | None, ...]:
        return self._inference.of(node.id).outputs if node.id in self._inference else ()


class _Asked(_Drawing):
    """Builds the test of a query from the tests of its parts."""

    def test(self, query: Query) -> Test:
        """The test of a query."""
        match query:
            case Word():
                return self._word(query)
            case Term():
                return self._term(query)
            case Not():
                inner = self.test(query.query)
                return lambda node: not inner(node)
            case Every():
                every = [self.test(part) for part in query.queries]
                return lambda node: all(test(node) for test in every)
            case Either():
                either = [self.test(part) for part in query.queries]
                return lambda node: any(test(node) for test in either)

    # --- texts -------------------------------------------------------------------------------------

    def _word(self, word: Word) -> Test:
        holds = _holds(word.text, word.literal)
        if "." in word.text:
            return lambda node: holds(self._path(node.id)) or any(map(holds, self._named(node.layer)))
        return lambda node: holds(node.name) or any(map(holds, self._named(node.layer)))

    def _term(self, term: Term) -> Test:
        if term.name in NUMBERS:
            return self._number(term)
        if term.name not in FIELDS:
            return self._parameter(term)
        test = getattr(self, f"_of_{term.name}")(term)
        if term.operator != "!=":
            return test  # type: ignore[no-any-return]
        return lambda node: not test(node)

    def _of_name(self, term: Term) -> Test:
        fits = _text(term)
        return lambda node: fits(node.name)

    def _of_type(self, term: Term) -> Test:
        """That type when the drawing has it, else all types that hold the text."""
        wanted = term.text.lower()
        kinds = {layer: self._named(layer) for layer in {node.layer for node in self._tables.nodes.values()}}
        exact = {layer for layer, names in kinds.items() if wanted in map(str.lower, names)}
        fits = _text(term)
        found = exact or {layer for layer, names in kinds.items() if any(map(fits, names))}
        return lambda node: node.layer in found

    def _of_group(self, term: Term) -> Test:
        """In a group of that name when there is one, else in all whose name or path holds the text."""
        nodes, wanted = self._tables.nodes, term.text.lower()
        groups = [node.id for node in nodes.values() if self._library[node.layer].group]
        exact = {g for g in groups if wanted in (nodes[g].name.lower(), self._path(g).lower())}
        fits = _text(term)
        found = exact or {g for g in groups if fits(nodes[g].name) or fits(self._path(g))}
        return lambda node: any(above in found for above in self._above(node))

    def _of_tensor(self, term: Term) -> Test:
        fits, tables, inference = _text(term), self._tables, self._inference

        def test(node: Node) -> bool:
            stored = tables.weights_of(node.id)
            if any(fits(tables.tensors[tensor].name) for tensor in stored.values()):
                return True
            roles = {*stored, *(inference.of(node.id).weights if node.id in inference else ())}
            return any(fits(role) or fits(f"{self._path(node.id)}.{role}") for role in roles)

        return test

    def _of_shape(self, term: Term) -> Test:
        into, out = self._of_in(term), self._of_out(term)
        return lambda node: out(node) or into(node)

    def _of_in(self, term: Term) -> Test:
        fits = _shape(term)
        return lambda node: any(kind is not None and fits(kind) for kind in self._inputs(node))

    def _of_out(self, term: Term) -> Test:
        fits = _shape(term)
        return lambda node: any(kind is not None and fits(kind) for kind in self._outputs(node))

    def _of_dtype(self, term: Term) -> Test:
        fits, tables = _whole(term), self._tables

        def test(node: Node) -> bool:
            if any(kind is not None and fits(kind.dtype) for kind in self._outputs(node)):
                return True
            return any(fits(tables.tensors[tensor].dtype) for tensor in tables.weights_of(node.id).values())

        return test

    def _of_problem(self, term: Term) -> Test:
        fits, of = _text(term), self._inference.problems_of
        return lambda node: any(fits(problem.message) or fits(problem.code) for problem in of(node.id))

    def _of_id(self, term: Term) -> Test:
        wanted = int(term.text)
        return lambda node: node.id == wanted

    # --- states ------------------------------------------------------------------------------------

    def _of_is(self, term: Term) -> Test:
        state, library, tables = term.text.lower(), self._library, self._tables
        if state in ("error", "warning"):
            of = self._inference.problems_of
            return lambda node: any(problem.severity == state for problem in of(node.id))
        tests: dict[str, Test] = {
            "frozen": lambda node: bool(frozen_roles(tables.meta, node.id)),
            "selected": lambda node: node.id in self._selected,
            "input": lambda node: node.layer == "Input",
            "output": lambda node: node.layer == "Output",
            "group": lambda node: library[node.layer].group,
            "operator": lambda node: library[node.layer].is_operator,
            "unconnected": self._unconnected,
        }
        return tests[state]

    def _unconnected(self, node: Node) -> bool:
        spec = self._library[node.layer]
        if spec.group:
            return False
        unread = bool(spec.outputs) and not node.next
        return unread or bool(open_inputs(node, self._library, self._tables.weights_of(node.id)))

    # --- numbers -----------------------------------------------------------------------------------

    def _number(self, term: Term) -> Test:
        compare, wanted = _COMPARE[term.operator], number(term.text)
        value = {"params": self._parameters, "flops": self._flops, "memory": self._memory}[term.name]

        def test(node: Node) -> bool:
            found = value(node)
            return found is not None and wanted is not None and compare(found, wanted)

        return test

    def _parameter(self, term: Term) -> Test:
        name = self._parameter_names.get(term.name.lower()) or self._attribute(term.name)
        if name is None:
            raise QueryError(self._no_parameter(term.name), *term.span)
        fits, inference = _value(term), self._inference

        def test(node: Node) -> bool:
            if node.id not in inference:
                return False
            params = inference.of(node.id).params
            return name in params and fits(params[name])

        return test

    @cached_property
    def _parameter_names(self) -> dict[str, str]:
        """Every parameter of every layer, and of the operators in the drawing, by its name in small letters."""
        drawn = {node.layer for node in self._tables.nodes.values()}
        specs = (*self._library, *(self._library[layer] for layer in drawn))
        names = {name for spec in specs for name in spec.params}
        return {name.lower(): name for name in sorted(names)}

    def _attribute(self, name: str) -> str | None:
        """The attribute of that name which only a file gave, of an operator that nothing else is known of."""
        small = name.lower()
        rows = (node.params for node in self._tables.nodes.values())
        return next((key for params in rows for key in params if key.lower() == small), None)

    def _no_parameter(self, name: str) -> str:
        near = get_close_matches(name.lower(), [*FIELDS, *NUMBERS, *self._parameter_names], n=1)
        advice = f"did you mean {near[0]}?" if near else "put it in quotes to look for the text."
        return f"There is no field and no parameter '{name}'; {advice}"


def _holds(text: str, literal: bool) -> Callable[[str], bool]:
    """Whether a text holds this one; with wildcards, whether it is that as a whole. Capitals do not matter."""
    if not literal and ("*" in text or "?" in text):
        return _pattern(text)
    small = text.lower()
    return lambda found: small in found.lower()


def _pattern(text: str) -> Callable[[str], bool]:
    parts = {"*": ".*", "?": "."}
    found = re.compile(
        "".join(parts.get(letter) or re.escape(letter) for letter in text), re.IGNORECASE | re.DOTALL
    )
    return lambda other: found.fullmatch(other) is not None


def _whole(term: Term) -> Callable[[str], bool]:
    """Whether a text is this one as a whole."""
    if not term.literal and ("*" in term.text or "?" in term.text):
        return _pattern(term.text)
    small = term.text.lower()
    return lambda found: small == found.lower()


def _text(term: Term) -> Callable[[str], bool]:
    return _holds(term.text, term.literal) if term.operator == ":" else _whole(term)


def _shape(term: Term) -> Callable[[ValueType], bool]:
    """Sizes with `x` between them; without wildcards after a colon, the sizes may stand anywhere in a row."""
    text = term.text.replace("×", "x").replace(",", "x").replace(" ", "")
    inside = term.operator == ":" and "*" not in text and "?" not in text
    fits = _pattern(f"*x{text}x*" if inside else text)

    def test(kind: ValueType) -> bool:
        if kind.shape is None:
            return False
        found = "x".join(str(dim) for dim in kind.shape).replace(" ", "")
        return fits(f"x{found}x" if inside else found)

    return test


def _value(term: Term) -> Callable[[Any], bool]:
    """Whether the value of a parameter fits."""
    if term.operator in ("<", "<=", ">", ">="):
        compare, limit = _COMPARE[term.operator], number(term.text) or 0.0
        return lambda value: any(_is_number(item) and compare(item, limit) for item in _items(value))
    if term.operator == "!=":
        return lambda value: not _equals(term, value)
    return lambda value: _equals(term, value)


def _equals(term: Term, value: Any) -> bool:
    """`3` is also (3, 3); `3x1` and `3,1` are (3, 1); `true`, `none`; texts as a whole or, after a colon, in part."""
    small = term.text.lower()
    if value is None or isinstance(value, bool):
        names = ("none", "") if value is None else _TRUE if value else _FALSE
        return small in names
    if isinstance(value, (list, tuple)):
        parts = [part for part in re.split(r"[x×,]", small.strip("()[]")) if part.strip()]
        if len(parts) > 1:
            return len(parts) == len(value) and all(map(_same, parts, value))
        return bool(value) and all(_same(small, item) for item in value)
    return _same(small, value) or (isinstance(value, str) and _text(term)(value))


def _same(text: str, value: Any) -> bool:
    if _is_number(value):
        return bool(number(text.strip()) == value)
    return text.strip() == str(value).lower()


def _items(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
