"""Everything that a person can use has a name that a screen reader can say, and the keyboard gets everywhere."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDockWidget,
    QGraphicsView,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QTableView,
    QWidget,
)

from sketch.gui.find_commands import open_bar
from sketch.gui.settings_dialog import SettingsDialog
from sketch.state.commands import bookmarks
from sketch.state.document_file import load_document, save_document
from tests.gui.windows import CTRL, SHIFT, main_window, press

KINDS = (
    QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox, QAbstractItemView, QPlainTextEdit, QGraphicsView,
)  # fmt: skip


@pytest.fixture
def window(qtbot):
    with main_window(qtbot) as made:
        made.opener.example("lenet5")
        QApplication.processEvents()
        yield made


def nameless(root: QWidget) -> list[str]:
    """What a person can use below a widget and what has no name."""
    found = []
    for widget in root.findChildren(QWidget):
        if not isinstance(widget, KINDS) or _is_part_of_another(widget):
            continue
        interface = QAccessible.queryAccessibleInterface(widget)
        name = widget.accessibleName() or (interface.text(QAccessible.Text.Name) if interface else "")
        if not name.strip():
            chain, up = [], widget
            while up is not None and up is not root:
                chain.append(type(up).__name__)
                up = up.parentWidget()
            found.append(" < ".join(chain[:4]))
    return found


def _is_part_of_another(widget: QWidget) -> bool:
    """Inner parts that Qt makes: the field of a spin box, the list of a combo box, marks of docks, "more" buttons."""
    above = widget.parentWidget()
    outer = above.parentWidget() if above is not None else None
    if isinstance(above, (QAbstractSpinBox, QComboBox, QDockWidget, QLineEdit)) or isinstance(
        outer, QComboBox
    ):
        return True
    corner = isinstance(above, QTableView) and isinstance(widget, QAbstractButton)
    return corner or isinstance(widget, QHeaderView) or widget.objectName() in (
        "qt_toolbar_ext_button", "qt_menubar_ext_button", "ScrollLeftButton", "ScrollRightButton",
    )  # fmt: skip


def test_everything_in_the_window_has_a_name(window):
    tables = window.desk.document.tables
    for layer in ("Conv2d", "Linear", "Flatten"):
        window.desk.view.select([next(n.id for n in tables.nodes.values() if n.layer == layer)])
        QApplication.processEvents()
        assert (lost := nameless(window)) == [], f"{layer}: {lost}"
    window.desk.view.select(list(tables.nodes)[1:4])
    assert nameless(window) == []


def test_the_popups_and_the_settings_have_names(window):
    for action in ("insert.quick_add", "view.command_palette", "edit.replace_layer"):
        if action == "edit.replace_layer":
            window.desk.view.select([list(window.desk.document.tables.nodes)[1]])
        window.actions_.run(action)
        popup = QApplication.activePopupWidget()
        assert popup is not None, action
        assert popup.accessibleName()
        assert nameless(popup) == [], action
        popup.close()


def test_every_panel_the_find_bar_and_the_settings_have_names(window, qtbot):
    for dock in window.docks.values():
        dock.show()
        dock.raise_()
    open_bar(window)
    dialog = SettingsDialog(window, window.services.settings, window.actions_)
    dialog.show()
    for index, title in enumerate(("Look", "Canvas", "Behaviour", "Shortcuts")):
        dialog.tabs.setCurrentIndex(index)
        qtbot.waitUntil(lambda title=title: title in dialog.pages)
    assert nameless(window) == []
    dialog.close()


def test_f6_goes_round_all_areas_and_back(window):
    window.desk.view.setFocus()
    names = []
    for _ in range(8):
        press(QApplication.focusWidget(), Qt.Key.Key_F6)
        names.append(window.statusBar().currentMessage())
        if QApplication.focusWidget() is window.desk.view:
            break
    assert names[-1] == "Canvas"
    assert {"Toolbox", "Node editor", "Working folder", "Source"} <= set(names)
    back = []
    for _ in names:
        press(QApplication.focusWidget(), Qt.Key.Key_F6, SHIFT)
        back.append(window.statusBar().currentMessage())
    assert back == [*names[-2::-1], "Canvas"]


def test_escape_in_the_node_editor_goes_back_to_the_canvas(window):
    view = window.desk.view
    view.select([list(window.desk.document.tables.nodes)[1]])
    view.setFocus()
    press(view, Qt.Key.Key_Return)
    assert window.docks["editor"].isAncestorOf(QApplication.focusWidget())
    press(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert QApplication.focusWidget() is view


def test_jumps_can_be_taken_back_and_forward(window):
    tab, nodes = window.desk.tab, list(window.desk.document.tables.nodes)
    tab.view.zoom(2.0)
    tab.reveal(nodes[0])
    first = tab.view.view_state()
    tab.reveal(nodes[-1])
    last = tab.view.view_state()
    assert first != last
    view = tab.view
    view.setFocus()
    press(view, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert view.view_state() == first
    press(view, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert view.view_state() == last
    assert "Go back first." in window.actions_["go.forward"].toolTip()


def test_a_bookmark_survives_saving_and_says_its_name(window, tmp_path):
    tab = window.desk.tab
    tab.view.setFocus()
    assert "Ctrl+Shift+4 sets it" in window.actions_["bookmark.go_4"].toolTip()
    press(tab.view, Qt.Key.Key_4, CTRL | SHIFT)
    assert window.actions_["bookmark.go_4"].isEnabled()
    name = window.actions_["bookmark.go_4"].text()
    assert name.startswith("&4  ")
    assert name != "&4  (not set)"
    path = save_document(tab.document, tmp_path / "marked.sketch")
    again = load_document(path, window.services.library, store=window.services.store, folder=None)
    assert bookmarks(again.tables) == bookmarks(tab.document.tables)
    again.close()
