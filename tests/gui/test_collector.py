"""Garbage is collected in the window's thread alone: a Qt object freed on another one ends the process."""

import gc
import threading
import weakref

from PySide6.QtCore import QObject, QTimer

from sketch.graph.collection import Collection, paused_collection
from tests.gui.windows import main_window

MANY = 200_000


class Beating(QObject):
    """A Qt object with a timer, held by nobody but itself."""

    def __init__(self) -> None:
        super().__init__()
        self.me = self
        self.timer = QTimer(self, interval=1)
        self.timer.start()


def make_many(many: int = MANY) -> list[list[int]]:
    """So many objects that the collector, were it on, would walk all there are."""
    return [[number] for number in range(many)]


def test_no_other_thread_frees_what_belongs_to_the_window(qtbot) -> None:
    with main_window(qtbot) as window:
        threads: list[str] = []

        def note(phase: str, _info: dict[str, int]) -> None:
            threads.append(f"{phase} {threading.current_thread().name}")

        gc.callbacks.append(note)
        try:
            gone = weakref.ref(Beating())
            beside = threading.Thread(target=make_many, name="beside")
            beside.start()
            beside.join()
            assert [seen for seen in threads if seen.endswith("beside")] == []
            assert gone() is not None
            kept = make_many()
            window.collector.beat()
            window.collector.beat()  # nothing has happened since the one before
            assert gone() is None
            assert set(threads) == {"start MainThread", "stop MainThread"}
            del kept
        finally:
            gc.callbacks.remove(note)


def test_the_window_collects_by_itself(qtbot) -> None:
    with main_window(qtbot) as window:
        gone = weakref.ref(Beating())
        kept = make_many(5000)
        qtbot.waitUntil(lambda: gone() is None, timeout=5000)
        assert len(kept) == 5000
        assert not gc.isenabled()
        assert window.isVisible()


def test_much_waits_for_a_calm_moment() -> None:
    collection = Collection()
    gone = weakref.ref(Beating())
    kept = make_many()
    collection.go_on(calm=False)
    assert gone() is not None
    collection.go_on()
    assert gone() is None
    del kept


def test_nothing_is_collected_while_a_pause_goes_on() -> None:
    collection = Collection()
    with paused_collection():
        gone = weakref.ref(Beating())
        kept = make_many()
        collection.go_on()
        assert gone() is not None
    collection.go_on()
    assert gone() is None
    del kept


def test_a_pause_that_goes_on_does_not_switch_it_on_again() -> None:
    gc.enable()
    try:
        with paused_collection():
            Collection()
        assert not gc.isenabled()
    finally:
        gc.disable()
