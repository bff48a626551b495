"""Control flow on the canvas: If, Loop and Scan are groups whose members are the body.

A loop is a group `Loop` that holds a start node (what one round is given), the body, and an end node (what the round
leaves); Scan likewise. An If is a group `If` that holds the groups `Then` and `Else` and an end node, which takes the
condition and the results of both. Values from outside come in by ordinary wires; what leaves, leaves by the end node.
Kernels see a zone as one step that holds its bodies as networks of their own: `collapse`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sketch.graph.errors import GraphError
from sketch.graph.network import Body, GroupBox, Network, Source, Step
from sketch.graph.rows import FrozenDict, ValueType
from sketch.graph.zone_kinds import BRANCHES, ENDS, IF, LOOP_START, MARKERS, STARTS


class ZoneError(GraphError):
    """A zone lacks its start or end, or a value leaves it on another way than by its end."""


@dataclass
class _Zone:
    """One zone of a network: its box, its markers and all steps inside."""

    box: GroupBox
    end: Step
    start: Step | None
    members: list[Step] = field(default_factory=list)


def collapse(network: Network) -> Network:
    """The network with every zone as one step that holds its bodies; the same network when it has none.

    ZoneError says which zone is not complete.
    """
    zones = {box.id: _zone(network, box) for box in network.groups.values() if _is_outermost(network, box)}
    if not zones:
        _refuse_markers(network.steps)
        return network
    steps: list[Step] = []
    for step in network.steps:
        zone = zones.get(_outermost(network, step))
        if zone is None:
            steps.append(step)
        elif step is zone.end:
            steps.append(_collapsed(network, zone))
    _refuse_markers(steps)
    inside = {step.id for zone in zones.values() for step in zone.members} - {
        z.end.id for z in zones.values()
    }
    for step in steps:
        _refuse_leak(network, step, inside)
    groups = {key: box for key, box in network.groups.items() if _home(network, box) not in zones}
    return replace(network, steps=tuple(steps), groups=groups)


# --- finding -------------------------------------------------------------------------------------------


def _above(network: Network, item: Step | GroupBox) -> Iterator[GroupBox]:
    """The groups around an item, innermost first."""
    parent = item.parent
    while parent is not None:
        box = network.groups[parent]
        yield box
        parent = box.parent


def _is_outermost(network: Network, box: GroupBox) -> bool:
    return box.layer in ENDS and not any(outer.layer in ENDS for outer in _above(network, box))


def _outermost(network: Network, item: Step | GroupBox) -> int:
    """The outermost zone around an item, 0 for none."""
    found = [box.id for box in _above(network, item) if box.layer in ENDS]
    return found[-1] if found else 0


def _home(network: Network, box: GroupBox) -> int:
    return box.id if _is_outermost(network, box) else _outermost(network, box)


def _zone(network: Network, box: GroupBox) -> _Zone:
    members = [step for step in network.steps if _outermost(network, step) == box.id]
    own = [step for step in members if step.parent == box.id]
    ends = [step for step in own if step.layer == ENDS[box.layer]]
    starts = [step for step in own if step.layer == STARTS.get(box.layer)]
    if len(ends) != 1 or len(starts) != (box.layer in STARTS):
        need = "one end" if box.layer == IF else "one start and one end"
        raise ZoneError(
            f"The {box.layer} '{box.name}' needs {need} node directly inside; undo, or draw it anew."
        )
    return _Zone(box, ends[0], starts[0] if starts else None, members)


def _refuse_markers(steps: Iterable[Step]) -> None:
    for step in steps:
        if step.layer in MARKERS:
            kind = next(kind for kind in (*ENDS, *STARTS) if step.layer in (ENDS.get(kind), STARTS.get(kind)))
            raise ZoneError(
                f"'{step.name}' belongs directly inside of a group of the kind {kind}; move it back."
            )


def _refuse_leak(network: Network, step: Step, inside: set[int]) -> None:
    for source in step.inputs:
        if source is not None and source.node in inside:
            name = network.step(source.node).name
            raise ZoneError(
                f"'{step.name}' reads '{name}' inside of a zone; wire it through the zone's end node."
            )


# --- collapsing ----------------------------------------------------------------------------------------


def _collapsed(network: Network, zone: _Zone) -> Step:
    """The zone as one operator: its own inputs, then the captured values."""
    regions = dict(_regions(network, zone))
    captures = list(dict.fromkeys(source for region in regions.values() for source in region.captured()))
    bodies = {name: Body(region.network(captures), len(captures)) for name, region in regions.items()}
    own = _operator_inputs(zone)
    sources = (*own, *captures)
    kinds = tuple(None if source is None else _kind(network, source) for source in sources)
    params = FrozenDict({"captures": len(captures), **_attributes(zone)})
    spec = replace(zone.end.spec, name=f"ai.onnx:{zone.box.layer}", title=zone.box.layer, domain="ai.onnx")
    return replace(
        zone.end, name=zone.box.name, layer=spec.name, spec=spec, params=params, pinned=params, inputs=sources,
        input_types=kinds, parent=zone.box.parent, bodies=bodies,
    )  # fmt: skip


def _attributes(zone: _Zone) -> dict[str, Any]:
    """The attributes of the operator, from those of the markers."""
    found: dict[str, Any] = {}
    for step in (zone.start, zone.end):
        if step is not None:
            given = step.params.items()
            found.update(
                {key: value for key, value in given if value is not None and not key.startswith("$")}
            )
    return found


def _operator_inputs(zone: _Zone) -> tuple[Source | None, ...]:
    if zone.start is None:
        return zone.end.inputs[:1]
    return zone.start.inputs


def _regions(network: Network, zone: _Zone) -> Iterator[tuple[str, _Region]]:
    """(name of the attribute, what its graph is made of)."""
    if zone.start is not None:
        formal = [Source(zone.start.id, out) for out in range(len(zone.start.types))]
        own = {step.id for step in zone.members} - {zone.end.id}
        yield "body", _Region(network, zone.box, own, formal, zone.end.inputs)
        return
    results = zone.end.inputs[1:]
    half = len(results) // 2
    for name, part in zip(BRANCHES, (results[:half], results[half:]), strict=True):
        boxes = [b for b in network.groups.values() if b.parent == zone.box.id and b.layer == BRANCHES[name]]
        if len(boxes) != 1:
            raise ZoneError(
                f"The If '{zone.box.name}' needs one group {BRANCHES[name]}; undo, or draw it anew."
            )
        own = {step.id for step in zone.members if boxes[0] in _above(network, step)}
        yield name, _Region(network, boxes[0], own, [], part)


@dataclass
class _Region:
    """One body: ids of its steps, values it is given, values it leaves."""

    whole: Network
    box: GroupBox
    ids: set[int]
    formal: Sequence[Source]
    results: Sequence[Source | None]

    def live(self) -> list[Step]:
        """The steps that the results need, in order."""
        starts = {source.node for source in self.formal}
        needed: set[int] = set()
        stack = [source.node for source in self.results if source is not None]
        while stack:
            node = stack.pop()
            if node in self.ids and node not in needed and node not in starts:
                needed.add(node)
                stack.extend(s.node for s in self.whole.step(node).inputs if s is not None)
        return [step for step in self.whole.steps if step.id in needed]

    def captured(self) -> Iterator[Source]:
        """Values from outside, in the order of their first use."""
        formal = set(self.formal)
        given = (source for step in self.live() for source in step.inputs)
        for source in (*given, *self.results):
            if source is not None and source not in formal and source.node not in self.ids:
                yield source

    def network(self, captures: Sequence[Source]) -> Network:
        """The body as a network; its own zones are still groups, collapsed when it is compiled in turn."""
        given = [*self.formal, *captures]
        ports = [
            _input(self.whole, source, place - len(given), self.box.id) for place, source in enumerate(given)
        ]
        moved = {source: Source(port.id, 0) for source, port in zip(given, ports, strict=True)}
        steps = [_rewired(step, moved) for step in self.live()]
        last = len(given) + len(self.results)
        ends = [
            _output(self.whole, source, moved, place - last, self.box.id, place)
            for place, source in enumerate(self.results)
        ]
        whole = replace(
            self.whole, name=self.box.name, steps=(*ports, *steps, *ends), groups=self._groups(), tables=None,
            problems=(),
        )  # fmt: skip
        return _rooted(whole, self.box.id)

    def _groups(self) -> dict[int, GroupBox]:
        return {key: box for key, box in self.whole.groups.items() if self.box in _above(self.whole, box)}


def _rooted(network: Network, top: int) -> Network:
    """Members of the body's own group stand at the top of its network."""
    steps = tuple(replace(step, parent=None) if step.parent == top else step for step in network.steps)
    groups = {
        key: replace(box, parent=None) if box.parent == top else box for key, box in network.groups.items()
    }
    return replace(network, steps=steps, groups=groups)


