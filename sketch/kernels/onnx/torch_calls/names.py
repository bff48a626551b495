"""One plain name for each way to call a function: `torch.add`, `Tensor.add_`, `ops.aten.add.Tensor` are all add."""

from __future__ import annotations

from collections.abc import Mapping

_SPECIAL: Mapping[str, str] = {
    "__getitem__": "getitem", "__and__": "bitwise_and", "__or__": "bitwise_or", "__xor__": "bitwise_xor",
    "__invert__": "bitwise_not", "__rsub__": "rsub", "__rdiv__": "rdiv", "__rtruediv__": "rdiv", "__rpow__": "rpow",
    "__mod__": "remainder", "__rmod__": "rmod", "__floordiv__": "floor_divide", "__rfloordiv__": "rfloordiv",
    "__rand__": "bitwise_and", "__ror__": "bitwise_or", "__rxor__": "bitwise_xor", "__rmatmul__": "rmatmul",
    "__lshift__": "bitwise_left_shift", "__rshift__": "bitwise_right_shift", "__eq__": "eq", "__ne__": "ne",
    "__lt__": "lt", "__le__": "le", "__gt__": "gt", "__ge__": "ge", "__pow__": "pow", "__matmul__": "matmul",
    "__neg__": "neg", "__abs__": "abs", "__add__": "add", "__radd__": "add", "__mul__": "mul", "__rmul__": "mul",
    "__sub__": "sub", "__div__": "div", "__truediv__": "div", "__iadd__": "add", "__isub__": "sub", "__imul__": "mul",
    "__idiv__": "div", "__ifloordiv__": "floor_divide", "__iand__": "bitwise_and", "__ior__": "bitwise_or",
    "__ixor__": "bitwise_xor", "__imod__": "remainder",
}  # fmt: skip
_PREFIXES = ("nn.functional.", "Tensor.", "special.", "functional.", "_C._nn.")
_SAME: Mapping[str, str] = {
    "subtract": "sub", "multiply": "mul", "divide": "div", "true_divide": "div", "negative": "neg", "absolute": "abs",
    "clip": "clamp", "greater": "gt", "less": "lt", "greater_equal": "ge", "less_equal": "le", "not_equal": "ne",
    "concat": "cat", "concatenate": "cat", "swapaxes": "transpose", "swapdims": "transpose", "moveaxis": "movedim",
    "reshape_as": "view_as", "arccos": "acos", "arcsin": "asin", "arctan": "atan", "arctan2": "atan2",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "expit": "sigmoid", "fix": "trunc", "ger": "outer",
    "_softmax": "softmax", "_log_softmax": "log_softmax", "linalg_vector_norm": "vector_norm", "type": "to",
    "linalg_matrix_exp": "matrix_exp", "linalg_matmul": "matmul", "_unsafe_view": "view", "view_copy": "view",
    "_to_copy": "to", "squeeze_copy": "squeeze", "unsqueeze_copy": "unsqueeze",
}  # fmt: skip

_APART: Mapping[str, str] = {
    "nn.functional.unfold": "F_unfold", "nn.functional.fold": "F_fold", "ops.aten.embedding": "aten_embedding",
    "ops.aten.batch_norm": "aten_batch_norm", "embedding": "aten_embedding", "batch_norm": "aten_batch_norm",
    "ops.aten.cudnn_batch_norm": "aten_batch_norm",
}  # fmt: skip
"""Names that mean two functions with their arguments in another order."""


def plain_name(name: str) -> str:
    """The name under which a function stands in the tables of lowerings."""
    if name in _APART:
        return _APART[name]
    if name.startswith("ops.aten."):
        name = name.removeprefix("ops.aten.").partition(".")[0]
        return _APART.get(f"ops.aten.{name}") or plain_name(name)
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    if name.endswith(".__get__"):
        name = name.removesuffix(".__get__")
    name = _SPECIAL.get(name, name).replace(".", "_")
    plain = name[:-1] if name.endswith("_") and not name.endswith("__") else name
    return _SAME.get(plain, plain)
