"""Long sources come in slices, and what is edited then changes only its lines; nobody types into half a text."""

import random

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextBlock
from PySide6.QtTest import QTest

from sketch.gui import long_text
from sketch.gui.highlighter import Highlighter
from sketch.gui.long_text import LONG
from sketch.gui.text_view import CodeView
from sketch.gui.theme import load_theme

LINES = LONG + 700


@pytest.fixture
def code(qtbot, light):
    made = CodeView(light)
    qtbot.addWidget(made)
    made.resize(600, 300)
    made.show()
    return made


def source(count: int = LINES) -> list[str]:
    return [f"x{line} = conv(16, {line})" for line in range(count)]


def shown(qtbot, code: CodeView, lines: list[str]) -> str:
    code.show_text("\n".join(lines))
    qtbot.waitUntil(lambda: not code.long.is_coming)
    return code.toPlainText()


def test_a_long_text_comes_in_slices_and_is_read_only_until_it_is_there(qtbot, code):
    typed: list[None] = []
    code.typed.connect(lambda: typed.append(None))
    code.set_editable(True)
    code.show_text("\n".join(source()))
    assert code.long.is_coming
    assert code.isReadOnly()
    assert code.long.text() == "\n".join(source())
    QTest.keyClick(code, Qt.Key.Key_A)
    qtbot.waitUntil(lambda: not code.long.is_coming)
    assert code.toPlainText() == "\n".join(source())
    assert not code.isReadOnly()
    assert typed == []
    QTest.keyClick(code, Qt.Key.Key_A)
    assert typed


def test_the_numbers_of_a_text_that_is_coming_have_room_for_its_last_line_from_the_beginning(qtbot, code):
    widths: list[tuple[int, int]] = []
    code.show_text("\n".join(source()))
    begun = code.viewportMargins().left()
    code.blockCountChanged.connect(
        lambda _: widths.append((code.viewportMargins().left(), code.numbers.width()))
    )
    qtbot.waitUntil(lambda: not code.long.is_coming)
    assert {*widths} == {(begun, begun)}
    assert begun == code.number_width() == 18 + 4 * code.fontMetrics().horizontalAdvance("9")
    assert code.long.line_count == LINES
    shown(qtbot, code, source()[:40])
    assert code.viewportMargins().left() == code.number_width() < begun


@pytest.mark.parametrize("seed", range(8))
def test_any_edit_of_the_lines_gives_the_text(qtbot, code, seed):
    chance = random.Random(seed)
    lines = source()
    assert shown(qtbot, code, lines) == "\n".join(lines)
    for _ in range(4):
        start = chance.choice([0, chance.randrange(len(lines)), len(lines) - 1])
        end = min(len(lines), start + chance.choice([0, 1, 1, 30, 900]))
        lines[start:end] = [f"new {chance.random()}" for _ in range(chance.choice([0, 1, 1, 900]))]
        assert shown(qtbot, code, lines) == "\n".join(lines)


def test_a_text_that_is_overtaken_by_the_next_one_leaves_nothing(qtbot, code):
    code.show_text("\n".join(source()))
    code.show_text("\n".join(source(LINES + 5)[3:]))
    assert shown(qtbot, code, source()[9:]) == "\n".join(source()[9:])
    code.show_text("\n".join(source()))
    assert shown(qtbot, code, ["a = 1"]) == "a = 1"
    assert code.document().isUndoRedoEnabled()


def test_lines_are_coloured_when_they_are_seen(qtbot, code, light):
    highlighter = Highlighter(light)
    code.colour = highlighter.colour
    changed: list[None] = []
    shown(qtbot, code, source())
    code.typed.connect(lambda: changed.append(None))
    code.viewport().repaint()
    formats = [bool(code.document().findBlockByNumber(line).layout().formats()) for line in (0, LINES - 1)]
    assert formats == [True, False]
    code.verticalScrollBar().setValue(LINES)
    code.viewport().repaint()
    assert code.document().findBlockByNumber(LINES - 1).layout().formats()
    assert changed == []


def test_lines_that_are_gone_are_not_asked_when_the_theme_changes(code, light):
    highlighter = Highlighter(light)
    for count in (5, 405, 805):
        code.setPlainText("\n".join(f"x{line} = {line}" for line in range(count)))
        highlighter.colour(blocks(code))
        code.setPlainText("a = 1\nb = 2")
        others = [bytes([255]) * 3000 for _ in range(3000)]  # take the memory where the lines were
        highlighter.set_theme(light)
        del others
    assert code.document().blockCount() == 2


