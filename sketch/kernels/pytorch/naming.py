"""Attribute names: what a node is called in a module, and so in the keys of a state_dict."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping

from sketch.graph.network import GroupBox, Network, Step

_MODULE_NAMES = frozenset(
    """
    T_destination add_module add_submodule append apply bfloat16 buffers call_super_init children
    code compile cpu cuda delete_all_unused_submodules delete_submodule double dump_patches eval
    extend extra_repr float forward get_buffer get_extra_state get_parameter get_submodule graph
    half insert ipu load_state_dict meta modules mtia named_buffers named_children named_modules
    named_parameters parameters pop print_readable recompile register_backward_hook register_buffer
    register_forward_hook register_forward_pre_hook register_full_backward_hook
    register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter
    register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ set_extra_state
    set_submodule shape_env share_memory sketch state_dict to to_empty to_folder train training type
    xpu zero_grad
    """.split()  # noqa: SIM905 - a list of quoted words would be three times as long
)

_OF_GRAPHS = frozenset(
    """
    add_submodule code delete_all_unused_submodules delete_submodule graph meta print_readable recompile shape_env
    sketch to_folder
    """.split()  # noqa: SIM905
)
"""Names of fx.GraphModule alone, which only the outermost module is."""

_PLAIN_NAME = re.compile(r"[\w +:/@#-]+")
"""What a name may hold that is written between quotes in source, here and by torch.fx."""

RESERVED = frozenset({*keyword.kwlist, *_MODULE_NAMES, "self", "super"})
"""Names that a sub-module cannot have: Python's words and what nn.Module and fx.GraphModule use themselves."""


def identifier(name: str, prefix: str = "layer") -> str:
    """The nearest name that Python accepts as an attribute: `conv 1` is `conv_1`, `0` is `layer0`."""
    text = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or prefix
    if text[0].isdigit():
        text = prefix + text
    if text.startswith("__"):
        text = prefix + text
    return f"{text}_" if text in RESERVED else text


class Scope:
    """Names that are taken in one place."""

    def __init__(self, taken: Iterable[str] = ()):
        self._taken = set(taken)

    def unique(self, name: str) -> str:
        """The name, or the name with the first free number."""
        found, number = name, 1
        while found in self._taken:
            number += 1
            found = f"{name}_{number}"
        self._taken.add(found)
        return found

    def __contains__(self, name: str) -> bool:
        return name in self._taken


class Names:
    """Attribute name and dotted path of every node that has a module, a parameter or a buffer, and of every group.

    `holding` are the groups that have any of those inside. With `exact` names stay as they are wherever a module of
    PyTorch can have them.
    """

    def __init__(
        self,
        network: Network,
        attributes: Iterable[Step],
        others: Iterable[Step] = (),
        *,
        exact: bool = False,
    ):
        self._exact = exact
        self._groups: Mapping[int, GroupBox] = network.groups
        self.members: dict[int | None, dict[int, Step | GroupBox]] = {}
        self.holding: set[int | None] = set()
        for item in attributes:
            self._enlist(item)
            self._hold(item.parent)
        for item in others:
            if item.parent is not None:
                self._enlist(self._groups[item.parent])
        self.attribute: dict[int, str] = {}
        self.numbered: set[int | None] = set()
        for parent, members in self.members.items():
            self._name(parent, sorted(members.values(), key=lambda item: item.id))
        self._paths: dict[int, tuple[str, ...]] = {}

    def path(self, node_id: int, parent: int | None) -> tuple[str, ...]:
        """Attribute names from the root to a node."""
        if node_id not in self._paths:
            above = () if parent is None else self.path(parent, self._groups[parent].parent)
            self._paths[node_id] = (*above, self.attribute[node_id])
        return self._paths[node_id]

    def spelled(self, item: Step | GroupBox, depth: int = 0) -> str:
        """`self.blocks[0].conv1`, without the first `depth` names; names that Python cannot write are looked up."""
        path = self.path(item.id, item.parent)
        parents: list[int | None] = [item.parent]
        while parents[0] is not None:
            parents.insert(0, self._groups[parents[0]].parent)
        text = "self"
        for name, parent in list(zip(path, parents, strict=True))[depth:]:
            if name.isdigit() and parent in self.numbered:
                text += f"[{name}]"
            elif name.isidentifier() and not keyword.iskeyword(name):
                text += f".{name}"
            else:
                text += f'.get_submodule("{name}")'
        return _looked_up(text, item)

    def target(self, item: Step | GroupBox) -> str:
        """The dotted path, as in a state_dict."""
        return ".".join(self.path(item.id, item.parent))

    def _hold(self, group: int | None) -> None:
        while group is not None and group not in self.holding:
            self.holding.add(group)
            group = self._groups[group].parent

    def _enlist(self, item: Step | GroupBox) -> None:
        known = self.members.setdefault(item.parent, {})
        if item.id not in known:
            known[item.id] = item
            if item.parent is not None:
                self._enlist(self._groups[item.parent])

    def _name(self, parent: int | None, members: list[Step | GroupBox]) -> None:
        """Numbers stay numbers where all members are numbered, as in nn.Sequential and nn.ModuleList."""
        tensors = [isinstance(item, Step) and item.layer in ("Parameter", "Constant") for item in members]
        listed = self._exact and all(isinstance(i, Step) and i.layer == "Parameter" for i in members)
        numbered = (
            (parent is not None or (self._exact and not listed))
            and {item.name for item in members} == {str(n) for n in range(len(members))}
            and (listed or not any(tensors))
        )
        if numbered:
            self.numbered.add(parent)
        scope = Scope()
        for item in members:
            kept = numbered or (self._exact and _can_be(item.name, outermost=parent is None))
            self.attribute[item.id] = scope.unique(item.name if kept else identifier(item.name))


def _looked_up(text: str, item: Step | GroupBox) -> str:
    """The text of a tensor whose own name Python cannot write."""
    kind = {"Parameter": "get_parameter", "Constant": "get_buffer"}.get(item.layer)
    head, found, name = text.rpartition(".get_submodule(")
    return (
        f"{head}.{kind}({name}" if kind and found and name.count('"') == 2 and name.endswith('")') else text
    )


def _can_be(name: str, *, outermost: bool) -> bool:
    """True for a name that a member of an nn.Module can have and a torch.fx graph can call."""
    taken = RESERVED - {"self", "super"} - (frozenset() if outermost else _OF_GRAPHS)
    return name not in taken and _PLAIN_NAME.fullmatch(name) is not None
