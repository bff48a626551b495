"""Where a call that is read belongs: its name and group, from our own notes or from the module it was made in."""

from __future__ import annotations

from collections.abc import Sequence

from torch import fx

from sketch.kernels.pytorch.leaf_layers import chains
from sketch.kernels.pytorch.notes import Notes
from sketch.kernels.pytorch.sink import Sink

_IN_PLACE = ("iadd", "isub", "imul", "itruediv")


class Placer:
    """Names and groups for the calls of one traced module."""

    def __init__(self, module: fx.GraphModule, notes: Notes, sink: Sink):
        self._chains = chains(module)
        self._notes = notes
        self._sink = sink

    def place(self, index: int, node: fx.Node, target: str) -> tuple[str, int | None]:
        """Name ("" for a fresh one) and group of call number `index`; `target` is the path of its module, if any."""
        note = self._notes.node(index)
        if note is not None:
            return note["name"], self._notes.parent(note, self._sink)
        if target:
            *path, name = target.split(".")
            return "" if name.isdigit() and not path else name, self.group(path)
        inner = module_path(node)
        return "", self.group(inner.split(".") if inner else [])

    def group(self, path: Sequence[str]) -> int | None:
        """The group at a module path, made when it is new."""
        paths = [".".join(path[: index + 1]) for index in range(len(path))]
        kinds = ["Sequential" if whole in self._chains else "Group" for whole in paths]
        return self._sink.group(list(zip(path, kinds, strict=True)))


def module_path(node: fx.Node) -> str:
    """The path of the module whose forward made this call, "" at the top."""
    stack = node.meta.get("nn_module_stack") or {}
    return str(next(reversed(list(stack)), ""))


def changes_its_input(node: fx.Node) -> bool:
    """True for an operation in place: from then on its first argument means the result."""
    name = str(node.target if node.op == "call_method" else getattr(node.target, "__name__", ""))
    marked = name.endswith("_") and not name.endswith("__")
    return marked or name in _IN_PLACE or node.kwargs.get("inplace") is True
