"""Constant inputs of operators: numbers that the source spells out, and tensors that the module holds.

An operator keeps a constant input n as the parameter `$input<n>` (small) or as the weight `input<n>`. Here they become
what the rest of the kernel knows: `Fixed` values in the call, and Parameters and Constants wired to it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sketch.graph.network import Network, Source, Step
from sketch.graph.rows import FrozenDict, ValueType
from sketch.graph.specs import LayerSpec, PortSpec, WeightSpec
from sketch.graph.weights import WeightType
from sketch.kernels.pytorch.attribute_bytes import attribute_tensor, plain_values
from sketch.kernels.pytorch.calls import TORCH_TYPES, Fixed
from sketch.kernels.pytorch.control_calls import BODY
from sketch.kernels.pytorch.operators import Function, function_of

SMALL = 64
"""A constant of up to this many elements is spelled out."""
FEW = 16
"""A tensor of more floating-point numbers than this is a weight: it belongs into the state_dict."""
MODEL_INPUT = "onnx.graph:Input"
"""An input that is a sequence, an optional, or of unknown rank, as the ONNX kernel keeps it."""
DECLARED = "$declared"
"""Parameter of such an Input: what the ONNX kernel kept of it."""
VALUE, WEIGHT, FIXED = "$input", "input", "$fixed"
_STEERING = frozenset(
    """
    axes axis block_shape depth dft_length ends frame_length frame_step image_shape iou_threshold k
    max_output_boxes_per_class num_mel_bins output_shape pads position repeats roi scales score_threshold
    shape size sizes split start starts steps training_mode
    """.split()  # noqa: SIM905 - a list of quoted words would be three times as long
)
"""Inputs whose values decide shapes; functions read them as Python numbers."""

_OUT = (PortSpec("y"),)
_VALUE_SPEC = {"value": WeightSpec("value", "shape")}
_SPECS = {
    name: LayerSpec(name, name, "Tensors", {}, (), _OUT, "declared", weights=_VALUE_SPEC)
    for name in ("Parameter", "Constant")
}

_TRAINED = frozenset({"float16", "bfloat16", "float32", "float64"})
_MADE_UP = re.compile(
    r"^$|.*::|^[\W_]*(val|const|constant|init|initializer|tensor|input|arg|x|t)?[\W_\d]*$", re.IGNORECASE
)
"""Names of tensors that say nothing."""


@dataclass(frozen=True, slots=True)
class Wired:
    """The network with constant inputs as nodes; `owner` says which operator such a node was made for.

    `spelled` are those among the nodes whose values stand in the operator itself, `bodies` the networks of the nodes
    that stand for the body of an If, Loop or Scan.
    """

    network: Network
    owner: Mapping[int, int]
    spelled: Mapping[int, Fixed] = field(default_factory=dict)
    bodies: Mapping[int, Network] = field(default_factory=dict)


def with_operands(network: Network) -> Wired:
    """The network in which every constant input of an operator is a Fixed value or a node of its own."""
    if not any(step.spec.is_operator for step in network.steps):
        return Wired(network, {})
    return _Wiring(network).run()


def fixed_inputs(step: Step) -> Mapping[int, Fixed]:
    """Constants of an operator that the call spells out, by the number of the input."""
    return dict(step.params.get(FIXED, ()))


class _Wiring:
    """Collects the new steps of one network."""

    def __init__(self, network: Network):
        self._network = network
        self._next = 1 + max([0, *network.groups, *(step.id for step in network.steps)])
        self._owner: dict[int, int] = {}
        self._spelled: dict[int, Fixed] = {}
        self._bodies: dict[int, Network] = {}
        self._made: dict[int, Step] = {}
        self._homes = _homes(network)
        self._numbers = {
            step.id: fixed for step in network.steps if (fixed := constant_operator(step, network))
        }

    def run(self) -> Wired:
        """All steps, each new one before the first operator that takes it."""
        steps: list[Step] = []
        plain = {
            s.node for step in self._network.steps if not _absorbs(step) for s in step.inputs if s is not None
        }
        for step in self._network.steps:
            if step.id in self._numbers:
                steps.extend([self._constant(step)] if step.id in plain else [])
            elif step.layer == MODEL_INPUT:
                steps.append(self._input(step))
            elif step.bodies:
                steps.extend(self._with_bodies(step))
            elif step.spec.is_operator:
                steps.extend(self._operator(step))
            else:
                steps.append(step)
        network = replace(self._network, steps=tuple(steps))
        return Wired(network, self._owner, self._spelled, self._bodies)

    def _operator(self, step: Step) -> Iterator[Step]:
        constants = dict(self._constants(step))
        if not constants:
            yield step
            return
        function = function_of(step.layer)
        inputs: list[Source | None] = [*step.inputs, *[None] * (max(constants) + 1 - len(step.inputs))]
        kinds = [*step.input_types, *[None] * (len(inputs) - len(step.input_types))]
        fixed: list[tuple[int, Fixed]] = []
        for place, constant in sorted(constants.items()):
            name = input_name(function, place)
            inputs[place] = None
            if isinstance(constant, Fixed) and _is_written(name, constant):
                fixed.append((place, replace(constant, on_cpu=_steers(name, constant))))
                continue
            made = self._made.get(constant) if isinstance(constant, int) else None
            if made is None:
                made = self._tensor(step, name, constant)
                yield made
            inputs[place], kinds[place] = Source(made.id, 0), made.types[0]
        yield replace(
            step, inputs=tuple(inputs), input_types=tuple(kinds), params=step.params.with_(**{FIXED: tuple(fixed)}),
            weights={role: kind for role, kind in step.weights.items() if not _is_input(role)},
            stored={role: tensor for role, tensor in step.stored.items() if not _is_input(role)},
        )  # fmt: skip

    def _input(self, step: Step) -> Step:
        """An input that is no plain tensor, as an Input of its declared type."""
        kind = step.types[0] if step.types else None
        declared = FrozenDict(step.pinned)
        params = FrozenDict(shape=(), dtype="float32" if kind is None else kind.dtype)
        return replace(
            step, layer="Input", spec=self._network.ends[0], params=params.with_(**{DECLARED: declared}),
            pinned=FrozenDict(), inputs=(), input_types=(),
        )  # fmt: skip

    def _with_bodies(self, step: Step) -> Iterator[Step]:
        """The operator with its bodies as nodes that give a module, wired behind its other inputs."""
        made = []
        for name, body in step.bodies.items():
            made.append(
                replace(
                    step, id=self._next, name=f"{step.name}_{name}", layer=BODY, spec=_SPECS["Constant"], inputs=(),
                    input_types=(), types=(None,), params=FrozenDict(), pinned=FrozenDict(), bodies={}, stored={},
                    weights={},
                )
            )  # fmt: skip
            self._bodies[self._next] = body.network
            self._owner[self._next] = step.id
            self._next += 1
        yield from made
        inputs = (*step.inputs, *(Source(item.id, 0) for item in made))
        yield replace(step, inputs=inputs, input_types=(*step.input_types, *[None] * len(made)))

    def _constant(self, step: Step) -> Step:
        """The operator Constant as a layer."""
        fixed = self._numbers[step.id]
        params = FrozenDict(value=_tuples(fixed.nested()), dtype=fixed.dtype)
        return replace(
            step, layer="Constant", spec=_SPECS["Constant"], params=params, pinned=params, weights={}, stored={},
            types=(ValueType(fixed.dtype, fixed.shape),),
        )  # fmt: skip

    def _constants(self, step: Step) -> Iterator[tuple[int, Fixed | int]]:
        """(number of the input, its values or the id of its tensor)."""
        for place, source in enumerate(step.inputs):
            if source is not None and source.node in self._numbers:
                yield place, self._numbers[source.node]
        for name, value in step.params.items():
            if name.startswith(VALUE) and name[len(VALUE) :].isdigit():
                shape = tuple(value["shape"])
                yield int(name[len(VALUE) :]), Fixed(value["dtype"], shape, tuple(value["data"]))
        for role, tensor in step.stored.items():
            if _is_input(role):
                yield int(role[len(WEIGHT) :]), self._small(tensor) or tensor

    def _small(self, tensor: int) -> Fixed | None:
        """A small stored tensor of plain numbers."""
        row = self._network.tensors[tensor]
        if math.prod(row.shape) > SMALL or self._network.store is None or row.dtype not in TORCH_TYPES:
            return None
        values = plain_values(self._network.store.get(row.digest, row.shape, row.dtype), row.dtype)
        return Fixed(row.dtype, row.shape, values) if all(map(_is_finite, values)) else None

    def _tensor(self, step: Step, port: str, constant: Fixed | int) -> Step:
        """The node of one constant: a Parameter, a buffer that is stored, or a buffer that is spelled out."""
        parent, name = step.parent, f"{step.name}_{port}"
        if isinstance(constant, Fixed):
            dtype, shape, stored = constant.dtype, constant.shape, {}
            kept = dtype in _TRAINED and len(constant.data) > FEW
            self._spelled[self._next] = constant
        else:
            row = self._network.tensors[constant]
            dtype, shape, stored, kept = row.dtype, row.shape, {"value": constant}, True
            parent = step.parent if len(self._homes[constant]) == 1 else None
            name = _own_name(row.name, self._network.qualified(step).rpartition(".")[0]) or name
        trains = kept and dtype in _TRAINED and math.prod(shape) > 1
        layer = "Parameter" if trains else "Constant"
        value = _tuples(constant.nested()) if isinstance(constant, Fixed) else 0
        params = FrozenDict(shape=shape, dtype=dtype) if kept else FrozenDict(dtype=dtype)
        made = replace(
            step, id=self._next, name=name, layer=layer, spec=_SPECS[layer], inputs=(), input_types=(),
            params=params if trains else params.with_(value=value), types=(ValueType(dtype, shape),),
            pinned=params if trains else params.with_(value=value), stored=stored, outgrown=(), parent=parent,
            weights={"value": WeightType("value", shape, dtype, trains, FrozenDict())} if kept else {}, bodies={},
        )  # fmt: skip
        self._next += 1
        self._owner[made.id] = step.id
        if isinstance(constant, int):
            self._made[constant] = made
        return made


def constant_operator(step: Step, network: Network) -> Fixed | None:
    """The numbers of the operator Constant, where they are few."""
    if step.layer != "ai.onnx:Constant" or len(step.params) != 1:
        return None
    name, value = next(iter(step.params.items()))
    if name in ("value_int", "value_float"):
        return Fixed("int64" if name == "value_int" else "float32", (), (value,))
    if name in ("value_ints", "value_floats"):
        return Fixed("int64" if name == "value_ints" else "float32", (len(value),), tuple(value))
    found = record_tensor(step, value, network) if isinstance(value, dict) else None
    plain = found is not None and 0 < len(found.data) <= SMALL
    return found if plain and found is not None and all(map(_is_finite, found.data)) else None


def record_tensor(step: Step, record: Mapping[str, Any], network: Network) -> Fixed | None:
    """The tensor of an attribute, from the values in its record or from the bytes in the store."""
    if record.get("kind") != "tensor":
        return None
    if "data" in record and "shape" in record:
        return Fixed(str(record["dtype"]), tuple(record["shape"]), tuple(record["data"]), on_cpu=True)
    stored = step.stored.get(str(record.get("role", "")))
    if stored is None or network.store is None:
        return None
    row = network.tensors[stored]
    return attribute_tensor(network.store.get(row.digest, row.shape, row.dtype).tobytes())


def _is_finite(value: Any) -> bool:
    return not isinstance(value, complex) and math.isfinite(value)


def _absorbs(step: Step) -> bool:
    """True for an operator that takes constants into its own call."""
    return step.spec.is_operator and not step.bodies and function_of(step.layer) is not None


def input_name(function: Function | None, place: int) -> str:
    """What the function calls this input; `input3` where it does not say."""
    if function is None:
        return f"input{place}"
    if place < len(function.inputs):
        return function.inputs[place]
    return f"{function.rest or 'input'}{place - len(function.inputs)}"


def _homes(network: Network) -> dict[int, set[int | None]]:
    """Tensor id -> the groups whose operators take it as an input."""
    found: dict[int, set[int | None]] = {}
    for step in network.steps:
        for role, tensor in step.stored.items():
            if _is_input(role):
                found.setdefault(tensor, set()).add(step.parent)
    return found


def _is_input(role: str) -> bool:
    return role.startswith(WEIGHT) and role[len(WEIGHT) :].isdigit()


def _is_written(name: str, constant: Fixed) -> bool:
    """Numbers and lists of sizes stand in the call itself; other constants are buffers with a name."""
    return not constant.shape or _steers(name, constant)


def _steers(name: str, constant: Fixed) -> bool:
    return name in _STEERING and len(constant.shape) < 2


def _own_name(name: str, group: str) -> str:
    """The tensor's own name below its group, "" for one that an exporter made up."""
    short = name.removeprefix(f"{group}.") if group else name
    return "" if _MADE_UP.match(short) else short


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
