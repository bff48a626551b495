"""An edit that thousands of layers follow: what is near has its shapes at once, the rest in slices, then panels."""

import pytest
from PySide6.QtWidgets import QApplication, QLabel

from sketch.graph.infer import UNLIKE
from sketch.gui.canvas.look import wire_text
from sketch.gui.desk import AT_ONCE
from sketch.state import commands
from tests.gui.windows import form, main_window

COUNT = 3 * AT_ONCE
NEAR = AT_ONCE - 3 * UNLIKE
"""So many layers have new shapes at once when three of them are like none before."""


@pytest.fixture
def window(qtbot):
    with main_window(qtbot) as made:
        yield made


def chain(document) -> list[int]:
    """An Input and many convolutions behind it; their ids."""

    def build(draft) -> list[int]:
        ids = [draft.add("Input", params={"shape": (1, 8, 32, 32)})]
        for number in range(COUNT):
            params = {"out_channels": 8, "kernel_size": 1}
            ids.append(draft.add("Conv2d", params=params, place=(0.0, 90.0 * number)))
            draft.connect(ids[-2], 0, ids[-1], 0)
        return ids

    return document.edit("build", build)


def label(document, node_id: int) -> str:
    """What is written at the wire behind a layer."""
    return wire_text(document.inference.seen, document.tables.nodes[node_id].next[0])


def test_shapes_follow_in_slices_and_panels_after_them(window, qtbot):
    window.opener.new()
    document, desk = window.desk.document, window.desk
    ids = chain(document)
    desk.view.select([ids[-1]])
    qtbot.waitUntil(lambda: not document.inference.is_behind)
    followed, settled = [], []
    desk.followed.connect(lambda update: followed.append(len(update.inferred.changed)))
    desk.settled.connect(lambda: settled.append(document.inference.is_behind))
    totals = window.totals.text()
    commands.set_param(document, [ids[0]], "shape", (1, 4, 16, 16))
    assert label(document, ids[0]) == "1×4×16×16"
    assert label(document, ids[NEAR - 1]) == "1×8×16×16"
    assert label(document, ids[-2]) == "1×8×32×32"
    assert document.inference.is_behind
    assert window.totals.text() == totals
    qtbot.waitUntil(lambda: bool(settled))
    assert not any(settled)
    assert sum(followed) == COUNT + 1 - NEAR
    assert label(document, ids[-2]) == "1×8×16×16"
    assert window.totals.text() != totals
    assert any("1×8×16×16" in text.text() for text in form(window).findChildren(QLabel))


def test_who_reads_in_between_gets_what_holds(window):
    window.opener.new()
    document = window.desk.document
    ids = chain(document)
    commands.set_param(document, [ids[0]], "shape", (1, 8, 16, 16))
    assert document.inference.output(ids[-1]).shape == (1, 8, 16, 16)
    assert label(document, ids[-2]) == "1×8×16×16"
    assert document.undo()
    assert document.snapshot().inference.output(ids[-1]).shape == (1, 8, 32, 32)


def test_what_is_carried_stays_in_hand_while_shapes_follow(window):
    window.opener.new()
    document, canvas = window.desk.document, window.desk.view.canvas
    ids = chain(document)
    commands.set_param(document, [ids[0]], "shape", (1, 8, 16, 16))
    canvas.carry([ids[3]])
    canvas.carry_to(40.0, 0.0)
    while document.inference.is_behind:
        QApplication.processEvents()
    assert canvas.shift_of(ids[3]).x() == 40.0
    canvas.put_down()
