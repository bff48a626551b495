"""Runs a TorchScript module in Python, call by call, so that the recorder sees what it does and where."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from sketch.binder.kernel import BinderError
from sketch.kernels.pytorch.files.aten import Op, element_type
from sketch.kernels.pytorch.files.script_recurrent import first_only, recurrent

_FUNCTIONAL = "__torch__.torch.nn.functional."
_MOST_CALLS = 10_000_000
_DEEPEST = 200


class ScriptPart(nn.Module):
    """A module of TorchScript whose graph is walked: its tensors and sub-modules stand under their own names."""

    def __init__(self, script: Any, unit: Any, known: dict[Any, Any]):
        super().__init__()
        self.__dict__["_script"], self.__dict__["_unit"] = script, unit
        for name, value in script.named_parameters(recurse=False):
            self.register_parameter(name, as_parameter(value, known))
        for name, value in script.named_buffers(recurse=False):
            self.register_buffer(name, value)
        for name, child in script.named_children():
            self.add_module(name, part_of(child, unit, known))
        self.train(script.training)

    @property
    def title(self) -> str:
        """The name of its class in the file."""
        return str(self.__dict__["_script"].original_name)

    def forward(self, *args: Any, sketch_method: str = "forward") -> Any:
        """Run a method of the module on its arguments."""
        return _Run(self, self.__dict__["_unit"]).graph(self.method(sketch_method), [self, *args])

    def method(self, name: str) -> Any:
        """The graph of a method."""
        return self.__dict__["_script"]._c._get_method(name).graph

    def fixed(self, name: str) -> Any:
        """An attribute that is no tensor and no module."""
        return getattr(self.__dict__["_script"], name)


def as_parameter(value: torch.Tensor, known: dict[Any, Any]) -> nn.Parameter:
    """The parameter for a tensor of TorchScript, which does not mark them; one tensor is one parameter."""
    if isinstance(value, nn.Parameter):
        return value
    mark = (value.data_ptr(), value.shape, value.stride())
    if mark not in known:
        known[mark] = nn.Parameter(value.detach(), requires_grad=value.is_floating_point())
    found: nn.Parameter = known[mark]
    return found


def part_of(script: Any, unit: Any, known: dict[Any, Any]) -> nn.Module:
    """The module for a part; one that stands in two places is one module."""
    marks = (str(script.original_name), tuple(value.data_ptr() for _, value in script.named_parameters()))
    if marks[1] and marks in known:
        found: nn.Module = known[marks]
        return found
    made: nn.Module = recurrent(script, lambda value: as_parameter(value, known)) or ScriptPart(
        script, unit, known
    )
    if marks[1]:
        known[marks] = made
    return made


def run_script(script: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Call a TorchScript module that lives in a module of Python, by calls that torch reports."""
    names = [value.debugName().partition(".")[0] for value in script._c._get_method("forward").graph.inputs()]
    given = [*args, *(kwargs.get(name) for name in names[1 + len(args) :])]
    part = ScriptPart(script, torch.jit._state._python_cu, {})
    return part(*given)


class _Run:
    """One walk over graphs; values by their names in the graph."""

    def __init__(self, owner: ScriptPart, unit: Any, depth: int = 0):
        if depth > _DEEPEST:
            raise BinderError("The TorchScript calls itself deeper than any model does.")
        self._owner, self._unit, self._depth = owner, unit, depth
        self._calls = 0

    def graph(self, graph: Any, inputs: Sequence[Any]) -> Any:
        """The result of a graph."""
        names = [value.debugName() for value in graph.inputs()]
        values = dict(zip(names, [*inputs, *[None] * (len(names) - len(inputs))], strict=True))
        self._block(graph.nodes(), values)
        results = [values[value.debugName()] for value in graph.outputs()]
        return results[0] if len(results) == 1 else tuple(results)

    def _block(self, nodes: Any, values: dict[str, Any]) -> None:
        for node in nodes:
            self._calls += 1
            if self._calls > _MOST_CALLS:
                raise BinderError("The TorchScript does not come to an end on these inputs.")
            found = self._node(node, values)
            outputs = [value.debugName() for value in node.outputs()]
            values.update(zip(outputs, [found] if len(outputs) == 1 else found or (), strict=True))

    def _node(self, node: Any, values: dict[str, Any]) -> Any:
        kind = node.kind()
        if kind == "prim::Constant":
            return _constant(node)
        if kind == "prim::If":
            return self._branch(node, values)
        if kind == "prim::Loop":
            return self._loop(node, values)
        given = [values[value.debugName()] for value in node.inputs()]
        if kind == "prim::GetAttr":
            return self._attribute(given[0], node.s("name"))
        if kind == "prim::CallMethod":
            return self._method(given, node.s("name"))
        if kind == "prim::CallFunction":
            return self._function(given)
        return _plain(node, kind, given)

    def _branch(self, node: Any, values: dict[str, Any]) -> Any:
        chosen = values[node.inputsAt(0).debugName()]
        block = list(node.blocks())[0 if chosen else 1]
        self._block(block.nodes(), values)
        found = [values[value.debugName()] for value in block.outputs()]
        return found[0] if node.outputsSize() == 1 else found

    def _loop(self, node: Any, values: dict[str, Any]) -> Any:
        most, go_on, *carried = (values[value.debugName()] for value in node.inputs())
        block = next(iter(node.blocks()))
        names = [value.debugName() for value in block.inputs()]
        count = 0
        while count < most and go_on:
            values.update(zip(names, [count, *carried], strict=True))
            self._block(block.nodes(), values)
            go_on, *carried = (values[value.debugName()] for value in block.outputs())
            count += 1
        return carried[0] if node.outputsSize() == 1 else carried

    def _attribute(self, owner: Any, name: str) -> Any:
        if not isinstance(owner, nn.Module):
            return getattr(owner, name)
        if name in owner._parameters or name in owner._buffers or name in owner._modules:
            return getattr(owner, name)
        return owner.fixed(name) if isinstance(owner, ScriptPart) else getattr(owner, name)

    def _method(self, given: list[Any], name: str) -> Any:
        target, *args = given
        if isinstance(target, nn.RNNBase):
            found = target(*args)
            return found[0] if first_only(target) else found
        if not isinstance(target, ScriptPart):
            return getattr(target, name)(*args)
        if target is self._owner and name != "forward":
            return _Run(target, self._unit, self._depth + 1).graph(target.method(name), [target, *args])
        return target(*args) if name == "forward" else target(*args, sketch_method=name)

    def _function(self, given: list[Any]) -> Any:
        function, *args = given
        name = str(function)
        short = name.removeprefix(_FUNCTIONAL)
        if name.startswith(_FUNCTIONAL) and hasattr(functional, short) and not short.startswith("_"):
            return getattr(functional, short)(*args)
        found = self._unit.find_function(name)
        if found is None:
            raise BinderError(f"The TorchScript calls {name}, which is not in the file.")
        return _Run(self._owner, self._unit, self._depth + 1).graph(found.graph, args)


