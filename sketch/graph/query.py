"""What a person types to find layers, as a value: `type:Conv2d kernel_size>3 -name:stem shape:*x512*`.

Words stand side by side when all must hold; `or` between them when one is enough; `-` in front means not;
parentheses group. Quotes keep spaces and take wildcards (`*`, `?`) as they stand. `query_match` asks a drawing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

FIELDS: Mapping[str, tuple[str, str]] = {
    "name": ("name of the layer", "name:conv1"),
    "type": ("type of the layer: that one, else all that hold the text", "type:Conv2d"),
    "group": ("name of a group around it", "group:layer1"),
    "tensor": ("name of a weight, of a stored tensor or of an initializer", "tensor:*.running_mean"),
    "shape": ("a shape that goes in or comes out", "shape:*x512*"),
    "in": ("a shape that goes in", "in:1x3x224x224"),
    "out": ("a shape that comes out", "out:*x7x7"),
    "dtype": ("element type of an output or a stored weight", "dtype:float16"),
    "problem": ("text of a problem", "problem:shape"),
    "is": ("a state, see below", "is:frozen"),
    "id": ("number of the node", "id:12"),
}
"""Fields that take a text after a colon (or `=`, which means the whole of it): what they ask, and an example."""
NUMBERS: Mapping[str, tuple[str, str]] = {
    "params": ("trainable elements", "params>1e6"),
    "flops": ("floating-point operations; a free size such as N counts as 1", "flops>=2G"),
    "memory": ("bytes of what comes out; a free size counts as 1", "memory>1M"),
}
"""Fields that are compared with a number. Every other name is a parameter of layers: `kernel_size>3`, `bias=false`."""
STATES: Mapping[str, str] = {
    "error": "has an error",
    "warning": "has a warning",
    "frozen": "has frozen weights",
    "selected": "is selected",
    "unconnected": "has an open input, or nothing reads what it gives",
    "input": "is an Input",
    "output": "is an Output",
    "group": "is a group",
    "operator": "is an operator of ONNX, no layer",
}
"""What can stand after `is:`."""
OTHER_NAMES: Mapping[str, str] = {"weight": "tensor", "initializer": "tensor", "parameters": "params"}
"""Second names of fields."""

_NAMED = re.compile(r"([A-Za-z_]\w*)(:|>=|<=|!=|=|>|<)")
_BARE = re.compile(r'[^\s()"]+')
_NUMBER = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)([kKMGT]?)")
_SCALES = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
_DEEPEST = 50


class QueryError(ValueError):
    """A query says something that cannot be asked; the message is one line, `start` and `end` mark the place."""

    def __init__(self, message: str, start: int, end: int):
        super().__init__(message)
        self.start = start
        self.end = max(start, end)


@dataclass(frozen=True, slots=True)
class Word:
    """A text in the name or the type; `literal` (it was quoted) takes `*` and `?` as they stand."""

    text: str
    literal: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """`name operator text`: a field or a parameter, with `:`, `=`, `!=`, `<`, `<=`, `>` or `>=`."""

    name: str
    operator: str
    text: str
    literal: bool = False
    span: tuple[int, int] = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """What does not hold."""

    query: Query


@dataclass(frozen=True, slots=True)
class Every:
    """All of these; none of them: everything."""

    queries: tuple[Query, ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """One of these."""

    queries: tuple[Query, ...]


Query = Word | Term | Not | Every | Either


def parse(text: str) -> Query:
    """The query that a text says; `Every()` for an empty one. QueryError marks the first mistake."""
    parser = _Parser(text)
    found = parser.either()
    if parser.at < len(text):
        raise QueryError("There is no '(' for this ')'.", parser.at, parser.at + 1)
    return found


def write(query: Query) -> str:
    """A text that says this query: `parse(write(query)) == query`."""
    match query:
        case Word():
            return _written(query.text, literal=query.literal)
        case Term():
            return f"{query.name}{query.operator}{_written(query.text, literal=query.literal)}"
        case Not():
            inner = write(query.query)
            return f"-({inner})" if isinstance(query.query, (Every, Either)) else f"-{inner}"
        case Every():
            return " ".join(_enclosed(part, (Every, Either)) for part in query.queries)
        case Either():
            return " or ".join(_enclosed(part, (Either,)) for part in query.queries)


def number(text: str) -> float | None:
    """`3`, `1e6`, `2.5M`, `-1` as a number; None when it is none. k, M, G and T are 10^3 to 10^12."""
    found = _NUMBER.fullmatch(text)
    return float(found[1]) * _SCALES[found[2]] if found else None


class _Parser:
    """Reads from left to right; `at` is the next character."""

    def __init__(self, text: str):
        self.text = text
        self.at = 0
        self._depth = 0

    def either(self) -> Query:
        """One or more rows of terms with `or` between them."""
        found = [self._every()]
        while (start := self._keyword("or", "OR", "|")) is not None:
            if found[-1] == Every():
                raise QueryError("Something must stand before 'or'.", start, self.at)
            found.append(self._every())
            if found[-1] == Every():
                raise QueryError("Something must stand after 'or'.", start, self.at)
        return found[0] if len(found) == 1 else Either(tuple(found))

    def _every(self) -> Query:
        found: list[Query] = []
        while not self._ends():
            if self._keyword("and", "AND") is None:
                found.append(self._term())
        return found[0] if len(found) == 1 else Every(tuple(found))

    def _ends(self) -> bool:
        """True at the end, at a closing parenthesis and before an `or`."""
        self._skip()
        if self.at >= len(self.text) or self.text[self.at] == ")":
            return True
        place = self.at
        ends = self._keyword("or", "OR", "|") is not None
        self.at = place
        return ends

    def _term(self) -> Query:
        start, character = self.at, self.text[self.at]
        if character == "-":
            self.at += 1
            if self.at >= len(self.text) or self.text[self.at].isspace() or self.text[self.at] == ")":
                raise QueryError("Something must stand after '-', such as -type:ReLU.", start, self.at)
            return Not(self._deeper(self._term, start))
        if character == "(":
            return self._group()
        if character == '"':
            return Word(self._quoted(), literal=True)
        named = _NAMED.match(self.text, self.at)
        return self._named(named) if named else Word(self._bare())

    def _group(self) -> Query:
        start = self.at
        self.at += 1
        found = self._deeper(self.either, start)
        if self.at >= len(self.text):
            raise QueryError("This '(' is not closed.", start, start + 1)
        self.at += 1
        if found == Every():
            raise QueryError("There is nothing between the parentheses.", start, self.at)
        return found

    def _named(self, named: re.Match[str]) -> Term:
        name, operator = OTHER_NAMES.get(named[1].lower(), named[1]), named[2]
        if name.lower() in FIELDS or name.lower() in NUMBERS:
            name = name.lower()
        start, self.at = self.at, named.end()
        literal = self.text[self.at : self.at + 1] == '"'
        text = self._quoted() if literal else self._bare()
        term = Term(name, operator, text, literal, (start, self.at))
        _check(term)
        return term

    def _bare(self) -> str:
        found = _BARE.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return found[0]

    def _quoted(self) -> str:
        start = self.at
        letters: list[str] = []
        self.at += 1
        while self.at < len(self.text):
            letter = self.text[self.at]
            self.at += 1
            if letter == '"':
                return "".join(letters)
            if letter == "\\" and self.text[self.at : self.at + 1] in ('"', "\\"):
                letter = self.text[self.at]
                self.at += 1
            letters.append(letter)
        raise QueryError("The quotes that begin here are not closed.", start, len(self.text))

    def _keyword(self, *words: str) -> int | None:
        """Step over one of these when it stands alone; where it began, else None."""
        self._skip()
        found = _BARE.match(self.text, self.at)
        if found is None or found[0] not in words:
            return None
        start, self.at = self.at, found.end()
        return start

    def _skip(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def _deeper(self, read: Callable[[], Query], start: int) -> Query:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise QueryError(f"More than {_DEEPEST} parentheses and minus signs are nested.", start, self.at)
        found = read()
        self._depth -= 1
        return found


def _check(term: Term) -> None:
    """What can be said without a drawing; names of parameters are looked up when one is asked."""
    start, end = term.span
    known = {**FIELDS, **NUMBERS}.get(term.name)
    if not term.text and not term.literal:
        example = known[1] if known else f"{term.name}=1"
        raise QueryError(f"A value must follow '{term.name}{term.operator}', such as {example}.", start, end)
    if term.operator in ("<", "<=", ">", ">=") and term.name in FIELDS:
        raise QueryError(f"{term.name} is a text: write {FIELDS[term.name][1]}.", start, end)
    if (term.operator in ("<", "<=", ">", ">=") or term.name in NUMBERS) and number(term.text) is None:
        raise QueryError(f"{term.name}{term.operator} takes a number, not '{term.text}'.", start, end)
    if term.name in NUMBERS and term.operator == ":":
        raise QueryError(f"{term.name} is compared: write {NUMBERS[term.name][1]}.", start, end)
    if term.name == "is" and term.text.lower() not in STATES:
        raise QueryError(f"is: takes {', '.join(STATES)}; not '{term.text}'.", start, end)
    if term.name == "id" and not term.text.isdecimal():
        raise QueryError(f"id: takes a whole number, not '{term.text}'.", start, end)


def _written(text: str, *, literal: bool) -> str:
    """A text as it stands in a query: in quotes when it was."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' if literal else text


def _enclosed(query: Query, kinds: tuple[type, ...]) -> str:
    text = write(query)
    return f"({text})" if isinstance(query, kinds) else text
