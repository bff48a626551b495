"""Quick-add: all layers in a list, those that usually stand at this place first."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QPointF

from sketch.graph.followers import Followers
from sketch.graph.operator_file import Operators
from sketch.graph.rows import Edge
from sketch.graph.specs import LayerSpec
from sketch.graph.suggest import Spot, Suggestion, suggestions
from sketch.gui.canvas.surroundings import select_in_sight
from sketch.gui.canvas_tab import CanvasTab
from sketch.gui.category_dots import CategoryDots
from sketch.gui.choices import Choice, matching
from sketch.gui.filter_popup import FilterPopup
from sketch.gui.group_commands import insert_block
from sketch.gui.reasons import selected_nodes
from sketch.gui.recent_layers import recent_layers
from sketch.gui.toolbox import BLOCK
from sketch.resources_root import resource_root
from sketch.state import blocks, commands
from sketch.state.paths import cache_folder

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow

BLOCK_RANK, OPERATOR_RANK = 1000, 2000
"""Blocks and operators come behind the layers while nothing is typed."""
MOST_MARKED = 5
"""So many layers are marked as usual at most."""


def quick_add(
    window: MainWindow, scene: QPointF | None = None, place: QPoint | None = None, wire: Any = None
) -> FilterPopup | None:
    """Offer the layers (those that fit, at the end of a wire) and add the chosen one at a point of the scene."""
    tab = window.desk.tab
    if tab is None:
        return None
    if scene is None or place is None:
        scene, place = tab.view.pointer_place()
    spot, operators = spot_of(tab, wire, selected_nodes(window)), window.services.library.operators
    choices, dots = layer_choices(window, spot, wire), CategoryDots(window.theme)

    def found(typed: str) -> list[Choice] | None:
        """Operators come in with the first letter: nobody looks for one at the end of the list of layers."""
        if not typed.strip():
            return None
        fitting = (spec for spec in _offered(operators) if _has_ports(spec, spot))
        return matching([*choices, *(_operator_choice(spec, dots) for spec in fitting)], typed)

    _read_ahead(window, operators)
    popup = FilterPopup(
        window, _title(tab, wire), choices, lambda key: _add(window, tab, key, scene, wire), source=found
    )
    popup.taken.connect(lambda by_key: tab.view.take_focus(by_key=by_key))
    popup.open_at(place)
    return popup


def _title(tab: CanvasTab, wire: Any) -> str:
    """`Add a layer after conv1`."""
    nodes = tab.document.tables.nodes
    if isinstance(wire, Edge):
        return f"Add a layer between {nodes[wire.source].name} and {nodes[wire.target].name}"
    if wire is None:
        return "Add a layer"
    return f"Add a layer {'after' if wire[2] == 'out' else 'before'} {nodes[wire[0]].name}"


def layer_choices(window: MainWindow, spot: Spot, wire: Any) -> list[Choice]:
    """The layers and blocks that can be added there, in the order of the list."""
    library, dots = window.services.library, CategoryDots(window.theme)
    found = suggestions(library, usual_followers(), spot, recent_layers(window))
    marked = {layer for layer, one in found.items() if one.is_usual and one.rank < MOST_MARKED}
    choices = [
        _suggested(
            layer_choice(library[layer], dots, one.rank), one, usual=layer in marked, wired=wire is not None
        )
        for layer, one in found.items()
    ]
    if wire is None:
        icon = dots("Group")
        choices += [
            Choice(BLOCK + name, name, icon=icon, rank=BLOCK_RANK, aside="block") for name in blocks.names()
        ]
    return choices


def spot_of(tab: CanvasTab, wire: Any, chosen: list[int]) -> Spot:
    """What a new layer would stand behind and in front of: the ends of a wire, else the one selected layer."""
    nodes, inference = tab.document.tables.nodes, tab.document.inference
    if isinstance(wire, Edge):
        kind = inference.output(wire.source, wire.out)
        return Spot(nodes[wire.source].layer, kind, nodes[wire.target].layer)
    if wire is not None:
        node, port, side = wire[:3]
        if side == "in":
            return Spot(before=nodes[node].layer)
        return Spot(nodes[node].layer, inference.output(node, port or 0))
    if len(chosen) == 1 and tab.document.library[nodes[chosen[0]].layer].outputs:
        return Spot(nodes[chosen[0]].layer, inference.output(chosen[0]))
    return Spot()


def _has_ports(spec: LayerSpec, spot: Spot) -> bool:
    return (bool(spec.inputs) or not spot.after) and (bool(spec.outputs) or not spot.before)


def layer_choice(spec: LayerSpec, dots: CategoryDots, rank: int = 0) -> Choice:
    """A layer by its title, its class name, its category and its other names."""
    words = (spec.name, spec.category, *spec.search)
    return Choice(spec.name, spec.title, words=words, icon=dots(spec.category), rank=rank)


def _add(window: MainWindow, tab: CanvasTab, key: str, point: QPointF, wire: Any) -> None:
    group, place = tab.view.landing(point)
    if isinstance(wire, Edge):
        if wire.target not in tab.document.tables.nodes:  # removed while the list was open
            window.say("The wire is no longer in the drawing.")
            return
        place = tab.view.at_wire(wire, point)
    if key.startswith(BLOCK):
        insert_block(window, tab, key.removeprefix(BLOCK), place, group)
    else:
        add = partial(commands.add_at, layer=key, place=place, wire=wire, parent=group)
        tab.view.change("Add a layer", add, partial(select_in_sight, tab.view), stays=True)


def _suggested(choice: Choice, found: Suggestion, *, usual: bool, wired: bool) -> Choice:
    """A layer as it stands at this place."""
    unfit = found.misfit if wired else ""
    return replace(choice, detail="usual here" if usual else "", note=unfit, dim=bool(unfit))


def _operator_choice(spec: LayerSpec, dots: CategoryDots) -> Choice:
    """An operator stands behind the layer of the same name."""
    words = ("operator", "ONNX", spec.domain)
    return Choice(
        spec.name,
        spec.title,
        words=words,
        icon=dots(spec.category),
        rank=OPERATOR_RANK,
        aside="ONNX operator",
    )


@lru_cache(maxsize=1)
def usual_followers() -> Followers:
    """What usually stands behind what; read once."""
    return Followers.load(resource_root() / "followers.yaml", cache_folder())


@lru_cache(maxsize=1)
def _offered(operators: Operators) -> tuple[LayerSpec, ...]:
    return tuple(operators.offered())


def _read_ahead(window: MainWindow, operators: Operators) -> None:
    """Read the operators beside the window while the person reads the list."""
    from sketch.gui import background

    if not operators.is_read:
        background.run(
            window.jobs, "Read the operators", lambda _task: _offered(operators), lambda _found: None
        )
