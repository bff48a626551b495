"""The readable form: ONNX's own text syntax, from the same Program that the export writes; no framework needed.

`onnx.parser.parse_model` reads it. Weights are declared with type and sizes, their values stay in the file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from sketch.binder.kernel import SourceText
from sketch.graph.network import Network
from sketch.kernels.onnx.lowering import lower
from sketch.kernels.onnx.program import (
    IR_VERSION,
    LAYER_DOMAIN,
    LAYER_DOMAIN_VERSION,
    Function,
    Graph,
    Initializer,
    Op,
    Port,
    Program,
    TensorValue,
)

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_TYPES: Mapping[str, str] = {"float32": "float", "float64": "double"}
_KEYWORDS = frozenset(
    (
        "ir_version",
        "opset_import",
        "domain",
        "float",
        "double",
        "bool",
        "string",
        "int64",
        "int32",
        "seq",
        "map",
    )
)


def source_text(network: Network) -> SourceText:
    """The text and which lines belong to which node; never fails: what cannot be written is a comment."""
    return _Writer(lower(network, strict=False)).write()


class _Writer:
    """Collects lines and remembers whose they are."""

    def __init__(self, program: Program):
        self._program = program
        self._lines: list[str] = []
        self._owners: dict[int, list[tuple[int, int]]] = {}

    def write(self) -> SourceText:
        """The whole text."""
        program = self._program
        versions = [f'"{d}" : {LAYER_DOMAIN_VERSION if d else program.opset}' for d in program.domains()]
        self._lines.append(f"<ir_version: {IR_VERSION}, opset_import: [{', '.join(versions)}]>")
        self._ports(f"{name(program.name)} (", program.inputs, ")")
        self._ports("  => (", program.outputs, ")")
        self._initializers()
        self._lines.append("{")
        for op in program.ops:
            self._op(op)
        for node, where, reason in program.remarks:
            self._own(node, f"  # {_comment(where)} is not written: {_comment(reason)}")
        self._lines.append("}")
        for function in program.functions:
            self._function(function)
        return SourceText(
            "\n".join(self._lines) + "\n", {n: tuple(r) for n, r in self._owners.items()}, "onnx"
        )

    def _own(self, node: int, line: str) -> None:
        self._lines.append(line)
        number = len(self._lines)
        ranges = self._owners.setdefault(node, [])
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))

    def _ports(self, start: str, ports: list[Port], end: str) -> None:
        """One line a port, so that a node's lines are its own."""
        if not ports:
            self._lines.append(start + end)
            return
        for place, port in enumerate(ports):
            head = start if not place else " " * len(start)
            tail = end if place == len(ports) - 1 else ","
            self._own(port.node, f"{head}{_type(port.dtype, port.shape)} {name(port.name)}{tail}")

    def _initializers(self) -> None:
        tensors = self._program.initializers
        for place, item in enumerate(tensors):
            head = "  <" if not place else "   "
            tail = ">" if place == len(tensors) - 1 else ","
            self._own(item.node, f"{head}{_initializer(item)}{tail}")

    def _op(self, op: Op, indent: str = "  ") -> None:
        if not op.graphs:
            self._own(op.node, indent + operator(op))
            return
        for place, (key, graph) in enumerate(op.graphs.items()):
            head = f"{indent}{operator(op, closed=False)}" if not place else f"{indent}  "
            self._own(op.node, f"{head}{name(key)} = {_head(graph)} {{")
            for inner in graph.ops:
                self._op(inner, indent + "    ")
            last = place == len(op.graphs) - 1
            self._own(op.node, f"{indent}  }}{f'> ({_names(op.inputs)})' if last else ','}")

    def _function(self, function: Function) -> None:
        overload = f', overload: "{function.overload}"' if function.overload else ""
        head = f"{name(function.name)} {_attribute_names(function)}"
        self._lines += [
            "",
            f'<domain: "{LAYER_DOMAIN}", opset_import: ["" : {self._program.opset}]{overload}>',
            f"{head}({_names(function.inputs)}) => ({_names(function.outputs)})",
            "{",
            *("  " + operator(op) for op in function.ops),
            "}",
        ]


def operator(op: Op, closed: bool = True) -> str:
    """`y = Conv <group = 2> (x, w)`; not closed, more attributes and the inputs follow."""
    kind = f"{op.domain}.{op.kind}" if op.domain else op.kind
    kind += f":{op.overload}" if op.overload else ""
    attributes = [f"{name(key)} {_value(value)}" for key, value in op.attributes.items()]
    if not closed:
        return f"{_names(op.outputs)} = {kind} <{''.join(f'{item}, ' for item in attributes)}"
    listed = f" <{', '.join(attributes)}>" if attributes else ""
    kept = f"  # with {', '.join(_comment(key) for key in op.bodies)} as in the file" if op.bodies else ""
    return f"{_names(op.outputs)} = {kind}{listed} ({_names(op.inputs)}){kept}"


def _head(graph: Graph) -> str:
    """`body (int64 i, bool c) => (bool d)`."""
    ports = (", ".join(_port(port) for port in side) for side in (graph.inputs, graph.outputs))
    return f"{name(graph.name)} ({next(ports)}) => ({next(ports)})"


def _port(port: Port) -> str:
    return f"{_type(port.dtype, port.shape)} {name(port.name)}" if port.dtype else name(port.name)


def name(text: str) -> str:
    """A name as the syntax takes it: bare, or in quotes."""
    return text if _PLAIN.match(text) and text not in _KEYWORDS else _quoted(text)


def _names(names: Iterable[str]) -> str:
    return ", ".join(name(item) if item else "" for item in names)


def _attribute_names(function: Function) -> str:
    return f"<{', '.join(name(item) for item in function.attributes)}> " if function.attributes else ""


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _comment(text: str) -> str:
    return " ".join(text.split())


def _value(value: Any) -> str:
    """An attribute's value; the type is named where the value alone does not say it."""
    if isinstance(value, TensorValue):
        return f"= {_tensor(value)}"
    if isinstance(value, str):
        return f"= {_quoted(value)}"
    if not isinstance(value, tuple):
        return f": float = {value}" if not math.isfinite(value) else f"= {value}"
    if not value:
        return ": ints = []"
    items = [_quoted(item) if isinstance(item, str) else str(item) for item in value]
    return f"= [{', '.join(items)}]"


def _tensor(value: TensorValue) -> str:
    return f"{_type(value.dtype, value.shape)} {_elements(value)}"


def _elements(value: TensorValue) -> str:
    return "{" + ", ".join(_number(item, value.dtype) for item in value.data) + "}"


def _number(item: Any, dtype: str) -> str:
    if dtype.startswith(("float", "bfloat")):
        return repr(float(item))
    return str(int(item))


def _type(dtype: str, shape: tuple[Any, ...] | None) -> str:
    if dtype.endswith(")"):  # seq(float32), optional(seq(float32))
        kind, _, inner = dtype[:-1].partition("(")
        return f"{kind}({_type(inner, None)})"
    kind = _TYPES.get(dtype, dtype)
    if shape is None:
        return f"{kind}[]"
    return f"{kind}[{', '.join(_dim(size) for size in shape)}]" if shape else kind


def _dim(size: Any) -> str:
    return str(size) if isinstance(size, int) else name(str(size))


def _initializer(item: Initializer) -> str:
    declared = f"{_type(item.dtype, item.shape)} {name(item.name)}"
    return declared if item.value is None else f"{declared} = {_elements(item.value)}"
