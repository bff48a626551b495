"""Rows of layers that select, move and describe elements, and of those whose weights come in by wires."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sketch.binder.mapping import REQUIRED, Codec, LossyError
from sketch.graph.network import Step
from sketch.kernels.pytorch.call_parts import field, first_wire, named_sizes, plain_numbers, plain_sizes
from sketch.kernels.pytorch.calls import Call, Operand
from sketch.kernels.pytorch.rows import CallRow, Shapes, one_or_many


def _refuse_flag(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        raise LossyError("an old way to say the correction")
    return value


def _refuse_none(value: Any) -> Any:
    if value is None:
        raise LossyError("without a dimension the elements are one row")
    return value


def _unbiased(value: Any) -> int:
    if not isinstance(value, bool):
        raise LossyError("no flag")
    return int(value)


def _axes(value: Any) -> Any:
    return None if value is None else plain_numbers(value)


def _classes(value: Any) -> Any:
    if not isinstance(value, int) or value < 1:
        raise LossyError("the number of classes follows the values")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise LossyError("no plain number")
    return float(value)


_AXES = Codec(lambda value: value if value is None else one_or_many(value), _axes)
_NUMBERS = Codec(one_or_many, plain_numbers)
_MANY = Codec(tuple, plain_numbers)
CORRECTION = Codec(lambda value: value, _refuse_flag)
UNBIASED = Codec(bool, _unbiased)
_GIVEN = Codec(lambda value: value, _refuse_none)


def _moments(layer: str, target: str, results: Any = None) -> CallRow:
    """torch.var and its like: `correction` says what was `unbiased` once."""
    return CallRow(
        layer, target, signature=("input", "dim", "correction", "keepdim"), results=results,
        fields=(field("dim", None, _AXES), field("correction", 1, CORRECTION), field("keepdim", False)),
    )  # fmt: skip


def _along(layer: str, target: str, *also: str) -> CallRow:
    """A reduction over given dimensions, or over all."""
    return CallRow(
        layer, target, also=also, signature=("input", "dim", "keepdim"), write=_keeping,
        fields=(field("dim", None, _AXES), field("keepdim", False)),
    )  # fmt: skip


def _keeping(row: CallRow, step: Step, _shapes: Shapes) -> Call:
    """PyTorch wants dim written when keepdim is; over all dimensions all are named."""
    values = row.arguments(step.params)
    kind = step.input_types[0] if step.input_types else None
    if values.get("keepdim") and "dim" not in values:
        if kind is None or kind.shape is None:
            raise LossyError(f"'{step.name}' keeps dimensions, and how many there are is not known yet.")
        values = {"dim": one_or_many(tuple(range(len(kind.shape)))), **values}
    return Call(row.target, (first_wire(step),), values)


def _product(row: CallRow, step: Step, _shapes: Shapes) -> Call:
    values = row.arguments(step.params)
    return Call(row.target, (first_wire(step),), values if "dim" in values else {})


def _argmin(row: CallRow, step: Step, _shapes: Shapes) -> Call:
    return Call(row.target, (first_wire(step),), row.arguments(step.params))


def _picked(row: CallRow, step: Step, _shapes: Shapes) -> Call:
    """`torch.gather(x, dim, index)`: the dimension stands between the wires."""
    wires = [None if source is None else Operand(source) for source in step.inputs]
    if None in wires or len(wires) < len(row.operands):
        raise LossyError(f"'{step.name}' has open inputs; connect them.")
    return Call(row.target, (wires[0], step.params["dim"], *wires[1:]))


def _flipped(row: CallRow, step: Step, _shapes: Shapes) -> Call:
    return Call(row.target, (first_wire(step), tuple(step.params["dims"])))


def _spread(name: str) -> Callable[[CallRow, Step, Shapes], Call]:
    """`x.repeat(1, 2)`: every number an argument of its own."""

    def write(row: CallRow, step: Step, shapes: Shapes) -> Call:
        return Call(row.target, (first_wire(step), *named_sizes(step, name, shapes)))

    return write


def _masked(row: CallRow, step: Step, _shapes: Shapes) -> Call:
    wires = [None if source is None else Operand(source) for source in step.inputs]
    if len(wires) < 2 or wires[1] is None:
        raise LossyError(f"'{step.name}' has no mask; connect one.")
    value = wires[2] if len(wires) > 2 and wires[2] is not None else step.params["value"]
    return Call(row.target, (first_wire(step), wires[1], value))


def _einsum(row: CallRow, step: Step, _shapes: Shapes) -> Call:
    wires = tuple(Operand(source) for source in step.inputs if source is not None)
    return Call(row.target, (step.params["equation"], *wires))


def _convolution(dims: int) -> CallRow:
    numbers = Codec(_one_of_equal, lambda value: value)
    return CallRow(
        f"FunctionalConv{dims}d", f"F.conv{dims}d", also=(f"torch.conv{dims}d",),
        signature=("input", "weight", "bias", "stride", "padding", "dilation", "groups"),
        operands=("input", "weight", "bias"),
        fields=(field("stride", 1, numbers), field("padding", 0, numbers), field("dilation", 1, numbers),
                field("groups", 1)),
    )  # fmt: skip


def _one_of_equal(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value


def _unary(layer: str) -> CallRow:
    name = layer.lower()
    also: tuple[str, ...] = (f"torch.arc{name[1:]}",) if name in ("asin", "acos", "atan") else ()
    also += (f"torch.special.{name}",) if name in ("log1p", "expm1") else ()
    return CallRow(layer, f"torch.{name}", signature=("input",), also=also)


def _pair(layer: str, target: str, *also: str) -> CallRow:
    return CallRow(layer, target, signature=("input", "other"), operands=("input", "other"), also=also)


TENSOR_ROWS: tuple[CallRow, ...] = (
    *map(_unary, ("Rsqrt", "Log1p", "Expm1", "Log2", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Trunc")),
    _pair("NotEqual", "operator.ne", "torch.ne", "torch.not_equal"),
    _pair("FloorDivide", "operator.floordiv", "torch.floor_divide"),
    _pair("Remainder", "operator.mod", "torch.remainder"),
    _moments("Var", "torch.var"),
    _moments("Std", "torch.std"),
    _moments("VarMean", "torch.var_mean", (0, 1)),
    CallRow("LogSumExp", "torch.logsumexp", also=("torch.special.logsumexp",), positional=("dim",),
            signature=("input", "dim", "keepdim"), fields=(field("dim", REQUIRED, _NUMBERS), field("keepdim", False))),
    _along("Any", "torch.any"),
    _along("All", "torch.all"),
    CallRow("Prod", "torch.prod", signature=("input", "dim", "keepdim"), write=_product,
            fields=(field("dim"), field("keepdim", False))),
    CallRow("ArgMin", "torch.argmin", signature=("input", "dim", "keepdim"), write=_argmin,
            fields=(field("dim"), field("keepdim", False))),
    CallRow("Normalize", "F.normalize", signature=("input", "p", "dim", "eps"),
            fields=(field("p", 2.0), field("dim", 1), field("eps", 1e-12))),
    CallRow("TopK", "torch.topk", signature=("input", "k", "dim", "largest", "sorted"), positional=("k",),
            fields=(field("k", REQUIRED), field("dim", -1), field("largest", True), field("sorted", True)),
            results=(0, 1)),
    CallRow("Sort", "torch.sort", signature=("input", "dim", "descending", "stable"), results=(0, 1),
            fields=(field("dim", -1), field("descending", False), field("stable", False))),
    CallRow("GatherElements", "torch.gather", signature=("input", "dim", "index", "sparse_grad"),
            operands=("input", "index"), fields=(field("dim", REQUIRED),), write=_picked),
    *(CallRow(layer, target, signature=("input", "dim", "index", "src"), operands=("input", "index", "src"),
              fields=(field("dim", REQUIRED),), write=_picked)
      for layer, target in (("Scatter", "torch.scatter"), ("ScatterAdd", "torch.scatter_add"))),
    CallRow("OneHot", "F.one_hot", signature=("input", "num_classes"), positional=("num_classes",),
            fields=(field("num_classes", REQUIRED, Codec(lambda value: value, _classes)),)),
    CallRow("MaskedFill", "torch.masked_fill", signature=("input", "mask", "value"), operands=("input", "mask"),
            fields=(field("value", REQUIRED, Codec(lambda value: value, _number)),), write=_masked),
    CallRow("Roll", "torch.roll", signature=("input", "shifts", "dims"), positional=("shifts", "dims"),
            fields=(field("shifts", REQUIRED, _NUMBERS), field("dims", REQUIRED, _NUMBERS))),
    CallRow("Flip", "torch.flip", signature=("input", "*dims"), write=_flipped,
            fields=(field("dims", REQUIRED, _MANY, "*dims"),)),
    CallRow("Repeat", ".repeat", signature=("input", "*repeats"), write=_spread("repeats"),
            fields=(field("repeats", REQUIRED, Codec(tuple, plain_sizes), "*repeats"),)),
    CallRow("RepeatInterleave", "torch.repeat_interleave", signature=("input", "repeats", "dim", "output_size"),
            positional=("repeats",),
            fields=(field("repeats", REQUIRED, Codec(lambda value: value, _classes)),
                    field("dim", REQUIRED, _GIVEN))),
    CallRow("UnfoldDim", ".unfold", signature=("input", "dimension", "size", "step"),
            positional=("dimension", "size", "step"),
            fields=(field("dimension", REQUIRED), field("size", REQUIRED), field("step", REQUIRED))),
    CallRow("Einsum", "torch.einsum", also=("torch.functional.einsum",), signature=("equation", "*operands"),
            operands=("*operands",), fields=(field("equation", REQUIRED),), write=_einsum),
    CallRow("GridSample", "F.grid_sample", signature=("input", "grid", "mode", "padding_mode", "align_corners"),
            operands=("input", "grid"),
            fields=(field("mode", "bilinear"), field("padding_mode", "zeros"),
                    field("align_corners", REQUIRED, Codec(bool, bool)))),
    CallRow("FunctionalLinear", "F.linear", signature=("input", "weight", "bias"),
            operands=("input", "weight", "bias")),
    *map(_convolution, (1, 2, 3)),
)  # fmt: skip

READ_ONLY_ROWS: tuple[CallRow, ...] = (
    *(CallRow(layer, f"torch.{name}", signature=("input", "dim", "unbiased", "keepdim"), results=results,
              fields=(field("dim", None, _AXES), field("correction", True, UNBIASED, "unbiased"),
                      field("keepdim", False)))
      for layer, name, results in (("Var", "var", None), ("Std", "std", None), ("VarMean", "var_mean", (0, 1)))),
    *(CallRow(layer, f"torch.{name}", signature=("input", "unbiased"), results=results,
              fields=(field("correction", True, UNBIASED, "unbiased"),))
      for layer, name, results in (("Var", "var", None), ("Std", "std", None), ("VarMean", "var_mean", (0, 1)))),
    CallRow("MaskedFill", "torch.masked_fill", signature=("input", "mask", "value"),
            operands=("input", "mask", "value")),
)  # fmt: skip
"""Other ways to say the same, which are read and never written."""
