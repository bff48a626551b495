"""Reading a whole drawing in slices: anew when it changes, and nothing when it is closed."""

from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QApplication

from sketch.gui import reading
from sketch.gui.reading import Reading
from sketch.state.commands import nodes


def _steps(document, found, during=lambda: None):
    found.clear()
    for key in sorted(document.tables.nodes):
        found.append(key)
        during()
        yield


def test_what_is_small_is_read_at_once(document, qapp):
    owner, found, told = QObject(), [], []
    node = nodes.add_layer(document, "ReLU", (0.0, 0.0))
    Reading(owner, document, lambda: _steps(document, found), lambda: told.append(list(found)))
    assert told == [[node]]


def test_a_change_in_between_begins_anew(document, qapp, monkeypatch):
    monkeypatch.setattr(reading, "FEW", 0)
    owner, found, told, made = QObject(), [], [], []
    made.append(nodes.add_layer(document, "ReLU", (0.0, 0.0)))

    def during():
        if len(made) < 3:
            made.append(nodes.add_layer(document, "ReLU", (0.0, 90.0 * len(made))))

    Reading(owner, document, lambda: _steps(document, found, during), lambda: told.append(list(found)))
    assert told == []
    for _ in range(8):
        QApplication.processEvents()
    assert told == [made]


def test_nothing_is_told_of_what_is_stopped_closed_or_gone(document, qapp, monkeypatch):
    monkeypatch.setattr(reading, "FEW", 0)
    nodes.add_layer(document, "ReLU", (0.0, 0.0))
    owner, told = QObject(), []
    Reading(owner, document, lambda: _steps(document, []), lambda: told.append("stopped")).stop()
    gone = QObject()
    Reading(gone, document, lambda: _steps(document, []), lambda: told.append("gone"))
    gone.deleteLater()
    QCoreApplication.sendPostedEvents(gone, QEvent.Type.DeferredDelete.value)
    Reading(owner, document, lambda: _steps(document, []), lambda: told.append("closed"))
    document.close()
    for _ in range(4):
        QApplication.processEvents()
    assert told == []
