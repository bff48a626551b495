"""Rules of operators that work element by element."""

from __future__ import annotations

from sketch.graph.operator_call import NotKnownError, OperatorCall, Out
from sketch.graph.rows import ValueType
from sketch.graph.shape_rules.sizes import broadcast


def same(call: OperatorCall) -> tuple[Out, ...]:
    """The shape of the first input."""
    return (call.shape(),)


def joined(call: OperatorCall) -> tuple[Out, ...]:
    """The common shape of all inputs; sizes of 1 are repeated."""
    return (broadcast(call, [call.shape(index) for index in range(len(call.inputs))]),)


def sloped(call: OperatorCall) -> tuple[Out, ...]:
    """The shape of x, to which the slope must be broadcast (PRelu)."""
    broadcast(call, [call.shape(), call.shape(1)])
    return (call.shape(),)


def cast(call: OperatorCall) -> tuple[Out, ...]:
    """The shape of the input with the element type of attribute `to`."""
    dtype = call.element_attr("to")
    return (ValueType(dtype, call.shape()) if dtype else None,)


def identity(call: OperatorCall) -> tuple[Out, ...]:
    """What comes in, sequences too."""
    kind = call.inputs[0]
    if kind is None:
        raise NotKnownError("The input is not known.")
    return (kind,)


def dropout(call: OperatorCall) -> tuple[Out, ...]:
    """The input's shape, twice: values and mask."""
    return call.shape(), call.shape()


_SAME = (
    "Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot CastLike Ceil Celu Clip Cos Cosh CumProd CumSum Elu Erf Exp "
    "Floor Gelu HardSigmoid HardSwish Hardmax IsInf IsNaN LeakyRelu Log LogSoftmax Mish Neg Not Reciprocal Relu "
    "Round Selu Shrink Sigmoid Sign Sin Sinh Softmax Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu Trilu "
    "ReverseSequence RegexFullMatch"
)
_JOINED = (
    "Add And BitShift BitwiseAnd BitwiseOr BitwiseXor Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min "
    "Mod Mul Or Pow StringConcat Sub Sum Where Xor SwiGLU"
)
RULES = {
    **dict.fromkeys(_SAME.split(), same),
    **dict.fromkeys(_JOINED.split(), joined),
    "PRelu": sloped,
    "Cast": cast,
    "BitCast": cast,
    "Identity": identity,
    "Dropout": dropout,
}
