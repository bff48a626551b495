"""Example inputs by name, and other inputs of the same kind: other values, another batch size."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from sketch.binder.kernel import BinderError
from sketch.kernels.pytorch.capture.nesting import leaves, named_tensors, rebuilt, tensors


@dataclass(frozen=True, slots=True)
class Examples:
    """What a module is called with; `names` has one for each tensor, in the order in which they are met."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    names: tuple[str, ...]
    tensors: tuple[torch.Tensor, ...]

    @classmethod
    def of(cls, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Examples:
        """Examples named by the arguments of the module's forward."""
        arguments = list(_arguments(module, args, kwargs))
        for name, value in arguments:
            _refuse_hidden(name, value)
        pairs = [pair for name, value in arguments for pair in named_tensors(value, name)]
        return cls(args, kwargs, _unique([name for name, _ in pairs]), tuple(tensor for _, tensor in pairs))

    @property
    def batch(self) -> int | None:
        """The first dimension of the first input that has one."""
        return next((tensor.shape[0] for tensor in self.tensors if tensor.dim()), None)

    def same(self) -> Examples:
        """Copies, so that a run cannot change what the person gave."""
        return self._with([tensor.detach().clone() for tensor in self.tensors])

    def axes(self) -> list[tuple[int | None, ...]]:
        """Where the batch size may stand in each input, the likeliest first: in front, second in states of an RNN."""
        size = self.batch
        front = tuple(0 if tensor.dim() and tensor.shape[0] == size else None for tensor in self.tensors)
        second = tuple(
            1 if axis is None and tensor.dim() > 1 and tensor.shape[1] == size else axis
            for axis, tensor in zip(front, self.tensors, strict=True)
        )
        led = [place for place, axis in enumerate(front) if axis == 0]
        without = [
            tuple(None if place == out else axis for place, axis in enumerate(front)) for out in led[1:5]
        ]
        alone = tuple(0 if place in led[:1] else None for place in range(len(front)))
        return list(dict.fromkeys((front, second, *without, alone)))

    def other(
        self, seed: int, batch: int = 0, axes: tuple[int | None, ...] = (), manner: int = 0
    ) -> Examples:
        """Other values of the same kind.

        Args:
            batch: another batch size, where `axes` has a place for it in each input.
            manner: 0 for numbers much like the examples, 1 and 2 for larger and smaller ones.
        """
        generator = torch.Generator().manual_seed(seed)
        moved = [_other(tensor, generator, manner) for tensor in self.tensors]
        if not batch:
            return self._with(moved)
        return self._with([
            tensor if axis is None else _resized(tensor.movedim(axis, 0), batch).movedim(0, axis).contiguous()
            for tensor, axis in zip(moved, axes or self.axes()[0], strict=True)
        ])  # fmt: skip

    def masked(self) -> Examples | None:
        """The same with zeros in the masks that are all ones; None where there are none.

        Models skip a mask of ones; drawn with some zeros in it, the drawing reads it.
        """
        changed = [_with_zeros(tensor) for tensor in self.tensors]
        if all(tensor is None for tensor in changed):
            return None
        return self._with([
            tensor.clone() if other is None else other
            for tensor, other in zip(self.tensors, changed, strict=True)
        ])  # fmt: skip

    def _with(self, tensors: list[torch.Tensor]) -> Examples:
        left = iter(tensors)
        args, kwargs = rebuilt((self.args, self.kwargs), lambda _: next(left))
        return Examples(args, kwargs, self.names, tuple(tensors))


def _arguments(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Arguments by the names in forward's signature, in the order given."""
    plain, rest = _signature(module)
    for place, value in enumerate(args):
        yield plain[place] if place < len(plain) else f"{rest}_{place - len(plain)}", value
    yield from kwargs.items()


def _signature(module: nn.Module) -> tuple[list[str], str]:
    """Names of the arguments of forward by position, and of those beyond them."""
    if isinstance(module, torch.jit.ScriptModule):
        scripted: Any = module.forward
        return [item.name for item in scripted.schema.arguments[1:]], "input"
    try:
        found = list(inspect.signature(module.forward).parameters.values())
    except (TypeError, ValueError):
        return [], "input"
    plain = [item.name for item in found if item.kind in (item.POSITIONAL_ONLY, item.POSITIONAL_OR_KEYWORD)]
    return plain, next((item.name for item in found if item.kind is item.VAR_POSITIONAL), "input")


def _refuse_hidden(name: str, value: Any) -> None:
    """Tensors inside an object of another kind would be taken for constants."""
    for item in leaves(value):
        own = getattr(item, "__dict__", None)
        if (
            own
            and not isinstance(item, (torch.Tensor, type))
            and not dataclasses.is_dataclass(item)
            and tensors(own)
        ):
            raise BinderError(
                f"The input '{name}' has tensors inside a {type(item).__name__}; give tensors, or tuples, lists, dicts "
                "or dataclasses of them."
            )


def _unique(names: list[str]) -> tuple[str, ...]:
    """Names that Python accepts, each once."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"\W", "_", name)
        plain = plain if plain[:1].isalpha() or plain[:1] == "_" else f"input_{plain}"
        number, title = 2, plain
        while title in found:
            title, number = f"{plain}_{number}", number + 1
        found.append(title)
    return tuple(found)


def _other(tensor: torch.Tensor, generator: torch.Generator, manner: int) -> torch.Tensor:
    """The same numbers in another order; real ones with noise of their own scale too, unless they are a mask."""
    flat = tensor.detach().reshape(-1)
    if not flat.numel():
        return tensor.clone()
    if tensor.is_floating_point() and bool(flat.isfinite().all()) and not _is_mask(flat):
        return _noisy(flat.to(torch.float64), generator, manner).to(tensor.dtype).reshape(tensor.shape)
    if manner and not tensor.is_floating_point() and not _is_mask(flat):
        order = torch.randint(flat.numel(), flat.shape, generator=generator)
    else:
        order = torch.randperm(flat.numel(), generator=generator)
    return flat[order].reshape(tensor.shape)


def _is_mask(flat: torch.Tensor) -> bool:
    return bool(((flat == 0) | (flat == 1)).all() and (flat == 0).any() and (flat == 1).any())


def _noisy(flat: torch.Tensor, generator: torch.Generator, manner: int) -> torch.Tensor:
    """Numbers that were positive stay so."""
    positive = bool((flat >= 0).all())
    spread = float(flat.std()) if flat.numel() > 1 else 0.0
    scale = spread or float(flat.abs().max()) or 1.0
    noise = torch.randn(flat.shape, generator=generator, dtype=torch.float64)
    mixed = flat[torch.randperm(flat.numel(), generator=generator)] + 0.1 * scale * noise
    mixed = mixed * (1.0, 1.7 if positive else -1.7, 0.3)[manner]
    return mixed.abs() if positive else mixed


def _with_zeros(tensor: torch.Tensor) -> torch.Tensor | None:
    """A mask of ones with the second half of its last dimension 0 in every second row."""
    whole = not tensor.is_floating_point() and not tensor.is_complex()
    if not whole or not tensor.dim() or tensor.shape[-1] < 2 or not bool((tensor == 1).all()):
        return None
    changed = tensor.clone()
    rows = changed.reshape(-1, changed.shape[-1])
    rows[(rows.shape[0] + 1) % 2 :: 2, changed.shape[-1] // 2 :] = 0
    return rows.reshape(tensor.shape)


def _resized(tensor: torch.Tensor, batch: int) -> torch.Tensor:
    """More rows: the ones that there are again, each moved on by one place so that no two are equal."""
    rows = torch.arange(batch) % tensor.shape[0]
    whole = tensor[rows].clone()
    for row in range(tensor.shape[0], batch):
        whole[row] = whole[row].reshape(-1).roll(row).reshape(whole[row].shape)
    return whole
