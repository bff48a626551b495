"""From the bodies of a plan to class drafts: what each __init__ makes and what each forward says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from sketch.graph.network import GroupBox, Source, Step
from sketch.graph.ports import said_ports
from sketch.graph.rows import ValueType
from sketch.kernels.pytorch.calls import MODULE, TypeName
from sketch.kernels.pytorch.classes import Argument, Build, ClassDraft, Instance, Make, Raw, Series, Statement
from sketch.kernels.pytorch.closing import frozen_lines, nest, version_lines
from sketch.kernels.pytorch.constants import stored_text
from sketch.kernels.pytorch.naming import RESERVED, Scope, identifier
from sketch.kernels.pytorch.plan import Body, Plan, Unit, is_plain_chain
from sketch.kernels.pytorch.printing import Phrase, Printer, literal
from sketch.kernels.pytorch.table import TENSORS, module_row
from sketch.kernels.pytorch.tensor_text import constant_value, parameter_value
from sketch.kernels.pytorch.variables import Variables, argument_names


class Drafting:
    """Writes the classes of one plan, inner classes before those that use them."""

    def __init__(self, plan: Plan):
        self._plan = plan
        self._drafts: list[ClassDraft] = []

    def drafts(self, root: Body) -> list[ClassDraft]:
        """All classes; the network's own is the last."""
        draft = self._class(root, root_names(self._plan))
        draft.init.extend(self._ties())
        draft.init.extend((*frozen_lines(self._plan), *version_lines(self._plan)))
        nest(self._plan, draft)
        return self._drafts

    def _ties(self) -> Iterator[tuple[str, Build]]:
        """`self.head.weight = self.embedding.weight`: weights that share a tensor, after all is made."""
        first: dict[int, tuple[str, int]] = {}
        for step in self._plan.network.steps:
            if step.id not in self._plan.names.attribute:
                continue
            owner = self._plan.spell(step)
            for role, tensor in step.stored.items():
                if not step.weights[role].trainable:
                    continue
                place = owner if step.layer in TENSORS else f"{owner}.{role}"
                source, node = first.setdefault(tensor, (place, step.id))
                if source != place:
                    yield place, Raw(Phrase(source), (node, step.id))

    def _class(self, body: Body, arguments: Mapping[Source, str]) -> ClassDraft:
        draft = ClassDraft(body.box, arguments=tuple(arguments.values()), hint=self._hint(body.box))
        making = _Making(self._plan, body, self._inner, self._control)
        if body.box is None and None in self._plan.names.numbered:
            draft.base = "nn.Sequential" if is_plain_chain(body, self._plan) else "nn.ModuleList"
            draft.init = [("", making.members(listed=draft.base != "nn.Sequential"))]
        else:
            draft.init = list(making.entries())
        _Saying(self._plan, body, arguments, draft).say()
        self._drafts.append(draft)
        return draft

    def _inner(self, body: Body) -> ClassDraft:
        return self._class(body, argument_names(body, self._port_names(body.box)))

    def _port_names(self, box: GroupBox | None) -> dict[Source, str]:
        """Value that enters a group -> the name of the port that it enters by."""
        entries, _ = said_ports(self._plan.network.meta, box.id) if box is not None else ((), ())
        steps = {step.id: step for step in self._plan.network.steps} if entries else {}
        found: dict[Source, str] = {}
        for said in entries:
            inputs = steps[said.inner[0]].inputs if said.inner[0] in steps else ()
            source = inputs[said.inner[1]] if said.inner[1] < len(inputs) else None
            if source is not None and said.name:
                found.setdefault(source, said.name)
        return found

    def _control(self, node: int) -> ClassDraft:
        """The class of a body of an If, Loop or Scan, which is a network of its own."""
        inner = Drafting(self._plan.bodies[node])
        self._drafts.extend(inner.drafts(self._plan.bodies[node].root()))
        self._drafts[-1].hint = self._plan.network.step(node).name
        return self._drafts[-1]

    def _hint(self, box: GroupBox | None) -> str:
        """A name for the class: the model's own, the group's, or its parent's where the group only has a number."""
        if box is None:
            return ""
        known = self._plan.kept.classes.get(self._plan.network.qualified(box))
        if known:
            return known
        if not box.name.isdigit():
            return box.name
        names = [name for name in self._plan.network.path(box)[:-1] if not name.isdigit()]
        return f"{names[-1]}_block" if names else "block"


