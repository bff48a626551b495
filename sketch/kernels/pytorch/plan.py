"""From a network to what the source will say: what lives, which groups become classes, in which order all is called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from sketch.binder.kernel import BinderError
from sketch.binder.mapping import LossyError
from sketch.graph.network import GroupBox, Network, Source, Step
from sketch.graph.zones import ZoneError, collapse
from sketch.kernels.pytorch.calls import MODULE, Call, functions, operands
from sketch.kernels.pytorch.constants import UNPACK, stored_text
from sketch.kernels.pytorch.flow import ancestors, comes_back, followers, unread, users_of
from sketch.kernels.pytorch.inline import inline_constants
from sketch.kernels.pytorch.inplace import without_unsafe_inplace
from sketch.kernels.pytorch.keeping import Kept, of_body
from sketch.kernels.pytorch.naming import Names
from sketch.kernels.pytorch.operands import with_operands
from sketch.kernels.pytorch.operators import definitions
from sketch.kernels.pytorch.rows import Shapes
from sketch.kernels.pytorch.size_expressions import SizeReader, near_constants, readable
from sketch.kernels.pytorch.table import TENSORS, call_of, module_row, refusal


@dataclass(slots=True)
class Unit:
    """One statement of a forward: a node, or a group that is a class or an nn.Sequential of its own."""

    item: Step | GroupBox
    inputs: tuple[Source, ...]
    outputs: tuple[Source, ...]
    body: Body | None = None
    chain: bool = False


@dataclass(slots=True)
class Body:
    """The units of one class in the order of their calls; `inlined` groups have no class, only a container."""

    box: GroupBox | None
    units: list[Unit] = field(default_factory=list)
    inputs: tuple[Source, ...] = ()
    outputs: tuple[Source, ...] = ()
    inlined: list[GroupBox] = field(default_factory=list)


class Plan:
    """Everything that text and export need to know of a network, computed once.

    With `as_text` sizes that the file computes operator by operator become expressions over `x.shape`.
    """

    def __init__(self, network: Network, *, as_text: bool = False):
        network, self.dropped = without_unsafe_inplace(_collapsed(network))
        wired = with_operands(network)
        self.network = network = near_constants(wired.network) if as_text else wired.network
        self.kept = Kept.of(network)
        self._sizes = SizeReader(network) if as_text else None
        self.owner, self.spelled = wired.owner, wired.spelled
        self.bodies = {node: Plan(of_body(body), as_text=as_text) for node, body in wired.bodies.items()}
        self.shapes = Shapes.of(network)
        self.calls: dict[int, Call] = {}
        self.broken: dict[int, str] = {}
        for step in network.steps:
            self._write(step)
        self.results = _results(network, self.broken)
        self.uses = {step.id: self._sources(step) for step in network.steps}
        self.unread = frozenset(unread(network, self.broken))
        self.live = ancestors(self.uses, [source.node for _, source in self.results]) | self.unread
        self.literals = inline_constants(network, self.live, self.calls)
        kept = [step for step in network.steps if step.id in self.live]
        called = [step for step in kept if step.id in self.calls]
        named = (step for step in self._drawn() if self.has_attribute(step))
        self.names = Names(network, named, called, exact=self.kept.exact)
        told = (name for step in kept for name in self._functions(step, as_text))
        self.functions: tuple[str, ...] = tuple(dict.fromkeys(told))
        self.sources = definitions(self.functions)
        self.names_in_source = frozenset(item.name for item in self.sources)
        self.users = users_of(self.uses, self.live)
        self.followers = followers(self.users)
        self._within: dict[int | None, set[int]] = {}
        self._children: dict[int | None, dict[int, Step | GroupBox]] = {}
        for step in kept:
            if step.layer != "Input":
                self._place(step)

    def has_attribute(self, step: Step) -> bool:
        """True for a node that is an attribute of a module: a layer with a class, a parameter, a buffer."""
        if step.id in self.kept.shared:
            return False
        if step.layer in TENSORS:
            return step.id not in self.literals
        if step.id in self.bodies:
            return True
        return module_row(step) is not None

    def home(self, step: Step) -> tuple[str, ...]:
        """Attribute names from the root to the node's module, parameter or buffer, which may be another node's."""
        owner, role = self.kept.shared.get(step.id, (step.id, ""))
        path = self.names.path(owner, self.network.step(owner).parent)
        return (*path, *role.split(".")) if role else path

    def spell(self, item: Step | GroupBox, depth: int = 0) -> str:
        """`self.blocks[0].conv1`: how a class that is `depth` names deep says a module or tensor of its own."""
        owner, role = self.kept.shared.get(item.id, (item.id, ""))
        text = self.names.spelled(self.network.step(owner) if owner != item.id else item, depth)
        return f"{text}.{role}" if role else text

    def root(self) -> Body:
        """The body of the whole network."""
        return _Bodies(self).body(None)

    def inside(self, group: int | None) -> set[int]:
        """Ids of the living nodes in a group, at any depth."""
        return self._within.get(group, set())

    def children(self, group: int | None) -> list[Step | GroupBox]:
        """The living nodes and groups directly in a group."""
        return list(self._children.get(group, {}).values())

    def comes_back(self, group: int) -> bool:
        """True for a group that a value leaves and comes back to."""
        return comes_back(self.inside(group), lambda node: self.followers.get(node, ()))

    def _drawn(self) -> Iterator[Step]:
        """Nodes that lead to a result in the drawing; text and file name the same ones, whatever each leaves out."""
        drawn = {step.id: tuple(s for s in step.inputs if s is not None) for step in self.network.steps}
        found = ancestors(drawn, [source.node for _, source in self.results]) | self.live
        yield from (step for step in self.network.steps if step.id in found and step.id not in self.broken)

    def dead(self) -> Iterator[Step]:
        """Nodes that no output depends on."""
        for step in self.network.steps:
            if step.id not in self.live and step.layer not in ("Input", "Output"):
                yield step

    def _write(self, step: Step) -> None:
        """The node's call, or the reason why there is none yet."""
        reason = self._in_body(step) or refusal(step) or _missing(step) or self._upstream(step)
        if reason is None:
            try:
                call = call_of(step, self.shapes, self.network)
            except LossyError as error:
                reason = str(error)
            else:
                if call is not None:
                    self.calls[step.id] = call if self._sizes is None else readable(step, call, self._sizes)
        if reason is not None:
            self.broken[step.id] = reason

    def _in_body(self, step: Step) -> str | None:
        """What stops the body that a node stands for."""
        inner = self.bodies.get(step.id)
        if inner is None:
            return None
        first = next(iter(inner.broken.items()), None)
        return None if first is None else f"in its body, '{inner.network.step(first[0]).name}': {first[1]}"

    def _upstream(self, step: Step) -> str | None:
        bad = next(
            (source for source in step.inputs if source is not None and source.node in self.broken), None
        )
        return None if bad is None else f"it follows '{self.network.step(bad.node).name}'"

    def _sources(self, step: Step) -> tuple[Source, ...]:
        call = self.calls.get(step.id)
        return tuple(dict.fromkeys(item.source for item in operands(call))) if call is not None else ()

    def _functions(self, step: Step, as_text: bool) -> Iterator[str]:
        """Functions of the source that a node's call uses."""
        if step.id in self.bodies:
            yield from self.bodies[step.id].functions
        if step.id in self.calls:
            yield from functions(self.calls[step.id])
        if as_text and step.id in self.kept.transient and UNPACK in stored_text(step, self.network):
            yield UNPACK

    def _place(self, step: Step) -> None:
        """Enter a node, and the groups around it, in the lists of members."""
        item: Step | GroupBox = step
        while True:
            self._within.setdefault(item.parent, set()).add(step.id)
            self._children.setdefault(item.parent, {}).setdefault(item.id, item)
            if item.parent is None:
                return
            item = self.network.groups[item.parent]


