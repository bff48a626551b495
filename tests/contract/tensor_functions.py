"""What torch itself says of the layers of draws_tensor: one plain call each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

Params = Mapping[str, Any]


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda _params, *inputs: function(*inputs)


def _moments(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda p, x: function(x, p["dim"], correction=p["correction"], keepdim=p["keepdim"])


def _logical(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda p, x: function(
        x.bool(), tuple(range(x.ndim)) if p["dim"] is None else p["dim"], p["keepdim"]
    )


def _convolution(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(p: Params, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        return function(x, weight, bias, p["stride"], p["padding"], p["dilation"], p["groups"])

    return call


def _grid(p: Params, x: Tensor, grid: Tensor) -> Tensor:
    return functional.grid_sample(x, grid, p["mode"], p["padding_mode"], p["align_corners"])


def _scatter(p: Params, x: Tensor, index: Tensor, src: Tensor) -> Tensor:
    return x.clone().scatter_(p["dim"], index, src)


def _sorted(p: Params, x: Tensor) -> Any:
    return tuple(torch.sort(x, dim=p["dim"], descending=p["descending"], stable=p["stable"]))


def _masked(p: Params, x: Tensor, mask: Tensor, value: Tensor | None = None) -> Tensor:
    return x.masked_fill(mask, p["value"]) if value is None else x.masked_fill(mask, value)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{
        name: _plain(getattr(torch, name.lower()))
        for name in (
            "Rsqrt",
            "Log1p",
            "Expm1",
            "Log2",
            "Tan",
            "Asin",
            "Acos",
            "Atan",
            "Sinh",
            "Cosh",
            "Trunc",
        )
    },
    "NotEqual": _plain(torch.ne),
    "FloorDivide": _plain(torch.floor_divide),
    "Remainder": _plain(torch.remainder),
    "Var": _moments(torch.var),
    "Std": _moments(torch.std),
    "VarMean": _moments(torch.var_mean),
    "LogSumExp": lambda p, x: torch.logsumexp(x, p["dim"], p["keepdim"]),
    "Any": _logical(torch.any),
    "All": _logical(torch.all),
    "Prod": lambda p, x: torch.prod(x) if p["dim"] is None else torch.prod(x, p["dim"], p["keepdim"]),
    "ArgMin": lambda p, x: torch.argmin(x, p["dim"], p["keepdim"]),
    "Normalize": lambda p, x: functional.normalize(x, p["p"], p["dim"], p["eps"]),
    "TopK": lambda p, x: tuple(torch.topk(x, p["k"], p["dim"], p["largest"], p["sorted"])),
    "Sort": _sorted,
    "GatherElements": lambda p, x, index: torch.gather(x, p["dim"], index),
    "Scatter": _scatter,
    "ScatterAdd": lambda p, x, index, src: x.clone().scatter_add_(p["dim"], index, src),
    "OneHot": lambda p, x: torch.eye(p["num_classes"], dtype=torch.int64)[x],
    "MaskedFill": _masked,
    "Roll": lambda p, x: torch.roll(x, p["shifts"], p["dims"]),
    "Flip": lambda p, x: torch.flip(x, p["dims"]),
    "Repeat": lambda p, x: x.repeat(p["repeats"]),
    "RepeatInterleave": lambda p, x: x.repeat_interleave(p["repeats"], p["dim"]),
    "UnfoldDim": lambda p, x: x.unfold(p["dimension"], p["size"], p["step"]),
    "Einsum": lambda p, *xs: torch.einsum(p["equation"], *xs),
    "GridSample": _grid,
    "FunctionalLinear": _plain(functional.linear),
    **{f"FunctionalConv{n}d": _convolution(getattr(functional, f"conv{n}d")) for n in (1, 2, 3)},
}
