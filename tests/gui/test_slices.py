"""Work in slices: nothing before the next turn, in order, what is overtaken is dropped."""

from itertools import pairwise

import pytest
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

from sketch.gui.panels import PART
from sketch.gui.slices import Slices, Walk
from tests.gui.windows import main_window


@pytest.fixture
def slices(qapp):
    parent = QObject()
    yield Slices(parent)
    parent.deleteLater()


def test_steps_wait_for_the_next_turn_and_keep_their_order(slices, qtbot):
    done = []

    def last() -> None:
        done.append("last")

    def first() -> None:
        done.append("first")

    slices.last(last)
    slices.first(first)
    slices.last(last)
    assert done == []
    with qtbot.waitSignal(slices.went_on):
        pass
    assert done == ["first", "last"]


def test_new_steps_take_the_place_of_others_and_can_be_finished_at_once(slices, qtbot):
    done = []
    slices.replace([lambda: done.append("old")])
    slices.replace([lambda: done.append("one"), lambda: slices.last(lambda: done.append("three"))])
    slices.finish()
    assert done == ["one", "three"]
    qtbot.wait(1)
    assert done == ["one", "three"]


def test_a_step_may_leave_the_rest_to_the_next_turn(slices, qtbot):
    done = []

    def step() -> None:
        done.append("step")
        slices.end_share()

    slices.replace([step, lambda: done.append("rest"), lambda: done.append("more")])
    seen = []
    slices.went_on.connect(lambda: seen.append(list(done)))
    qtbot.waitUntil(lambda: "more" in done)
    assert seen[0] == ["step"]
    slices.replace([step, lambda: done.append("rest")])
    slices.finish()
    assert done[3:] == ["step", "rest"]


def test_all_slices_share_a_turn_and_whoever_asked_first_is_served_first(qapp, qtbot, monkeypatch):
    monkeypatch.setattr("sketch.gui.slices.SLICE_SECONDS", 0.0)
    parent, done = QObject(), []
    one, other = Slices(parent), Slices(parent)
    turns = QTimer(parent, interval=0)
    turns.timeout.connect(lambda: done.append("|"))
    turns.start()
    one.replace([lambda: done.append("a"), lambda: done.append("b")])
    other.replace([lambda: done.append("1"), lambda: done.append("2")])
    qtbot.waitUntil(lambda: "2" in done and "b" in done)
    turns.stop()
    assert "".join(done).replace("|", "") == "a1b2"
    assert not any(one != "|" and two != "|" for one, two in pairwise(done))
    parent.deleteLater()


def test_a_step_that_fails_does_not_hold_up_the_others(qapp, qtbot):
    parent, done = QObject(), []
    slices, later = Slices(parent), Slices(parent)

    def fails() -> None:
        raise ValueError("on purpose")

    with qtbot.captureExceptions() as errors:
        slices.replace([fails, lambda: done.append("next")])
        later.replace([lambda: done.append("later")])
        qtbot.waitUntil(lambda: len(done) == 2)
    assert [str(error[1]) for error in errors] == ["on purpose"]
    parent.deleteLater()


def test_slices_that_are_gone_are_left_out(qapp, qtbot):
    gone, stays, done = QObject(), QObject(), []
    Slices(gone).replace([lambda: done.append("gone")])
    kept = Slices(stays)
    kept.replace([lambda: done.append("stays")])
    gone.deleteLater()
    QApplication.sendPostedEvents(gone, QEvent.Type.DeferredDelete.value)
    qtbot.waitUntil(lambda: done == ["stays"])
    stays.deleteLater()


def test_many_problems_are_listed_bit_by_bit(qtbot):
    with main_window(qtbot) as window:
        window.opener.new()
        count = 2 * PART + 7

        def build(draft) -> None:
            for _ in range(count):
                draft.add("ReLU")

        window.desk.document.edit("many", build)
        panel = window.panels.problems
        panel.refresh()
        shown = panel.topLevelItemCount()
        assert shown == PART
        qtbot.waitUntil(lambda: panel.topLevelItemCount() > shown)
        qtbot.waitUntil(lambda: panel.topLevelItemCount() == len(window.desk.document.problems()))
        assert panel.topLevelItemCount() >= count


@pytest.mark.parametrize("slowly", [False, True])
def test_a_slow_walk_gives_each_step_a_turn_of_its_own(qapp, qtbot, slowly):
    parent, done = QObject(), []

    def steps():
        for number in range(3):
            done.append(str(number))
            yield

    walk = Walk(parent, steps(), slowly=slowly)
    turns = QTimer(parent, interval=0)
    turns.timeout.connect(lambda: done.append("|"))
    turns.start()
    with qtbot.waitSignal(walk.ended):
        walk.begin()
    turns.stop()
    assert "".join(done).replace("|", "") == "012"
    assert ("01" in "".join(done)) is not slowly
    parent.deleteLater()


def test_a_slow_walk_can_be_finished_at_once(qapp):
    parent, done = QObject(), []
    walk = Walk(parent, (done.append(number) for number in range(3)), slowly=True)
    walk.finish()
    assert done == [0, 1, 2]
    parent.deleteLater()
