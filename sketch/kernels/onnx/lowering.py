"""From a Network to a Program: names, inline operators, functions for layers, weights, foreign operators."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sketch.binder.torch_calls import is_torch
from sketch.graph.network import Network, Step
from sketch.graph.zone_kinds import MARKERS
from sketch.graph.zones import ZoneError, collapse
from sketch.kernels.onnx.claims import CONSTANTS_KEY, GROUPS_KEY, LAYER_KEY, SEED_KEY, Claim, seal
from sketch.kernels.onnx.emitter import Emitter, UnsayableError, formal_inputs
from sketch.kernels.onnx.foreign import MODEL_INPUT, foreign_op, model_input
from sketch.kernels.onnx.layer_writing import write
from sketch.kernels.onnx.measures import Measures
from sketch.kernels.onnx.model_parts import ModelParts
from sketch.kernels.onnx.program import (
    LAYER_DOMAIN,
    NEWEST_OPSET,
    Attribute,
    Function,
    Initializer,
    Op,
    Port,
    Program,
    TensorValue,
    flat,
)
from sketch.kernels.onnx.torch_calls import identifier, write_torch
from sketch.kernels.onnx.value_names import SOURCES, Reuse, ValueNames

_CONSTANT_NAMES: Mapping[str, tuple[str, ...]] = {
    "Reshape": ("", "shape"), "Expand": ("", "shape"), "Clip": ("", "min", "max"), "Dropout": ("", "ratio"),
    "Pad": ("", "pads", "value", "axes"), "Slice": ("", "starts", "ends", "axes", "steps"), "Gather": ("", "indices"),
    "Split": ("", "sizes"), "Resize": ("", "roi", "scales", "sizes"), "Pow": ("", "exponent"), "Squeeze": ("", "axes"),
    "Unsqueeze": ("", "axes"), "Max": ("", "floor"), "Col2Im": ("", "image", "block"),
}  # fmt: skip


def emit(step: Step, opset: int) -> tuple[Emitter, tuple[str, ...]]:
    """The operators of one layer and the names of its outputs; UnsayableError when ONNX has no words for it."""
    emitter = Emitter(step, opset)
    outputs = write_torch(emitter) if is_torch(step.layer) else write(emitter)
    return emitter, tuple(
        emitter.op("Identity", name) if name in emitter.x and name else name for name in outputs
    )


def refusal(step: Step, opset: int = NEWEST_OPSET) -> str | None:
    """None, or why a step cannot be written; a step that is not complete yet is not refused."""
    if step.layer in ("Input", "Output", *SOURCES) or step.spec.group:
        return None
    if step.spec.is_operator and not is_torch(step.layer):
        return None
    if any(
        kind is None or kind.shape is None
        for kind, source in zip(step.input_types, step.inputs, strict=True)
        if source
    ):
        return None
    if not any(step.types) and step.spec.outputs:
        return None
    try:
        emit(step, opset)
    except UnsayableError as error:
        return str(error)
    return None


def lower(
    network: Network, opset: int = NEWEST_OPSET, *, strict: bool = True, reuse: Reuse | None = None
) -> Program:
    """The whole network, or with `reuse` those steps of it that the opened file does not have.

    With `strict` a step that cannot be written raises UnsayableError with its name; without, it becomes a remark
    and the rest is written (the text of a drawing that is not finished).
    """
    try:
        network = collapse(network)
    except ZoneError as error:
        if strict:
            raise UnsayableError(str(error)) from None
    return Lowering(network, opset, strict, reuse).run()


class Lowering:
    """One run over the steps; holds the names given so far, and the parts that operators share."""

    def __init__(self, network: Network, opset: int, strict: bool, reuse: Reuse | None = None):
        self._network, self._strict, self._reuse = network, strict, reuse
        self.program = Program(network.name or "network", opset)
        self._names = ValueNames(network, reuse)
        self.parts = ModelParts(network, self.program, self._names, reuse)
        self.measures = Measures(network, self.program, self._names)

    @property
    def names(self) -> ValueNames:
        """The names given so far."""
        return self._names

    def run(self) -> Program:
        """The Program."""
        network = self._network
        for step in network.steps:
            if self._reuse is not None and step.id not in self._reuse.steps and step.layer != "Input":
                continue
            try:
                self._step(step)
            except UnsayableError as error:
                if self._strict:
                    raise UnsayableError(f"'{network.qualified(step)}' ({step.layer}): {error}") from None
                self.program.remarks.append((step.id, network.qualified(step), str(error)))
        write_ports(network, self.program, self._names)
        describe(network, self.program, self.parts.constants)
        return self.program

    # --- steps -------------------------------------------------------------------------------------

    def _step(self, step: Step) -> None:
        if step.layer == "Input":
            self._names.values[step.id, 0] = self._names.values[step.id, -1]
        elif step.layer == "Output":
            self._output(step)
        elif step.layer == MODEL_INPUT:
            self.program.inputs.append(model_input(step, self._names.value(step, 0)))
        elif step.layer in SOURCES:
            self._source(step)
        elif step.layer in MARKERS:
            raise UnsayableError("Its If, Loop or Scan is not complete.")
        elif step.bodies:
            self._zone(step)
        elif step.layer == "ai.onnx:Scan":
            raise UnsayableError(
                "It is a Scan of opset 8, whose batch no later opset has; only the file as it was has it."
            )
        elif step.spec.is_operator and not is_torch(step.layer):
            outputs = tuple(self._names.value(step, out) for out in range(max(1, len(step.types))))
            op = foreign_op(
                step,
                self._names.wired(step),
                outputs,
                lambda role: self.parts.weight(step, role),
                lambda place, value: self.parts.small(step, f"input{place}", value),
            )
            op.name = "/".join(self._network.path(step))
            self.program.ops.append(op)
        else:
            self._layer(step)

    def _zone(self, step: Step) -> None:
        from sketch.kernels.onnx.zone_lowering import zone_op  # it lowers bodies with this class

        outputs = tuple(self._names.value(step, out) for out in range(max(1, len(step.types))))
        op = zone_op(step, self._names.wired(step), outputs, self)
        op.name = "/".join(self._network.path(step))
        self.program.ops.append(op)

    def _output(self, step: Step) -> None:
        source = self._names.wired(step)
        if not source or not source[0]:
            raise UnsayableError("Nothing is wired to it.")
        kind = step.input_types[0]
        if kind is not None and kind.dtype.startswith("complex") and self._is_pair(step, 0):
            raise UnsayableError("onnxruntime has no complex numbers; give out real and imaginary parts.")
        name = self._names.values[step.id, -1]
        if source[0] != name:
            op = Op("Identity", (source[0],), (name,), node=step.id, name=name)
            op.meta[LAYER_KEY] = self.parts.claim(step, (0,)).to_text(seal("Identity", "", {}, ()))
            self.program.ops.append(op)

    def _source(self, step: Step) -> None:
        """Constant and Parameter are initializers under the node's own name."""
        name = self._names.value(step, 0)
        if step.layer == "Constant" and "value" not in step.weights:
            shape, data = flat(step.params["value"])
            value = TensorValue(step.params["dtype"], shape, data)
            self.program.initializers.append(Initializer(name, value.dtype, shape, value, step.id))
        else:
            kind = step.weights.get("value")
            if kind is None:
                raise UnsayableError("Its shape is not known yet.")
            tensor = step.stored.get("value")
            self.program.initializers.append(
                Initializer(name, kind.dtype, kind.shape, None, step.id, "value")
            )
            if tensor is not None:
                self.parts.known_as(tensor, name)
        claim = self.parts.claim(step, ())
        self.parts.constants[name] = replace(claim, path=self.parts.path(step)).to_text(0)

    def _is_pair(self, step: Step, port: int) -> bool:
        """True for complex numbers that a function of torch makes: real values with a last dimension of 2."""
        source = step.inputs[port]
        return source is not None and is_torch(self._network.step(source.node).layer)

    def _layer(self, step: Step) -> None:
        for port, kind in enumerate(step.input_types):
            if kind is not None and kind.dtype.startswith("complex") and not self._is_pair(step, port):
                raise UnsayableError("onnxruntime has no complex numbers; use real and imaginary parts.")
        emitter, outputs = emit(step, self.program.opset)
        written = [op for op in emitter.ops if op.kind != "Constant"]
        if len(written) == 1 and written[0].outputs == outputs and _reads_all(step, written[0]):
            self._inline(step, written[0], emitter)
        else:
            self._call(step, emitter, outputs)

    def _inline(self, step: Step, op: Op, emitter: Emitter) -> None:
        """One operator: into the model itself; its constants become initializers beside the weights."""
        constants = emitter.constants
        formal, wired = formal_inputs(step), self._names.wired(step)
        named = _CONSTANT_NAMES.get(op.kind, ())
        inputs: list[str] = []
        layout: list[int | str | None] = []
        values: list[Any] = []
        for place, name in enumerate(op.inputs):
            if name in constants:
                hint = named[place] if place < len(named) and named[place] else f"constant{place}"
                inputs.append(self.parts.small(step, hint, constants[name]))
                layout.append(None)
                values.append(constants[name].data)
            elif name in emitter.measured:
                inputs.append(self.measures.value(emitter.measured[name]))
                layout.append(None)
            elif name in formal:
                inputs.append(wired[formal.index(name)])
                layout.append(formal.index(name))
            else:
                inputs.append(self.parts.weight(step, name) if name else "")
                layout.append(name or None)
        sealed = seal(op.kind, op.domain, op.attributes, values)
        op.inputs = tuple(inputs)
        self._finish(step, op, self.parts.claim(step, layout), sealed)

    def _finish(self, step: Step, op: Op, claim: Claim, sealed: int) -> None:
        op.outputs = tuple(
            self._names.value(step, out) if name else "" for out, name in enumerate(op.outputs)
        )
        op.name = "/".join(self._network.path(step))
        op.meta[LAYER_KEY] = claim.to_text(sealed)
        self.program.ops.append(op)

    def _call(self, step: Step, emitter: Emitter, outputs: tuple[str, ...]) -> None:
        """Several operators: a function of the layer's name, called with the parameters as attributes."""
        used = {name for op in emitter.ops for name in op.inputs}
        keeps = is_torch(step.layer)  # its arguments name the ports
        formal = [
            (port, name) for port, name in enumerate(formal_inputs(step)) if name in used or (name and keeps)
        ]
        roles = [role for role in step.weights if role in used]
        sizes = [self.measures.value(size) for size in emitter.measured.values()]
        wired = self._names.wired(step)
        attributes = call_attributes(step)
        shown = tuple(name for name in outputs if name)
        function = Function(
            identifier(step.layer),
            "",
            (*(name for _, name in formal), *roles, *emitter.measured),
            shown,
            tuple(attributes),
            emitter.ops,
        )
        shared = self.parts.function(function)
        op = Op(
            shared.name,
            (
                *(wired[port] for port, _ in formal),
                *(self.parts.weight(step, role) for role in roles),
                *sizes,
            ),
            shown,
            attributes,
            domain=LAYER_DOMAIN,
            node=step.id,
        )
        sealed = seal(op.kind, op.domain, op.attributes, ())
        layout = (*(port for port, _ in formal), *roles, *(None,) * len(sizes))
        self._finish(step, op, self.parts.claim(step, layout), sealed)


