"""Initial values of a layer's weights: the distributions that PyTorch's own layers start from, by seed.

The same seed, node and role always give the same bytes, whatever else is in the network and in whatever order
tensors are asked for.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sketch.graph.errors import ExpressionError, ParameterError
from sketch.graph.expressions import evaluate
from sketch.graph.weights import WeightType

Array = np.ndarray[Any, Any]
_MOST_DRAWS = 1000
"""So often are values drawn again that lie outside a truncated distribution; what is left then is clipped."""


class _Draw:
    """What a scheme needs: the weight, its siblings, the parameters and random numbers of its own."""

    def __init__(
        self,
        weight: WeightType,
        siblings: Mapping[str, WeightType],
        params: Mapping[str, Any],
        generator: np.random.Generator,
    ):
        self.weight = weight
        self.params = params
        self._siblings = siblings
        self._generator = generator

    def number(self, name: str, default: float = 0.0) -> float:
        """An argument of the scheme; a text is an expression over the parameters."""
        return float(evaluate(self.weight.init.get(name, default), self.params))

    def uniform(self, low: float, high: float, shape: tuple[int, ...] | None = None) -> Array:
        """Evenly spread values in [low, high); as many as the weight has unless a shape is given."""
        wanted = self.weight.shape if shape is None else shape
        values = self._generator.random(wanted, dtype=_real(self.weight.dtype))
        values *= high - low
        values += low
        return values

    def normal(self, mean: float, std: float, shape: tuple[int, ...] | None = None) -> Array:
        """Normal values; a complex weight has this spread in both parts together."""
        kind, wanted = _real(self.weight.dtype), self.weight.shape if shape is None else shape
        values = self._generator.standard_normal(wanted, dtype=kind)
        if self.weight.dtype.startswith("complex"):
            imaginary = self._generator.standard_normal(wanted, dtype=kind)
            return mean + std / math.sqrt(2) * (values + 1j * imaginary)
        values *= std
        values += mean
        return values

    def fans(self) -> tuple[int, int]:
        """Inputs and outputs of one unit; `of` names the weight that is meant when it is another one."""
        role = self.weight.init.get("of")
        return fans((self._siblings[role] if role else self.weight).shape)

    def matrix(self) -> tuple[int, int]:
        """(rows, columns) of the weight, all dimensions after the first taken together."""
        if len(self.weight.shape) < 2:
            scheme = self.weight.init["scheme"]
            raise ExpressionError(f"{scheme} needs two dimensions or more; {self.weight.role} has fewer.")
        return self.weight.shape[0], math.prod(self.weight.shape[1:])


def initial_tensor(
    weight: WeightType, siblings: Mapping[str, WeightType], params: Mapping[str, Any], seed: int, node_id: int
) -> Array:
    """The values a weight starts with; types that numpy lacks come as raw bits, as the tensor store keeps them.

    Args:
        weight: role, shape, element type and init scheme.
        siblings: all weights of the node by role (a bias asks for its weight's fan-in).
        params: effective parameters of the node.
        seed: seed of the document.
        node_id: id of the node.

    Raises:
        ParameterError: a size is not a number yet, or the element type cannot be made.
        ExpressionError: the layer file names an unknown scheme.
    """
    if weight.count is None:
        raise ParameterError(
            f"The size of {weight.role} is not known yet; connect the layer or set its parameters."
        )
    scheme = str(weight.init["scheme"])
    if scheme not in _SCHEMES:
        raise ExpressionError(f"{scheme!r} is no way to initialise; use {', '.join(sorted(_SCHEMES))}.")
    values = _SCHEMES[scheme](_Draw(weight, siblings, params, generator_for(seed, node_id, weight.role)))
    row = params.get(weight.init.get("zero_row", ""))
    if row is not None:
        values[row] = 0
    return _stored(values, weight)


def generator_for(seed: int, node_id: int, role: str) -> np.random.Generator:
    """A random stream that belongs to one weight alone (Philox, keyed by a hash)."""
    digest = hashlib.sha256(f"{seed}/{node_id}/{role}".encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """(fan in, fan out) as torch.nn.init counts them: sizes 1 and 0, times the size of the filter."""
    if len(shape) < 2:
        raise ExpressionError("Only a weight with two or more dimensions has a fan-in.")
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def _kaiming(draw: _Draw) -> float:
    """He et al. 2015 with a leaky slope a: (1 + a²)·fan; `mode` says which fan."""
    fan = draw.fans()[draw.weight.init.get("mode") == "fan_out"]
    return (1 + draw.number("a") ** 2) * max(fan, 1)


def _kaiming_uniform(draw: _Draw) -> Array:
    """He et al. 2015, even values: bound = sqrt(6 / ((1 + a²)·fan))."""
    bound = math.sqrt(6 / _kaiming(draw))
    return draw.uniform(-bound, bound)


def _kaiming_normal(draw: _Draw) -> Array:
    """He et al. 2015, normal values: standard deviation = sqrt(2 / ((1 + a²)·fan))."""
    return draw.normal(0.0, math.sqrt(2 / _kaiming(draw)))


def _xavier_uniform(draw: _Draw) -> Array:
    """Glorot and Bengio 2010, even values: bound = gain·sqrt(6 / (fan in + fan out))."""
    bound = draw.number("gain", 1.0) * math.sqrt(6 / max(sum(draw.fans()), 1))
    return draw.uniform(-bound, bound)


def _xavier_normal(draw: _Draw) -> Array:
    """Glorot and Bengio 2010, normal values: standard deviation = gain·sqrt(2 / (fan in + fan out))."""
    return draw.normal(0.0, draw.number("gain", 1.0) * math.sqrt(2 / max(sum(draw.fans()), 1)))


def _fan_in_uniform(draw: _Draw) -> Array:
    """±1 / sqrt(fan in), the rule of PyTorch's biases."""
    bound = 1 / math.sqrt(max(draw.fans()[0], 1))
    return draw.uniform(-bound, bound)


def _uniform(draw: _Draw) -> Array:
    """From low to high, or ±bound."""
    if "bound" in draw.weight.init:
        bound = draw.number("bound")
        return draw.uniform(-bound, bound)
    return draw.uniform(draw.number("low"), draw.number("high", 1.0))


def _normal(draw: _Draw) -> Array:
    return draw.normal(draw.number("mean"), draw.number("std", 1.0))


def _truncated_normal(draw: _Draw) -> Array:
    """Normal values between low and high: what lies outside is drawn again."""
    mean, std, low, high = (draw.number(name) for name in ("mean", "std", "low", "high"))
    values = draw.normal(mean, std)
    for _ in range(_MOST_DRAWS):
        outside = (values < low) | (values > high)
        if not outside.any():
            break
        values[outside] = draw.normal(mean, std, (int(outside.sum()),))
    return np.clip(values, low, high)


def _orthogonal(draw: _Draw) -> Array:
    """Saxe et al. 2014: Q of a normal matrix, flattened to (first size, all others), signs as in R; times gain."""
    rows, columns = draw.matrix()
    flat = draw.normal(0.0, 1.0, (max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(flat)
    q *= np.sign(np.diagonal(r))
    made = q if rows >= columns else q.T
    return draw.number("gain", 1.0) * made.reshape(draw.weight.shape)


def _sparse(draw: _Draw) -> Array:
    """Martens 2010: normal values; in each column of the flattened matrix this part of the rows is 0."""
    rows, columns = draw.matrix()
    values = draw.normal(0.0, draw.number("std", 0.01), (rows, columns))
    order = np.argsort(draw.uniform(0.0, 1.0, (rows, columns)), axis=0)
    gone = math.ceil(draw.number("sparsity") * rows)
    np.put_along_axis(values, order[:gone], 0, axis=0)
    return values.reshape(draw.weight.shape)


def _identity(draw: _Draw) -> Array:
    """1 on the diagonal; of a filter in its middle, so that each output is the input of its number."""
    draw.matrix()
    values = np.zeros(draw.weight.shape)
    same = np.arange(min(draw.weight.shape[:2]))
    values[(same, same, *(size // 2 for size in draw.weight.shape[2:]))] = 1
    return values


def _constant(draw: _Draw) -> Array:
    """One number that fills the weight, or nested tuples of its shape; a text is an expression."""
    value = np.asarray(evaluate(draw.weight.init["value"], draw.params))
    return np.broadcast_to(value, draw.weight.shape).copy()


def _zeros(draw: _Draw) -> Array:
    return np.zeros(draw.weight.shape)


def _ones(draw: _Draw) -> Array:
    return np.ones(draw.weight.shape)


def _real(dtype: str) -> type[np.float32] | type[np.float64]:
    return np.float64 if dtype in ("float64", "complex128") else np.float32


def _stored(values: Array, weight: WeightType) -> Array:
    """The values in their element type; bfloat16 and the four- and two-bit integers as raw bits."""
    dtype = weight.dtype
    if dtype == "bfloat16":
        return _bfloat16_bits(values.astype(np.float32))
    if dtype in ("int4", "uint4", "int2", "uint2"):
        bits = int(dtype[-1])
        packed: Array = (values.astype(np.int64) & (2**bits - 1)).astype(np.uint8)
        return packed
    try:
        return values.astype(np.dtype(dtype), copy=False)
    except TypeError:
        raise ParameterError(
            f"Initial values of {weight.role} cannot be made in {dtype}; use float32."
        ) from None


def _bfloat16_bits(values: Array) -> Array:
    """Round float32 to the nearest bfloat16, ties to even; the 16 bits as uint16."""
    bits = values.view(np.uint32)
    rounded = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)
    quiet = (bits >> np.uint32(16)) | np.uint32(0x40)
    bits16: Array = np.where(np.isnan(values), quiet, rounded).astype(np.uint16)
    return bits16


_SCHEMES: Mapping[str, Callable[[_Draw], Array]] = {
    "kaiming_uniform": _kaiming_uniform,
    "kaiming_normal": _kaiming_normal,
    "xavier_uniform": _xavier_uniform,
    "xavier_normal": _xavier_normal,
    "fan_in_uniform": _fan_in_uniform,
    "uniform": _uniform,
    "normal": _normal,
    "truncated_normal": _truncated_normal,
    "orthogonal": _orthogonal,
    "sparse": _sparse,
    "identity": _identity,
    "constant": _constant,
    "zeros": _zeros,
    "ones": _ones,
}
