"""From a live module and example inputs to a graph: several runs, compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx, nn

from sketch.binder.kernel import BinderError, Loss
from sketch.kernels.pytorch.capture.aligning import Aligned, DifferentError, align
from sketch.kernels.pytorch.capture.book import FROM_INPUT, RANDOM, Unrecordable
from sketch.kernels.pytorch.capture.checking import close, gives
from sketch.kernels.pytorch.capture.examples import Examples
from sketch.kernels.pytorch.capture.layers import Runner
from sketch.kernels.pytorch.capture.places import NOWHERE, Place
from sketch.kernels.pytorch.capture.remarks import MASKED, UNMASKED, fixed_batch, remarks, sized_by_data
from sketch.kernels.pytorch.capture.running import FailedRunError, Run, record
from sketch.kernels.pytorch.capture.state import as_before
from sketch.kernels.pytorch.capture.writing import ALONE, GraphWriter, chain_paths, needed, sketch_kind

_MORE = (0, 1, 4)
"""Batch sizes of the runs, beyond that of the examples: `min(N, 4)`, which models have, is no multiple of N there."""

InputType = tuple[str, tuple[Any, ...], str]


@dataclass(frozen=True, slots=True)
class Captured:
    """What a module does, as a graph.

    Attributes:
        graph_module: the graph, for reading; its `output` has one flat tuple of tensors.
        inputs: name, shape and element type of each placeholder; the batch size is "N" where `batch` is True.
        outputs: the nesting of the module's own result with the number of a tensor in each place, None for no tensor.
        notes: what was fixed on the way, with the line of the model.
        batch: True when the first dimension of the inputs may be any number.
        unused: keys of the state_dict that no call reads.
        chains: paths of the nn.Sequential blocks.
    """

    graph_module: fx.GraphModule
    inputs: tuple[InputType, ...]
    outputs: Any
    notes: tuple[Loss, ...]
    batch: bool
    unused: tuple[str, ...]
    chains: frozenset[str]


def capture(
    module: nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any] | None = None,
    *,
    runner: Runner | None = None,
) -> Captured:
    """Run a module on example inputs and write down what it does.

    It runs three or four times: with the examples, and with other values and other batch sizes, so that what depends on
    the batch size is known, and what depends on the values is refused. The module is left as it was.

    Args:
        args: the example inputs, in the order of forward; nested tuples, lists, dicts and dataclasses of tensors are
            flattened, what is no tensor stays as it is given.
        runner: runs a TorchScript module by calls of torch.ops.aten.

    Raises:
        BinderError: with the line of the model that cannot be drawn.
    """
    module = _unwrapped(module)
    examples = Examples.of(module, tuple(args), dict(kwargs or {}))
    try:
        _make_parameters(module, examples)
        return _Capture(module, examples, runner).captured()
    except Unrecordable as error:
        raise _refusal(module, error.place, error.reason) from None


def _unwrapped(module: nn.Module) -> nn.Module:
    """The module that torch.compile or a parallel wrapper holds."""
    while True:
        if hasattr(module, "_orig_mod") and isinstance(module._orig_mod, nn.Module):
            module = module._orig_mod
        elif isinstance(module, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            module = module.module
        else:
            return module


def _make_parameters(module: nn.Module, examples: Examples) -> None:
    """Lazy layers learn their sizes from a first run."""
    tensors = (*module.parameters(), *module.buffers())
    if any(nn.parameter.is_lazy(tensor) for tensor in tensors):
        with torch.no_grad():
            given = examples.same()
            module(*given.args, **given.kwargs)


def _refusal(module: nn.Module, place: Place, reason: str) -> BinderError:
    where = "" if place is NOWHERE else f"{place.source} – "
    return BinderError(f"{type(module).__name__} cannot be drawn: {where}{reason}.")


class _Capture:
    """The runs of one module."""

    def __init__(self, module: nn.Module, examples: Examples, runner: Runner | None):
        self._module = module
        self._examples = examples
        self._runner = runner
        self._others: dict[tuple[tuple[int | None, ...], int], Run] = {}
        self._given = examples
        self._before: tuple[Loss, ...] = ()
        self._first = self._wanted = self._must_run(examples.same(), "cannot be run on the example inputs")

    def captured(self) -> Captured:
        """The graph; where the model looks at its input, that for masks with zeros in them if there is one."""
        self._must_forget()
        masked = self._examples.masked() if self._reads_data() else None
        if masked is None:
            return self._captured()
        try:
            run = record(self._module, masked, self._runner)
            align([self._first, run], (1, 1))
        except (FailedRunError, Unrecordable):
            return self._captured()
        except DifferentError:
            return self._captured_as(masked, run)
        return self._captured()

    def _must_forget(self) -> None:
        """A model may store what it computes, but the same call again must give the same numbers."""
        first = self._first
        if not (first.changed or first.stored) or self._draws():
            return
        try:
            twice = record(self._module, self._examples.same(), self._runner, calls=2)
        except FailedRunError as error:
            raise _refusal(self._module, error.place, f"the model cannot be called twice: {error}") from None
        if not close(twice.earlier[0], twice.results.tensors):
            path, place = next(iter(first.changed.items()), (first.stored, NOWHERE))
            raise _refusal(
                self._module,
                place,
                f"each call gives other numbers, as forward changes '{path}' of the model",
            )

    def _draws(self) -> bool:
        return any(entry.origin & RANDOM for entry in self._first.entries)

    def _captured_as(self, examples: Examples, run: Run) -> Captured:
        """With other examples than the given ones, as far as that is possible."""
        first, self._examples, self._first, self._before = self._first, examples, run, (MASKED,)
        try:
            return self._captured()
        except BinderError:
            self._examples, self._first, self._others, self._before = self._given, first, {}, (UNMASKED,)
            return self._captured()

    def _captured(self) -> Captured:
        """The graph for any batch size; for the given one where the model depends on it."""
        found, reason = self._any_batch()
        if reason:  # the first run may have filled caches that later runs read
            self._first = self._must_run(self._examples.same(), "cannot be run again on the example inputs")
            found, reason = self._any_batch()
        batch = found is not None
        if found is None or self._reads_data():
            checked = self._other_values()
            found = checked if found is None else found.with_constants_of(checked)
        return self._written(found, batch, reason)

    def _must_run(self, examples: Examples, what: str) -> Run:
        try:
            return record(self._module, examples, self._runner)
        except FailedRunError as error:
            raise _refusal(self._module, error.place, f"the model {what}: {error}") from None

    def _any_batch(self) -> tuple[Aligned | None, str]:
        """The runs at three batch sizes as one, or why there is none; inputs without a batch need no reason."""
        size, first = self._examples.batch, ""
        if size is None or size < 1:
            return None, ""
        for axes in self._examples.axes():
            found, reason = self._with_batch_at(axes, tuple(size + more for more in _MORE))
            if found is not None:
                return found, ""
            first = first or reason
        return None, first

    def _with_batch_at(
        self, axes: tuple[int | None, ...], sizes: tuple[int, ...]
    ) -> tuple[Aligned | None, str]:
        try:
            for seed, batch in enumerate(sizes[1:], 1):
                if (axes, batch) not in self._others:
                    given = self._examples.other(seed, batch, axes)
                    self._others[axes, batch] = record(self._module, given, self._runner)
            return align([self._first, *(self._others[axes, batch] for batch in sizes[1:])], sizes), ""
        except (FailedRunError, Unrecordable, DifferentError) as error:
            return None, self._words(error)

    def _reads_data(self) -> bool:
        first = self._first
        read = any(read.origin & FROM_INPUT for read in first.reads)
        return read or any(sized_by_data(first, entry) for entry in first.entries)

    def _other_values(self) -> Aligned:
        """The run with the examples beside runs with other values of the same shapes: nothing may differ."""
        checked: Aligned | None = None
        failure: FailedRunError | None = None
        for manner in range(3):
            try:
                other = record(self._module, self._examples.other(9 + manner, manner=manner), self._runner)
                found = align([self._first, other], (1, 1))
            except FailedRunError as error:
                failure = failure or error
            except DifferentError as error:
                raise _refusal(self._module, *self._blame(error, other)) from None
            else:
                checked = found if checked is None else checked.with_constants_of(found)
        if checked is None:
            place = failure.place if failure is not None else NOWHERE
            raise _refusal(self._module, place, f"the model cannot be run on other values: {failure}")
        return checked

    def _blame(self, error: DifferentError, other: Run) -> tuple[Place, str]:
        """The last number that Python read before the difference, else the call that differs, and what differs."""
        different = [
            mine for mine, its in zip(self._first.reads, other.reads, strict=False)
            if mine.at <= error.at and mine.at == its.at and not _equal(mine.result, its.result)
        ]  # fmt: skip
        if different:
            read = different[-1]
            what = f"a number is read from the data here ({read.name}), and for other values {error.what}"
            return read.place, what
        entries = self._first.entries
        place = entries[min(error.at, len(entries) - 1)].place if entries else NOWHERE
        return place, f"what the model does depends on the values of its input, for other values {error.what}"

    def _words(self, error: Exception) -> str:
        place = getattr(error, "place", NOWHERE)
        if isinstance(error, DifferentError) and self._first.entries:
            place = self._first.entries[min(error.at, len(self._first.entries) - 1)].place
        return f"{place.source}: {error}" if place is not NOWHERE else str(error)

    def _written(self, found: Aligned, batch: bool, reason: str) -> Captured:
        results = self._first.results
        graph = GraphWriter(self._module, found).write(results)
        notes = (*self._before, *remarks(self._first, found, needed(found, results.refs)))
        if not batch and reason:
            notes = (*notes, fixed_batch(self._examples.batch, reason))
        self._check(graph)
        return Captured(
            graph, self._inputs(found), results.template, notes, batch,
            _unused(self._module, graph), chain_paths(self._module),
        )  # fmt: skip

    def _check(self, graph: fx.GraphModule) -> None:
        """The graph must give what the model gave for the given examples; random numbers cannot be compared."""
        if self._draws():
            return
        with as_before(self._module):
            right = gives(graph, self._given.tensors, self._given.batch or 0, self._wanted.results.tensors)
        if not right:
            path, place = next(iter(self._first.changed.items()), ("", NOWHERE))
            reason = (
                f"'{path}' is changed during the run" if path else "what was recorded gives other numbers"
            )
            raise _refusal(self._module, place, reason)

    def _inputs(self, found: Aligned) -> tuple[InputType, ...]:
        entries = [entry for entry in found.entries if entry.kind == "input"]
        return tuple((entry.target, *sketch_kind(entry.types[0])) for entry in entries)


def _equal(one: Any, other: Any) -> bool:
    try:
        return bool(repr(one) == repr(other))
    except Exception:  # noqa: BLE001 - an object of the model's own
        return False


def _unused(module: nn.Module, graph: fx.GraphModule) -> tuple[str, ...]:
    """Keys of the state_dict that belong to no layer and no tensor of the graph."""
    read = {str(node.target) for node in graph.graph.nodes if node.op == "get_attr"}
    layers = {str(node.target) for node in graph.graph.nodes if node.op == "call_module"}
    if ALONE in layers:
        return ()
    own = module.state_dict(keep_vars=True)
    objects = {id(own[key]) for key in own if key in read or key.rpartition(".")[0] in layers}
    return tuple(
        key for key, tensor in own.items()
        if id(tensor) not in objects and not any(key.startswith(f"{layer}.") for layer in layers)
    )  # fmt: skip
