"""Input shapes of a module that nobody gave examples for, guessed from the layers that read them first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import fx, nn

from sketch.binder.kernel import BinderError
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.kernels.pytorch.lift import InputType, Lifter
from sketch.kernels.pytorch.notes import Notes
from sketch.kernels.pytorch.reread import library

_IMAGE_SIZES = (224, 32, 28, 64, 96, 128, 256, 299, 384, 512, 16, 8)


def guess_inputs(module: fx.GraphModule, given: Mapping[str, Any]) -> list[InputType]:
    """Inputs under which the shapes of the module agree; the first guess when none do.

    Args:
        given: shapes that the person said, by name of the input.
    """
    library_ = library()
    first: list[InputType] | None = None
    last_error: BinderError | None = None
    for size in _IMAGE_SIZES:
        inputs = [
            _input(node, module, given, size) for node in module.graph.nodes if node.op == "placeholder"
        ]
        try:
            sink = Lifter(module, library_, None, inputs, Notes({})).lift()
        except BinderError as error:
            last_error = last_error or error
            continue
        tables = Tables()
        tables.apply(sink.draft.delta())
        if not build_network(tables, library_).errors:
            return inputs
        first = first or inputs
    if first is None and last_error is not None:
        raise last_error
    return first or []


def _input(node: fx.Node, module: fx.GraphModule, given: Mapping[str, Any], size: int) -> InputType:
    name = str(node.target)
    if name in given:
        return name, tuple(given[name]), "float32"
    reader = next(_readers(node, module), None)
    shape, dtype = _shape(reader, size)
    return name, shape, dtype


def _readers(node: fx.Node, module: fx.GraphModule) -> Iterator[nn.Module]:
    """Modules that read a value first, behind functions that do not change its last dimensions."""
    for user in node.users:
        if user.op == "call_module":
            found = module.get_submodule(str(user.target))
            if isinstance(found, (nn.Flatten, nn.Identity, nn.Dropout, nn.ReLU)):
                yield from _readers(user, module)
            else:
                yield found
        elif user.op in ("call_function", "call_method"):
            yield from _readers(user, module)


def _shape(reader: nn.Module | None, size: int) -> tuple[tuple[Any, ...], str]:
    for kinds, shape in _FIRST:
        if isinstance(reader, kinds):
            return shape(reader, size), "int64" if kinds is nn.Embedding else "float32"
    return ("N", 3, size, size), "float32"


def _sequence(batch_first: bool, features: int) -> tuple[Any, ...]:
    return ("N", "L", features) if batch_first else ("L", "N", features)


_FIRST: tuple[tuple[Any, Callable[[Any, int], tuple[Any, ...]]], ...] = (
    ((nn.Conv1d, nn.ConvTranspose1d), lambda m, size: ("N", m.in_channels, size)),
    ((nn.Conv2d, nn.ConvTranspose2d), lambda m, size: ("N", m.in_channels, size, size)),
    ((nn.Conv3d, nn.ConvTranspose3d), lambda m, size: ("N", m.in_channels, 16, size, size)),
    (nn.Linear, lambda m, _: ("N", m.in_features)),
    (nn.Embedding, lambda m, _: ("N", "L")),
    (nn.RNNBase, lambda m, _: _sequence(m.batch_first, m.input_size)),
    (nn.MultiheadAttention, lambda m, _: _sequence(m.batch_first, m.embed_dim)),
    (
        (nn.TransformerEncoderLayer, nn.TransformerDecoderLayer),
        lambda m, _: _sequence(m.self_attn.batch_first, m.self_attn.embed_dim),
    ),
    (nn.BatchNorm1d, lambda m, _: ("N", m.num_features)),
    (nn.BatchNorm2d, lambda m, size: ("N", m.num_features, size, size)),
    (nn.LayerNorm, lambda m, _: ("N", *m.normalized_shape)),
)
"""Shape of an input by the layer that reads it first."""
