"""One operator of the standard under its inputs' types: element types, required inputs, what rule and file say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import Any

from sketch.graph.dims import Symbolic
from sketch.graph.errors import ShapeError
from sketch.graph.operator_call import MOST_VALUES, NotKnownError, OperatorCall, Out, Shape, Values
from sketch.graph.rows import FrozenDict, Node, TensorRow, ValueType
from sketch.graph.specs import LayerSpec, PortSpec

INPUT = "$input"
"""`$input<n>` is a small constant at input n: {dtype, shape, data}; a larger one is the weight `input<n>`."""
ROLE = "input"
CAPTURES = "$captures"
"""Values that the graphs of an operator read from outside: (name, number of the wire)."""

Types = list[ValueType | None]


def constants(node: Node, stored: Mapping[str, TensorRow]) -> dict[int, tuple[ValueType, Values | None]]:
    """Type and known elements of the inputs that are constants, by port."""
    found: dict[int, tuple[ValueType, Values | None]] = {}
    for name, value in node.params.items():
        if name.startswith(INPUT) and name[len(INPUT) :].isdigit() and isinstance(value, dict):
            data = tuple(value.get("data", ()))
            kind = ValueType(value.get("dtype", "float32"), tuple(value.get("shape", ())))
            found[int(name[len(INPUT) :])] = kind, data if len(data) <= MOST_VALUES else None
    for role, row in stored.items():
        if role.startswith(ROLE) and role[len(ROLE) :].isdigit():
            found[int(role[len(ROLE) :])] = ValueType(row.dtype, row.shape), None
    return found


def constant_places(params: Mapping[str, Any], roles: Iterable[str] = ()) -> set[int]:
    """Ports that hold a constant instead of a wire: by the parameters of a node and the roles of its weights."""
    names = [name[len(INPUT) :] for name in params if name.startswith(INPUT)]
    names += [role[len(ROLE) :] for role in roles if role.startswith(ROLE)]
    return {int(name) for name in names if name.isdigit()}


def param_label(spec: LayerSpec, name: str) -> str:
    """The name of a parameter for people; of a constant input (`$input1`) that of its port."""
    number = name.removeprefix(INPUT)
    if not spec.is_operator or number == name or not number.isdigit():
        return name
    port = spec.input_port(int(number))
    return f"{port.name}{int(number) + 1}" if port.variadic else port.name


def captured(params: Mapping[str, Any]) -> frozenset[int]:
    """Numbers of the wires that are no inputs of the operator itself."""
    return frozenset(place for _name, place in params.get(CAPTURES, ()))


def output_total(spec: LayerSpec, params: Mapping[str, Any], declared: int, wired: int) -> int:
    """How many outputs a node has: those that the standard requires, and more up to the last that is used."""
    least = 0
    for port in spec.outputs:
        if port.optional:
            break
        least += 1
    total = max(1, least, declared, wired)
    if spec.title == "Split":
        sizes = params.get(f"{INPUT}1")
        total = max(total, params.get("num_outputs") or 0, len(sizes["data"]) if sizes else 0)
    return total if spec.outputs and spec.outputs[-1].variadic else min(total, max(len(spec.outputs), 1))


def make_call(
    node: Node,
    spec: LayerSpec,
    inputs: Sequence[ValueType | None],
    known: Sequence[Values | None],
    fixed: Mapping[int, tuple[ValueType, Values | None]],
    declared: Sequence[ValueType | None],
    outputs: int,
) -> OperatorCall:
    """The call of a node; `fixed` are its constants, which take their places among the inputs."""
    types: Types = list(inputs)
    values: list[Values | None] = list(known) or [None] * len(types)
    for place, (kind, data) in fixed.items():
        types.extend([None] * (place + 1 - len(types)))
        values.extend([None] * (place + 1 - len(values)))
        types[place], values[place] = kind, data
    outside = captured(node.params)
    if outside:
        first = min(outside)
        types, values = types[:first], values[:first]
    return OperatorCall(
        spec, node.params, tuple(types), FrozenDict(), tuple(declared), tuple(values), node.id, outputs
    )


def misfits(call: OperatorCall) -> list[ShapeError]:
    """Inputs whose element type the operator does not take, or that differ where they must not."""
    found: list[ShapeError] = []
    bound: dict[str, tuple[str, str]] = {}
    for index, kind in enumerate(call.inputs):
        if kind is None or (kind.shape is None and kind.is_tensor):
            continue  # a type without a shape may be a guess of whoever wrote the file
        port = call.spec.input_port(index)
        if port.dtypes and kind.dtype not in port.dtypes:
            found.append(_wrong_type(call, port, index, kind.dtype))
        elif port.same:
            name, first = bound.setdefault(port.same, (port.name, kind.dtype))
            if first != kind.dtype:
                found.append(
                    ShapeError(
                        f"{call.spec.title} needs one element type on {name!r} and {port.name!r}, "
                        f"gets {first} and {kind.dtype}.",
                        f"Insert a Cast to {first}.",
                        port=index,
                    )
                )
    return found


def _wrong_type(call: OperatorCall, port: PortSpec, index: int, dtype: str) -> ShapeError:
    takes = (
        f"takes {' or '.join(port.dtypes)} values" if len(port.dtypes) <= 4 else f"takes no {dtype} values"
    )
    gets = f", gets {dtype}" if len(port.dtypes) <= 4 else ""
    cure = "Insert a Cast, or change the element type of the Input."
    if "(" in dtype or "(" in port.dtypes[0]:
        cure = "Sequences and tensors are made of each other by SequenceConstruct and SequenceAt."
    return ShapeError(f"{call.spec.title} {takes} on {port.name!r}{gets}.", cure, port=index)


def wrong_words(call: OperatorCall) -> list[ShapeError]:
    """Attributes that are not given and must be, or whose value the standard does not name."""
    found: list[ShapeError] = []
    for name, param in call.spec.params.items():
        value = call.params.get(name)
        if value is None and param.needed:
            found.append(ShapeError(f"{call.spec.title} needs {name}.", f"Give {name} a value.", param=name))
        if value is not None and param.choices and value not in param.choices:
            listed = ", ".join(map(str, param.choices))
            found.append(
                ShapeError(
                    f"{name} must be one of {listed}, not {value!r}.", "Choose one of them.", param=name
                )
            )
    return found


def typed(call: OperatorCall, outs: Sequence[Out]) -> Types:
    """The types of the outputs: what the rule says, gaps filled by what the file declared, then by names."""
    return [
        _merged(call, out, said, call.declared[out] if out < len(call.declared) else None)
        for out, said in zip_longest(range(call.outputs), outs[: call.outputs])
    ]


def _merged(call: OperatorCall, out: int, said: Out, hint: ValueType | None) -> ValueType | None:
    dtype = said.dtype if isinstance(said, ValueType) else bound_type(call, out)
    shape = said.shape if isinstance(said, ValueType) else said
    if dtype is None or dtype == "":
        return (
            hint if shape is None or hint is None else ValueType(hint.dtype, _closed(call, out, shape, None))
        )
    if hint is not None and hint.dtype != dtype:
        hint = None
    if shape is None:
        return hint or ValueType(dtype, None)
    return ValueType(dtype, _closed(call, out, shape, hint) if None in shape else shape)


def _closed(call: OperatorCall, out: int, shape: Shape, hint: ValueType | None) -> Shape:
    """Open sizes as the file declared them when all that is known agrees with it, else as names of their own."""
    said = hint.shape if hint is not None and _fits(shape, hint.shape) else None
    return tuple(
        size if size is not None else said[axis] if said is not None else call.fresh(out, axis)
        for axis, size in enumerate(shape)
    )


def _fits(shape: Shape, hint: Shape | None) -> bool:
    if hint is None or len(shape) != len(hint):
        return False
    pairs = zip(shape, hint, strict=True)
    return all(a is None or a == b or isinstance(a, Symbolic) or isinstance(b, Symbolic) for a, b in pairs)


def bound_type(call: OperatorCall, out: int) -> str | None:
    """The element type that the standard gives an output.

    That of the inputs of the same word, the only one there is, or what an attribute says.
    """
    fixed, sources, attribute = _type_plan(_Key(call.spec), out)
    if fixed:
        return fixed
    for index in sources:
        kind = call.inputs[index] if index < len(call.inputs) else None
        if kind is not None:
            return kind.dtype
    return call.element_attr(attribute) if attribute and not sources else None


class _Key:
    """A spec as a key of the cache, by its identity: specs hold mappings, which have no hash."""

    __slots__ = ("spec",)

    def __init__(self, spec: LayerSpec):
        self.spec = spec

    def __hash__(self) -> int:
        return id(self.spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.spec is self.spec


@lru_cache(maxsize=1024)
def _type_plan(key: _Key, out: int) -> tuple[str, tuple[int, ...], str]:
    """(the only element type, inputs that have the same one, attribute that names it)."""
    spec = key.spec
    port = spec.output_port(out)
    if len(port.dtypes) == 1:
        return port.dtypes[0], (), ""
    sources = tuple(i for i, item in enumerate(spec.inputs) if port.same and item.same == port.same)
    attribute = next((n for n in ("to", "dtype", "output_datatype") if n in spec.params), "")
    return "", sources, attribute


def unknown(call: OperatorCall) -> Types:
    """What is known without a rule: element types, and what the file declared."""
    return typed(call, [None] * call.outputs)


def run_rule(call: OperatorCall) -> tuple[Types, tuple[Values | None, ...]]:
    """(types, known elements) of the outputs; ShapeError when the inputs do not fit."""
    from sketch.graph.operator_rules import RULES  # not needed before there is an operator
    from sketch.graph.operator_rules.values import VALUES

    rule = RULES.get(call.spec.name)
    try:
        types = typed(call, rule(call)) if rule else unknown(call)
    except NotKnownError:
        types = unknown(call)
    follow = VALUES.get(call.spec.name)
    if follow is None or types[0] is None or not _small(types[0].shape):
        return types, ()
    try:
        found = follow(call, types[0])
    except NotKnownError:
        return types, ()
    return types, found if any(values is not None for values in found) else ()


def _small(shape: Shape | None) -> bool:
    """True for the shape of a tensor whose elements are followed."""
    total = 1
    for size in (None,) if shape is None else shape:
        if not isinstance(size, int):
            return False
        total *= size
    return total <= MOST_VALUES
