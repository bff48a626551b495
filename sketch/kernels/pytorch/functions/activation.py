"""Activation functions of ONNX."""

import torch
import torch.nn.functional as F
from torch import Tensor

from sketch.kernels.pytorch.functions.dtypes import is_unsigned


def relu(x: Tensor) -> Tensor:
    """Relu: X, 0 below zero."""
    return torch.relu(x)


def leaky_relu(x: Tensor, *, alpha: float = 0.009999999776482582) -> Tensor:
    """LeakyRelu: X, alpha * X below zero."""
    return F.leaky_relu(x, alpha)


def p_relu(x: Tensor, slope: Tensor) -> Tensor:
    """PRelu: X, slope * X below zero; a list of slopes that fits the channels only (old files) is one a channel."""
    if slope.dim() == 1 and x.dim() > 2 and slope.shape[0] not in (1, x.shape[-1]):
        slope = slope.reshape([-1] + [1] * (x.dim() - 2))
    return x if is_unsigned(x.dtype) else torch.where(x >= 0, x, slope * x)


def thresholded_relu(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    """ThresholdedRelu: X where it is greater than alpha, else 0."""
    return torch.where(x > alpha, x, 0)


def elu(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    """Elu: X, alpha * (exp(X) - 1) below zero."""
    return F.elu(x, alpha)


def celu(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    """Celu: X, alpha * (exp(X / alpha) - 1) below zero."""
    return F.celu(x, alpha)


def selu(x: Tensor, *, alpha: float = 1.6732631921768188, gamma: float = 1.0507010221481323) -> Tensor:
    """Selu: gamma * X, gamma * alpha * (exp(X) - 1) below zero."""
    return gamma * F.elu(x, alpha)


def gelu(x: Tensor, *, approximate: str = "none") -> Tensor:
    """Gelu: X times the normal distribution's share below X, by erf or approximated by "tanh"."""
    return F.gelu(x, approximate=approximate)


def sigmoid(x: Tensor) -> Tensor:
    """Sigmoid: 1 / (1 + exp(-X))."""
    return torch.sigmoid(x)


def hard_sigmoid(x: Tensor, *, alpha: float = 0.20000000298023224, beta: float = 0.5) -> Tensor:
    """HardSigmoid: alpha * X + beta between 0 and 1."""
    return torch.clamp(alpha * x + beta, 0, 1)


def hard_swish(x: Tensor) -> Tensor:
    """HardSwish: X times its hard sigmoid of slope 1/6."""
    return F.hardswish(x)


def swish(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    """Swish: X * sigmoid(alpha * X)."""
    return x * torch.sigmoid(alpha * x)


def swi_glu(a: Tensor, b: Tensor, *, alpha: float = 1.0) -> Tensor:
    """SwiGLU: the Swish of A times B, of one shape."""
    return swish(a, alpha=alpha) * b


def mish(x: Tensor) -> Tensor:
    """Mish: X * tanh(softplus(X))."""
    return F.mish(x)


def softplus(x: Tensor) -> Tensor:
    """Softplus: log(exp(X) + 1); above 40 that is X in every type."""
    return F.softplus(x, threshold=40)


def softsign(input: Tensor) -> Tensor:
    """Softsign: X / (1 + |X|)."""
    return F.softsign(input)


def softmax(input: Tensor, *, axis: int = -1) -> Tensor:
    """Softmax: exp(X) / their sum along the axis."""
    return F.softmax(input, axis)


def log_softmax(input: Tensor, *, axis: int = -1) -> Tensor:
    """LogSoftmax: the logarithm of the softmax along the axis."""
    return F.log_softmax(input, axis)


def hardmax(input: Tensor, *, axis: int = -1) -> Tensor:
    """Hardmax: 1 at the first largest number along the axis, else 0."""
    if input.numel() == 0:
        return input
    return torch.zeros_like(input).scatter(axis, input.argmax(axis, keepdim=True), 1)


def shrink(input: Tensor, *, bias: float = 0.0, lambd: float = 0.5) -> Tensor:
    """Shrink: 0 between -lambd and lambd; what is beyond comes nearer by the bias."""
    x = input if input.dtype.is_floating_point else input.to(torch.float64)
    nearer = torch.where(x < -lambd, x + bias, torch.where(x > lambd, x - bias, 0))
    return nearer.to(input.dtype)
