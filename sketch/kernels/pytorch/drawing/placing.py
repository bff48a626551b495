"""Names and groups of recorded calls: the module's own paths, and free names beside them."""

from __future__ import annotations

from collections.abc import Collection

from torch import fx

from sketch.kernels.pytorch.drawing.entering import entered_again
from sketch.kernels.pytorch.drawing.module_state import ModuleState
from sketch.kernels.pytorch.notes import Notes
from sketch.kernels.pytorch.placing import Placer
from sketch.kernels.pytorch.sink import Sink


class RecordedPlacer(Placer):
    """Layers stand at their modules' paths; everything else avoids the names that the state_dict needs.

    `layers` are the paths of modules that are one layer. What happens inside of such a module beside the layer itself
    (an activation after a norm, a padding before a convolution) stands next to the layer.
    """

    def __init__(
        self,
        chains: Collection[str],
        sink: Sink,
        state: ModuleState,
        layers: Collection[str],
        calls: fx.Graph,
    ):
        self._chains = frozenset(chains)
        self._notes = Notes({})
        self._sink = sink
        self._state = state
        self._layers = frozenset(layers)
        self._scopes = {node: str(node.meta.get("scope") or "") for node in calls.nodes}
        self._sink.is_free = self._is_free
        self.alone = ""
        """The path of a layer that is the whole module."""
        self._entered_again = frozenset[str]()
        homes = {node: tuple(self._home(node)) for node in calls.nodes if "scope" in node.meta}
        self._entered_again = entered_again(homes)
        self._singles = _singles(calls, state)
        self._reserved: dict[int | None, set[str]] = {None: set(state.names.get("", ()))}

    def place(self, index: int, node: fx.Node, target: str) -> tuple[str, int | None]:
        """Name ("" for a fresh one) and group of a call; `target` is the path of its module, if any."""
        if target == self.alone:
            return "", None
        if target:
            return self.beside(target) if self.around(target.rpartition(".")[0]) is None else self.at(target)
        return "", self.group(self._home(node))

    def _home(self, node: fx.Node) -> list[str]:
        """The path of the group in which a call stands.

        A module that is entered again after something else has run is only a place for its layers: what else it does
        stands in the module around it, where the source says it too. The same holds for a list of modules.
        """
        if node.op == "call_module":
            return str(node.target).split(".")[:-1]
        scope = self._scopes.get(node, "")
        over = self.around(scope)
        path = scope.split(".") if scope else []
        if over is not None:
            *path, name = over.split(".")
            while path and name.isdigit():  # members of a list or chain are called by what holds it
                name = path.pop()
        while path and ".".join(path) in self._entered_again | self._state.listed:
            path.pop()
        return path

    def at(self, path: str) -> tuple[str, int | None]:
        """Name and group of a module or tensor; inside of a module that is one layer it stands next to that."""
        over = self.around(path.rpartition(".")[0])
        if over is not None:
            *above, name = over.split(".")
            return f"{name}_{path[len(over) + 1 :].replace('.', '_')}", self.group(above)
        *above, name = path.split(".")
        return name, self.group(above)

    def module_of(self, node: fx.Node) -> str:
        """The path of the module that a call is all of, "" for none: a wrapper of one activation, say."""
        scope = self._scopes.get(node, "")
        return scope if scope in self._singles and self.around(scope) is None else ""

    def beside(self, path: str) -> tuple[str, int | None]:
        """Name and group of the layer that a module is."""
        *above, name = path.split(".")
        return name, self.group(above)

    def is_inside(self, path: str) -> bool:
        """True for a tensor of a module that is one layer."""
        return self.around(path.rpartition(".")[0]) is not None

    def group(self, path: list[str]) -> int | None:  # type: ignore[override]
        """The group at a module path, made when it is new."""
        made = super().group(path)
        if made not in self._reserved:
            self._reserved[made] = set(self._state.names.get(".".join(path), ()))
        return made

    def around(self, path: str) -> str | None:
        """The module around a path (or at it) that is one layer."""
        parts = path.split(".") if path else []
        found = (".".join(parts[: count + 1]) for count in range(len(parts)))
        return next((whole for whole in found if whole in self._layers), None)

    def _is_free(self, parent: int | None, name: str) -> bool:
        return name not in self._reserved.get(parent, ())


def _singles(graph: fx.Graph, state: ModuleState) -> frozenset[str]:
    """Paths of the modules without tensors whose every call does one and the same thing."""
    done: dict[str, set[object]] = {}
    for node in graph.nodes:
        scope = str(node.meta.get("scope") or "")
        if node.op == "call_module":
            scope = str(node.target)
        if node.op not in ("call_function", "call_method", "call_module") or not scope or "part" in node.meta:
            continue
        plain = tuple(repr(item) for item in node.args if not isinstance(item, fx.Node))
        said = (node.op, str(node.target), plain, repr(sorted(node.kwargs.items(), key=str)))
        done.setdefault(scope, set()).add(said)
        while "." in scope:
            scope = scope.rpartition(".")[0]
            done.setdefault(scope, set()).update((node, scope))
    return frozenset(scope for scope, said in done.items() if len(said) == 1 and scope not in state.names)
