"""The toolbox in another theme: its marks have other colours, and all else stays as the person left it."""

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QApplication

from sketch.graph.library import LayerLibrary
from sketch.gui.theme import load_theme
from sketch.gui.toolbox import OPERATORS, Toolbox
from sketch.resources_root import resource_root


def colour_of(leaf) -> str:
    return leaf.icon(0).pixmap(12, 12).toImage().pixelColor(6, 6).name()


def test_another_theme_keeps_what_is_open_and_chosen(library, light, qtbot):
    dark = load_theme("dark")
    toolbox = Toolbox(light)
    qtbot.addWidget(toolbox)
    toolbox.show_library(library, ["mine"])
    tree = toolbox.tree
    heads = {
        tree.topLevelItem(row).text(0): tree.topLevelItem(row) for row in range(tree.topLevelItemCount())
    }
    heads["Loss"].setExpanded(True)
    heads["Linear"].setExpanded(False)
    heads[OPERATORS].setExpanded(True)
    chosen = toolbox.item("ReLU")
    tree.setCurrentItem(chosen)
    toolbox.set_theme(dark)
    assert heads["Loss"].isExpanded()
    assert not heads["Linear"].isExpanded()
    assert tree.currentItem() is chosen
    assert colour_of(chosen) == dark.category("Activation").name() != light.category("Activation").name()
    assert colour_of(toolbox.item("block:mine")) == dark.category("Group").name()
    operator = heads[OPERATORS].child(0)
    assert operator is not None
    assert colour_of(operator) != "#000000"


@pytest.mark.parametrize("come", ["pointer", "focus"])
def test_the_operators_are_read_before_the_first_letter(light, qtbot, show, come):
    library = LayerLibrary.later(resource_root() / "layers", None)
    toolbox = show(Toolbox(light))
    toolbox.show_library(library)
    assert not library.operators.is_read
    if come == "focus":
        toolbox.search.setFocus()
    else:
        QApplication.sendEvent(toolbox, QEnterEvent(QPointF(5, 5), QPointF(5, 5), QPointF(5, 5)))
    qtbot.waitUntil(lambda: library.operators.is_read)
    assert library["ai.onnx:Det"].title == "Det"
