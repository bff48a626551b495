"""What torch itself computes for one layer instance, written independently of the kernel's rows."""

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from sketch.binder.tensors import TensorStore
from sketch.graph.evaluate import applies
from tests.contract import tensor_functions


class TestTask:
    """A Task that trusts and has nobody to report to."""

    __test__ = False
    trusted = True

    def __init__(self, folder: Path):
        self.store = TensorStore(folder / "store")
        self.scratch = folder

    def step(self, done, total, text):
        """Nobody is waiting."""


def task(folder):
    return TestTask(folder)


def fold(function):
    def folded(p, *xs):
        total = xs[0]
        for x in xs[1:]:
            total = function(total, x)
        return total

    return folded


def gather(p, x, index=None):
    index = torch.tensor(p["index"]) if index is None else index
    picked = torch.index_select(x, p["dim"], index.reshape(-1) % x.shape[p["dim"]])
    dim = p["dim"] % x.dim()
    return picked.reshape((*x.shape[:dim], *index.shape, *x.shape[dim + 1 :]))


def sliced(p, x):
    key = [slice(None)] * x.dim()
    key[p["dim"]] = slice(p["start"], p["end"], p["step"])
    return x[tuple(key)]


def dims(p, x):
    return tuple(range(x.dim())) if p["dim"] is None else p["dim"]


def constant(p, value=None):
    if value is not None:
        return value
    return torch.tensor(p["value"], dtype=getattr(torch, p["dtype"]))


def reshape(p, x):
    return x.reshape(tuple(size if isinstance(size, int) else x.shape[0] for size in p["shape"]))


