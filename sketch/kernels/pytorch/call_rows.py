"""The layers that are functions, methods or operators in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

from sketch.binder.mapping import REQUIRED, Codec, Field, LossyError
from sketch.graph.network import Step
from sketch.kernels.pytorch.call_parts import SHORT, field, first_wire, named_sizes
from sketch.kernels.pytorch.calls import SKETCH_TYPES, Call, Operand, TypeName
from sketch.kernels.pytorch.rotating import ROTARY
from sketch.kernels.pytorch.rows import CallRow, Shapes, one_or_many
from sketch.kernels.pytorch.tensor_rows import TENSOR_ROWS

_ALL = Codec(
    lambda value: () if value is None else one_or_many(value), lambda value: None if value == () else value
)
_TYPE = Codec(TypeName, lambda value: value.name if isinstance(value, TypeName) else SKETCH_TYPES[value])


def _fold(row: CallRow, step: Step, _shapes: Shapes) -> Call:
    """`a + b + c`, from left to right."""
    wires = [Operand(source) for source in step.inputs if source is not None]
    if len(wires) < 2:
        raise LossyError(f"'{step.name}' needs two inputs; connect another layer to it.")
    first = Call(row.target, (wires[0], wires[1]))
    return reduce(lambda left, right: Call(row.target, (left, right)), wires[2:], first)


def _power(row: CallRow, step: Step, _shapes: Shapes) -> Call:
    given = step.inputs[1] if len(step.inputs) > 1 else None
    return Call(row.target, (first_wire(step), step.params["exponent"] if given is None else Operand(given)))


def _shaped(row: CallRow, step: Step, shapes: Shapes) -> Call:
    """`x.reshape(x.shape[0], -1)`: every size an argument of its own."""
    sizes = named_sizes(step, "shape", shapes)
    return Call(row.target, (first_wire(step), *sizes) if sizes else (first_wire(step), ()))


def _unflatten(row: CallRow, step: Step, shapes: Shapes) -> Call:
    return Call(
        row.target, (first_wire(step), step.params["dim"], named_sizes(step, "unflattened_size", shapes))
    )


def _permute(row: CallRow, step: Step, _shapes: Shapes) -> Call:
    return Call(
        row.target,
        (first_wire(step), *step.params["dims"]) if step.params["dims"] else (first_wire(step), ()),
    )


def _at(step: Step, dim: int, entry: Any) -> Call:
    """`x[:, entry]`: the index at its place, counted from the side that needs fewer signs."""
    kind = step.input_types[0]
    rank = None if kind is None else kind.rank
    if dim < 0 and rank is not None and -dim > (rank + 1) // 2:
        dim += rank
    full = slice(None)
    key = (full,) * dim + (entry,) if dim >= 0 else (Ellipsis, entry, *(full,) * (-dim - 1))
    return Call(
        "operator.getitem",
        (first_wire(step), key[0] if len(key) == 1 and not isinstance(entry, list) else key),
    )


def _slice(_row: CallRow, step: Step, _shapes: Shapes) -> Call:
    params = step.params
    start, end, stride = params["start"] or None, params["end"], params["step"]
    return _at(step, params["dim"], slice(start, end, None if stride == 1 else stride))


def _gather(_row: CallRow, step: Step, _shapes: Shapes) -> Call:
    given = step.inputs[1] if len(step.inputs) > 1 else None
    index = step.params["index"]
    if given is None and index is None:
        raise LossyError(f"'{step.name}' has no index; connect one or set the parameter index.")
    return _at(step, step.params["dim"], Operand(given) if given is not None else _lists(index))


def _lists(value: Any) -> Any:
    """Nested tuples as lists: an index of PyTorch must not be a tuple."""
    return [_lists(item) for item in value] if isinstance(value, tuple) else value


def _parts(row: CallRow, step: Step, _shapes: Shapes) -> Call:
    params = step.params
    how = params["chunks"] if step.layer == "Chunk" else list(params["split_size_or_sections"])
    return Call(row.target, (first_wire(step), how), {"dim": params["dim"]}, tuple(range(len(step.types))))


def _unary(layer: str, target: str, **more: Any) -> CallRow:
    return CallRow(layer, target, signature=("input",), **more)


def _binary(layer: str, target: str, *also: str) -> CallRow:
    return CallRow(layer, target, signature=("input", "other"), operands=("input", "other"), also=also)


def _reduced(row: CallRow, step: Step, _shapes: Shapes) -> Call:
    """`torch.sum(x, dim=None, keepdim=True)`: PyTorch wants dim written when keepdim is."""
    values = row.arguments(step.params)
    if "keepdim" in values and "dim" not in values and row.layer in ("Mean", "Sum"):
        values = {"dim": None, **values}
    return Call(row.target, (first_wire(step),), values)


def _reduction(layer: str, target: str, codec: Codec, default: Any) -> CallRow:
    return CallRow(
        layer, target, signature=("input", "dim", "keepdim", "dtype"), write=_reduced,
        fields=(Field("dim", "dim", codec, default), Field("keepdim", "keepdim", default=False)),
    )  # fmt: skip


def _written(
    layer: str, target: str, write: Callable[[CallRow, Step, Shapes], Call], *signature: str
) -> CallRow:
    return CallRow(layer, target, signature=("input", *signature), write=write)


CALL_ROWS: tuple[CallRow, ...] = (
    CallRow("Add", "operator.add", signature=("input", "other"), operands=("*input",), write=_fold),
    CallRow("Mul", "operator.mul", signature=("input", "other"), operands=("*input",), write=_fold),
    _binary("Sub", "operator.sub"),
    _binary("Div", "operator.truediv"),
    _binary("MatMul", "operator.matmul"),
    _binary("Maximum", "torch.maximum"),
    _binary("Minimum", "torch.minimum"),
    _binary("Equal", "operator.eq"),
    _binary("Greater", "operator.gt"),
    _binary("Less", "operator.lt"),
    _binary("GreaterEqual", "operator.ge", "torch.ge"),
    _binary("LessEqual", "operator.le", "torch.le"),
    _binary("And", "torch.logical_and"),
    _binary("Or", "torch.logical_or"),
    _binary("Xor", "torch.logical_xor"),
    CallRow("Where", "torch.where", signature=("condition", "input", "other"),
            operands=("condition", "input", "other")),
    CallRow("Pow", "torch.pow", signature=("input", "exponent"), operands=("input", "exponent"), write=_power),
    *(_unary(name, f"torch.{name.lower()}") for name in (
        "Sqrt", "Exp", "Log", "Abs", "Reciprocal", "Erf", "Sin", "Cos", "Floor", "Ceil", "Sign", "Round")),
    _unary("Neg", "operator.neg"),
    _unary("Not", "torch.logical_not"),
    CallRow("Clamp", "torch.clamp", signature=("input", "min", "max"), fields=(field("min"), field("max"))),
    CallRow("CumSum", "torch.cumsum", signature=("input", "dim"), positional=("dim",),
            fields=(field("dim", REQUIRED),)),
    CallRow("Norm", "torch.linalg.vector_norm", also=("F.linalg_vector_norm",),
            signature=("input", "ord", "dim", "keepdim"),
            fields=(field("ord", 2.0), field("dim", None, SHORT), field("keepdim", False))),
    *(CallRow(name, f"torch.{name.lower()}", signature=("input", "diagonal"), fields=(field("diagonal", 0),))
      for name in ("Tril", "Triu")),
    _reduction("Mean", "torch.mean", SHORT, None),
    _reduction("Sum", "torch.sum", SHORT, None),
    _reduction("Max", "torch.amax", _ALL, ()),
    _reduction("Min", "torch.amin", _ALL, ()),
    _reduction("ArgMax", "torch.argmax", Codec(), None),
    CallRow("Concat", "torch.cat", signature=("tensors", "dim"), operands=("*tensors",),
            fields=(field("dim", REQUIRED),)),
    CallRow("Stack", "torch.stack", signature=("tensors", "dim"), operands=("*tensors",),
            fields=(field("dim", REQUIRED),)),
    _written("Split", "torch.split", _parts, "split_size_or_sections", "dim"),
    _written("Chunk", "torch.chunk", _parts, "chunks", "dim"),
    _written("Slice", "operator.getitem", _slice),
    _written("Gather", "operator.getitem", _gather),
    CallRow("Pad", "F.pad", signature=("input", "pad", "mode", "value"), positional=("pad",),
            fields=(field("pad", REQUIRED), field("mode", "constant"), field("value", 0.0))),
    CallRow("Cast", ".to", signature=("input", "dtype"), positional=("dtype",),
            fields=(field("dtype", REQUIRED, _TYPE),)),
    CallRow("Transpose", "torch.transpose", signature=("input", "dim0", "dim1"), positional=("dim0", "dim1"),
            fields=(field("dim0", REQUIRED), field("dim1", REQUIRED))),
    _written("Permute", ".permute", _permute, "*dims"),
    _written("Reshape", ".reshape", _shaped, "*shape"),
    _written("Expand", ".expand", _shaped, "*size"),
    _written("Unflatten", "torch.unflatten", _unflatten, "dim", "sizes"),
    CallRow("Squeeze", "torch.squeeze", signature=("input", "dim"), positional=("dim",),
            fields=(field("dim", None, SHORT),)),
    CallRow("Unsqueeze", "torch.unsqueeze", signature=("input", "dim"), positional=("dim",),
            fields=(field("dim", REQUIRED),)),
    CallRow("Interpolate", "F.interpolate", signature=(
                "input", "size", "scale_factor", "mode", "align_corners", "recompute_scale_factor", "antialias"),
            fields=(field("size", None, SHORT), field("scale_factor", None, SHORT), field("mode", "nearest"),
                    field("align_corners"), field("recompute_scale_factor"), field("antialias", False))),
    CallRow("ScaledDotProductAttention", "F.scaled_dot_product_attention",
            signature=("query", "key", "value", "attn_mask", "dropout_p", "is_causal", "scale", "enable_gqa"),
            operands=("query", "key", "value", "attn_mask"),
            fields=(field("dropout_p", 0.0), field("is_causal", False), field("scale"),
                    field("enable_gqa", False))),
    ROTARY,
    *TENSOR_ROWS,
)  # fmt: skip
