"""The overview of shortcuts: the same table as menus and settings, on screen, in the clipboard and in docs."""

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from sketch.gui.shortcut_page import PLACE, page
from sketch.gui.shortcut_sheet import ShortcutSheet
from tests.gui.windows import main_window
from tests.source_tree import ROOT


@pytest.fixture
def window(qtbot):
    """A window, nothing open."""
    with main_window(qtbot) as window:
        yield window


def test_the_page_in_docs_is_current() -> None:
    assert (ROOT / PLACE).read_text(encoding="utf-8") == page(), "run scripts/generate-shortcuts"


def test_every_command_is_on_the_page_in_docs(window) -> None:
    text = page()
    for row, _action in window.actions_:
        title = row.title.replace("&", "").removesuffix("...").replace("|", "\\|")
        assert f"| {title} |" in text
        for key in window.services.settings.shortcut(row.id):
            assert f"`{key}`" in text


def test_the_sheet_shows_and_copies_the_keys_in_force(window, qtbot) -> None:
    window.services.settings.set_shortcut("edit.find", ["Ctrl+Alt+J"])
    sheet = ShortcutSheet(window)
    sheet.show()
    qtbot.waitUntil(lambda: "Mouse" in sheet.page.toPlainText())
    assert "Ctrl+Alt+J" in sheet.page.toPlainText()
    assert "Double-click on empty canvas" in sheet.page.toPlainText()
    sheet._copy()
    text = QGuiApplication.clipboard().text()
    assert "Ctrl+Alt+J" in text
    assert text.index("File") < text.index("Edit") < text.index("Mouse")
    QTest.keyClicks(sheet.search, "duplicate")
    assert sheet.page.textCursor().selectedText().lower() == "duplicate"
    sheet.close()
    sheet.deleteLater()


def test_what_is_looked_for_is_marked_when_its_part_of_the_page_comes(window, qtbot) -> None:
    sheet = ShortcutSheet(window)
    sheet.search.setText("palette")
    assert sheet.page.toPlainText() == ""
    sheet.show()
    qtbot.waitUntil(lambda: sheet.page.textCursor().hasSelection())
    assert sheet.page.textCursor().selectedText().lower() == "palette"
    sheet.close()
    sheet.deleteLater()


def test_every_part_of_the_sheet_begins_with_a_heading_of_the_same_look(window, qtbot) -> None:
    sheet = ShortcutSheet(window)
    sheet.show()
    qtbot.waitUntil(lambda: "Mouse" in sheet.page.toPlainText())
    block, looks = sheet.page.document().begin().next(), {}
    while block.isValid():
        if block.text() in ("File", "Edit", "Mouse"):
            looks[block.text()] = (block.blockFormat().topMargin(), block.blockFormat().headingLevel())
        block = block.next()
    assert set(looks) == {"File", "Edit", "Mouse"}
    assert len(set(looks.values())) == 1
    sheet.close()
    sheet.deleteLater()
