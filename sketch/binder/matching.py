"""Which tensor of a file belongs to which tensor of a network: by key, by key without a prefix, by suffix and shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

Kind = tuple[tuple[int, ...], str]
"""Shape and element type of a tensor, by Sketch's names."""
WRAPPERS = frozenset({"module", "_orig_mod"})
"""Parts of keys that DataParallel and torch.compile put in and that mean nothing."""
_LEAST_COMMON = 2
"""Parts at the end of two keys that must agree: `weight` alone says nothing."""
_MOST_PREFIXES = 32
"""Different prefixes that keys of one file may have."""
_NAMED = 6
"""Keys that a line of the report names; the others are counted."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A tensor that is wanted and the one that is given for it.

    `how` is `key` (the same key), `prefix` (the same without a prefix or a wrapper's part) or `suffix` (the same
    shape, two parts or more at the end alike, and the only such key). `cast` names the change of element type, if
    there is one.
    """

    wanted: str
    given: str
    how: str
    cast: str = ""


@dataclass(frozen=True, slots=True)
class Misfit:
    """Two tensors whose keys agree and whose shapes do not."""

    wanted: str
    given: str
    wanted_kind: Kind
    given_kind: Kind

    def __str__(self) -> str:
        return f"{self.wanted}: needs {_shape(self.wanted_kind)}, the file has {_shape(self.given_kind)}"


@dataclass(frozen=True, slots=True)
class MatchReport:
    """What was matched; keys that are wanted and not given; given and not wanted; pairs of other shapes."""

    pairs: tuple[Pair, ...] = ()
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    misfit: tuple[Misfit, ...] = ()

    @property
    def complete(self) -> bool:
        """True when every tensor found its own, and nothing is left over."""
        return not (self.missing or self.unexpected or self.misfit)

    @property
    def summary(self) -> str:
        """`160 matched, 2 missing, 1 unexpected, 1 of another shape`."""
        counts = (
            (len(self.pairs), "matched"), (len(self.missing), "missing"), (len(self.unexpected), "unexpected"),
            (len(self.misfit), "of another shape"),
        )  # fmt: skip
        return ", ".join(f"{count} {word}" for count, word in counts if count or word == "matched")

    def lines(self) -> Iterator[tuple[str, str]]:
        """(what kind of difference, keys) for each kind that there is; long lists are cut and counted."""
        cast = [f"{pair.wanted} ({pair.cast})" for pair in self.pairs if pair.cast]
        found = (
            ("missing in the file", list(self.missing)), ("not used", list(self.unexpected)),
            ("of another shape", [str(item) for item in self.misfit]), ("of another element type", cast),
        )  # fmt: skip
        for title, keys in found:
            if keys:
                more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
                yield title, ", ".join(keys[:_NAMED]) + more


def match(wanted: Mapping[str, Kind], given: Mapping[str, Kind]) -> MatchReport:
    """Give each wanted tensor the given one that belongs to it; no given tensor is used twice.

    Args:
        wanted: key -> (shape, element type) of what a network needs.
        given: the same of what a file has.
    """
    matcher = _Matcher(wanted, given)
    matcher.by_key()
    matcher.by_prefix()
    matcher.by_suffix()
    return matcher.report()


class _Matcher:
    """What is still open on both sides; each way takes away what it settles."""

    def __init__(self, wanted: Mapping[str, Kind], given: Mapping[str, Kind]):
        self._wanted, self._given = wanted, given
        self._open = dict.fromkeys(wanted)
        self._free = dict.fromkeys(given)
        self._pairs: dict[str, Pair] = {}
        self._misfit: dict[str, Misfit] = {}

    def report(self) -> MatchReport:
        """All of it, in the order of what was wanted."""
        order = [key for key in self._wanted if key in self._pairs]
        misfit = tuple(self._misfit[key] for key in self._wanted if key in self._misfit)
        pairs = tuple(self._pairs[key] for key in order)
        return MatchReport(pairs, tuple(self._open), tuple(self._free), misfit)

    def by_key(self) -> None:
        """The same key."""
        for key in [key for key in self._open if key in self._free]:
            self._settle(key, key, "key")

    def by_prefix(self) -> None:
        """The same key once wrappers' parts are gone; then once the prefix is gone that helps most keys."""
        plain = {_unwrapped(key): key for key in self._free}
        for key in list(self._open):
            given = plain.get(_unwrapped(key))
            if given is not None and given in self._free:
                self._settle(key, given, "prefix")
        for _ in range(_MOST_PREFIXES):
            if not (self._open and self._free and self._by_best_prefix()):
                break

    def by_suffix(self) -> None:
        """The same shape and the longest common end of the key, where that is the only one on both sides."""
        deepest = max((key.count(".") + 1 for key in self._open), default=0)
        for count in range(deepest, _LEAST_COMMON - 1, -1):
            wanted, given = _by_end(self._open, self._wanted, count), _by_end(self._free, self._given, count)
            for end, keys in wanted.items():
                if len(keys) == 1 and len(given.get(end, ())) == 1:
                    self._settle(keys[0], given[end][0], "suffix")

    def _by_best_prefix(self) -> bool:
        free, wanted = set(self._free), set(self._open)
        counts = Counter((prefix, "given") for key in free for prefix in _prefixes(key, wanted))
        counts.update((prefix, "wanted") for key in wanted for prefix in _prefixes(key, free))
        if not counts:
            return False
        (prefix, side), _ = max(counts.items(), key=lambda item: (item[1], -len(item[0][0])))
        for key in list(self._open):
            given = prefix + key if side == "given" else key.removeprefix(prefix)
            if given in self._free and (side == "given" or key.startswith(prefix)):
                self._settle(key, given, "prefix")
        return True

    def _settle(self, key: str, given: str, how: str) -> None:
        want, have = self._wanted[key], self._given[given]
        del self._open[key], self._free[given]
        if want[0] != have[0]:
            self._misfit[key] = Misfit(key, given, want, have)
            return
        cast = "" if want[1] == have[1] else f"{have[1]} to {want[1]}"
        self._pairs[key] = Pair(key, given, how, cast)


def _unwrapped(key: str) -> str:
    return ".".join(part for part in key.split(".") if part not in WRAPPERS)


def _prefixes(key: str, others: set[str]) -> Iterator[str]:
    """Prefixes of a key, with the dot, behind which another key stands whole."""
    place = key.find(".")
    while place >= 0:
        if key[place + 1 :] in others:
            yield key[: place + 1]
        place = key.find(".", place + 1)


def _by_end(keys: Iterable[str], kinds: Mapping[str, Kind], count: int) -> dict[object, list[str]]:
    """(last parts of a key, shape) -> the keys that have them; keys of fewer parts are left out."""
    found: dict[object, list[str]] = {}
    for key in keys:
        parts = key.split(".")
        if len(parts) >= count:
            found.setdefault((tuple(parts[-count:]), kinds[key][0]), []).append(key)
    return found


def _shape(kind: Kind) -> str:
    return "×".join(map(str, kind[0])) or "one number"
