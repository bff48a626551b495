"""Two-way rows: a layer and the one ONNX operator that says it exactly, parameters against attributes.

A layer instance that its row cannot say (asymmetric padding, no affine weights, another rank) is written as a call of
a function of its own, see `bodies`. On import a row reads any file's operator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sketch.binder.mapping import REQUIRED, Codec, Field, LossyError, Row, RowTable
from sketch.graph.element_types import HELD_NAMES, HELD_TYPES
from sketch.graph.network import Step
from sketch.kernels.onnx.program import OLDEST_OPSET

Condition = Callable[[Step], bool]


def _always(_step: Step) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class OnnxRow(Row):
    """A row for ONNX.

    `roles` are the weights that follow the inputs, in order; `fixed` attributes are written and must be there on
    import; `ranks` the ranks of the first input that the operator takes as the layer does (empty: all); `since` the
    opset that has it in this form; `when` the parameters or types under which it is exact.
    """

    roles: tuple[str, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)
    ranks: tuple[int, ...] = ()
    since: int = OLDEST_OPSET
    when: Condition = _always
    reads_only: bool = False
    """onnxruntime has no kernel for the operator, so it is read and never written."""

    def fits(self, step: Step, opset: int) -> bool:
        """True when the operator says this step exactly."""
        if self.reads_only or opset < self.since or not self.when(step):
            return False
        return not self.ranks or _rank(step) in self.ranks


def _rank(step: Step) -> int | None:
    kind = step.input_types[0] if step.input_types else None
    return kind.rank if kind else None


def real(step: Step) -> bool:
    """The first input holds real numbers."""
    kind = step.input_types[0] if step.input_types else None
    return kind is not None and kind.dtype in ("float32", "float64", "float16", "bfloat16")


def alike(step: Step) -> bool:
    """All inputs have one element type."""
    kinds = {kind.dtype if kind else None for kind in step.input_types}
    return len(kinds) == 1 and None not in kinds and "bool" not in kinds


def _halves(value: Any) -> Any:
    if isinstance(value, str):
        raise LossyError(f"padding {value!r} has no number")
    return (*value, *value)


def _whole(value: Any) -> Any:
    half = len(value) // 2
    if tuple(value[:half]) != tuple(value[half:]):
        raise LossyError("the padding differs between the sides")
    return tuple(value[:half])


def _type_number(value: Any) -> int:
    return HELD_TYPES[value]


def _type_name(value: Any) -> str:
    if value not in HELD_NAMES:
        raise LossyError(f"element type {value} is unknown")
    return HELD_NAMES[value]


def _axis(value: Any) -> int:
    return -len(value)


def _no_way_back(_value: Any) -> Any:
    raise LossyError("only the weight says it")


PADS = Codec(_halves, _whole)
FLAG = Codec(int, bool)
KEPT = Codec(lambda value: 1.0 - value, lambda value: round(1.0 - value, 7))
"""PyTorch's momentum is the share of the new batch, ONNX's the share that is kept."""
ELEMENT = Codec(_type_number, _type_name)
TRAILING = Codec(_axis, _no_way_back)


def _window(dims: int, *, dilation: bool = True) -> tuple[Field, ...]:
    ones, zeros = (1,) * dims, (0,) * (2 * dims)
    fields = (
        Field("kernel_size", "kernel_shape", default=REQUIRED),
        Field("stride", "strides", default=ones),
        Field("padding", "pads", PADS, default=zeros),
    )
    return (*fields, Field("dilation", "dilations", default=ones)) if dilation else fields


def _short_ends(step: Step) -> bool:
    """onnxruntime takes an output_padding below the stride only."""
    return all(
        more < step_ for more, step_ in zip(step.params["output_padding"], step.params["stride"], strict=True)
    )


def _plain_padding(step: Step) -> bool:
    padding = step.params["padding"]
    return not isinstance(padding, str) and (step.params["padding_mode"] == "zeros" or not any(padding))


def _tracked(step: Step) -> bool:
    params = step.params
    return bool(params["affine"] and params["track_running_stats"] and params["momentum"] is not None)


def _own_statistics(step: Step) -> bool:
    return bool(step.params["affine"] and not step.params["track_running_stats"])


def _convolutions(dims: int) -> list[OnnxRow]:
    groups = Field("groups", "group", default=1)
    extra = Field("output_padding", "output_padding", default=(0,) * dims)
    ranks, roles = (dims + 2,), ("weight", "bias")
    return [
        OnnxRow(
            f"Conv{dims}d", "Conv", (*_window(dims), groups), roles=roles, ranks=ranks, when=_plain_padding
        ),
        OnnxRow(
            f"ConvTranspose{dims}d",
            "ConvTranspose",
            (*_window(dims), groups, extra),
            roles=roles,
            ranks=ranks,
            when=_short_ends,
        ),
    ]


def _pools(dims: int) -> list[OnnxRow]:
    ceil = Field("ceil_mode", "ceil_mode", FLAG, 0)
    count = Field("count_include_pad", "count_include_pad", FLAG, 0)
    ranks = (dims + 2,)
    return [
        OnnxRow(f"MaxPool{dims}d", "MaxPool", (*_window(dims), ceil), ranks=ranks, when=_floors),
        OnnxRow(
            f"AvgPool{dims}d", "AveragePool", (*_window(dims, dilation=False), ceil, count), ranks=ranks,
            when=lambda step: _floors(step) and step.params.get("divisor_override") is None,
        ),
    ]  # fmt: skip


def _floors(step: Step) -> bool:
    return not step.params["ceil_mode"]


def _norms(dims: int) -> list[OnnxRow]:
    eps = Field("eps", "epsilon", default=1e-5)
    ranks = (2, 3) if dims == 1 else (dims + 2,)
    batch = ("weight", "bias", "running_mean", "running_var")
    return [
        OnnxRow(
            f"BatchNorm{dims}d", "BatchNormalization", (eps, Field("momentum", "momentum", KEPT, 0.9)),
            roles=batch, ranks=ranks, when=_tracked,
        ),
        OnnxRow(
            f"InstanceNorm{dims}d", "InstanceNormalization", (eps,), roles=("weight", "bias"), ranks=(dims + 2,),
            when=_own_statistics,
        ),
    ]  # fmt: skip


def _activations() -> list[OnnxRow]:
    slope = Field("alpha", "alpha", default=1.0)
    lambd = Field("lambd", "lambd", default=0.5)
    axis = Field("dim", "axis", default=-1)
    plain = [
        ("ReLU", "Relu"),
        ("SELU", "Selu"),
        ("Sigmoid", "Sigmoid"),
        ("Tanh", "Tanh"),
        ("Softsign", "Softsign"),
    ]
    return [
        *(OnnxRow(layer, target, when=real) for layer, target in plain),
        OnnxRow("LeakyReLU", "LeakyRelu", (Field("negative_slope", "alpha", default=0.01),)),
        OnnxRow("ELU", "Elu", (slope,)),
        OnnxRow("CELU", "Celu", (slope,), when=lambda step: step.params["alpha"] > 0),
        OnnxRow("GELU", "Gelu", (Field("approximate", "approximate", default="none"),), since=20),
        OnnxRow("SiLU", "Swish", reads_only=True),
        OnnxRow("Mish", "Mish", since=18),
        OnnxRow("Hardsigmoid", "HardSigmoid", fixed={"alpha": 1 / 6, "beta": 0.5}),
        OnnxRow("Hardswish", "HardSwish", since=14),
        OnnxRow("Softplus", "Softplus", when=lambda s: s.params["beta"] == 1.0 and s.params["threshold"] == 20.0),
        OnnxRow("Hardshrink", "Shrink", (lambd,), fixed={"bias": 0.0}, when=lambda s: s.params["lambd"] >= 0),
        OnnxRow("Softshrink", "Shrink", (lambd, Field("lambd", "bias", default=0.0))),
        OnnxRow(
            "Threshold", "ThresholdedRelu", (Field("threshold", "alpha", default=1.0),),
            when=lambda s: s.params["value"] == 0.0 and real(s),
        ),
        OnnxRow("Softmax", "Softmax", (axis,)),
        OnnxRow("LogSoftmax", "LogSoftmax", (axis,)),
    ]  # fmt: skip


def _others() -> list[OnnxRow]:
    eps = Field("eps", "epsilon", default=1e-5)
    trailing = Field("normalized_shape", "axis", TRAILING, REQUIRED)
    return [
        OnnxRow("Linear", "Gemm", fixed={"transB": 1}, roles=("weight", "bias"), ranks=(2,)),
        OnnxRow("Identity", "Identity"),
        OnnxRow("MatMul", "MatMul", when=alike),
        OnnxRow("Sub", "Sub", when=alike),
        OnnxRow("Div", "Div", when=lambda step: alike(step) and real(step)),
        OnnxRow("Maximum", "Max", when=alike),
        OnnxRow("Minimum", "Min", when=alike),
        OnnxRow("Where", "Where", when=lambda s: len({kind.dtype for kind in s.input_types[1:] if kind}) == 1),
        *(OnnxRow(name, name, when=real) for name in ("Sqrt", "Exp", "Log", "Reciprocal", "Erf", "Sin", "Cos")),
        *(OnnxRow(name, name, when=real) for name in ("Floor", "Ceil", "Sign", "Round")),
        *(OnnxRow(name, name) for name in ("And", "Or", "Xor")),
        OnnxRow("GreaterEqual", "GreaterOrEqual", when=alike),
        OnnxRow("LessEqual", "LessOrEqual", when=alike),
        *(OnnxRow(name, name, when=alike) for name in ("Equal", "Greater", "Less")),
        OnnxRow("Not", "Not", when=_truths),
        OnnxRow("Neg", "Neg"),
        OnnxRow("Abs", "Abs"),
        OnnxRow("Concat", "Concat", (Field("dim", "axis", default=REQUIRED),), when=_one_type),
        OnnxRow("Permute", "Transpose", (Field("dims", "perm", default=REQUIRED),), when=_front),
        OnnxRow("Cast", "Cast", (Field("dtype", "to", ELEMENT, REQUIRED),)),
        OnnxRow("PixelShuffle", "DepthToSpace", (Field("upscale_factor", "blocksize", default=REQUIRED),),
                fixed={"mode": "CRD"}, ranks=(4,)),
        OnnxRow("LayerNorm", "LayerNormalization", (trailing, eps), roles=("weight", "bias"), since=17,
                when=lambda s: "weight" in s.weights),
        OnnxRow("RMSNorm", "RMSNormalization", (trailing, eps), roles=("weight",), since=23,
                when=lambda s: "weight" in s.weights and s.params["eps"] is not None),
        OnnxRow("GroupNorm", "GroupNormalization", (Field("num_groups", "num_groups", default=REQUIRED), eps),
                roles=("weight", "bias"), since=21, when=lambda s: "weight" in s.weights and (_rank(s) or 0) >= 3),
        OnnxRow("LocalResponseNorm", "LRN", (
            Field("size", "size", default=REQUIRED), Field("alpha", "alpha", default=1e-4),
            Field("beta", "beta", default=0.75), Field("k", "bias", default=1.0)), ranks=(4,),
            when=lambda s: s.params["size"] % 2 == 1),
    ]  # fmt: skip


def _truths(step: Step) -> bool:
    kind = step.input_types[0]
    return kind is not None and kind.dtype == "bool"


def _front(step: Step) -> bool:
    """The dimensions are counted from the front, as perm needs them."""
    return min(step.params["dims"], default=0) >= 0


def _one_type(step: Step) -> bool:
    return len({kind.dtype if kind else None for kind in step.input_types}) == 1


ROWS: RowTable[OnnxRow] = RowTable(
    [row for dims in (1, 2, 3) for row in (*_convolutions(dims), *_pools(dims), *_norms(dims))]
    + _activations()
    + _others()
)
"""Every layer that one operator says, and the operator; both ways."""