class _Bodies:
    """Builds the bodies of a plan from the inside out."""

    def __init__(self, plan: Plan):
        self._plan = plan

    def body(self, box: GroupBox | None) -> Body:
        """The units of a group in order; a group that would have to be entered twice is taken apart."""
        body = Body(box)
        pieces = self._pieces(self._plan.children(box.id if box else None), body)
        while True:
            order = self._order(pieces)
            if len(order) == len(pieces):
                break
            late = [
                unit for key, unit in pieces.items() if key not in order and isinstance(unit.item, GroupBox)
            ]
            stuck = next((unit for unit in late if self._plan.comes_back(unit.item.id)), late[0])
            del pieces[stuck.item.id]
            pieces.update(self._apart(stuck.item, body))
        body.units = [pieces[key] for key in order]
        self._border(body)
        return body

    def _pieces(self, children: Iterable[Step | GroupBox], body: Body) -> dict[int, Unit]:
        found: dict[int, Unit] = {}
        for item in children:
            if isinstance(item, Step):
                if item.id in self._plan.calls:
                    outs = tuple(Source(item.id, out) for out in range(len(item.types)))
                    found[item.id] = Unit(item, self._given(self._plan.uses[item.id]), outs)
                continue
            inner = self.body(item)
            if not inner.units:
                body.inlined.append(item)
                body.inlined.extend(inner.inlined)
                continue
            chain = _is_chain(inner, self._plan)
            if item.id in self._plan.names.numbered and not chain:
                found.update(self._apart(item, body))
            else:
                found[item.id] = Unit(item, inner.inputs, inner.outputs, inner, chain)
        return found

    def _apart(self, item: Step | GroupBox, body: Body) -> dict[int, Unit]:
        if isinstance(item, GroupBox):
            body.inlined.append(item)
        return self._pieces(self._plan.children(item.id), body)

    def _given(self, sources: Iterable[Source]) -> tuple[Source, ...]:
        return tuple(source for source in sources if source.node not in self._plan.literals)

    def _order(self, pieces: Mapping[int, Unit]) -> list[int]:
        """Kahn's order; a chain is followed to its end before another branch begins, or all is in the order it ran."""
        as_run = self._plan.kept.exact
        owner = {source.node: key for key, unit in pieces.items() for source in self._made(unit)}
        needs = {
            key: {owner[s.node] for s in unit.inputs if s.node in owner} - {key}
            for key, unit in pieces.items()
        }
        after: dict[int, list[int]] = {}
        for key, sources in needs.items():
            for source in sources:
                after.setdefault(source, []).append(key)
        ready = [(self._rank(unit), key) for key, unit in pieces.items() if not needs[key]]
        heapify(ready)
        order: list[int] = []
        while ready:
            key = heappop(ready)[1]
            order.append(key)
            for follower in after.get(key, ()):
                needs[follower].discard(key)
                if not needs[follower]:
                    rank = self._rank(pieces[follower])
                    heappush(ready, (rank if as_run else (-len(order), *rank[1:]), follower))
        return order

    def _rank(self, unit: Unit) -> tuple[int, int]:
        return (0, unit.item.id if isinstance(unit.item, Step) else min(self._plan.inside(unit.item.id)))

    def _made(self, unit: Unit) -> Iterator[Source]:
        """What a unit computes; a tensor of a group can be read before the group has run."""
        if isinstance(unit.item, Step):
            yield Source(unit.item.id, 0)
        else:
            steps = map(self._plan.network.step, self._plan.inside(unit.item.id))
            yield from (Source(step.id, 0) for step in steps if step.layer not in TENSORS)

    def _border(self, body: Body) -> None:
        """What enters the body and what leaves it."""
        plan = self._plan
        inside = plan.inside(body.box.id if body.box else None)
        entering = (source for unit in body.units for source in unit.inputs if source.node not in inside)
        body.inputs = tuple(dict.fromkeys(entering))
        asked = {source for _, source in plan.results}
        leaving = (
            source for unit in body.units for source in unit.outputs
            if source in asked or any(user not in inside for user in plan.users.get(source, ()))
        )  # fmt: skip
        body.outputs = tuple(dict.fromkeys(leaving))


