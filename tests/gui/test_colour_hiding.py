"""Hidden kinds through edits as if gone through anew, and rules that are counted while the window goes on."""

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from sketch.graph import colour_values
from sketch.graph.colour_rules import RULES
from sketch.graph.colouring import Colouring
from sketch.gui import colour_counting, colour_hiding
from sketch.gui.canvas_tab import CanvasTab
from sketch.gui.colour_hidden import TypeList
from sketch.gui.colour_hiding import HiddenKinds
from sketch.gui.colour_session import restore
from sketch.gui.theme import load_theme
from sketch.state import commands
from tests.gui.drawings import draw_example, named
from tests.gui.windows import click


@pytest.fixture
def tab(document, light, show):
    made = show(CanvasTab(draw_example(document, "resnet18"), light))
    yield made
    made.close_document()


@pytest.fixture
def slowly(monkeypatch):
    """Every drawing is a big one, and every edit, too."""
    monkeypatch.setattr(colour_counting, "FEW", 0)
    monkeypatch.setattr(colour_counting, "AT_ONCE", 0)
    monkeypatch.setattr(colour_values, "PORTION", 7)


def counted(tab, key) -> Colouring:
    """What counting anew gives."""
    return Colouring(RULES[key], tab.colours.facts())


def of_kinds(tab) -> set[int]:
    """The layers of hidden kinds as a legend counts them."""
    rows = tab.colours.hidden.items()
    return {n for key, names in rows for name in names for n in counted(tab, key).of_kind(name)}


def is_counting(tab) -> bool:
    """True while the canvas waits for the colours of its rule; asking for them would begin to count."""
    found = tab.colours._colouring
    return found is not None and not found.is_counted


# --- hiding ----------------------------------------------------------------------------------------


def test_nothing_is_counted_to_hide_layers(tab, monkeypatch):
    def never(*_args, **_more):
        raise AssertionError("counted")

    monkeypatch.setattr(Colouring, "__init__", never)
    tab.colours.set_hidden({"layer": ["Conv2d"], "type": ["Activation"]})
    conv, relu = named(tab.document, "conv1"), named(tab.document, "relu")
    assert {conv, relu} <= tab.view.canvas.hidden
    commands.remove(tab.document, [conv])
    assert conv not in tab.colours.hidden_ids
    assert relu in tab.view.canvas.hidden
    tab.reveal(relu)
    assert tab.colours.hidden == {"layer": frozenset({"Conv2d"})}
    assert relu not in tab.view.canvas.hidden


@pytest.mark.parametrize(("seed", "many"), [(0, 2000), (1, 2000), (2, 20), (3, 20)])
def test_what_is_hidden_follows_edits_as_if_gone_through_anew(tab, monkeypatch, seed, many):
    monkeypatch.setattr(colour_hiding, "MANY", many)
    rng, document, colours = np.random.default_rng(seed), tab.document, tab.colours
    unknown: list[int] = []

    def look(_update) -> None:
        """What the panels and the text, which hear of an edit later, find."""
        unknown.extend(colours.hidden_ids - document.tables.nodes.keys())

    document.subscribe(look)
    for _ in range(30):
        _something(tab, rng)
        assert colours.hidden_ids == of_kinds(tab)
        assert tab.view.canvas.hidden == colours.hidden_ids
    assert not unknown


def _something(tab, rng) -> None:
    """Another choice of what is hidden, or an edit of a few layers, of many or of all."""
    document, nodes = tab.document, tab.document.tables.nodes
    some = [int(n) for n in rng.permutation(list(nodes))[: int(rng.integers(1, 30))]]
    match int(rng.integers(0, 9)):
        case 0 | 1:
            kinds = [counted(tab, key).names for key in ("layer", "type")]
            chosen = [[str(name) for name in rng.permutation(names)[:2]] for names in kinds]
            tab.colours.set_hidden(dict(zip(("layer", "type"), chosen, strict=True)))
        case 2:
            commands.add_layer(document, str(rng.choice(["Conv2d", "ReLU", "Linear"])), (0.0, -300.0))
        case 3:
            commands.remove(document, some)
        case 4:
            commands.remove(document, list(nodes))
            document.undo()
        case 5:
            beside = document.tables.children(nodes[some[0]].parent)[:3]
            commands.group(document, beside)
        case 6:
            relus = [n for n in nodes if nodes[n].layer == "ReLU"]
            if relus:
                commands.replace_layers(document, relus[:5], "GELU")
        case 7 if document.can_undo:
            document.undo()
        case 8 if document.can_redo:
            document.redo()