class _Function(str):
    """The name of a function of the file."""


def _constant(node: Any) -> Any:
    output = node.output()
    if output.type().kind() == "FunctionType":
        return _Function(output.type().annotation_str)
    return output.toIValue()


def _plain(node: Any, kind: str, given: list[Any]) -> Any:
    """An operator that needs nothing but its arguments."""
    own = _PRIM.get(kind)
    if own is not None:
        return own(node, given)
    home, _, name = kind.partition("::")
    if not any(_has_tensor(item) for item in given) and name in _NUMBERS and len(given) >= 1:
        return _NUMBERS[name](*given)
    plain = all("Tensor" not in str(value.type()) for value in (*node.inputs(), *node.outputs()))
    if home == "aten" and plain:
        return getattr(torch.ops.aten, name)(*given)
    if home == "aten":
        return Op(name, torch._C.parse_schema(node.schema()))(*_as_tensors(node, given))
    if home not in ("prim", "inline", "onnx"):
        packet = getattr(getattr(torch.ops, home), name, None)
        if packet is not None:
            return packet(*given)
    raise BinderError(
        f"The TorchScript uses {kind}, which Sketch does not read; save the module with torch.save."
    )


def _as_tensors(node: Any, given: list[Any]) -> list[Any]:
    """A number that a trace keeps as a tensor of one element, as one again where an operator needs it."""
    if any(_has_tensor(item) for item in given):
        return given
    kinds = [str(value.type()) for value in node.inputs()]
    return [
        torch.tensor(item) if kind == "Tensor" and isinstance(item, (bool, int, float)) else item
        for kind, item in zip(kinds, given, strict=True)
    ]


def _has_tensor(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_has_tensor(item) for item in value)
    return isinstance(value, torch.Tensor)


def _raise(node: Any, given: list[Any]) -> Any:
    raise ValueError(str(given[0]) if given else "the TorchScript refuses these inputs")


def _unpack(_: Any, given: list[Any]) -> Any:
    return list(given[0]) if len(given[0]) != 1 else given[0][0]


def _is_instance(node: Any, given: list[Any]) -> bool:
    kinds = node.tys("types") if "types" in node.attributeNames() else []
    names = [str(kind) for kind in kinds]
    return any(_is_a(given[0], name) for name in names)


def _is_a(value: Any, name: str) -> bool:
    known = {
        "Tensor": torch.Tensor,
        "int": int,
        "float": float,
        "bool": bool,
        "str": str,
        "NoneType": type(None),
    }
    if name in known:
        return isinstance(value, known[name])
    return (
        isinstance(value, list)
        if name.endswith("[]") or name.startswith("List")
        else isinstance(value, tuple)
    )


def _append(_: Any, given: list[Any]) -> Any:
    given[0].append(given[1])
    return given[0]


def _extend(_: Any, given: list[Any]) -> Any:
    given[0].extend(given[1])


def _set_item(_: Any, given: list[Any]) -> Any:
    given[0][given[1]] = given[2]
    return given[0]


def _getitem(_: Any, given: list[Any]) -> Any:
    return given[0][given[1]]


