"""The colours of a rule in a theme, and its numbers as a person reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from sketch.graph.colour_rules import PROBLEMS, Rule
from sketch.graph.colour_scale import STEPS
from sketch.gui.colour_swatch import mix
from sketch.gui.theme import Theme

_POWERS = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def palette_of(rule: Rule, names: Sequence[str]) -> Callable[[Theme], Sequence[str]]:
    """What gives the colours of a theme by shade; `names` are the kinds met so far, in the order of their shades."""
    if rule.scale:
        return scale_colours
    if rule.key == "type":
        return lambda theme: [theme.category(name).name() for name in names]
    if rule.key == "problems":
        return lambda theme: [problem_colour(theme, severity) for severity in PROBLEMS]
    return lambda theme: [*theme.series, theme.port]


def scale_colours(theme: Theme) -> Sequence[str]:
    """The shades of a scale, low to high."""
    return _between(theme.scale)


@lru_cache(maxsize=2)
def _between(colours: tuple[str, ...]) -> tuple[str, ...]:
    """Steps between colours that are evenly apart: asked for with every group of several shades."""
    last = len(colours) - 1
    found = []
    for step in range(STEPS):
        place = last * step / (STEPS - 1)
        below = min(int(place), last - 1)
        found.append(mix(colours[below + 1], colours[below], place - below))
    return tuple(found)


def problem_colour(theme: Theme, severity: str) -> str:
    """The colour of a problem, as its badge has it."""
    return {"error": theme.error, "warning": theme.warning}.get(severity, theme.accent)


def number_text(value: float, unit: str = "") -> str:
    """`11.7 M`, `1.2 GB`, `12.5 %`, `0.0123`: three digits."""
    if unit == "%":
        return f"{value:.3g} %"
    for power, letter in _POWERS:
        if abs(value) >= power * 0.9995:
            return f"{_digits(value / power)} {letter}{unit}"
    return f"{_digits(value)} {unit}".rstrip()


def _digits(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 99.95 else f"{value:.3g}"