def test_thousands_of_layers_are_hidden_and_shown_by_clicks(document, light, show, qtbot):
    made = show(CanvasTab(document, light))
    for _ in range(3):
        commands.add_layer(document, "Conv2d", (0.0, 0.0))
        commands.add_layer(document, "ReLU", (0.0, 200.0))
    for _ in range(9):
        commands.duplicate(document, list(document.tables.nodes))
    assert len(document.tables.nodes) == 3072
    popup = TypeList(made.colours, made.view)
    qtbot.addWidget(popup)
    click(popup.none)
    assert made.view.canvas.hidden == document.tables.nodes.keys()
    document.undo()
    assert made.view.canvas.hidden == document.tables.nodes.keys()
    popup.list.item(0).setCheckState(popup.list.item(0).checkState().Checked)
    shown = document.tables.nodes.keys() - made.view.canvas.hidden
    assert {document.tables.nodes[n].layer for n in shown} == {popup.list.item(0).text().split()[0]}
    click(popup.every)
    assert not made.view.canvas.hidden
    made.close_document()


def test_a_kind_stays_hidden_whose_layers_are_gone_for_a_while(tab):
    document, colours = tab.document, tab.colours
    colours.set_hidden({"layer": ["Linear"]})
    head = named(document, "fc")
    commands.remove(document, [head])
    assert not colours.hidden_ids
    document.undo()
    assert colours.hidden_ids == {head}


def test_only_kinds_of_layers_come_back_hidden(tab):
    hidden = {"dtype": ["float32"], "layer": ["Conv2d"], "type": "Activation"}
    restore(tab.colours, {"colours": {"hidden": hidden}})
    assert tab.colours.hidden == {"layer": frozenset({"Conv2d"})}


def test_a_layer_that_is_gone_to_shows_its_kind_under_every_rule_that_hides_it(document):
    draw_example(document, "resnet18")
    hiding, conv = HiddenKinds(document), named(document, "conv1")
    category = document.library["Conv2d"].category
    hiding.set({"layer": ["Conv2d", category], "type": [category, "Activation"]})
    hiding.set(hiding.without(conv))
    assert hiding.kinds == {
        "layer": {category},
        "type": {"Activation"},
    }  # a layer of the name of a category is another
    assert conv not in hiding.ids


# --- counting beside ---------------------------------------------------------------------------------


@pytest.mark.parametrize("key", RULES)
def test_a_rule_is_counted_while_the_canvas_keeps_its_colours(tab, slowly, key):
    colours, ink = tab.colours, tab.view.canvas.ink
    colours.use(key)
    if key != "type":
        assert is_counting(tab)
        assert ink.is_plain
    commands.remove(tab.document, [named(tab.document, "layer2.0.conv1")])
    commands.add_layer(tab.document, "ReLU", (0.0, -200.0))
    assert colours.legend is None or not colours.legend.isVisible()
    QApplication.processEvents()
    assert ink.is_plain == (key == "type")
    assert colours.colouring.shades == counted(tab, key).shades or not RULES[key].scale
    assert dict(colours.colouring.counts()) == dict(counted(tab, key).counts())
    assert colours.legend is None if key == "type" else colours.legend.title.text() == RULES[key].title


def test_another_rule_in_the_middle_is_the_one_that_is_seen(tab, slowly, qtbot):
    colours = tab.colours
    colours.use("depth")
    colours.use("layer")
    assert is_counting(tab)
    QApplication.processEvents()
    qtbot.waitUntil(colours.legend.isVisible)
    assert colours.legend.title.text() == "Layer"
    assert tab.view.canvas.ink._shades is colours.colouring.shades
    assert colours.colouring.shades == counted(tab, "layer").shades
    colours.use("memory")
    colours.use("type")
    QApplication.processEvents()
    assert tab.view.canvas.ink.is_plain


