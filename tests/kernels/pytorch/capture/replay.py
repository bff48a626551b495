"""Runs a recorded graph: the smallest interpreter that can tell whether it says what the model does."""

import ast
import dataclasses
import operator
from collections.abc import Mapping
from typing import Any

import torch
from torch import fx

from sketch.kernels.pytorch.capture.calls import size


def replay(graph_module: fx.GraphModule, inputs: list[torch.Tensor], n: int = 0) -> list[torch.Tensor]:
    """The flat results of a recorded graph for flat inputs, with N bound to a number."""
    values: dict[fx.Node, Any] = {}
    given = iter(inputs)
    for node in graph_module.graph.nodes:
        args = fx.node.map_arg(node.args, values.__getitem__)
        kwargs = fx.node.map_arg(node.kwargs, values.__getitem__)
        if node.op == "output":
            return list(args[0])
        values[node] = _run(graph_module, node, args, kwargs, given, n)
    raise AssertionError("a graph without an output")


def tensors_of(value: Any) -> list[torch.Tensor]:
    """The tensors of a module's result, in order."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, Mapping):
        return [tensor for item in value.values() for tensor in tensors_of(item)]
    if isinstance(value, (tuple, list)):
        return [tensor for item in value for tensor in tensors_of(item)]
    if dataclasses.is_dataclass(value):
        return [
            tensor for field in dataclasses.fields(value) for tensor in tensors_of(getattr(value, field.name))
        ]
    return []


def _run(module: fx.GraphModule, node: fx.Node, args: Any, kwargs: Any, given: Any, n: int) -> Any:
    if node.op == "placeholder":
        return next(given)
    if node.op == "get_attr":
        found: Any = module
        for part in node.target.split("."):
            found = getattr(found, part)
        return found
    if node.op == "call_module":
        layer = module.get_submodule(node.target)
        if getattr(layer, "inplace", False):  # in a graph it gives a new value
            args = [item.clone() for item in args]
        return layer(*args, **kwargs)
    if node.op == "call_method":
        return getattr(args[0], node.target)(*args[1:], **kwargs)
    if node.target is size:
        return _number(ast.parse(args[0], mode="eval").body, n)
    return node.target(*args, **kwargs)


_OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}


def _number(tree: ast.expr, n: int) -> int:
    if isinstance(tree, ast.Name):
        return n
    if isinstance(tree, ast.UnaryOp):
        return -_number(tree.operand, n)
    if isinstance(tree, ast.BinOp):
        return _OPERATIONS[type(tree.op)](_number(tree.left, n), _number(tree.right, n))
    return tree.value
