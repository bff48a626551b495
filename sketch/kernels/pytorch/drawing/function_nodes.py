"""Recorded calls that no layer reads: nodes of the functions that they are (see sketch.binder.torch_calls)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import fx

from sketch.binder.kernel import BinderError
from sketch.binder.torch_calls import PREFIX
from sketch.graph.attachments import set_hint
from sketch.graph.rows import FrozenDict
from sketch.graph.specs import freeze
from sketch.kernels.pytorch.drawing.encoding import Encoder
from sketch.kernels.pytorch.drawing.results import filled, kinds, marked, place
from sketch.kernels.pytorch.drawing.targets import function_name
from sketch.kernels.pytorch.sink import Sink, Wire


def function_node(
    sink: Sink, node: fx.Node, args: tuple[Any, ...], kwargs: Mapping[str, Any], parent: int | None
) -> Any:
    """A recorded call as a node of its own; BinderError when a drawing cannot say it.

    Args:
        args: with `kwargs`, the arguments of the call, nodes of the graph replaced by their values.

    Returns:
        The wires of its results, nested as the function gives them.
    """
    name = function_name(node)
    encoder = Encoder(name)
    try:
        params = encoder.params(args, kwargs)
    except BinderError as error:
        raise BinderError(f"{place(node)}{error}") from None
    if not name:
        raise BinderError(f"{place(node)}the call {node.target} is no function that a drawing may call.")
    template = node.meta.get("results", 0)
    if template != 0:
        params["results"] = freeze(marked(template))
    prefix = name.split(".")[2 if name.startswith("ops.aten.") else -1].strip("_").lower()
    title = sink.free_name(parent, "", prefix)
    made = sink.draft.add(f"{PREFIX}{name}", title, FrozenDict(freeze(params)), parent=parent)
    for port, wire in enumerate(encoder.wires):
        sink.draft.connect(wire.node, wire.out, made, port, check_cycle=False)
    for out, kind in enumerate(kinds(node)):
        set_hint(sink.draft, made, out, kind)
        sink.declare(Wire(made, out), kind)
    return filled(template, made)