def _collapsed(network: Network) -> Network:
    """If, Loop and Scan as one step each; BinderError names a zone that is not complete."""
    try:
        return collapse(network)
    except ZoneError as error:
        raise BinderError(str(error)) from None


def _is_chain(body: Body, plan: Plan) -> bool:
    """True when the body can be an nn.Sequential: modules of one input and one output, one after the other."""
    box = body.box
    listed = box is not None and (box.layer == "Sequential" or box.id in plan.names.numbered)
    return listed and is_plain_chain(body, plan)


def is_plain_chain(body: Body, plan: Plan) -> bool:
    """True for units that are called one after the other, each with what the one before gave, in their order."""
    box = body.box
    if (
        len(body.inputs) != 1
        or len(body.outputs) != 1
        or body.inlined
        or len(_drawn_in(plan, box)) != len(body.units)
    ):
        return False
    if any(unit.item.id in plan.kept.shared for unit in body.units):
        return False
    flowing = body.inputs[0]
    for unit in body.units:
        if isinstance(unit.item, Step) and not _passes_one(plan.calls[unit.item.id]):
            return False
        used = [source for source in unit.outputs if plan.users.get(source) or source in body.outputs]
        if unit.inputs != (flowing,) or len(used) != 1 or len(unit.outputs) != 1:
            return False
        flowing = unit.outputs[0]
    names = [plan.names.attribute[unit.item.id] for unit in body.units]
    ordered = box is not None or names == [str(number) for number in range(len(names))]
    return flowing == body.outputs[0] and ordered


def _drawn_in(plan: Plan, box: GroupBox | None) -> list[Step | GroupBox]:
    found = plan.children(None if box is None else box.id)
    return [item for item in found if not isinstance(item, Step) or item.layer != "Output"]


def _passes_one(call: Call) -> bool:
    return call.target == MODULE and len(call.args) == 1 and not call.kwargs and call.results is None


def _results(network: Network, broken: Mapping[int, str]) -> list[tuple[str, Source]]:
    """Name and value of every output; what nothing uses, when no Output is drawn."""
    drawn = [(step.name, step.inputs[0]) for step in network.outputs if step.inputs and step.id not in broken]
    if network.outputs:
        return [(name, source) for name, source in drawn if source is not None]
    used = {
        source
        for step in network.steps
        for source in step.inputs
        if source is not None and step.id not in broken
    }
    ends = (step for step in network.steps if step.id not in broken and step.layer not in ("Input", *TENSORS))
    return [(step.name, Source(step.id, 0)) for step in ends if not any(s.node == step.id for s in used)]


def _missing(step: Step) -> str | None:
    """Why the node cannot be written yet: an open input or a parameter that nothing gives."""
    if step.spec.is_operator:
        return None
    for index, port in enumerate(step.spec.inputs):
        if port.variadic:
            if sum(source is not None for source in step.inputs[index:]) < port.minimum:
                return "it has open inputs"
        elif not port.optional and (index >= len(step.inputs) or step.inputs[index] is None):
            return "it has open inputs"
    absent = [name for name, spec in step.spec.params.items() if spec.derive and not isinstance(
        step.params.get(name), (int, tuple))]  # fmt: skip
    return f"{absent[0]} is not known yet" if absent else None