def test_every_line_of_a_change_is_coloured_for_what_it_says_now(code, light):
    highlighter = Highlighter(light)
    code.setPlainText("\n".join(["a = 1", "b = 22", "c = 333", "", "# d"]))
    highlighter.colour(blocks(code))
    cursor = code.textCursor()
    cursor.beginEditBlock()
    for block in blocks(code)[:3]:
        cursor.setPosition(block.position())
        cursor.insertText("    ")
    cursor.endEditBlock()
    highlighter.colour(blocks(code))
    found = [[(part.start, part.length) for part in block.layout().formats()] for block in blocks(code)]
    assert found == [[(8, 1)], [(8, 2)], [(8, 3)], [], [(0, 3)]]
    code.undo()
    highlighter.colour(blocks(code))
    assert [part.start for block in blocks(code)[:3] for part in block.layout().formats()] == [4, 4, 4]


def test_lines_take_the_colours_of_another_theme_when_they_are_seen_again(code, light):
    highlighter, dark = Highlighter(light), load_theme("dark")
    code.setPlainText("a = 1\nb = 2  # two")
    highlighter.colour(blocks(code))
    assert colours(code) == [{light.code_number}, {light.code_number, light.code_comment}]
    highlighter.set_theme(dark)
    highlighter.colour(blocks(code)[1:])
    assert colours(code) == [{light.code_number}, {dark.code_number, dark.code_comment}]
    highlighter.colour(blocks(code))
    assert colours(code)[0] == {dark.code_number}


def blocks(code) -> list[QTextBlock]:
    return [code.document().findBlockByNumber(line) for line in range(code.document().blockCount())]


def colours(code) -> list[set[str]]:
    return [
        {part.format.foreground().color().name() for part in block.layout().formats()}
        for block in blocks(code)
    ]


def test_what_was_typed_into_a_text_is_known(qtbot, code):
    assert shown(qtbot, code, source()) == code.long.text() == "\n".join(source())
    code.set_editable(True)
    code.show()
    code.setFocus()
    code.go_to(1)
    QTest.keyClicks(code, "new")
    assert code.long.text() == code.toPlainText() == "new" + "\n".join(source())
    code.undo()
    assert code.long.text() == code.toPlainText() == "\n".join(source())
    code.show_text("\n".join(source(LINES + 50)[40:]))
    code.long.stop()
    assert code.long.text() == code.toPlainText()
    code.show_text("short")
    qtbot.waitUntil(lambda: not code.long.is_coming)
    assert code.long.text() == code.toPlainText() == "short"


def test_another_size_shows_what_a_text_that_is_laid_out_anew_shows(light, show, monkeypatch):
    lines = "\n".join(f"line {number} " * (number % 9 + 1) for number in range(LONG + 500))
    quick, plain = show(CodeView(light)), show(CodeView(light))
    for view in (quick, plain):
        view.setPlainText(lines)
        view.go_to(LONG)
    for width, height in ((500, 300), (260, 420), (900, 200), (400, 400)):
        quick.resize(width, height)
        with monkeypatch.context() as patch:
            patch.setattr(long_text, "LONG", 10**6)
            plain.resize(width, height)
        bars = [
            (bar.minimum(), bar.maximum(), bar.pageStep(), bar.value())
            for view in (quick, plain)
            for bar in (view.verticalScrollBar(), view.horizontalScrollBar())
        ]
        assert bars[:2] == bars[2:]
        for view in (quick, plain):
            view.clearFocus()
        assert quick.viewport().grab().toImage() == plain.viewport().grab().toImage()


@pytest.mark.parametrize("place", ["there", "coming"])
def test_an_edit_of_a_long_text_is_one_step_of_its_undo(light, show, qtbot, place):
    before = "\n".join(f"line {number}" for number in range(2 * LONG))
    after = (
        before.replace("line 7\n", "").replace("line 900", "seven\nmore\nlines").replace("line 2999", "end")
    )
    view, typed = show(CodeView(light)), []
    view.typed.connect(lambda: typed.append(1))
    view.set_editable(True)
    view.show_text(before)
    if place == "there":
        qtbot.waitUntil(lambda: not view.long.is_coming)
    view.bring_back(after, 30)
    qtbot.waitUntil(lambda: not view.long.is_coming)
    assert view.toPlainText() == after
    assert view.textCursor().position() == 30
    assert typed == []
    view.undo()
    assert view.toPlainText() == before
    view.redo()
    assert view.toPlainText() == after


def test_an_edit_of_very_many_lines_comes_in_slices(light, show, qtbot):
    before = "\n".join(f"line {number}" for number in range(2 * LONG))
    after = "\n".join(f"other {number}" for number in range(2 * LONG))
    view = show(CodeView(light))
    view.show_text(before)
    view.bring_back(after, 0)
    qtbot.waitUntil(lambda: not view.long.is_coming)
    qtbot.waitUntil(lambda: view.toPlainText() == after)


def test_a_text_that_comes_instead_ends_the_wait_for_an_edit(light, show, qtbot):
    first, second = ("\n".join(f"{word} {number}" for number in range(2 * LONG)) for word in ("a", "b"))
    view = show(CodeView(light))
    view.show_text(first)
    view.bring_back(first + "x", 0)
    view.show_text(second)
    qtbot.waitUntil(lambda: not view.long.is_coming)
    assert view.toPlainText() == second
