"""The status bar: what comes and goes on it stands in its place, and never lays out the window."""

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QLabel, QMainWindow, QWidget

from sketch.gui.status_line import GAP, Corner, Totals


class Layouts(QObject):
    """Counts how often a widget is asked to lay out its children."""

    def __init__(self, of: QWidget):
        super().__init__(of)
        self.count = 0
        of.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.LayoutRequest
        return False


@pytest.fixture
def bar(qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    window.resize(900, 300)
    window.totals, window.job = Totals(), QLabel("Opening model.onnx")
    window.statusBar().addPermanentWidget(window.totals)
    window.totals.setText("1,234,567 parameters in 88 layers")
    window.corner = Corner(window.statusBar(), window.job, window.totals)
    window.job.hide()
    window.show()
    qtbot.waitExposed(window)
    qtbot.wait(20)
    return window


def test_a_job_comes_grows_and_goes_without_a_layout_of_the_window(bar, qtbot):
    layouts = Layouts(bar)
    for act in (bar.job.show, lambda: bar.job.setText("Opening model.onnx: weights 12 of 300"), bar.job.hide):
        act()
        qtbot.wait(20)
    bar.totals.setText("17 parameters in 2 layers")
    qtbot.wait(20)
    assert layouts.count == 0


def test_the_job_ends_before_the_totals_and_shows_all_it_says(bar, qtbot):
    bar.job.show()
    for text in ("Opening", "Opening a model with a long name.onnx: weights 12 of 300"):
        bar.job.setText(text)
        qtbot.wait(20)
        assert bar.corner.geometry().right() + 1 + GAP == bar.totals.x()
        assert bar.job.width() == bar.job.sizeHint().width()
        assert bar.job.visibleRegion().boundingRect() == bar.job.rect()
    bar.resize(700, 300)
    qtbot.wait(20)
    assert bar.corner.geometry().right() + 1 + GAP == bar.totals.x()
    bar.job.setText("much too long " * 40)
    qtbot.wait(20)
    assert bar.corner.x() == 0


def test_totals_have_room_for_the_longest_line(bar, qtbot):
    bar.totals.setText("1,234,567,890 parameters in 10,000 layers, 12 of unknown size")
    qtbot.wait(20)
    assert bar.totals.width() >= bar.totals.sizeHint().width()
