"""One layer, two judges: what Sketch says of a node must be what torch does with real tensors."""

import random
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from sketch.graph.dims import Symbolic, substitute, symbol
from sketch.graph.problems import Problem
from sketch.graph.rows import ValueType
from tests.graph.layer_checks import library, look

Tensors = Sequence[torch.Tensor | None]
Outcome = list[tuple[str, tuple[int, ...]]] | str
"""(element type, shape) of each output, or the text of the refusal."""


def dtype_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def type_of(tensor: torch.Tensor | None) -> ValueType | None:
    return None if tensor is None else ValueType(dtype_name(tensor.dtype), tuple(tensor.shape))


def sketch_outcome(layer: str, params: Mapping[str, Any], inputs: Sequence[ValueType | None]) -> Outcome:
    found = look(layer, params, inputs)
    errors = [problem for problem in found.problems if problem.severity == "error"]
    if errors:
        assert all(output is None for output in found.outputs)
        return " ".join(map(str, errors))
    return [(output.dtype, output.shape) for output in found.outputs]


def tensor(
    rng: random.Random, shape: Sequence[int], dtype: str = "float32", low: int = 0, high: int = 3
) -> torch.Tensor:
    """Random numbers: floats from 0.1 to 0.9, whole numbers from low below high."""
    generator = torch.Generator().manual_seed(rng.randrange(2**31))
    kind = getattr(torch, dtype)
    if kind.is_floating_point:
        return (torch.rand(tuple(shape), generator=generator) * 0.8 + 0.1).to(kind)
    return torch.randint(low, 2 if kind == torch.bool else high, tuple(shape), generator=generator).to(kind)


def shape_of(rng: random.Random, rank: int, low: int = 1, high: int = 5) -> tuple[int, ...]:
    return tuple(rng.randint(low, high) for _ in range(rank))


