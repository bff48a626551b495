"""One row a layer: how it is made and called in PyTorch, and how it is recognised there. Framework-free."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sketch.binder.mapping import SAME, Row
from sketch.graph.dims import Symbolic, parse_dim, symbols_in
from sketch.graph.evaluate import applies
from sketch.graph.network import Network, Source, Step
from sketch.graph.specs import ParamSpec
from sketch.kernels.pytorch.calls import MODULE, Call, Operand, Size


@dataclass(frozen=True, slots=True)
class Shapes:
    """Where the text may read a size that is known by name only: the network's inputs."""

    inputs: tuple[tuple[Source, tuple[Any, ...]], ...] = ()

    @classmethod
    def of(cls, network: Network) -> Shapes:
        """The inputs of a network whose shapes are known."""
        known = ((step, step.types[0]) for step in network.inputs)
        return cls(
            tuple((Source(step.id, 0), kind.shape) for step, kind in known if kind and kind.shape is not None)
        )


Writer = Callable[["CallRow", Step, Shapes], Call]
Inspector = Callable[[Any], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ModuleRow(Row):
    """A layer that is a class of torch.nn with the layer's own parameter names.

    `required` are arguments that are always written, in front and without their names. `called` are parameters of
    the call instead of the constructor. `fields` are the parameters that the constructor spells in another way.
    `results` is where the outputs are in what the module gives back. `inspect` reads parameters that are not
    attributes of their own names. `arrange` writes the call when the inputs are not simply passed in order.
    `follows` are parameters that are left out when they equal another one.
    """

    required: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    results: Any = None
    inspect: Inspector | None = None
    arrange: Callable[[Step], Call] | None = None
    follows: Mapping[str, str] = field(default_factory=dict)

    def constructor(self, step: Step) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Positional and named arguments of the class for this node; inapplicable and default ones are left out."""
        values = {name: value for name, value in meaningful(step).items() if name not in self.called}
        first = tuple(self._written(step, name, values.pop(name)) for name in self.required)
        fields = {item.param: item for item in self.fields}
        named = {}
        for name, value in values.items():
            default = fields[name].default if name in fields else step.spec.params[name].default
            twin = step.params.get(self.follows.get(name, ""), default)
            if value not in (default, twin):
                named[name] = self._written(step, name, value)
        return first, named

    def _written(self, step: Step, name: str, value: Any) -> Any:
        codec = next((item.codec for item in self.fields if item.param == name), SAME)
        return codec.to(plain(step.spec.params[name], value))

    def call(self, step: Step) -> Call:
        """How the module is called."""
        if self.arrange is not None:
            return self.arrange(step)
        return module_call(step, self.results)


@dataclass(frozen=True, slots=True)
class CallRow(Row):
    """A layer that is a function, a method or an operator.

    `signature` names the target's arguments in order. `operands` are those among them that are wires, by port; a
    name with a star takes all that remain, as one tuple. `positional` fields are written without their names.
    `several`: it is written as several calls, and comes back from the notes of our own files only.
    """

    signature: tuple[str, ...] = ()
    operands: tuple[str, ...] = ("input",)
    positional: tuple[str, ...] = ()
    results: Any = None
    write: Writer | None = None
    several: bool = False

    def call(self, step: Step, shapes: Shapes) -> Call:
        """The call for this node."""
        if self.write is not None:
            return self.write(self, step, shapes)
        args, kwargs = self._operands(step)
        values = self.arguments(meaningful(step))
        for name in self.positional:
            if name in values:
                args.append(values.pop(name))
        return Call(self.target, tuple(args), {**kwargs, **values}, self.results)

    def _operands(self, step: Step) -> tuple[list[Any], dict[str, Any]]:
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        gap = False
        for port, name in enumerate(self.operands):
            if name.startswith("*"):
                args.append(tuple(Operand(source) for source in step.inputs[port:] if source is not None))
                continue
            source = step.inputs[port] if port < len(step.inputs) else None
            gap = gap or source is None
            if source is not None and gap:
                kwargs[name] = Operand(source)
            elif source is not None:
                args.append(Operand(source))
        return args, kwargs


def module_call(step: Step, results: Any = None, extra: Mapping[str, Any] | None = None) -> Call:
    """A module called with its inputs in order; after an open one the rest is passed by name."""
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    gap = False
    for port, source in enumerate(step.inputs):
        gap = gap or source is None
        if source is not None and gap:
            kwargs[step.spec.input_port(port).name] = Operand(source)
        elif source is not None:
            args.append(Operand(source))
    return Call(MODULE, tuple(args), {**kwargs, **(extra or {})}, results)


def meaningful(step: Step) -> dict[str, Any]:
    """The effective parameters that apply, in the order of the layer file."""
    spec = step.spec
    return {
        name: step.params[name] for name in spec.params
        if name in step.params and applies(spec, name, step.params, step.input_types)
    }  # fmt: skip


def plain(spec: ParamSpec, value: Any) -> Any:
    """A parameter as an engineer writes it: one number where all of a tuple are equal."""
    if isinstance(value, tuple) and spec.rank and len(set(value)) == 1 and value[0] is not None:
        return value[0]
    return value


def one_or_many(value: Any) -> Any:
    """`(3,)` as 3; anything else as it is."""
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value


def size(text: int | str, step: Step, shapes: Shapes) -> Any:
    """A size as a number, or as an expression over sizes of this node's inputs or the network's.

    Raises:
        KeyError: nothing in reach has a size of that name.
    """
    dim = parse_dim(text)
    if isinstance(dim, int):
        return dim
    places = _places(step, shapes)
    for operand, shape in places:
        if dim in shape:
            return Size(operand, shape.index(dim))
    return _polynomial(dim, {name: _solve(name, places) for name in symbols_in(dim)})


def _places(step: Step, shapes: Shapes) -> list[tuple[Operand, tuple[Any, ...]]]:
    own = zip(step.inputs, step.input_types, strict=False)
    near = [
        (Operand(source), kind.shape) for source, kind in own if source and kind and kind.shape is not None
    ]
    return near + [(Operand(source), shape) for source, shape in shapes.inputs]


def _solve(name: str, places: Sequence[tuple[Operand, tuple[Any, ...]]]) -> Any:
    """The value of a symbol, from a dimension that is the symbol, a multiple of it or it plus a number."""
    target = parse_dim(name)
    for operand, shape in places:
        if target in shape:
            return Size(operand, shape.index(target))
    for operand, shape in places:
        for index, dim in enumerate(shape):
            if not isinstance(dim, Symbolic) or symbols_in(dim) != {name}:
                continue
            terms = dict(dim.terms)
            factor, offset = terms.pop((name,), 0), terms.pop((), 0)
            if factor > 0 and not terms:
                rest: Any = Size(operand, index)
                rest = rest if not offset else Call("operator.sub", (rest, offset))
                return rest if factor == 1 else Call("operator.floordiv", (rest, factor))
    raise KeyError(name)


def _polynomial(dim: Symbolic, values: Mapping[str, Any]) -> Any:
    total: Any = None
    for atoms, factor in dim.terms:
        term: Any = factor if factor != 1 or not atoms else None
        for atom in atoms:
            if atom not in values:
                raise KeyError(atom)
            term = values[atom] if term is None else Call("operator.mul", (term, values[atom]))
        total = term if total is None else Call("operator.add", (total, term))
    return total
