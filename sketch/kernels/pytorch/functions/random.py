"""Random numbers of ONNX. A seed gives the same numbers at every call (torch's, not those of another program)."""

import torch
from torch import Tensor


def generator(seed: float | None) -> torch.Generator | None:
    """A generator that starts at the seed; None is torch's own."""
    return None if seed is None else torch.Generator().manual_seed(int(seed))


def random_normal(
    *,
    shape: tuple[int, ...],
    dtype: torch.dtype = torch.float32,
    mean: float = 0.0,
    scale: float = 1.0,
    seed: float | None = None,
) -> Tensor:
    """RandomNormal: draws from a normal distribution of this mean and standard deviation."""
    return torch.randn(shape, dtype=dtype, generator=generator(seed)) * scale + mean


def random_normal_like(
    input: Tensor,
    *,
    dtype: torch.dtype | None = None,
    mean: float = 0.0,
    scale: float = 1.0,
    seed: float | None = None,
) -> Tensor:
    """RandomNormalLike: draws from a normal distribution, in the shape of the input."""
    kind = dtype or input.dtype
    drawn = random_normal(shape=tuple(input.shape), dtype=kind, mean=mean, scale=scale, seed=seed)
    return drawn.to(input.device)


def random_uniform(
    *,
    shape: tuple[int, ...],
    dtype: torch.dtype = torch.float32,
    high: float = 1.0,
    low: float = 0.0,
    seed: float | None = None,
) -> Tensor:
    """RandomUniform: draws between low and high."""
    return torch.rand(shape, dtype=dtype, generator=generator(seed)) * (high - low) + low


def random_uniform_like(
    input: Tensor,
    *,
    dtype: torch.dtype | None = None,
    high: float = 1.0,
    low: float = 0.0,
    seed: float | None = None,
) -> Tensor:
    """RandomUniformLike: draws between low and high, in the shape of the input."""
    kind = dtype or input.dtype
    drawn = random_uniform(shape=tuple(input.shape), dtype=kind, high=high, low=low, seed=seed)
    return drawn.to(input.device)


def bernoulli(input: Tensor, *, dtype: torch.dtype | None = None, seed: float | None = None) -> Tensor:
    """Bernoulli: 1 with the probability that the input has, else 0."""
    drawn = torch.rand(input.shape, dtype=torch.float64, generator=generator(seed)).to(input.device)
    return (drawn < input).to(dtype or input.dtype)


def multinomial(
    input: Tensor, *, dtype: torch.dtype = torch.int32, sample_size: int = 1, seed: float | None = None
) -> Tensor:
    """Multinomial: places drawn along the second axis, with probabilities whose logarithms are the input."""
    share = torch.softmax(input.to(torch.float32), 1).cpu()
    drawn = torch.multinomial(share, sample_size, replacement=True, generator=generator(seed))
    return drawn.to(dtype=dtype, device=input.device)


def dropout(
    data: Tensor,
    ratio: Tensor | None = None,
    training_mode: Tensor | None = None,
    *,
    seed: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Dropout: the data and a mask of ones; in training mode a share of `ratio` (0.5) is zero, the rest larger."""
    share = 0.5 if ratio is None else float(ratio)
    if training_mode is None or not bool(training_mode) or share == 0:
        return data, torch.ones_like(data, dtype=torch.bool)
    mask = torch.rand(data.shape, generator=generator(seed)).to(data.device) >= share
    return torch.where(mask, data / (1 - share), 0), mask
