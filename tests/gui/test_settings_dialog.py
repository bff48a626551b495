"""The settings: a page is built when somebody turns to it, and is shown when it is whole."""

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QMessageBox

from sketch.gui.settings_dialog import PAGES, SettingsDialog
from sketch.gui.shortcut_sheet import ShortcutSheet
from tests.gui.windows import main_window, press


@pytest.fixture
def window(qtbot):
    """A window, nothing open."""
    with main_window(qtbot) as window:
        yield window


@pytest.fixture
def dialog(window):
    """The settings of a window, not shown yet."""
    dialog = SettingsDialog(window, window.services.settings, window.actions_)
    yield dialog
    dialog.accept()
    dialog.deleteLater()


def opened(dialog: SettingsDialog) -> None:
    dialog.show()
    dialog.activateWindow()
    QTest.qWaitForWindowActive(dialog)


def test_only_the_page_that_is_looked_at_is_built(dialog, qtbot):
    opened(dialog)
    qtbot.waitUntil(lambda: bool(dialog.pages))
    assert list(dialog.pages) == ["Look"]
    assert set(dialog._fields) == set(PAGES["Look"])
    for title in ("Behaviour", "Canvas", "Behaviour"):
        dialog.turn_to(title)
        qtbot.waitUntil(lambda title=title: title in dialog.pages)
    assert list(dialog.pages) == ["Look", "Behaviour", "Canvas"]
    assert set(dialog._fields) == {name for names in PAGES.values() for name in names}


def test_the_page_that_is_asked_for_is_the_first(qtbot, window):
    dialog = SettingsDialog(window, window.services.settings, window.actions_)
    dialog.turn_to("Shortcuts")
    opened(dialog)
    qtbot.waitUntil(lambda: bool(dialog.pages))
    assert list(dialog.pages) == ["Shortcuts"]
    dialog.accept()
    dialog.deleteLater()


def test_tab_leads_through_the_page_in_front_to_close(dialog, qtbot):
    opened(dialog)
    for title in ("Canvas", "Look"):
        dialog.turn_to(title)
        qtbot.waitUntil(lambda title=title: title in dialog.pages)
    dialog.tabs.tabBar().setFocus()
    close = dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Close)
    for name in PAGES["Look"]:
        press(QApplication.focusWidget(), Qt.Key.Key_Tab)
        assert dialog._fields[name].isAncestorOf(QApplication.focusWidget())
    press(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is close


def test_a_dialog_that_was_closed_leaves_nothing_behind(qtbot, window):
    def close() -> None:
        QApplication.activeModalWidget().close()

    for command, kind in (
        ("edit.settings", SettingsDialog),
        ("help.shortcuts", ShortcutSheet),
        ("help.about", QMessageBox),
    ):
        QTimer.singleShot(50, close)
        window.actions_.run(command)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        assert window.findChildren(kind) == []
