"""Quick-add, the command palette and find: three lists that a person types into."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QKeySequence

from sketch.graph.specs import LayerSpec
from sketch.gui.canvas_tab import CanvasTab
from sketch.gui.choices import Choice
from sketch.gui.edit_commands import attempt
from sketch.gui.filter_popup import FilterPopup
from sketch.gui.icons import dot_icon
from sketch.gui.theme import Theme
from sketch.gui.toolbox import BLOCK
from sketch.state import blocks, commands

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow

FIRST = (
    "Input",
    "Conv2d",
    "Linear",
    "ReLU",
    "MaxPool2d",
    "BatchNorm2d",
    "Flatten",
    "Dropout",
    "Add",
    "Output",
)
"""What quick-add offers first, before anything is typed."""
_PLAIN = re.compile(r"&(?!&)")


def quick_add(
    window: MainWindow, scene: QPointF | None = None, place: QPoint | None = None, wire: Any = None
) -> FilterPopup | None:
    """Offer the layers (those that fit, at the end of a wire) and add the chosen one at a point of the scene."""
    tab, library = window.desk.tab, window.services.library
    if tab is None:
        return None
    if scene is None or place is None:
        scene, place = tab.view.pointer_place()
    spot, corner = (scene.x(), scene.y()), place
    choices = [_layer_choice(spec, window.theme) for spec in library if not spec.hidden and _fits(spec, wire)]
    choices += [
        _layer_choice(spec, window.theme) for spec in library.operators.offered() if _fits(spec, wire)
    ]
    if wire is None:
        icon = dot_icon(window.theme.category("Group").name(), square=True)
        choices += [Choice(BLOCK + name, name, "block", icon=icon, rank=90) for name in blocks.names()]
    popup = FilterPopup(window, "Add a layer", choices, lambda key: _add(window, tab, key, spot, wire))
    popup.open_at(corner)
    return popup


def command_palette(window: MainWindow) -> FilterPopup:
    """Offer every command; one that cannot run says why."""
    choices = [
        Choice(
            row.id, _PLAIN.sub("", row.title).removesuffix("..."),
            action.shortcut().toString(QKeySequence.SequenceFormat.NativeText),
            words=(row.menu, row.hint), reason=row.why_not(window) or "",
        )
        for row, action in window.actions_
    ]  # fmt: skip
    popup = FilterPopup(window, "Type a command", choices, window.actions_.run)
    popup.open_at(_top_middle(window, popup))
    return popup


def find(window: MainWindow) -> FilterPopup | None:
    """Offer every layer of the document by name and type; the chosen one is shown."""
    tab = window.desk.tab
    if tab is None:
        return None
    library = tab.document.library
    choices = [
        Choice(node.id, node.name, library[node.layer].title, words=(node.layer,),
               icon=dot_icon(window.theme.category(library[node.layer].category).name(), square=True))
        for node in tab.document.tables.nodes.values()
    ]  # fmt: skip

    def go(node_id: int) -> None:
        window.found = tab.document.tables.nodes[node_id].layer
        tab.reveal(node_id)

    popup = FilterPopup(window, "Find a layer by name or type", choices, go)
    popup.open_at(_top_middle(window, popup))
    return popup


def replace_layer(window: MainWindow) -> FilterPopup | None:
    """Offer other types for the selected layer."""
    tab, library = window.desk.tab, window.services.library
    chosen = window.desk.selection
    if tab is None or not chosen:
        return None
    choices = [_layer_choice(spec, window.theme) for spec in library if not spec.hidden and not spec.group]

    def replace(key: str) -> None:
        attempt(window, lambda: commands.replace_layer(tab.document, chosen[0], key))

    popup = FilterPopup(window, "Replace by", choices, replace)
    popup.open_at(_top_middle(window, popup))
    return popup


def _add(window: MainWindow, tab: CanvasTab, key: str, spot: tuple[float, float], wire: Any) -> None:
    def run() -> None:
        if key.startswith(BLOCK):
            made = blocks.insert(tab.document, key.removeprefix(BLOCK), spot, tab.group)
        elif wire is None:
            made = commands.add_layer(tab.document, key, spot, parent=tab.group)
        elif wire[2] == "out":
            made = commands.add_wired(tab.document, key, spot, wire[0], wire[1], parent=tab.group)
        else:
            made = commands.add_before(tab.document, key, spot, wire[0], wire[1], parent=tab.group)
        tab.view.select([made])
        tab.view.setFocus()

    attempt(window, run)


def _fits(spec: LayerSpec, wire: Any) -> bool:
    """True when a layer can stand at the loose end of a wire."""
    if wire is None:
        return True
    return bool(spec.inputs if wire[2] == "out" else spec.outputs) and not spec.group


def _layer_choice(spec: LayerSpec, theme: Theme) -> Choice:
    if spec.is_operator:  # behind the layer of the same name
        icon = dot_icon(theme.category(spec.category).name(), square=True)
        return Choice(spec.name, f"{spec.title} (ONNX)", words=("operator", spec.domain), icon=icon, rank=95)
    rank = FIRST.index(spec.name) if spec.name in FIRST else 50
    icon = dot_icon(theme.category(spec.category).name(), square=True)
    return Choice(spec.name, spec.title, words=(spec.name, spec.category, *spec.search), icon=icon, rank=rank)


def _top_middle(window: MainWindow, popup: FilterPopup) -> QPoint:
    return window.mapToGlobal(QPoint((window.width() - popup.width()) // 2, 70))
