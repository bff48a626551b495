"""The totals of a network, also where thousands of its layers are frozen."""

import pytest

from sketch.gui import reading, totals
from sketch.gui.totals import TotalsReader, totals_text
from sketch.state import commands
from sketch.state.commands import weights
from tests.gui.drawings import draw_example


@pytest.fixture
def frozen(document, monkeypatch):
    """All layers of a network are frozen, which is counted in slices."""
    monkeypatch.setattr(totals, "FEW", 3)
    monkeypatch.setattr(reading, "FEW", 3)
    draw_example(document, "lenet5")
    weights.freeze(document, weights.weights_in(document))
    return document


@pytest.fixture
def told(qtbot):
    lines: list[str] = []
    return lines


def test_frozen_parameters_are_told_when_they_are_counted(frozen, told, qapp, qtbot):
    reader = TotalsReader(qapp, told.append)
    reader.tell(frozen)
    assert told == []
    qtbot.waitUntil(lambda: bool(told))
    assert told == ["61,706 parameters in 14 layers, 0 trainable, 61,706 frozen"]
    reader.deleteLater()


def test_an_edit_and_another_document_meanwhile_tell_only_what_is_true(frozen, told, qapp, qtbot):
    reader = TotalsReader(qapp, told.append)
    reader.tell(frozen)
    commands.remove(frozen, [max(frozen.tables.nodes)])
    qtbot.waitUntil(lambda: bool(told))
    assert told == [totals_text(frozen)]
    reader.tell(frozen)
    reader.tell(None)
    qtbot.wait(20)
    assert told == [totals_text(frozen), ""]
    reader.deleteLater()