def root_names(plan: Plan) -> dict[Source, str]:
    """Arguments of the network's forward: the names of its inputs, `x` for a single unnamed one."""
    inputs = plan.network.inputs
    if not plan.kept.exact and len(inputs) == 1 and inputs[0].name.rstrip("0123456789") in ("input", "x"):
        return {Source(inputs[0].id, 0): "x"}
    scope = Scope(RESERVED | {"torch", "nn", "F", "Tensor", "math", *plan.names_in_source})
    return {Source(step.id, 0): scope.unique(identifier(step.name, "x")) for step in inputs}


class _Making:
    """The lines of one __init__."""

    def __init__(
        self,
        plan: Plan,
        body: Body,
        inner: Callable[[Body], ClassDraft],
        control: Callable[[int], ClassDraft],
    ):
        self._plan = plan
        self._body = body
        self._inner = inner
        self._control = control
        self._units = {unit.item.id: unit for unit in body.units}
        self._inlined = {box.id for box in body.inlined}
        self._depth = len(plan.names.path(body.box.id, body.box.parent)) if body.box else 0
        self._rank: dict[int, int] = {}
        self._classes: set[int | None] = set()
        for index, unit in enumerate(body.units):
            self._enter(unit.item, index)
            if isinstance(unit.item, GroupBox):
                self._hold(unit.item)

    def entries(self) -> Iterable[tuple[str, Build]]:
        """Target text and what is made for it, in the order of use."""
        yield from self._members(self._body.box.id if self._body.box else None)

    def members(self, *, listed: bool) -> Build:
        """Everything in a network that is a list itself."""
        named = [item for item in self._plan.children(None) if item.id in self._plan.names.attribute]
        items = sorted(named, key=lambda item: int(self._plan.names.attribute[item.id]))
        return Series("super().__init__", tuple(("", self._build(item)) for item in items), (), listed=listed)

    def _members(self, group: int | None) -> Iterable[tuple[str, Build]]:
        for item in sorted(self._plan.children(group), key=self._position):
            held = item.id in self._plan.names.holding or item.id in self._classes
            if item.id in self._plan.names.attribute and (held or item.id not in self._inlined):
                yield from self._entry(item)

    def _enter(self, item: Step | GroupBox, index: int) -> None:
        """A unit, and the containers around it, are first used at this place."""
        while item.id not in self._rank:
            self._rank[item.id] = index
            if item.parent is None or item.parent not in self._inlined:
                return
            item = self._plan.network.groups[item.parent]

    def _hold(self, item: GroupBox) -> None:
        """The containers around a class must be there, even when they hold nothing else."""
        while item.parent is not None and item.parent in self._inlined:
            item = self._plan.network.groups[item.parent]
            self._classes.add(item.id)

    def _position(self, item: Step | GroupBox) -> int:
        return self._rank.get(item.id, -1)

    def _entry(self, item: Step | GroupBox) -> Iterable[tuple[str, Build]]:
        target = self._target(item)
        if isinstance(item, Step) and item.layer in TENSORS:
            yield self._tensor(item, target)
            return
        if item.id in self._plan.bodies:
            yield target, Instance(self._control(item.id), (self._plan.owner[item.id],))
            return
        yield target, self._build(item)
        yield from self._later(item)

    def _later(self, item: Step | GroupBox) -> Iterable[tuple[str, Build]]:
        """Members of containers without a class, which are set one by one (but for those in a ModuleList)."""
        if item.id not in self._inlined:
            return
        if item.id not in self._plan.names.numbered:
            yield from self._members(item.id)
            return
        for child in self._numbered(item.id):
            yield from self._later(child)

    def _numbered(self, group: int) -> list[Step | GroupBox]:
        members = [item for item in self._plan.children(group) if item.id in self._plan.names.attribute]
        return sorted(members, key=lambda item: int(self._plan.names.attribute[item.id]))

    def _target(self, item: Step | GroupBox) -> str:
        text = self._plan.spell(item, self._depth)
        head, found, name = text.rpartition(".get_")
        if not found or not text.endswith('")'):
            return text
        adder = "add_module" if name.startswith("submodule") else "register_parameter"
        return f"{head}.{adder}({name.partition('(')[2][:-1]}, @)"

    def _build(self, item: Step | GroupBox) -> Build:
        if isinstance(item, Step):
            return make(item)
        if item.id in self._inlined:
            if item.id in self._plan.names.numbered:
                if all(child.layer == "Parameter" for child in self._numbered(item.id)):
                    return self._parameters(item)
                members = tuple(("", self._build(child)) for child in self._numbered(item.id))
                return Series("nn.ModuleList", members, (item.id,), listed=True)
            return Raw(Phrase("nn.Module()"), (item.id,))
        return self._unit(self._units[item.id])

    def _parameters(self, box: GroupBox) -> Build:
        members = self._numbered(box.id)
        steps = [child for child in members if isinstance(child, Step)]
        items = tuple(f"nn.Parameter({parameter_value(step)})" for step in steps)
        head = "nn.ParameterList"
        ids = (box.id, *(step.id for step in steps))
        return Raw(Phrase(f"{head}([{', '.join(items)}])", head, (f"[{', '.join(items)}]",)), ids)

    def _unit(self, unit: Unit) -> Build:
        if isinstance(unit.item, Step):
            return make(unit.item)
        if unit.body is None:
            raise TypeError(f"'{unit.item.name}' has no body")
        if not unit.chain:
            return Instance(self._inner(unit.body), (unit.item.id,))
        names = [self._plan.names.attribute[inner.item.id] for inner in unit.body.units]
        plain = names == [str(number) for number in range(len(names))]
        items = tuple(
            ("" if plain else name, self._unit(inner))
            for name, inner in zip(names, unit.body.units, strict=True)
        )
        return Series("nn.Sequential", items, (unit.item.id,))

    def _tensor(self, step: Step, target: str) -> tuple[str, Build]:
        """`self.token = nn.Parameter(...)`, `self.register_buffer("mask", ...)`."""
        if step.layer == "Parameter":
            return target, Raw(Phrase(f"nn.Parameter({parameter_value(step)})"), (step.id,))
        name = self._plan.names.attribute[step.id]
        owner = target.removesuffix(f".{name}")
        if step.parent is not None and self._depth < len(self._plan.home(step)) - 1:
            owner = self._plan.spell(self._plan.network.groups[step.parent], self._depth)
        owner = "self" if "@" in owner or "get_buffer" in owner else owner
        held = stored_text(step, self._plan.network) if step.id in self._plan.kept.transient else ""
        items = [literal(name), held or constant_value(step)]
        unsaved = step.params.get("shape") is None and bool(self._plan.network.inputs)
        if unsaved or step.id in self._plan.kept.transient:
            items.append("persistent=False")
        head = f"{owner}.register_buffer"
        return "", Raw(Phrase(f"{head}({', '.join(items)})", head, tuple(items)), (step.id,), keep=True)


