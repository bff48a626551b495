"""A window whose parts change size is laid out first and painted after that, once, with nothing left out."""

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QHeaderView, QWidget

from sketch.gui.filter_popup import PART, FilterPopup
from sketch.gui.palette import command_palette
from tests.gui.windows import example_window, main_window, press

NOWHERE = Qt.DockWidgetArea.NoDockWidgetArea
RUNS = {
    "full screen": ["view.full_screen"],
    "and back": ["view.full_screen", "view.full_screen"],
    "toolbox hidden": ["view.toolbox"],
    "toolbox shown again": ["view.toolbox", "view.toolbox"],
    "a panel brought to the front": ["view.history"],
    "panels reset": ["view.reset_panels"],
    "reset twice": ["view.reset_panels", "view.reset_panels"],
    "reset after a panel": ["view.toolbox", "view.reset_panels"],
    "full screen in a reset": ["view.reset_panels", "view.full_screen"],
    "a panel in a reset": ["view.reset_panels", "view.toolbox", "view.toolbox"],
}


class Paints(QObject):
    """The parts of a window in the order of their paints, with the size each had; and when it was laid out."""

    def __init__(self, window):
        super().__init__(window)
        self.seen = []
        for part in parts(window):
            part.installEventFilter(self)

    def eventFilter(self, watched, event):
        if event.type() in (QEvent.Type.Paint, QEvent.Type.Resize):
            self.seen.append((watched, event.type(), watched.size()))
        return False

    def of(self, part, kind=QEvent.Type.Paint):
        return [size for watched, seen, size in self.seen if watched is part and seen == kind]


def parts(window):
    view = window.desk.view
    return [
        window,
        view.viewport(),
        window.menuBar(),
        window.tool_bar,
        window.statusBar(),
        *window.docks.values(),
    ]


def in_view(window):
    return [part for part in parts(window) if part.isVisible() and not part.visibleRegion().isEmpty()]


def unpainted(window):
    """What Qt was told not to paint."""
    found = [part for part in (window, *window.findChildren(QWidget)) if not part.updatesEnabled()]
    return [part for part in found if not is_header(part)]


def is_header(part):
    """True in the header of a table: Qt itself tells it not to paint until a hidden table is laid out."""
    return part is not None and (isinstance(part, QHeaderView) or is_header(part.parentWidget()))


def is_all_seen(window):
    """True when what is seen of a window is what it paints now, as far as the screen has room."""
    seen, painted = window.screen().grabWindow(window.winId()).toImage(), window.grab().toImage()
    both = seen.rect().intersected(painted.rect())
    return both.width() > 300 and seen.convertToFormat(painted.format()).copy(both) == painted.copy(both)


def calm(window, qtbot):
    """Wait until nothing is held back, and until what follows that has been painted."""
    qtbot.waitUntil(lambda: not unpainted(window), timeout=2000)
    QTest.qWait(50)


@pytest.fixture
def window(qtbot):
    """A window with ResNet-18 in front, painted."""
    with example_window(qtbot, "resnet18") as window:
        QTest.qWait(200)
        calm(window, qtbot)
        yield window


@pytest.mark.parametrize("commands", RUNS.values(), ids=RUNS)
def test_all_is_painted_at_its_new_size_soon_after_a_command(window, qtbot, commands):
    paints = Paints(window)
    for command in commands:
        window.actions_.run(command)
    calm(window, qtbot)
    assert unpainted(window) == []
    for part in in_view(window):
        assert paints.of(part)[-1:] in ([], [part.size()]), part
    assert is_all_seen(window)


@pytest.mark.parametrize("pause", [0, 1, 5, 20])
@pytest.mark.parametrize("command", ["view.full_screen", "view.toolbox", "view.reset_panels"])
def test_the_next_command_may_come_at_any_moment(window, qtbot, command, pause):
    window.actions_.run(command)
    QTest.qWait(pause)
    window.actions_.run("view.full_screen")
    QTest.qWait(pause)
    window.actions_.run(command)
    calm(window, qtbot)
    assert unpainted(window) == []
    assert is_all_seen(window)


def test_a_new_size_is_laid_out_first_and_painted_once(window, qtbot):
    paints, canvas = Paints(window), window.desk.view.viewport()
    window.resize(1300, 800)
    QApplication.sendPostedEvents()
    assert paints.of(canvas, QEvent.Type.Resize)
    assert not paints.of(window)
    assert not paints.of(canvas)
    calm(window, qtbot)
    assert paints.of(canvas) == [canvas.size()]
    assert paints.of(window)[0] == window.size()
    assert is_all_seen(window)


def test_a_window_that_is_pulled_is_painted_on_the_way(window, qtbot):
    paints = Paints(window)
    for step in range(20):
        window.resize(1300 + 5 * step, 800)
        QTest.qWait(10)
    assert len(paints.of(window)) >= 10
    calm(window, qtbot)
    assert paints.of(window)[-1] == window.size()


