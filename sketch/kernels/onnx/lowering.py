"""From a Network to a Program: names, inline operators, functions for layers, weights, foreign operators."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sketch.graph.network import Network, Step
from sketch.kernels.onnx.bodies import BODIES
from sketch.kernels.onnx.claims import CONSTANTS_KEY, GROUPS_KEY, LAYER_KEY, SEED_KEY, Claim, seal
from sketch.kernels.onnx.emitter import Emitter, UnsayableError, formal_inputs
from sketch.kernels.onnx.foreign import MODEL_INPUT, foreign_op, model_input
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
from sketch.kernels.onnx.rows import ROWS
from sketch.kernels.onnx.value_names import SOURCES, ValueNames

_CONSTANT_NAMES: Mapping[str, tuple[str, ...]] = {
    "Reshape": ("", "shape"), "Expand": ("", "shape"), "Clip": ("", "min", "max"), "Dropout": ("", "ratio"),
    "Pad": ("", "pads", "value", "axes"), "Slice": ("", "starts", "ends", "axes", "steps"), "Gather": ("", "indices"),
    "Split": ("", "sizes"), "Resize": ("", "roi", "scales", "sizes"), "Pow": ("", "exponent"), "Squeeze": ("", "axes"),
    "Unsqueeze": ("", "axes"), "Max": ("", "floor"), "Col2Im": ("", "image", "block"),
}  # fmt: skip


def emit(step: Step, opset: int) -> tuple[Emitter, tuple[str, ...]]:
    """The operators of one layer and the names of its outputs; UnsayableError when ONNX has no words for it."""
    emitter = Emitter(step, opset)
    _refuse_types(step)
    row = ROWS.of_layer(step.layer)
    if row is not None and row.fits(step, opset):
        roles = [role for role in row.roles if role in step.weights]
        inputs = [*emitter.x, *roles] if step.layer != "Embedding" else [*roles, *emitter.x]
        attributes = {**row.fixed, **row.arguments(_prepared(step))}
        return emitter, (emitter.op(row.target, *inputs, **attributes),)
    if step.layer not in BODIES:
        raise UnsayableError(f"{step.layer} has no counterpart in ONNX.")
    result = BODIES[step.layer](emitter)
    outputs = (result,) if isinstance(result, str) else result
    return emitter, tuple(
        emitter.op("Identity", name) if name in emitter.x and name else name for name in outputs
    )


def refusal(step: Step, opset: int = NEWEST_OPSET) -> str | None:
    """None, or why a step cannot be written; a step that is not complete yet is not refused."""
    if step.layer in ("Input", "Output", *SOURCES) or step.spec.is_operator or step.spec.group:
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


def _prepared(step: Step) -> Mapping[str, Any]:
    """Parameters with what an empty one stands for written out."""
    params = dict(step.params)
    if "stride" in params and params["stride"] is None:
        params["stride"] = params["kernel_size"]
    return params


def _refuse_types(step: Step) -> None:
    for kind in (*step.input_types, *step.types):
        if kind is not None and kind.dtype.startswith("complex"):
            raise UnsayableError(
                "onnxruntime has no complex numbers; use real and imaginary parts as two values."
            )


def lower(network: Network, opset: int = NEWEST_OPSET, *, strict: bool = True) -> Program:
    """The whole network.

    With `strict` a step that cannot be written raises UnsayableError with its name; without, it becomes a remark
    and the rest is written (the text of a drawing that is not finished).
    """
    return _Lowering(network, opset, strict).run()


class _Lowering:
    """One run over the steps; holds the names given so far."""

    def __init__(self, network: Network, opset: int, strict: bool):
        self._network, self._strict = network, strict
        self._program = Program(network.name or "network", opset)
        self._names = ValueNames(network)
        self._tensors: dict[int, str] = {}
        self._functions: dict[str, dict[str, Function]] = {}
        self._constants: dict[str, str] = {}

    def run(self) -> Program:
        """The Program."""
        network = self._network
        for step in network.steps:
            try:
                self._step(step)
            except UnsayableError as error:
                if self._strict:
                    raise UnsayableError(f"'{network.qualified(step)}' ({step.layer}): {error}") from None
                self._program.remarks.append((step.id, network.qualified(step), str(error)))
        self._write_ports()
        self._describe()
        return self._program

    # --- steps -------------------------------------------------------------------------------------

    def _step(self, step: Step) -> None:
        if step.layer == "Input":
            self._names.values[step.id, 0] = self._names.values[step.id, -1]
        elif step.layer == "Output":
            self._output(step)
        elif step.layer == MODEL_INPUT:
            self._program.inputs.append(model_input(step, self._names.value(step, 0)))
        elif step.layer in SOURCES:
            self._source(step)
        elif step.spec.is_operator:
            outputs = tuple(self._names.value(step, out) for out in range(max(1, len(step.types))))
            op = foreign_op(step, self._names.wired(step), outputs, lambda role: self._weight(step, role))
            op.name = "/".join(self._network.path(step))
            self._program.ops.append(op)
        else:
            self._layer(step)

    def _output(self, step: Step) -> None:
        source = self._names.wired(step)
        if not source or not source[0]:
            raise UnsayableError("Nothing is wired to it.")
        name = self._names.values[step.id, -1]
        if source[0] != name:
            op = Op("Identity", (source[0],), (name,), node=step.id, name=name)
            op.meta[LAYER_KEY] = self._claim(step, (0,)).to_text(seal("Identity", "", {}, ()))
            self._program.ops.append(op)

    def _source(self, step: Step) -> None:
        """Constant and Parameter are initializers under the node's own name."""
        name = self._names.value(step, 0)
        if step.layer == "Constant" and "value" not in step.weights:
            shape, data = flat(step.params["value"])
            value = TensorValue(step.params["dtype"], shape, data)
            self._program.initializers.append(Initializer(name, value.dtype, shape, value, step.id))
        else:
            kind = step.weights.get("value")
            if kind is None:
                raise UnsayableError("Its shape is not known yet.")
            tensor = step.stored.get("value")
            self._program.initializers.append(
                Initializer(name, kind.dtype, kind.shape, None, step.id, "value")
            )
            if tensor is not None:
                self._tensors.setdefault(tensor, name)
        self._constants[name] = self._claim(step, ()).to_text(0)

    def _layer(self, step: Step) -> None:
        emitter, outputs = emit(step, self._program.opset)
        written = [op for op in emitter.ops if op.kind != "Constant"]
        if len(written) == 1 and written[0].outputs == outputs:
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
                inputs.append(self._small(step, hint, constants[name]))
                layout.append(None)
                values.append(constants[name].data)
            elif name in formal:
                inputs.append(wired[formal.index(name)])
                layout.append(formal.index(name))
            else:
                inputs.append(self._weight(step, name) if name else "")
                layout.append(name or None)
        sealed = seal(op.kind, op.domain, op.attributes, values)
        op.inputs = tuple(inputs)
        self._finish(step, op, self._claim(step, layout), sealed)

    def _finish(self, step: Step, op: Op, claim: Claim, sealed: int) -> None:
        op.outputs = tuple(
            self._names.value(step, out) if name else "" for out, name in enumerate(op.outputs)
        )
        op.name = "/".join(self._network.path(step))
        op.meta[LAYER_KEY] = claim.to_text(sealed)
        self._program.ops.append(op)

    def _small(self, step: Step, hint: str, value: Any) -> str:
        name = self._names.unique(f"{self._network.qualified(step)}.{hint}")
        self._program.initializers.append(Initializer(name, value.dtype, value.shape, value, step.id))
        return name

    def _call(self, step: Step, emitter: Emitter, outputs: tuple[str, ...]) -> None:
        """Several operators: a function of the layer's name, called with the parameters as attributes."""
        used = {name for op in emitter.ops for name in op.inputs}
        formal = [(port, name) for port, name in enumerate(formal_inputs(step)) if name in used]
        roles = [role for role in step.weights if role in used]
        wired = self._names.wired(step)
        attributes = call_attributes(step)
        shown = tuple(name for name in outputs if name)
        function = Function(
            step.layer, "", (*(name for _, name in formal), *roles), shown, tuple(attributes), emitter.ops
        )
        overload = self._shared(function).overload
        op = Op(
            step.layer,
            (*(wired[port] for port, _ in formal), *(self._weight(step, role) for role in roles)),
            shown,
            attributes,
            domain=LAYER_DOMAIN,
            overload=overload,
            node=step.id,
        )
        sealed = seal(op.kind, op.domain, op.attributes, ())
        self._finish(step, op, self._claim(step, (*(port for port, _ in formal), *roles)), sealed)

    def _shared(self, function: Function) -> Function:
        """The function itself, or an equal one that is there already; others of its name get a number."""
        known = self._functions.setdefault(function.name, {})
        body = [
            (op.kind, op.inputs, op.outputs, sorted(op.attributes.items(), key=str)) for op in function.ops
        ]
        key = repr((function.inputs, function.outputs, function.attributes, body))
        if key not in known:
            function.overload = str(len(known) + 1) if known else ""
            known[key] = function
            self._program.functions.append(function)
        return known[key]

    def _weight(self, step: Step, role: str) -> str:
        """The initializer of a weight; tied weights share one."""
        kind = step.weights.get(role)
        if kind is None:
            raise UnsayableError(f"The shape of its {role} is not known yet.")
        tensor = step.stored.get(role)
        if tensor is not None and tensor in self._tensors:
            return self._tensors[tensor]
        own = self._network.tensors[tensor].name if tensor is not None and step.spec.is_operator else ""
        name = self._names.unique(own or f"{self._network.qualified(step)}.{role}")
        self._program.initializers.append(Initializer(name, kind.dtype, kind.shape, None, step.id, role))
        if tensor is not None:
            self._tensors[tensor] = name
        return name

    def _claim(self, step: Step, inputs: Iterable[int | str | None]) -> Claim:
        return Claim(step.layer, dict(step.pinned), tuple(inputs), self._network.path(step))

    # --- ends --------------------------------------------------------------------------------------

    def _write_ports(self) -> None:
        network = self._network
        for step in network.inputs:
            kind = step.types[0] if step.types else None
            dtype, shape = (kind.dtype, kind.shape) if kind else (step.params["dtype"], None)
            self._program.inputs.append(Port(self._names.values[step.id, -1], dtype, shape, step.id))
        for step in network.outputs:
            kind = step.input_types[0] if step.input_types else None
            if kind is not None:
                declared = (
                    network.meta.get("onnx.outputs", {}).get(step.name, "") if kind.shape is None else ""
                )
                self._program.outputs.append(
                    Port(self._names.values[step.id, -1], kind.dtype, kind.shape, step.id, declared)
                )

    def _describe(self) -> None:
        network = self._network
        groups = {"/".join(network.path(box)): box.layer for box in network.groups.values()}
        if groups:
            self._program.meta[GROUPS_KEY] = json.dumps(groups)
        if self._constants:
            self._program.meta[CONSTANTS_KEY] = json.dumps(self._constants)
        if network.seed:
            self._program.meta[SEED_KEY] = str(network.seed)


def call_attributes(step: Step) -> dict[str, Attribute]:
    """A layer's effective parameters as attributes of its function call; empty ones are left out."""
    written: dict[str, Attribute] = {}
    for name, value in step.params.items():
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
