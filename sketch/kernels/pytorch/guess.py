"""Input shapes of a module that nobody gave examples for, guessed from the layers that read them first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
        inputs = [_input(node, module, given, size) for node in module.graph.nodes if node.op == "placeholder"]
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
    if isinstance(reader, (nn.Conv1d, nn.ConvTranspose1d)):
        return ("N", reader.in_channels, size), "float32"
    if isinstance(reader, (nn.Conv3d, nn.ConvTranspose3d)):
        return ("N", reader.in_channels, 16, size, size), "float32"
    if isinstance(reader, (nn.Conv2d, nn.ConvTranspose2d)):
        return ("N", reader.in_channels, size, size), "float32"
    if isinstance(reader, nn.Linear):
        return ("N", reader.in_features), "float32"
    if isinstance(reader, nn.Embedding):
        return ("N", "L"), "int64"
    if isinstance(reader, nn.RNNBase):
        lead = ("N", "L") if reader.batch_first else ("L", "N")
        return (*lead, reader.input_size), "float32"
    if isinstance(reader, (nn.TransformerEncoderLayer, nn.TransformerDecoderLayer)):
        attention = reader.self_attn
        return (*(("N", "L") if attention.batch_first else ("L", "N")), attention.embed_dim), "float32"
    if isinstance(reader, nn.MultiheadAttention):
        return (*(("N", "L") if reader.batch_first else ("L", "N")), reader.embed_dim), "float32"
    if isinstance(reader, nn.modules.batchnorm._BatchNorm):
        return ("N", reader.num_features, size, size), "float32"
    if isinstance(reader, nn.LayerNorm):
        return ("N", *reader.normalized_shape), "float32"
    return ("N", 3, size, size), "float32"