def _rewired(step: Step, moved: Mapping[Source, Source]) -> Step:
    inputs = tuple(None if source is None else moved.get(source, source) for source in step.inputs)
    return step if inputs == step.inputs else replace(step, inputs=inputs)


def _kind(network: Network, source: Source) -> ValueType | None:
    types = network.step(source.node).types
    return types[source.out] if source.out < len(types) else None


def _input(network: Network, source: Source, number: int, parent: int) -> Step:
    """What a body is given, as an Input of its network."""
    kind = _kind(network, source)
    maker = network.step(source.node)
    name = maker.name if not source.out else f"{maker.name}_{source.out}"
    if maker.layer in STARTS.values():
        name = _formal_name(maker, source.out)
    shape = tuple(size if isinstance(size, int) else str(size) for size in kind.shape or ()) if kind else ()
    params = FrozenDict(shape=shape, dtype=kind.dtype if kind else "float32")
    return Step(
        number, name, "Input", network.ends[0], params, params, (), (), (kind,), {}, {}, (), parent
    )  # fmt: skip


def _formal_name(start: Step, out: int) -> str:
    if start.layer == LOOP_START and out < 2:
        return ("iteration", "condition")[out]
    return f"state_{out - 2 if start.layer == LOOP_START else out}"


def _output(
    network: Network,
    source: Source | None,
    moved: Mapping[Source, Source],
    number: int,
    parent: int,
    place: int,
) -> Step:
    """What a body leaves, as an Output of its network."""
    kind = None if source is None else _kind(network, source)
    wired = None if source is None else moved.get(source, source)
    empty = FrozenDict()
    return Step(
        number, f"result_{place}", "Output", network.ends[1], empty, empty, (wired,), (kind,), (), {}, {}, (), parent
    )  # fmt: skip
