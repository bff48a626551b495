"""One run of a module under the recorder; the module, torch and the random numbers are as before afterwards."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from sketch.kernels.pytorch.capture.book import Entry, Read, Unrecordable
from sketch.kernels.pytorch.capture.examples import Examples
from sketch.kernels.pytorch.capture.layers import LayerCalls, Runner
from sketch.kernels.pytorch.capture.memory import kind_of
from sketch.kernels.pytorch.capture.nesting import Ref
from sketch.kernels.pytorch.capture.places import Place, raised_at
from sketch.kernels.pytorch.capture.recorder import Recorder
from sketch.kernels.pytorch.capture.results import Results, read_results
from sketch.kernels.pytorch.capture.state import as_before, python_random, seeded

_RUNNING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Run:
    """What one run did.

    `changed` has the line for each tensor of the model ("" for constants) that was changed, `stored` the path of an
    attribute that was. `earlier` are the tensors that the calls before the last gave.
    """

    entries: list[Entry]
    reads: list[Read]
    results: Results
    changed: Mapping[str, Place]
    stored: str
    python_random: bool
    earlier: list[list[torch.Tensor]]


class FailedRunError(Exception):
    """The model itself raised an error; `place` is its line."""

    def __init__(self, error: BaseException):
        text = str(error).strip().splitlines()
        super().__init__(f"{type(error).__name__}: {text[0][:300]}" if text else type(error).__name__)
        self.place = raised_at(error)


def paths_of(module: nn.Module) -> tuple[dict[int, str], dict[int, str]]:
    """Path by id of every submodule and of every parameter and buffer; tied ones have their first path."""
    state: dict[int, str] = {}
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        state.setdefault(id(tensor), name)
    return {id(inner): name for name, inner in module.named_modules()}, state


def record(module: nn.Module, examples: Examples, runner: Runner | None, calls: int = 1) -> Run:
    """Run a module on examples.

    Args:
        calls: how often, one call after the other; the recording has all of them, the results are those of the last.

    Raises:
        Unrecordable: for what cannot be said as a graph.
        FailedRunError: when the model raises an error of its own.
    """
    modules, state = paths_of(module)
    with _RUNNING, as_before(module) as attributes, seeded(), torch.no_grad():
        recorder = Recorder(state, _run.__code__)
        layers = LayerCalls(recorder, modules, runner)
        before = python_random()
        _enter_inputs(recorder, examples)
        try:
            found = _called(module, examples, recorder, layers, calls)
        except Unrecordable:
            raise
        except Exception as error:
            raise FailedRunError(error) from error
        finally:
            recorder.tensors.restore()
        drawn, stored = before != python_random(), attributes.stored()
    book = recorder.book
    earlier = [result.tensors for result in found[:-1]]
    return Run(book.entries, book.reads, found[-1], recorder.tensors.changed, stored, drawn, earlier)


def _called(
    module: nn.Module, examples: Examples, recorder: Recorder, layers: LayerCalls, calls: int
) -> list[Results]:
    found = []
    for _ in range(calls):
        with _module_calls(layers), recorder:
            result = _run(module, examples)
        with torch._C.DisableTorchFunction():
            found.append(read_results(recorder, result))
    return found


def _run(module: nn.Module, examples: Examples) -> Any:
    return module(*examples.args, **examples.kwargs)


def _enter_inputs(recorder: Recorder, examples: Examples) -> None:
    for name, tensor in zip(examples.names, examples.tensors, strict=True):
        index = recorder.book.add(Entry("input", name, types=[kind_of(tensor)], origin=1))
        recorder.tensors.made(Ref(index), tensor, [])


# --- what is changed for a run and put back ----------------------------------------------------------


@contextmanager
def _module_calls(layers: LayerCalls) -> Iterator[None]:
    """Calls of modules on this thread go through `layers`."""
    original, thread = nn.Module.__call__, threading.get_ident()
    script = torch._C.ScriptFunction.__call__

    def call(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
        if threading.get_ident() != thread:
            return original(module, *args, **kwargs)
        return layers.call(original, module, args, kwargs)

    def script_call(function: Any, *args: Any, **kwargs: Any) -> Any:
        python = getattr(function, "_torchdynamo_inline", None)
        if threading.get_ident() != thread or python is None:
            return script(function, *args, **kwargs)
        return python(*args, **kwargs)

    _set_call(nn.Module, call)
    _set_call(torch._C.ScriptFunction, script_call)
    try:
        yield
    finally:
        _set_call(nn.Module, original)
        _set_call(torch._C.ScriptFunction, script)


def _set_call(kind: Any, function: Any) -> None:
    kind.__call__ = function
