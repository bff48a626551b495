"""Calls that a recorded graph reads otherwise than a traced one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sketch.kernels.pytorch.calls import TypeName
from sketch.kernels.pytorch.lift_calls import CASTS, HANDLERS
from sketch.kernels.pytorch.reading import Reading, bind
from sketch.kernels.pytorch.sink import Wire

if TYPE_CHECKING:
    from torch import fx

    from sketch.kernels.pytorch.lift import Lifter

Args = Sequence[Any]
Named = Mapping[str, Any]
Reader = Callable[["Lifter", "fx.Node", Args, Named], Any]

UNREAD = frozenset({"torch.square"})
"""Calls that stay one function instead of several layers."""


def _dropout(layer: str) -> Reader:
    """A dropout that is off in evaluation follows the mode of its module; one that is always on does not."""

    def read(lifter: Lifter, node: fx.Node, args: Args, kwargs: Named) -> Any:
        bound = bind(("input", "p", "training", "inplace"), args, kwargs)
        if bound is None or bound.get("training") is not False:
            return NotImplemented
        return Wire(lifter.add(node, Reading(layer, {"p": bound.get("p", 0.5)}, (bound["input"],))))

    return read


def _cast(name: str) -> Reader:
    """A conversion to the element type that a value has already is nothing."""

    def read(lifter: Lifter, node: fx.Node, args: Args, kwargs: Named) -> Any:
        made = HANDLERS[name](lifter, node, args, kwargs)
        if isinstance(made, Wire) and isinstance(args[0], Wire) and made != args[0]:
            before, after = lifter.sink.type_of(args[0]), lifter.sink.type_of(made)
            return args[0] if before is not None and before == after else made
        return made

    return read


def _softmax(layer: str, *signature: str) -> Reader:
    """A softmax that converts first is a Cast before it."""

    def read(lifter: Lifter, node: fx.Node, args: Args, kwargs: Named) -> Any:
        bound = bind(signature, args, kwargs)
        wanted = bound.get("dtype") if bound is not None else None
        if bound is None or not isinstance(wanted, TypeName) or not isinstance(bound.get("dim"), int):
            return NotImplemented
        value, kind = bound["input"], lifter.sink.type_of(bound["input"])
        if kind is None or kind.dtype != wanted.name:
            value = Wire(lifter.add(node, Reading("Cast", {"dtype": wanted.name}, (value,))))
        return Wire(lifter.add(node, Reading(layer, {"dim": bound["dim"]}, (value,))))

    return read


READERS: Mapping[str, Reader] = {
    "F.dropout": _dropout("Dropout"),
    "torch.dropout": _dropout("Dropout"),
    **{f"F.dropout{n}d": _dropout(f"Dropout{n}d") for n in "123"},
    "F.alpha_dropout": _dropout("AlphaDropout"),
    "F.softmax": _softmax("Softmax", "input", "dim", "_stacklevel", "dtype"),
    "F.log_softmax": _softmax("LogSoftmax", "input", "dim", "_stacklevel", "dtype"),
    "torch.softmax": _softmax("Softmax", "input", "dim", "dtype"),
    "torch.log_softmax": _softmax("LogSoftmax", "input", "dim", "dtype"),
    **{f".{name}": _cast(f".{name}") for name in ("to", "type", "type_as", *CASTS)},
}
"""By canonical name; they go before the readers of traced graphs."""
