"""Checks that run a layer's random cases past torch: types, weights, symbols, and who refuses what."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from sketch.binder.initial import initial_tensor
from sketch.graph.dims import parse_dim, substitute
from sketch.graph.evaluate import Resolved, resolve
from sketch.graph.library import LayerLibrary
from sketch.graph.problems import Problem
from sketch.graph.rows import Edge, FrozenDict, Node, ValueType
from sketch.graph.specs import LayerSpec
from sketch.resources_root import resource_root
from tests.contract.cases import Case, cases
from tests.contract.oracle import load_weights, module_of, outputs_of, state_of

Types = Sequence[ValueType | None]
Kinds = tuple[tuple[str, tuple[int, ...]] | None, ...]


@cache
def library() -> LayerLibrary:
    """The layers there are, read once."""
    return LayerLibrary.load(resource_root() / "layers")


def layers_in(*categories: str) -> list[str]:
    return [spec.name for spec in library() if spec.category in categories]


def look(layer: str, params: Mapping[str, Any], inputs: Types) -> Resolved:
    """What inference says of one node with these types on its inputs."""
    spec = library()[layer]
    clean = FrozenDict({name: spec.clean_param(name, value) for name, value in params.items()})
    prior = tuple(Edge(10 + port, 0, 1, port) for port, kind in enumerate(inputs) if kind is not None)
    return resolve(Node(1, layer, "it", clean, prior), spec, inputs, {}, ())


def floats(*shape: Any) -> ValueType:
    return ValueType("float32", shape)


def errors(found: Resolved) -> list[Problem]:
    return [problem for problem in found.problems if problem.severity == "error"]


def refusal(layer: str, params: Mapping[str, Any], *inputs: ValueType | None) -> Problem:
    """The one error of a node; fails when there is none or more than one."""
    found = errors(look(layer, params, inputs))
    assert len(found) == 1, f"{layer} {dict(params)}: {found}"
    return found[0]


def shapes(layer: str, params: Mapping[str, Any], *inputs: ValueType | None) -> list[tuple[Any, ...]]:
    """Output shapes of a node that has no error."""
    found = look(layer, params, inputs)
    assert not errors(found), errors(found)
    return [kind.shape for kind in found.outputs if kind is not None]


def sized(*sizes: int | str) -> tuple[Any, ...]:
    """A shape with symbolic sizes written out: `sized("N", 64, "(H+1)//2")`."""
    return tuple(parse_dim(size) for size in sizes)


def initial_weights(found: Resolved) -> dict[str, np.ndarray]:
    """A starting array for every weight of a node."""
    return {
        role: initial_tensor(kind, found.weights, found.params, 0, 1) for role, kind in found.weights.items()
    }


def check_cases(layer: str, count: int, seed: int = 1) -> None:
    """Every drawn case: no error, torch's weights, torch's output types, and the same with a symbolic batch."""
    spec = library()[layer]
    for case in cases(spec, seed, count):
        found = look(layer, case.params, case.types())
        assert not errors(found), f"{case} {case.params}: {errors(found)}"
        module = module_of(spec, found.params)
        if module is not None:
            state = {role: (kind.shape, kind.dtype, kind.trainable) for role, kind in found.weights.items()}
            assert state == state_of(module), f"{case} {case.params}"
            assert found.parameters == sum(p.numel() for p in module.parameters())
        load_weights(module, initial_weights(found))
        assert kinds(found) == array_kinds(outputs_of(spec, found.params, module, case.inputs)), (
            f"{case} {case.params}"
        )
        check_symbolic(case, found)


def check_symbolic(case: Case, known: Resolved) -> None:
    """N in place of the batch gives the same types once N has its number again."""
    if case.batch_size is None:
        return
    found = look(case.layer, case.params, case.symbolic_types())
    assert not errors(found), f"{case} {case.params}: {errors(found)}"
    filled = tuple(
        None
        if kind is None
        else (kind.dtype, tuple(substitute(d, {"N": case.batch_size}) for d in kind.shape))
        for kind in found.outputs
    )
    assert filled == kinds(known), f"{case} {case.params}"


def kinds(found: Resolved) -> Kinds:
    return tuple(None if kind is None else (kind.dtype, kind.shape) for kind in found.outputs)


def array_kinds(arrays: Sequence[Any]) -> Kinds:
    return tuple(None if array is None else (array.dtype.name, array.shape) for array in arrays)


def check_same_verdict(layer: str, params: Mapping[str, Any], inputs: Sequence[np.ndarray | None]) -> bool:
    """Sketch and torch both refuse, or both accept with the same types; True when they accept.

    Empty tensors are no concern: torch makes some, Sketch refuses the layer that would.
    """
    spec = library()[layer]
    found = look(layer, params, [None if x is None else ValueType(x.dtype.name, x.shape) for x in inputs])
    ours: Any = errors(found) or kinds(found)
    theirs = _torch_verdict(spec, found, inputs)
    if isinstance(theirs, tuple) and any(kind is not None and 0 in kind[1] for kind in theirs):
        return False
    text = f"{layer} {dict(params)} on {[None if x is None else x.shape for x in inputs]}: {ours}, torch {theirs}"
    assert isinstance(ours, list) == isinstance(theirs, str), text
    assert isinstance(ours, list) or ours == theirs, text
    return not isinstance(ours, list)


def _torch_verdict(spec: LayerSpec, found: Resolved, inputs: Sequence[np.ndarray | None]) -> Kinds | str:
    """The types of torch's outputs, or the text of its refusal."""
    try:
        return array_kinds(outputs_of(spec, found.params, module_of(spec, found.params), inputs))
    except (
        RuntimeError,
        ValueError,
        TypeError,
        IndexError,
        AssertionError,
        NotImplementedError,
        KeyError,
    ) as error:
        return f"{type(error).__name__}: {error}"