class _Saying:
    """The statements of one forward."""

    def __init__(self, plan: Plan, body: Body, arguments: Mapping[Source, str], draft: ClassDraft):
        self._plan = plan
        self._body = body
        self._draft = draft
        self._depth = len(plan.names.path(body.box.id, body.box.parent)) if body.box else 0
        ends = [source for _, source in plan.results] if body.box is None else []
        self._variables = Variables(body, arguments, plan.names_in_source, ends)

    def say(self) -> None:
        """Fill the draft's forward and results."""
        for index, unit in enumerate(self._body.units):
            self._draft.forward.append(self._statement(index, unit))
        drawn = tuple(source for _, source in self._plan.results)
        plain = self._body.box is not None or self._plan.kept.outputs is None
        ends = drawn if self._body.box is None else self._body.outputs
        self._draft.results = tuple(self._name(source) for source in ends)
        last = self._draft.forward[-1] if self._draft.forward else None
        if plain and last is not None and ends == self._body.units[-1].outputs[:1] and "," not in last.before:
            last.before = "return "

    def _statement(self, index: int, unit: Unit) -> Statement:
        if isinstance(unit.item, Step):
            call = self._plan.calls[unit.item.id]
            owner = self._path(unit.item) if call.target == MODULE else ""
            phrase = Printer(self._name, owner).call(call)
            used = tuple(s.node for s in self._plan.uses[unit.item.id] if s.node in self._plan.literals)
        else:
            head, used = self._path(unit.item), ()
            items = tuple(self._name(source) for source in unit.inputs)
            phrase, call = Phrase(f"{head}({', '.join(items)})", head, items), None
        names = self._variables.assign(index)
        results = call.results if call is not None else None
        if call is None and len(unit.outputs) > 1:
            results = tuple(range(len(unit.outputs)))
        before = f"{_pattern(results, [names[source] for source in unit.outputs])} = "
        return Statement(before, phrase, (unit.item.id, *used), self._comment(unit))

    def _name(self, source: Source) -> str:
        if source.node in self._plan.literals:
            return literal(self._plan.literals[source.node])
        if source in self._variables.names:
            return self._variables.names[source]
        return self._path(self._plan.network.step(source.node))

    def _path(self, item: Step | GroupBox) -> str:
        return self._plan.spell(item, self._depth)

    def _comment(self, unit: Unit) -> str:
        """The shape of the result where it is another one than that of the first input."""
        before, after = self._type(unit.inputs[:1]), self._type(unit.outputs[:1])
        if (
            len(unit.outputs) != 1
            or after is None
            or after.shape is None
            or (before and before.shape == after.shape)
        ):
            return ""
        return f"  # ({', '.join(map(str, after.shape))}{',' if len(after.shape) == 1 else ''})"

    def _type(self, sources: tuple[Source, ...]) -> ValueType | None:
        return self._plan.network.step(sources[0].node).types[sources[0].out] if sources else None