def test_what_is_painted_in_the_middle_has_the_colours_of_before(tab, slowly):
    colours, view = tab.colours, tab.view
    colours.use("parameters")
    QApplication.processEvents()
    seen = view.viewport().grab().toImage()
    colours.use("layer")  # of few colours: shades of the scale are beyond them
    view.canvas.recolour()
    assert view.viewport().grab().toImage() == seen
    view.set_theme(load_theme("dark"))
    view.set_theme(load_theme("light"))
    assert view.viewport().grab().toImage() == seen
    assert is_counting(tab)
    QApplication.processEvents()
    assert view.viewport().grab().toImage() != seen


def test_a_canvas_that_is_entered_in_the_middle_gets_the_colours_too(tab, slowly):
    colours = tab.colours
    colours.use("parameters")
    outer = tab.view.canvas
    tab.enter(named(tab.document, "layer1.0"))
    assert tab.view.canvas.ink.is_plain
    QApplication.processEvents()
    assert tab.view.canvas is not outer
    assert not tab.view.canvas.ink.is_plain
    tab.enter(None)
    assert tab.view.canvas.ink._shades is colours.colouring.shades


def test_who_needs_the_counts_in_the_middle_gets_them(tab, slowly):
    tab.colours.use("flops")
    assert is_counting(tab)
    assert tab.colours.colouring.shades == counted(tab, "flops").shades
    assert not is_counting(tab)
    assert not tab.view.canvas.ink.is_plain
    QApplication.processEvents()
    assert tab.colours.legend.isVisible()


def test_a_session_comes_back_before_its_colours_are_counted(tab, slowly, qtbot):
    colours = tab.colours
    restore(colours, {"colours": {"rule": "flops", "hidden": {"layer": ["Conv2d"]}}})
    assert is_counting(tab)
    assert len(tab.view.canvas.hidden) == 20
    QApplication.processEvents()
    qtbot.waitUntil(colours.legend.isVisible)
    assert colours.colouring.shades == counted(tab, "flops").shades
    assert not tab.view.canvas.ink.is_plain


def test_a_legend_of_plain_colours_comes_when_its_kinds_are_counted(tab, slowly, qtbot):
    colours, document = tab.colours, tab.document
    colours.show_legend(True)
    assert colours.legend is None
    QApplication.processEvents()
    qtbot.waitUntil(colours.legend.isVisible)
    commands.remove(document, [named(document, "conv1")])
    said = {f"{kind.name}, {kind.count}" for kind in counted(tab, "type").kinds()}
    qtbot.waitUntil(lambda: {row.accessibleName() for row in colours.legend.rows} == said)


def test_an_edit_of_very_many_rows_is_counted_after_its_turn(tab, slowly, monkeypatch, qtbot):
    monkeypatch.setattr(colour_counting, "AT_ONCE", 1000)
    monkeypatch.setattr(colour_counting, "MANY", 10)
    colours, document = tab.colours, tab.document
    colours.use("layer")
    colours.set_hidden({"layer": ["Conv2d"]})
    QApplication.processEvents()
    before = dict(colours.colouring.shades)
    commands.remove(document, list(document.tables.nodes))
    assert colours.colouring.shades == before
    assert not colours.hidden_ids
    document.undo()
    assert colours.colouring.left
    assert len(tab.view.canvas.hidden) == 20
    commands.rename(document, named(document, "fc"), "head")
    qtbot.waitUntil(lambda: not colours.colouring.left)
    assert dict(colours.colouring.counts()) == dict(counted(tab, "layer").counts())
    assert colours.colouring.shades == before  # kinds keep their colours


def test_nothing_is_counted_for_a_tab_that_is_closed(document, light, show, slowly):
    made = show(CanvasTab(draw_example(document, "resnet18"), light))
    made.colours.use("depth")
    made.close_document()
    QApplication.processEvents()
    assert is_counting(made)
    assert made.view.canvas.ink.is_plain