def _kind_of(value: Any) -> Any:
    """An element type or a device as TorchScript compares them."""
    return element_type(value) if isinstance(value, int) else value


def _equals(one: Any, two: Any) -> bool:
    if isinstance(one, torch.dtype) or isinstance(two, torch.dtype):
        return bool(_kind_of(one) == _kind_of(two))
    return bool(one == two)


def _added(one: Any, two: Any, alpha: Any = 1) -> Any:
    return one + two if alpha == 1 else one + two * alpha


_First = Callable[[Any, list[Any]], Any]


def _of_first(function: Callable[[Any], Any]) -> _First:
    return lambda _, given: function(given[0])


_PRIM: Mapping[str, _First] = {
    "prim::ListConstruct": lambda _, given: list(given), "prim::TupleConstruct": lambda _, given: tuple(given),
    "prim::DictConstruct": lambda _, given: dict(zip(given[::2], given[1::2], strict=True)),
    "prim::ListUnpack": _unpack, "prim::TupleUnpack": _unpack, "prim::TupleIndex": _getitem,
    "prim::NumToTensor": _of_first(lambda value: value), "prim::unchecked_cast": _of_first(lambda value: value),
    "prim::unchecked_unwrap_optional": _of_first(lambda value: value), "aten::_unwrap_optional": _of_first(lambda v: v),
    "prim::Uninitialized": lambda *_: None, "prim::RaiseException": _raise, "prim::isinstance": _is_instance,
    "prim::dtype": _of_first(lambda x: x.dtype), "prim::device": _of_first(lambda x: x.device),
    "prim::shape": _of_first(lambda x: list(x.shape)), "prim::is_cuda": lambda *_: False,
    "prim::is_mps": lambda *_: False, "prim::is_xpu": lambda *_: False, "prim::is_nested": lambda *_: False,
    "prim::is_sparse": lambda *_: False, "prim::is_quantized": lambda *_: False, "prim::Print": lambda *_: None,
    "prim::requires_grad": lambda *_: False, "prim::data": _of_first(lambda x: x), "aten::warn": lambda *_: None,
    "aten::requires_grad": lambda *_: False, "aten::is_grad_enabled": lambda *_: False,
    "prim::min": lambda _, given: min(*given), "prim::max": lambda _, given: max(*given),
    "prim::abs": _of_first(abs), "aten::len": _of_first(len), "aten::dim": _of_first(lambda x: x.dim()),
    "aten::size": lambda _, given: list(given[0].size()) if len(given) == 1 else given[0].size(given[1]),
    "aten::numel": _of_first(lambda x: x.numel()), "aten::Int": _of_first(int), "aten::Float": _of_first(float),
    "aten::Bool": _of_first(bool), "aten::IntImplicit": _of_first(int), "aten::FloatImplicit": _of_first(float),
    "aten::ScalarImplicit": _of_first(lambda x: x.item() if isinstance(x, torch.Tensor) else x),
    "aten::item": _of_first(lambda x: x.item() if isinstance(x, torch.Tensor) else x),
    "aten::__getitem__": _getitem, "aten::append": _append, "aten::extend": _extend, "aten::_set_item": _set_item,
    "aten::__contains__": lambda _, given: given[1] in given[0], "aten::list": _of_first(list),
    "aten::keys": _of_first(list), "aten::values": _of_first(lambda x: list(x.values())),
    "aten::__is__": lambda _, given: given[0] is given[1], "aten::__not__": _of_first(operator.not_),
    "aten::__isnot__": lambda _, given: given[0] is not given[1], "aten::format": lambda _, given: str(given[0]),
    "aten::str": _of_first(str), "aten::is_floating_point": _of_first(lambda x: x.is_floating_point()),
    "aten::is_complex": _of_first(lambda x: x.is_complex()), "aten::get_autocast_dtype": lambda *_: torch.float32,
    "aten::is_autocast_enabled": lambda *_: False, "prim::type": _of_first(lambda x: "cpu"),
    "aten::is_scripting": lambda *_: True, "aten::percentFormat": lambda _, given: str(given[0]),
}  # fmt: skip
"""What moves values about, and what is asked about them."""
_NUMBERS: Mapping[str, Callable[..., Any]] = {
    "add": _added, "sub": lambda one, two, alpha=1: one - two * alpha, "mul": operator.mul, "div": operator.truediv,
    "floordiv": operator.floordiv, "floor_divide": operator.floordiv, "remainder": operator.mod, "pow": operator.pow,
    "rsub": lambda one, two, alpha=1: two - one * alpha,
    "neg": operator.neg, "eq": _equals, "ne": lambda one, two: not _equals(one, two), "lt": operator.lt,
    "gt": operator.gt, "le": operator.le, "ge": operator.ge, "__and__": operator.and_, "__or__": operator.or_,
    "__xor__": operator.xor, "and": operator.and_, "or": operator.or_, "slice": lambda x, a=0, b=None, c=1: x[a:b:c],
    "__range_length": lambda low, high, step: len(range(low, high, step)),
    "__derive_index": lambda index, start, step: start + index * step, "abs": abs,
}  # fmt: skip
"""Arithmetic on plain numbers and lists."""