def write_ports(network: Network, program: Program, names: ValueNames) -> None:
    """The inputs and outputs of a model."""
    for step in network.inputs:
        kind = step.types[0] if step.types else None
        dtype, shape = (kind.dtype, kind.shape) if kind else (step.params["dtype"], None)
        program.inputs.append(Port(names.values[step.id, -1], dtype, shape, step.id))
    for step in network.outputs:
        kind = step.input_types[0] if step.input_types else None
        if kind is not None:
            known = network.meta.get("onnx.outputs", {})
            declared = known.get(step.name, "") if kind.shape is None else ""
            name = names.values[step.id, -1]
            program.outputs.append(Port(name, kind.dtype, kind.shape, step.id, declared))


def describe(network: Network, program: Program, constants: Mapping[str, str]) -> None:
    """What the file says of the drawing as a whole."""
    groups = {"/".join(network.path(box)): box.layer for box in network.groups.values()}
    if groups:
        program.meta[GROUPS_KEY] = json.dumps(groups)
    if constants:
        program.meta[CONSTANTS_KEY] = json.dumps(constants)
    if network.seed:
        program.meta[SEED_KEY] = str(network.seed)


def _reads_all(step: Step, op: Op) -> bool:
    """False for a function of torch that reads only the type of an input: its drawing needs the wire."""
    return not is_torch(step.layer) or {name for name in formal_inputs(step) if name} <= set(op.inputs)


def call_attributes(step: Step) -> dict[str, Attribute]:
    """A layer's effective parameters as attributes of its function call; empty ones are left out."""
    written: dict[str, Attribute] = {}
    for name, value in step.params.items() if not is_torch(step.layer) else ():
        if value is None:
            continue
        if isinstance(value, bool):
            written[name] = int(value)
        elif isinstance(value, tuple) and any(
            isinstance(item, (str, tuple)) or item is None for item in value
        ):
            written[name] = tuple(json.dumps(item) if not isinstance(item, str) else item for item in value)
        else:
            written[name] = value
    return written
