"""What exporters compute about sizes at run time, worked out once: Shape-Gather-Concat before a Reshape, and the like.

Shapes that onnx's inference forgets are found again in terms of the graph's own symbols; values that hold sizes are
written beside the value (`Value.meta[SIZES]`), and become constants where every size is a number.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir

from sketch.graph.dims import Dim, parse_dim, symbols_in
from sketch.graph.errors import ExpressionError
from sketch.kernels.onnx.folding import fold, known
from sketch.kernels.onnx.raising.size_rules import CONTENTS, MANY, SHAPES, Shape, Size, broadcast

SIZES = "sketch.sizes"
"""Key of a value's sizes in its meta: a tuple of numbers and symbolic dimensions."""
_LONGEST_NAME = 64

_SAME = frozenset({
    "Relu", "Sigmoid", "Tanh", "Erf", "Softmax", "LogSoftmax", "LayerNormalization", "RMSNormalization", "Cast", "Neg",
    "GroupNormalization", "BatchNormalization", "InstanceNormalization", "Identity", "Dropout", "Clip", "Gelu", "Exp",
    "Sqrt", "Abs", "Log", "Reciprocal", "LeakyRelu", "Elu", "Selu", "HardSwish", "HardSigmoid", "Softplus", "Swish",
    "Mish", "Not", "IsNaN", "Sin", "Cos", "Trilu", "CumSum", "ScatterND", "ScatterElements", "Floor", "Ceil", "PRelu",
})  # fmt: skip
_JOINT = frozenset({
    "Add", "Sub", "Mul", "Div", "Pow", "Where", "Equal", "Less", "Greater", "And", "Or", "Max", "Min", "Mod", "Sum",
    "LessOrEqual", "GreaterOrEqual",
})  # fmt: skip
_WHOLE = (ir.DataType.INT64, ir.DataType.INT32)


def settle(graph: ir.Graph, keep: Collection[str] = ()) -> None:
    """Work out sizes; operators that only made known sizes leave the graph, and so do casts that change nothing.

    The numbers of a run do not change. Casts named in `keep` stay.
    """
    for node in list(graph):
        if node.op_type == "Cast" and node.name not in keep and _is_idle_cast(node):
            ir.convenience.replace_all_uses_with(node.outputs[0], node.inputs[0])  # type: ignore[arg-type]
            graph.remove(node, safe=True)
    for _ in range(3):
        sizes = _Sizes(graph)
        for node in list(graph):
            if node.domain in ("", "ai.onnx"):
                sizes.visit(node)
        if not sizes.fixed:
            return
        fold(graph, Path(graph.name or "model"))


def _is_idle_cast(node: ir.Node) -> bool:
    source = node.inputs[0]
    if node.domain not in ("", "ai.onnx") or source is None or node.outputs[0].is_graph_output():
        return False
    return source.dtype is not None and source.dtype.value == node.attributes["to"].value


def sizes_of(value: ir.Value | None) -> tuple[Dim, ...] | None:
    """What a vector of sizes holds, as far as it is known in terms of the inputs."""
    if value is None:
        return None
    tensor = known(value)
    if tensor is not None:
        whole = tensor.dtype in (*_WHOLE, ir.DataType.BOOL) and tensor.size <= MANY
        return tuple(int(item) for item in tensor.numpy().reshape(-1)) if whole else None
    found = value.meta.get(SIZES)
    return None if found is None or None in found else tuple(found)