def make(step: Step) -> Make:
    """The constructor call of a node's module."""
    row = module_row(step)
    if row is None:
        raise TypeError(f"{step.layer} has no module")
    first, named = row.constructor(step)
    args = [Argument("", name, literal(value)) for name, value in zip(row.required, first, strict=True)]
    args += [Argument(name, name, literal(value)) for name, value in named.items()]
    dtype = weight_type(step)
    if dtype != "float32":
        args.append(Argument("dtype", "dtype", literal(TypeName(dtype))))
    return Make(row.target, tuple(args), (step.id,))


def weight_type(step: Step) -> str:
    """The element type of a node's floating-point weights; float32 where they differ or there are none."""
    kinds = {kind.dtype for kind in step.weights.values() if "float" in kind.dtype or "complex" in kind.dtype}
    losses = step.spec.category == "Loss"
    return kinds.pop() if len(kinds) == 1 and not losses else "float32"


def _pattern(results: object, names: list[str]) -> str:
    """`x`, `x, _`, `x, (h, c)`."""
    if results is None:
        return names[0]
    text = _nested(results, names)
    return text[1:-1] if isinstance(results, tuple) and len(results) > 1 else f"({names[0]},)"


def _nested(results: object, names: list[str]) -> str:
    if isinstance(results, tuple):
        parts = [_nested(item, names) for item in results]
        if len(parts) > 1 and all(set(part) <= set("(), _") for part in parts) and results[0] != 0:
            return "_"
        return f"({', '.join(parts)})"
    return names[results] if isinstance(results, int) and results < len(names) else "_"
