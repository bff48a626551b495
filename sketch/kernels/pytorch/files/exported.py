"""torch.export archives (.pt2): loaded by torch after permission, run module by module on their own example inputs."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import fx, nn
from torch.export import ExportedProgram
from torch.utils import _pytree as pytree

from sketch.binder.kernel import BinderError, ImportedModel, Task
from sketch.kernels.pytorch.files.arguments import NEEDED, name_arguments
from sketch.kernels.pytorch.files.aten import Op
from sketch.kernels.pytorch.files.drawn import drawn
from sketch.kernels.pytorch.files.importing import said
from sketch.kernels.pytorch.files.tried import Tried, words

log = logging.getLogger(__name__)
FORMAT = "exported"


def open_exported(path: Path, inputs: Mapping[str, Sequence[int | str]], task: Task) -> ImportedModel:
    """The drawing of an exported program; call it only when the person trusts the file."""
    program = load_exported(path)
    task.step(1, 3, "Reading the exported program")
    module = _in_parts(program) or _flat(program)
    _say_arguments(module, program, type(module).forward.__get__(module))
    details = {"file": path.name, "class": "ExportedProgram"}
    examples = _examples(program)
    return drawn(module, inputs, task, name=path.stem, format=FORMAT, details=details, examples=examples)


def load_exported(path: Path) -> ExportedProgram:
    """The program in a file; BinderError when torch cannot load it."""
    try:
        return torch.export.load(str(path))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - a border: loading runs code of the file
        raise BinderError(f"{path}: PyTorch cannot load it: {said(error)}") from None


def load_runnable(path: Path) -> nn.Module:
    """The program in a file as a module that takes its inputs by name, as torch runs it."""
    program = load_exported(path)
    module = nn.Module()
    _say_arguments(module, program, program.module(check_guards=False))  # its own checks want inputs by place
    return module.eval()


def _say_arguments(module: nn.Module, program: ExportedProgram, run: Callable[..., Any]) -> None:
    """Let forward's arguments be called as in the file, where each is a tensor by itself."""
    names = _arguments(program)
    if names is None:
        module.__dict__["forward"] = run
    else:
        count = len(program.example_inputs[0]) if program.example_inputs else len(names)
        name_arguments(module, [(name, NEEDED) for name in names], run, count)


def _arguments(program: ExportedProgram) -> list[str] | None:
    """Names of the inputs; None where an input is no tensor by itself."""
    names = list(program.graph_signature.user_inputs)
    args, kwargs = program.example_inputs or (names, {})
    plain = all(isinstance(name, str) and name.isidentifier() for name in names)
    return [str(name) for name in names] if plain and len(names) == len(args) + len(kwargs) else None


def _examples(program: ExportedProgram) -> Tried | None:
    """The inputs that the file brings, where it does and they are tensors."""
    if program.example_inputs is None:
        return None
    args, kwargs = program.example_inputs
    values = [*args, *kwargs.values()]
    names = _arguments(program)
    if names is None or not all(isinstance(value, torch.Tensor) for value in values):
        return Tried(tuple(args), dict(kwargs), "the example inputs in the file")
    by_name = dict(zip(names[len(args) :], values[len(args) :], strict=True))
    return Tried(tuple(args), by_name, words(names, values))


def _flat(program: ExportedProgram) -> nn.Module:
    """The program as one graph."""
    module = program.module(check_guards=False)
    _make_plain(module)
    return module


def _in_parts(program: ExportedProgram) -> nn.Module | None:
    """The program as the modules it was made of; None where torch cannot take it apart, or does so wrongly."""
    if program.example_inputs is None:
        return None
    args, kwargs = program.example_inputs
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _unflattened(program, args, kwargs)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - torch's own way of taking a program apart has gaps; the whole is there
        log.info("export.whole reason=%s", said(error))
        return None


def _unflattened(
    program: ExportedProgram, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> nn.Module | None:
    """The program in modules, where it gives the same as the whole."""
    whole = program.module(check_guards=False)
    parts = torch.export.unflatten(program)
    _make_plain(parts)
    with torch.no_grad():
        same = _equal(whole(*args, **kwargs), parts(*args, **kwargs))
    return parts if same else None


def _equal(one: Any, two: Any) -> bool:
    left, right = pytree.tree_leaves(one), pytree.tree_leaves(two)
    return len(left) == len(right) and all(
        torch.allclose(a, b, equal_nan=True) if isinstance(a, torch.Tensor) else a == b
        for a, b in zip(left, right, strict=True)
    )


def _make_plain(module: nn.Module) -> None:
    """Let every graph call the functions that a person writes, in place of ATen's operators."""
    for part in module.modules():
        graph = getattr(part, "graph", None)
        if not isinstance(graph, fx.Graph):
            continue
        for node in list(graph.nodes):
            target = node.target
            if node.op == "call_function" and isinstance(target, torch._ops.OpOverload):
                if target.namespace == "aten":
                    node.target = _Plain(target)
                elif "_guards" in str(target) or "assert" in str(target):
                    graph.erase_node(node)
        if isinstance(part, fx.GraphModule):
            part.recompile()


class _Plain:
    """An operator of ATen, called as ordinary Python."""

    def __init__(self, overload: Any):
        self.__name__ = overload._schema.name.partition("::")[2]
        self.__module__ = "aten"  # not of torch: a graph would print that name and call the operator itself
        self._op = Op(self.__name__, overload._schema)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._op(*args, **kwargs)