class _Sizes:
    """One walk over a graph."""

    def __init__(self, graph: ir.Graph):
        self._graph = graph
        self.fixed = 0
        self._symbols = frozenset(
            name for value in graph.inputs for size in value.shape or () for name in symbols_in(_parsed(size) or 0)
        )  # fmt: skip

    # --- what is known -----------------------------------------------------------------------------

    def shape(self, value: ir.Value | None) -> Shape | None:
        """Sizes in the graph's own symbols; None for a size that is not known."""
        if value is None or value.shape is None:
            return None
        return tuple(self._size(size) for size in value.shape)

    def _size(self, size: int | ir.SymbolicDim) -> Size:
        dim = _parsed(size)
        return dim if dim is not None and symbols_in(dim) <= self._symbols else None

    def content(self, value: ir.Value | None) -> Shape | None:
        """The elements of a small vector or scalar of whole numbers."""
        if value is None:
            return None
        if known(value) is not None:
            return sizes_of(value)
        return value.meta.get(SIZES)

    # --- one operator ------------------------------------------------------------------------------

    def visit(self, node: ir.Node) -> None:
        """Improve the shape of the first output, and write down what sizes it holds."""
        self._improve(node)
        if node.op_type == "Reshape":
            self._settle_reshape(node)
        rule = CONTENTS.get(node.op_type)
        output = node.outputs[0] if node.outputs else None
        if rule is None or output is None or output.dtype not in (*_WHOLE, ir.DataType.BOOL, None):
            return
        try:
            found = rule(self, node)
        except (ExpressionError, TypeError, IndexError, ValueError):
            found = None
        if found is None or len(found) > MANY:
            return
        output.meta[SIZES] = found
        if all(isinstance(size, int) for size in found) and not output.is_graph_output():
            self._fix(node, output, found)

    def _settle_reshape(self, node: ir.Node) -> None:
        """Sizes that are computed become 0 and -1 where these say the same."""
        wanted, have, sizes = node.inputs[1], self.shape(node.inputs[0]), self.content(node.inputs[1])
        if wanted is None or known(wanted) is not None or sizes is None or None in sizes or 0 in sizes:
            return
        if "allowzero" in node.attributes and node.attributes["allowzero"].value:
            return
        plain = plain_sizes([size for size in sizes if size is not None], have)
        if plain is None:
            return
        new = self._constant(f"{wanted.name}_of_{node.outputs[0].name}", np.asarray(plain, np.int64))
        node.replace_input_with(1, new)
        producer = wanted.producer()
        if producer is not None and producer.graph is self._graph and _idle(producer):
            self._remove(producer)

    def _constant(self, name: str, array: np.ndarray[Any, Any]) -> ir.Value:
        tensor = ir.tensor(array)
        kind = ir.TensorType(tensor.dtype)
        new = ir.Value(name=name, shape=ir.Shape(array.shape), type=kind, const_value=tensor)
        self._graph.initializers[name] = new
        self.fixed += 1
        return new

    def _improve(self, node: ir.Node) -> None:
        output = node.outputs[0] if node.outputs else None
        have = self.shape(output)
        if output is None or (have is not None and None not in have):
            return
        try:
            found = self._found(node)
        except (ExpressionError, TypeError, IndexError, ValueError):
            found = None
        if found is None or (have is not None and len(have) != len(found)):
            return
        old: Sequence[Any] = list(output.shape) if output.shape is not None else [None] * len(found)
        output.shape = ir.Shape([
            before if new is None else new if isinstance(new, int) else str(new)
            for before, new in zip(old, found, strict=True)
        ])  # fmt: skip

    def _found(self, node: ir.Node) -> Shape | None:
        if node.op_type in _SAME:
            return self.shape(node.inputs[0])
        if node.op_type in _JOINT:
            return broadcast([self.shape(value) for value in node.inputs])
        rule = SHAPES.get(node.op_type)
        return rule(self, node) if rule else None

    def _fix(self, node: ir.Node, output: ir.Value, sizes: Shape) -> None:
        """The value is a constant from now on; what only served it goes."""
        kind = {ir.DataType.INT32: np.int32, ir.DataType.BOOL: np.bool_}.get(output.dtype, np.int64)  # type: ignore[arg-type]
        shape = self.shape(output)
        if shape is None or len(shape) > 1:
            return
        array: np.ndarray[Any, Any] = np.asarray(sizes, kind).reshape(() if shape == () else (len(sizes),))
        name = output.name or f"size_{id(output)}"
        tensor = ir.tensor(array)
        new = ir.Value(
            name=name, shape=ir.Shape(array.shape), type=ir.TensorType(tensor.dtype), const_value=tensor
        )
        ir.convenience.replace_all_uses_with(output, new)
        self._remove(node)
        self._graph.initializers[name] = new
        self.fixed += 1

    def _remove(self, node: ir.Node) -> None:
        producers = [value.producer() for value in node.inputs if value is not None]
        self._graph.remove(node, safe=True)
        for producer in dict.fromkeys(producers):
            if producer is not None and producer.graph is self._graph and _idle(producer):
                self._remove(producer)


def plain_sizes(sizes: Sequence[Dim], have: Shape | None) -> tuple[int, ...] | None:
    """Numbers for a Reshape: 0 for the size that the input has there, -1 for one other; None where more are open."""
    found: list[int] = []
    for place, size in enumerate(sizes):
        if isinstance(size, int):
            found.append(size)
        elif have is not None and place < len(have) and have[place] == size:
            found.append(0)
        elif -1 not in sizes and -1 not in found:
            found.append(-1)
        else:
            return None
    return tuple(found)


def _idle(node: ir.Node) -> bool:
    return not any(value.uses() or value.is_graph_output() for value in node.outputs)


def _parsed(size: int | ir.SymbolicDim) -> Size:
    if isinstance(size, int):
        return size
    text = size.value
    try:
        return parse_dim(str(text)) if text is not None and len(str(text)) < _LONGEST_NAME else None
    except ExpressionError:
        return None
