"""Files that hold a run of the module instead of the module: torch.export's .pt2 and TorchScript."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy as copy
from pathlib import Path
from typing import Any

import torch
from torch import fx, nn
from torch.utils import _pytree

from sketch.binder.kernel import BinderError, Loss
from sketch.binder.samples import SYMBOL_SIZES, has_symbols, sample_inputs
from sketch.graph.dims import Dim, Symbolic, parse_dim, substitute, symbols_in
from sketch.graph.network import Network
from sketch.kernels.pytorch.arrays import to_tensor

Written = tuple[tuple[Path, ...], list[Loss]]
"""Files, and what they cannot do that the drawing can."""


def write_exported(network: Network, module: nn.Module, path: Path) -> Written:
    """torch.export.save: sizes that are names in the drawing stay open where torch.export can prove them."""
    inputs = _examples(network, 0)
    with _quietly():
        program, losses = _exported(network, module, inputs)
        torch.export.save(program, path)
        loaded = torch.export.load(path).module()
    _compare(network, module, loaded, path, open_sizes=has_symbols(network) and not losses)
    return (path,), losses


def write_script(network: Network, module: nn.Module, path: Path) -> Written:
    """torch.jit.save of a traced module; BinderError where the trace computes something else."""
    module, losses = _flat_results(module)
    with _quietly():
        try:
            traced = torch.jit.trace(  # type: ignore[no-untyped-call]
                module, tuple(_examples(network, 0)), check_trace=False, strict=False
            )
        except Exception as error:  # noqa: BLE001 - a border: torch raises anything for what it cannot trace
            raise BinderError(f"TorchScript cannot hold this network: {_first_line(error)}.") from None
        torch.jit.save(traced, str(path))
        loaded = torch.jit.load(str(path))  # type: ignore[no-untyped-call]
    _compare(network, module, loaded, path, open_sizes=False)
    if has_symbols(network):
        try:
            _compare(network, module, loaded, path, open_sizes=True)
        except BinderError:
            losses.append(Loss("inputs", "the TorchScript file works for the sizes of the examples only"))
    return (path,), losses


def _flat_results(module: nn.Module) -> tuple[nn.Module, list[Loss]]:
    """The module with its results in one flat tuple where they are nested: TorchScript has few types."""
    if not isinstance(module, fx.GraphModule):
        return module, []
    output = next(iter(reversed(module.graph.nodes)))
    leaves = [item for item in _pytree.tree_leaves(output.args[0]) if item is not None]
    if isinstance(output.args[0], fx.Node) or list(output.args[0]) == leaves:
        return module, []
    flat = fx.GraphModule(module, copy(module.graph), type(module).__name__)
    end = next(iter(reversed(flat.graph.nodes)))
    end.args = (tuple(item for item in _pytree.tree_leaves(end.args[0]) if item is not None),)
    flat.recompile()
    return flat.eval(), [Loss("results", "are one flat tuple in TorchScript")]


def _exported(
    network: Network, module: nn.Module, inputs: list[torch.Tensor]
) -> tuple[torch.export.ExportedProgram, list[Loss]]:
    losses: list[Loss] = []
    if has_symbols(network):
        try:
            shapes = tuple(_dynamic(step.params["shape"]) for step in network.inputs)
            return torch.export.export(module, tuple(inputs), dynamic_shapes=shapes), losses
        except Exception as error:  # noqa: BLE001 - a border: torch raises anything for what it cannot prove
            losses.append(Loss("inputs", f"the sizes are fixed in this file: {_first_line(error)}"))
    try:
        return torch.export.export(module, tuple(inputs)), losses
    except Exception as error:  # noqa: BLE001 - as above
        raise BinderError(f"torch.export cannot hold this network: {_first_line(error)}.") from None


def _dynamic(shape: tuple[Any, ...]) -> dict[int, Any]:
    return {
        axis: torch.export.Dim.DYNAMIC
        for axis, size in enumerate(shape)
        if isinstance(parse_dim(size), Symbolic)
    }


def _examples(
    network: Network, seed: int, sizes: Mapping[str, tuple[int, ...]] | None = None
) -> list[torch.Tensor]:
    """Seeded inputs in the order of the network's."""
    arrays = sample_inputs(network, seed, sizes)
    return [to_tensor(arrays[step.name], step.params["dtype"]) for step in network.inputs]


def _other_sizes(network: Network) -> dict[str, tuple[int, ...]]:
    """Shapes of the inputs with one more of everything that is a name."""
    found = {}
    for step in network.inputs:
        names = {
            name: SYMBOL_SIZES[0][0] + 1
            for size in step.params["shape"]
            for name in symbols_in(parse_dim(size))
        }
        dims = (parse_dim(size) for size in step.params["shape"])
        sizes = [_substituted(dim, names) for dim in dims]
        found[step.name] = tuple(sizes)
    return found


def _substituted(dim: Dim, values: Mapping[str, int]) -> int:
    made = substitute(dim, values)
    return made if isinstance(made, int) else SYMBOL_SIZES[0][0]


def _compare(network: Network, module: nn.Module, loaded: Any, path: Path, *, open_sizes: bool) -> None:
    """BinderError when a file computes something else than the module."""
    given = _examples(network, 1, _other_sizes(network) if open_sizes else None)
    with torch.no_grad():
        try:
            wanted, got = (_pytree.tree_leaves(each(*given)) for each in (module, loaded))
        except Exception as error:  # noqa: BLE001 - a border: the file's own code
            raise BinderError(f"{path.name}: the file does not run: {_first_line(error)}.") from None
    pairs = list(zip(wanted, got, strict=False))
    same = all(torch.allclose(a, b, rtol=1e-3, atol=1e-4, equal_nan=True) for a, b in pairs if a is not None)
    if len(wanted) != len(got) or not same:
        raise BinderError(
            f"{path.name}: the file computes something else than the drawing; choose pth instead."
        )


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:200].rstrip(".") if text else type(error).__name__


@contextmanager
def _quietly() -> Iterator[None]:
    """torch warns that TorchScript grows old and of what it does itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