def effective(layer: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults and what the person said, as torch takes them."""
    spec = library()[layer]
    given = {name: spec.clean_param(name, value) for name, value in params.items()}
    return {**spec.defaults(), **given}


def torch_module(layer: str, params: Mapping[str, Any]) -> nn.Module:
    """The torch module of the same name and parameters; lists of floats become tensors."""
    kind = library()[layer].params
    arguments = {
        name: torch.tensor(value) if kind[name].type == "floats" and value is not None else value
        for name, value in effective(layer, params).items()
    }
    return getattr(nn, layer)(**arguments)


def torch_outcome(layer: str, params: Mapping[str, Any], tensors: Tensors) -> Outcome:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if layer in FUNCTIONS:
                result = FUNCTIONS[layer](effective(layer, params), *tensors)
            else:
                result = torch_module(layer, params)(*tensors)
        except (RuntimeError, ValueError, IndexError, TypeError, AssertionError) as error:
            return f"{type(error).__name__}: {error}"
    outputs = [result] if isinstance(result, torch.Tensor) else list(result)
    return [(dtype_name(output.dtype), tuple(output.shape)) for output in outputs]


def any_tensor(rng: random.Random, low: int = 0, high: int = 4) -> torch.Tensor:
    return tensor(rng, shape_of(rng, rng.randint(low, high)), rng.choice(["float32", "int64", "bool"]))


def problem(layer: str, params: Mapping[str, Any], *shapes: tuple[Any, ...]) -> Problem:
    """The one problem of a node with float inputs of these shapes."""
    found = look(layer, params, [ValueType("float32", shape) for shape in shapes]).problems
    assert len(found) == 1
    return found[0]


def shapes_out(layer: str, params: Mapping[str, Any], *shapes: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """The output shapes of a node that has no error, for float inputs of these shapes."""
    outcome = sketch_outcome(layer, params, [ValueType("float32", shape) for shape in shapes])
    assert not isinstance(outcome, str), outcome
    return [shape for _, shape in outcome]


def check_agreement(layer: str, params: Mapping[str, Any], tensors: Tensors) -> bool:
    """Both refuse, or both give the same types; True when they accept."""
    ours = sketch_outcome(layer, params, [type_of(value) for value in tensors])
    theirs = torch_outcome(layer, params, tensors)
    case = f"{layer} {dict(params)} on {[str(type_of(value)) for value in tensors]}"
    if isinstance(theirs, str) or isinstance(ours, str):
        assert isinstance(theirs, str) == isinstance(ours, str), f"{case}: Sketch {ours!r}, torch {theirs!r}"
        return False
    assert ours == theirs, case
    return True


def check_symbolic(
    layer: str, params: Mapping[str, Any], inputs: Sequence[ValueType | None], axis: int = 0
) -> None:
    """With a name for one size, the output is the same once the name has its number again."""
    size = next(value.shape[axis] for value in inputs if value is not None and len(value.shape) > axis)
    named = [value and _with_name(value, axis, size) for value in inputs]
    known = sketch_outcome(layer, params, inputs)
    ours = sketch_outcome(layer, params, named)
    assert not isinstance(ours, str), f"{layer} {dict(params)} on {list(map(str, named))}: {ours}"
    filled = [(dtype, tuple(substitute(dim, {"N": size}) for dim in shape)) for dtype, shape in ours]
    assert filled == known, f"{layer} {dict(params)} on {list(map(str, named))}"


def has_symbol(layer: str, params: Mapping[str, Any], inputs: Sequence[ValueType | None]) -> bool:
    """True when some output size is not a number."""
    outcome = sketch_outcome(layer, params, inputs)
    return any(isinstance(dim, Symbolic) for _, shape in outcome for dim in shape)


def _with_name(value: ValueType, axis: int, size: int) -> ValueType:
    if len(value.shape) <= axis or value.shape[axis] != size:
        return value
    return ValueType(value.dtype, (*value.shape[:axis], symbol("N"), *value.shape[axis + 1 :]))


def _reduced(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    def call(p: Mapping[str, Any], x: torch.Tensor) -> torch.Tensor:
        dims = p["dim"] if p["dim"] is not None else tuple(range(x.dim()))
        return function(x, dim=dims, keepdim=p["keepdim"])

    return call


def _gather(p: Mapping[str, Any], x: torch.Tensor, index: torch.Tensor | None = None) -> torch.Tensor:
    """ONNX's Gather: the dimension is replaced by the shape of the index."""
    if x.dim() == 0:
        raise IndexError("no dimension")
    picked = torch.tensor(p["index"]) if index is None else index
    axis = range(x.dim())[p["dim"]]
    size = x.shape[axis]
    if bool(((picked < -size) | (picked >= size)).any()):
        raise IndexError("index out of range")
    flat = torch.index_select(x, axis, (picked % size).reshape(-1))
    return flat.reshape(x.shape[:axis] + picked.shape + x.shape[axis + 1 :])


def _folded(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    def call(_: Mapping[str, Any], first: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        for other in others:
            first = function(first, other)
        return first

    return call


def _plain(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    return lambda _, *tensors: function(*tensors)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "Reshape": lambda p, x: x.reshape(p["shape"]),
    "Permute": lambda p, x: x.permute(p["dims"]),
    "Transpose": lambda p, x: x.transpose(p["dim0"], p["dim1"]),
    "Squeeze": lambda p, x: x.squeeze() if p["dim"] is None else x.squeeze(p["dim"]),
    "Unsqueeze": lambda p, x: x.unsqueeze(p["dim"]),
    "Expand": lambda p, x: x.expand(p["shape"]),
    "Concat": lambda p, *xs: torch.cat(xs, p["dim"]),
    "Stack": lambda p, *xs: torch.stack(xs, p["dim"]),
    "Split": lambda p, x: torch.split(x, list(p["split_size_or_sections"]), p["dim"]),
    "Chunk": lambda p, x: torch.chunk(x, p["chunks"], p["dim"]),
    "Slice": lambda p, x: x.movedim(p["dim"], 0)[p["start"] : p["end"] : p["step"]].movedim(0, p["dim"]),
    "Pad": lambda p, x: nn.functional.pad(
        x, p["pad"], p["mode"], **({"value": p["value"]} if p["mode"] == "constant" else {})
    ),
    "Gather": _gather,
    "Cast": lambda p, x: x.to(getattr(torch, p["dtype"])),
    "Constant": lambda p: (
        torch.tensor(p["value"], dtype=getattr(torch, p["dtype"]))
        if p["shape"] is None
        else torch.full(p["shape"], p["value"], dtype=getattr(torch, p["dtype"]))
    ),
    "Add": _folded(torch.add),
    "Mul": _folded(torch.mul),
    "Sub": _plain(torch.sub),
    "Div": _plain(torch.div),
    "MatMul": _plain(torch.matmul),
    "Maximum": _plain(torch.maximum),
    "Minimum": _plain(torch.minimum),
    "Where": _plain(torch.where),
    "Pow": lambda p, x, exponent=None: torch.pow(x, p["exponent"] if exponent is None else exponent),
    "Clamp": lambda p, x: torch.clamp(x, p["min"], p["max"]),
    "Mean": _reduced(torch.mean),
    "Sum": _reduced(torch.sum),
    "Max": _reduced(torch.amax),
    "Min": _reduced(torch.amin),
    "ArgMax": lambda p, x: torch.argmax(x, dim=p["dim"], keepdim=p["keepdim"]),
    "Equal": _plain(torch.eq),
    "Greater": _plain(torch.gt),
    "Less": _plain(torch.lt),
    "Not": _plain(torch.logical_not),
    **{
        name: _plain(getattr(torch, name.lower()))
        for name in ("Sqrt", "Exp", "Log", "Abs", "Neg", "Reciprocal", "Erf", "Sin", "Cos", "Floor", "Ceil")
    },
}
"""Layers that are functions in torch."""