def test_what_covers_the_window_and_stays_where_it_is_is_painted_too(window, qtbot):
    cover = QWidget(window)
    cover.setAutoFillBackground(True)
    cover.setGeometry(10, 300, 100, 60)  # over the toolbox, whose size stays
    cover.show()
    calm(window, qtbot)
    window.resize(1300, window.height())
    calm(window, qtbot)
    assert is_all_seen(window)


def test_nothing_is_painted_before_the_last_panel_has_its_place(window, qtbot):
    paints = Paints(window)
    window.actions_.run("view.reset_panels")
    window.actions_.run("view.toolbox")
    window.resize(1300, 800)
    QTest.qWait(1)
    while not window.layout().isEnabled():
        assert not paints.of(window)
        QTest.qWait(1)
    calm(window, qtbot)
    assert paints.of(window)


def test_what_is_added_while_nothing_is_painted_is_painted_with_the_rest(window, qtbot):
    window.painting.soon()
    made = QDockWidget("made", window)
    made.setWidget(QWidget())
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, made)
    assert not made.updatesEnabled()  # it took after the window
    calm(window, qtbot)
    assert made.updatesEnabled()
    assert made.widget().updatesEnabled()
    assert is_all_seen(window)


def test_a_step_that_fails_leaves_no_window_that_is_never_painted(window, qtbot):
    def steps():
        yield
        raise ValueError("no")

    with qtbot.captureExceptions() as errors:
        window.painting.after(steps())
        qtbot.waitUntil(lambda: bool(errors))
    calm(window, qtbot)
    window.actions_.run("view.reset_panels")  # the next steps are taken
    assert not window.updatesEnabled()
    calm(window, qtbot)


@pytest.mark.parametrize("command", ["view.full_screen", "view.toolbox"])
def test_a_window_closes_before_it_is_painted(qtbot, command):
    with example_window(qtbot, "lenet5") as window:
        window.actions_.run(command)
        window.close()
        QTest.qWait(20)
        assert unpainted(window) == []


@pytest.mark.parametrize("turns", [0, 1, 4, 9])
def test_a_window_that_closes_in_a_reset_comes_back_with_all_panels(qtbot, turns):
    with example_window(qtbot, "lenet5") as window:
        window.actions_.run("view.toolbox")
        calm(window, qtbot)
        window.actions_.run("view.reset_panels")
        for _ in range(turns):
            QApplication.processEvents()
        window.close()
        QTest.qWait(20)
        assert unpainted(window) == []
        assert window.layout().isEnabled()
    with main_window(qtbot) as window:
        assert [dock for dock in window.docks.values() if window.dockWidgetArea(dock) == NOWHERE] == []
        assert [name for name, dock in window.docks.items() if dock.isHidden()] == []
        assert 180 <= window.docks["toolbox"].width() <= 240


def test_keys_reach_a_list_before_it_is_painted(window):
    popup = command_palette(window)
    assert not popup.updatesEnabled()
    QTest.keyClicks(QApplication.focusWidget(), "frame every")
    assert popup.titles()[0] == "Frame everything"
    press(popup.field, Qt.Key.Key_Return)
    assert window.services.session.get("palette.recent") == ["view.frame_all"]


def test_a_list_is_painted_and_gets_all_its_lines(window, qtbot):
    popup = command_palette(window)
    assert popup.list.count() == PART < len(popup.titles())
    calm(popup, qtbot)
    assert is_all_seen(popup)
    qtbot.waitUntil(lambda: popup.list.count() == len(popup.titles()))
    assert [popup.list.item(row).text() for row in range(popup.list.count())] == popup.titles()
    popup.close()


def test_one_can_walk_to_the_end_of_a_list_at_once(window):
    chosen = []
    lines = command_palette(window).shown()[: 2 * PART]
    popup = FilterPopup(window, "Lines", lines, chosen.append)
    popup.open_at(window.mapToGlobal(window.rect().center()))
    for _ in lines:
        QTest.keyClick(popup.field, Qt.Key.Key_PageDown)
    assert popup.list.currentRow() == len(lines) - 1
    popup.close()


def test_a_list_that_closes_before_it_is_painted_is_gone(window, qtbot):
    popup = command_palette(window)
    press(popup.field, Qt.Key.Key_Escape)
    QTest.qWait(20)
    assert QApplication.activePopupWidget() is None
    assert unpainted(window) == []


@pytest.mark.xvfb
@pytest.mark.parametrize("words", ["reset panels", "toolbox"])
def test_nothing_of_a_list_stays_on_the_screen_when_a_panel_changes(window, qtbot, words):
    popup = command_palette(window)
    QTest.keyClicks(popup.field, words)
    calm(popup, qtbot)
    assert not is_all_seen(window)  # the list lies over it
    press(popup.field, Qt.Key.Key_Return)
    calm(window, qtbot)
    qtbot.waitUntil(lambda: is_all_seen(window), timeout=3000)
