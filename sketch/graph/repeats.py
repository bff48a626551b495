"""Repeated blocks: groups that are made alike, and stretches of a canvas that occur again and again.

The layers of a canvas are put into an order in which equal blocks come out as equal stretches, each layer as a number
for what it is and how far back it reads. Stretches that follow each other with a period are looked for first, then
those that occur apart. Every find is compared wire by wire before it counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sketch.graph.library import LayerLibrary
from sketch.graph.lifting import descendants
from sketch.graph.linking.rows import link_of
from sketch.graph.linking.structure import group_key, labels, match, match_groups
from sketch.graph.repeat_order import Canvas, read_canvas
from sketch.graph.tables import Tables
from sketch.graph.zone_kinds import BRANCHES, ENDS

if TYPE_CHECKING:
    from sketch.graph.repeat_runs import Stretch

FEWEST_LAYERS = 3
"""A smaller stretch is no block."""
_ZONES = frozenset((*ENDS, *BRANCHES.values()))


@dataclass(frozen=True, slots=True)
class Repeat:
    """Equal parts of a network, in order.

    Each part is a tuple of nodes of one canvas: a group alone (`are_groups`), or the layers of a block. `size` is the
    number of layers of one part, `name` what a block could be called.
    """

    parts: tuple[tuple[int, ...], ...]
    size: int
    name: str
    are_groups: bool = False


def find_repeats(tables: Tables, library: LayerLibrary, task: Any = None) -> list[Repeat]:
    """All repeated blocks, those that cover most layers first. `task.step(done, total, text)` is told and may raise."""
    families = list(_equal_groups(tables, library))
    twins = {part[0] for family in families for part in family.parts[1:]}
    canvases: list[int | None] = [
        None,
        *(n for n in sorted(tables.nodes) if library[tables.nodes[n].layer].group),
    ]
    wanted = [c for c in canvases if not _is_within(tables, c, twins)]
    found: list[Repeat] = []
    for number, canvas in enumerate(wanted):
        if task is not None:
            task.step(number, len(wanted), "Looking for repeated blocks")
        if len(tables.children(canvas)) >= 2 * FEWEST_LAYERS:
            found.extend(_in_canvas(tables, library, canvas))
    unlinked = [family for family in families if not _is_linked(tables, family)]
    return sorted((*unlinked, *found), key=lambda r: (-r.size * len(r.parts), r.parts[0]))


def _equal_groups(tables: Tables, library: LayerLibrary) -> Iterator[Repeat]:
    buckets: dict[tuple[str, int], list[int]] = defaultdict(list)
    for node_id, node in sorted(tables.nodes.items()):
        if library[node.layer].group and node.layer not in _ZONES and tables.children(node_id):
            buckets[node.layer, group_key(tables, node_id)].append(node_id)
    for ids in buckets.values():
        first = ids[0]
        alike = [first, *(n for n in ids[1:] if match_groups(tables, first, n) is not None)]
        size = _layer_count(tables, library, [first])
        if len(alike) > 1 and size >= 2:
            yield Repeat(tuple((n,) for n in alike), size, tables.nodes[first].name, are_groups=True)


def _is_linked(tables: Tables, family: Repeat) -> bool:
    return len({link_of(tables, part[0]) or part for part in family.parts}) == 1


def _is_within(tables: Tables, canvas: int | None, groups: set[int]) -> bool:
    while canvas is not None:
        if canvas in groups:
            return True
        canvas = tables.nodes[canvas].parent
    return False


def _in_canvas(tables: Tables, library: LayerLibrary, parent: int | None) -> Iterator[Repeat]:
    from sketch.graph.repeat_runs import stretches  # with numpy, which the start does without

    canvas = read_canvas(tables, library, parent)
    found: dict[int, Repeat] = {}
    for stretch in stretches(canvas, FEWEST_LAYERS):
        repeat = _checked(tables, library, canvas, stretch)
        if repeat is None:
            continue
        key = _key(tables, repeat.parts[0])
        known = found.get(key)
        if known is not None and _alike(tables, known.parts[0], repeat.parts[0]):
            parts = sorted((*known.parts, *repeat.parts), key=lambda part: canvas.place[part[0]])
            found[key] = replace(known, parts=tuple(parts))
        else:
            found.setdefault(key, repeat)
    yield from found.values()


def _checked(tables: Tables, library: LayerLibrary, canvas: Canvas, stretch: Stretch) -> Repeat | None:
    """The parts that are equal to the first wire by wire."""
    first, *others = [tuple(canvas.order[s : s + stretch.length]) for s in stretch.starts]
    if len(first) == 1 or _layer_count(tables, library, first) < FEWEST_LAYERS:
        return None
    parts = (first, *(part for part in others if _alike(tables, first, part)))
    size = _layer_count(tables, library, first)
    return Repeat(parts, size, block_name(tables, first)) if len(parts) > 1 else None


def _alike(tables: Tables, here: Sequence[int], there: Sequence[int]) -> bool:
    return match(tables, whole_part(tables, here), whole_part(tables, there)) is not None


def _key(tables: Tables, part: Sequence[int]) -> int:
    return hash(tuple(sorted(labels(tables, whole_part(tables, part)).values())))


def whole_part(tables: Tables, part: Sequence[int]) -> list[int]:
    """The nodes of a part with everything inside its groups."""
    return [n for item in part for n in (item, *descendants(tables, item))]


def _layer_count(tables: Tables, library: LayerLibrary, part: Sequence[int]) -> int:
    return sum(not library[tables.nodes[n].layer].group for n in whole_part(tables, part))


def block_name(tables: Tables, part: Sequence[int]) -> str:
    """What the names of the layers have in front in common, as a whole word; `block` where they have nothing."""
    prefix = common_prefix([tables.nodes[n].name for n in part])
    return prefix.strip("./_ ") or "block"


def common_prefix(names: Sequence[str]) -> str:
    """The longest beginning of all names that ends with a point or a stroke: `layer1.0.`, `/encoder/layer.3/`."""
    first, last = min(names), max(names)
    same = next(
        (n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last))
    )
    ends = [first.rfind(sign, 0, same) + 1 for sign in "./"]
    return first[: max(ends)]
