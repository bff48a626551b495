"""Which tensor of a source goes into which weight of a drawing: proposed by `match`, changed by the person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sketch.binder.kernel import BinderError
from sketch.binder.matching import Kind, match
from sketch.graph.rows import TensorRow, shape_text
from sketch.graph.weights import WeightType

MATCHED, CONVERTED, MISFIT, MISSING, UNEXPECTED = (
    "matched",
    "converted",
    "wrong shape",
    "missing",
    "unexpected",
)
STATES = (MATCHED, CONVERTED, MISFIT, MISSING, UNEXPECTED)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: a weight with what it takes, or a tensor that goes nowhere (`weight` is empty then)."""

    weight: str
    shape: str
    given: str
    given_shape: str
    state: str


class WeightMap:
    """The table. `given` holds the tensors of the source by key; `chosen` weight -> key, empty for none."""

    def __init__(self, wanted: Mapping[str, WeightType], *offers: Mapping[str, TensorRow]):
        """`offers` are ways to call the tensors of the source; the one that matches most is taken."""
        self.wanted = dict(wanted)
        kinds: dict[str, Kind] = {key: (kind.shape, kind.dtype) for key, kind in wanted.items()}
        reports = [(match(kinds, _kinds(rows)), rows) for rows in offers if rows]
        self.given: Mapping[str, TensorRow] = {}
        self.chosen: dict[str, str] = {}
        if reports:
            best, self.given = max(reports, key=lambda found: (len(found[0].pairs), len(found[0].misfit)))
            self.chosen = {pair.wanted: pair.given for pair in best.pairs}
            self.chosen |= {each.wanted: each.given for each in best.misfit}

    def choose(self, weight: str, key: str) -> None:
        """Let a weight take this tensor, or none (empty); BinderError when there is no such tensor."""
        if key and key not in self.given:
            raise BinderError(f"The source has no tensor {key!r}; choose one from the list.")
        if weight not in self.wanted:
            raise BinderError(f"The drawing has no weight {weight!r}; `sketch weights list` names them.")
        self.chosen[weight] = key

    def state(self, weight: str) -> str:
        """What becomes of a weight."""
        row = self.given.get(self.chosen.get(weight, ""))
        if row is None:
            return MISSING
        if row.shape != self.wanted[weight].shape:
            return MISFIT
        return MATCHED if row.dtype == self.wanted[weight].dtype else CONVERTED

    @property
    def unexpected(self) -> list[str]:
        """Tensors that go nowhere."""
        used = set(self.chosen.values())
        return [key for key in self.given if key not in used]

    def line(self, weight: str) -> Line:
        """What the table says of a weight."""
        kind, key = self.wanted[weight], self.chosen.get(weight, "")
        row = self.given.get(key)
        there = "" if row is None else _type_text(row.shape, row.dtype)
        return Line(weight, _type_text(kind.shape, kind.dtype), key, there, self.state(weight))

    def unused(self) -> Iterator[Line]:
        """What the table says of every tensor that goes nowhere."""
        for key in self.unexpected:
            yield Line("", "", key, _type_text(self.given[key].shape, self.given[key].dtype), UNEXPECTED)

    def lines(self) -> Iterator[Line]:
        """Every weight, then every tensor that goes nowhere."""
        yield from map(self.line, self.wanted)
        yield from self.unused()

    def counts(self) -> dict[str, int]:
        """state -> how many lines have it."""
        found = dict.fromkeys(STATES, 0)
        for weight in self.wanted:
            found[self.state(weight)] += 1
        return {**found, UNEXPECTED: len(self.unexpected)}

    def summary(self) -> str:
        """`160 matched, 2 missing, 1 wrong shape`."""
        return summary_of(self.counts())

    def rows(self) -> dict[str, TensorRow]:
        """weight -> the tensor that it takes."""
        return {
            weight: self.given[key]
            for weight, key in self.chosen.items()
            if key in self.given and weight in self.wanted
        }


def summary_of(counts: Mapping[str, int]) -> str:
    """What `WeightMap.counts` gives, in words."""
    return ", ".join(f"{count:,} {state}" for state, count in counts.items() if count or state == MATCHED)


def _kinds(rows: Mapping[str, TensorRow]) -> dict[str, Kind]:
    return {key: (row.shape, row.dtype) for key, row in rows.items()}


def _type_text(shape: tuple[int, ...], dtype: str) -> str:
    return f"{shape_text(shape)}  {dtype}"
