"""Work in slices: nothing before the next turn, in order, what is overtaken is dropped."""

import pytest
from PySide6.QtCore import QObject

from sketch.gui.panels import PART
from sketch.gui.slices import Slices
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