def rotary(p, x, *angles):
    """A turn in the complex plane, where a pair has one angle; in general feature by feature."""
    half = x.shape[-1] // 2
    own = torch.arange(2 * half)
    pair, sign = (own // 2, own % 2) if p["interleaved"] else (own % half, own // half)
    mate = own + 1 - 2 * sign if p["interleaved"] else (own + half) % (2 * half)
    cos, sin = (t[..., pair] if t.shape[-1] == half else t for t in angles)
    return x * cos + x[..., mate] * sin * (2 * sign - 1)


FUNCTIONS = {
    "Input": lambda p, x: x,
    "Output": lambda p, *xs: xs,
    "Add": fold(torch.add), "Mul": fold(torch.mul),
    "Sub": lambda p, a, b: torch.sub(a, b), "Div": lambda p, a, b: torch.true_divide(a, b),
    "MatMul": lambda p, a, b: torch.matmul(a, b),
    "Maximum": lambda p, a, b: torch.maximum(a, b), "Minimum": lambda p, a, b: torch.minimum(a, b),
    "Equal": lambda p, a, b: torch.eq(a, b), "Greater": lambda p, a, b: torch.gt(a, b),
    "Less": lambda p, a, b: torch.lt(a, b), "Not": lambda p, a: ~a.bool(), "Neg": lambda p, a: 0 - a,
    "GreaterEqual": lambda p, a, b: torch.ge(a, b), "LessEqual": lambda p, a, b: torch.le(a, b),
    "And": lambda p, a, b: a & b, "Or": lambda p, a, b: a | b, "Xor": lambda p, a, b: a ^ b,
    "Sign": lambda p, a: a.sign(), "Round": lambda p, a: a.round(), "CumSum": lambda p, a: a.cumsum(p["dim"]),
    "Norm": lambda p, a: (a.abs() ** p["ord"]).sum(dims(p, a), p["keepdim"]) ** (1 / p["ord"]),
    "Tril": lambda p, a: a.tril(p["diagonal"]), "Triu": lambda p, a: a.triu(p["diagonal"]),
    "Where": lambda p, c, a, b: torch.where(c, a, b),
    "Pow": lambda p, a, e=None: torch.pow(a, p["exponent"] if e is None else e),
    "Sqrt": lambda p, a: a.sqrt(), "Exp": lambda p, a: a.exp(), "Log": lambda p, a: a.log(),
    "Abs": lambda p, a: a.abs(), "Reciprocal": lambda p, a: 1 / a, "Erf": lambda p, a: torch.special.erf(a),
    "Sin": lambda p, a: a.sin(), "Cos": lambda p, a: a.cos(), "Floor": lambda p, a: a.floor(),
    "Ceil": lambda p, a: a.ceil(), "Clamp": lambda p, a: a.clamp(p["min"], p["max"]),
    "Mean": lambda p, a: a.mean(dims(p, a), p["keepdim"]), "Sum": lambda p, a: a.sum(dims(p, a), p["keepdim"]),
    "Max": lambda p, a: torch.amax(a, dims(p, a), p["keepdim"]),
    "Min": lambda p, a: torch.amin(a, dims(p, a), p["keepdim"]),
    "ArgMax": lambda p, a: a.argmax(p["dim"], p["keepdim"]),
    "Concat": lambda p, *xs: torch.cat(xs, p["dim"]), "Stack": lambda p, *xs: torch.stack(xs, p["dim"]),
    "Split": lambda p, a: a.split(list(p["split_size_or_sections"]), p["dim"]),
    "Chunk": lambda p, a: a.chunk(p["chunks"], p["dim"]), "Slice": sliced, "Gather": gather,
    "Pad": lambda p, a: functional.pad(a, p["pad"], p["mode"], p["value"] if p["mode"] == "constant" else None),
    "Cast": lambda p, a: a.type(getattr(torch, p["dtype"])),
    "Transpose": lambda p, a: a.swapaxes(p["dim0"], p["dim1"]), "Permute": lambda p, a: torch.permute(a, p["dims"]),
    "Reshape": reshape, "Expand": lambda p, a: a.expand(p["shape"]),
    "Squeeze": lambda p, a: a.squeeze() if p["dim"] is None else a.squeeze(p["dim"]),
    "Unsqueeze": lambda p, a: a[(slice(None),) * (p["dim"] % (a.dim() + 1)) + (None,)],
    "Interpolate": lambda p, a: functional.interpolate(
        a, size=one(p["size"]), scale_factor=None if p["size"] else one(p["scale_factor"]), mode=p["mode"],
        align_corners=p["align_corners"] if "linear" in p["mode"] or "cubic" in p["mode"] else None,
        recompute_scale_factor=None if p["size"] else p["recompute_scale_factor"], antialias=p["antialias"]),
    "ScaledDotProductAttention": lambda p, q, k, v, m=None: functional.scaled_dot_product_attention(
        q, k, v, m, p["dropout_p"], p["is_causal"], scale=p["scale"], enable_gqa=p["enable_gqa"]),
    "RotaryEmbedding": rotary,
    "Constant": constant, "Parameter": lambda p, value: value,
    **tensor_functions.FUNCTIONS,
}  # fmt: skip


def one(value):
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value


def module_of(layer, params):
    """The class of torch.nn with every parameter said by name."""
    said = {
        name: value for name, value in params.items() if name not in ("need_weights", "average_attn_weights")
    }
    for name in ("weight", "pos_weight"):
        if isinstance(said.get(name), tuple):
            said[name] = torch.tensor(said[name])
    for name in ("size", "scale_factor"):
        said = {**said, name: one(said[name])} if name in said else said
    return getattr(nn, layer)(**said).eval()


def reference(case, network, tensors, weights):
    """Outputs of torch for this case: one tensor or a tuple, None where nothing is given back."""
    if case.layer in ("Constant", "Parameter"):
        params = dict(network.step(network.outputs[0].inputs[0].node).params)
        return FUNCTIONS[case.layer](params, *weights.values())
    if case.layer in FUNCTIONS:
        step = next((step for step in network.steps if step.name == "layer"), None)
        params = dict(step.params) if step is not None else {}
        return FUNCTIONS[case.layer](params, *trimmed(tensors))
    step = next(step for step in network.steps if step.name == "layer")
    params = {n: v for n, v in step.params.items() if applies(step.spec, n, step.params, step.input_types)}
    module = module_of(case.layer, params)
    module.load_state_dict(weights)
    return called(module, step, tensors)


def trimmed(tensors):
    while tensors and tensors[-1] is None:
        tensors = tensors[:-1]
    return tensors


def called(module, step, tensors):
    tensors = list(tensors) + [None] * (6 - len(tensors))
    if isinstance(module, nn.LSTM):
        state = None if tensors[1] is None else (tensors[1], tensors[2])
        y, (h, c) = module(tensors[0], state)
        return y, h, c
    if isinstance(module, nn.RNNBase):
        return module(tensors[0], tensors[1])
    if isinstance(module, nn.MultiheadAttention):
        query, key, value, padding, mask = tensors[:5]
        key = query if key is None else key
        value = key if value is None else value
        return module(
            query, key, value, key_padding_mask=padding, attn_mask=mask, need_weights=step.params["need_weights"],
            average_attn_weights=step.params["average_attn_weights"])  # fmt: skip
    if isinstance(module, nn.TransformerEncoderLayer):
        return module(tensors[0], src_mask=tensors[1], src_key_padding_mask=tensors[2])
    if isinstance(module, nn.TransformerDecoderLayer):
        return module(*tensors[:6])
    return module(*trimmed(tensors))
