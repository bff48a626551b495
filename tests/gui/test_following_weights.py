"""Edits that the stored weights of many layers follow: worked out beside the window, else as any other edit."""

import threading
from functools import partial

import pytest
from PySide6.QtWidgets import QApplication

from sketch.graph.attachments import add_tensor, set_weight
from sketch.graph.rows import Edge
from sketch.graph.tables import snapshot
from sketch.gui.canvas.wires import Wiring
from sketch.gui.desk import AT_ONCE
from sketch.gui.input_shapes import InputShapes
from sketch.gui.main_window import MainWindow
from sketch.state import commands, resizing
from sketch.state.commands import weights
from sketch.state.document import TakesLongError
from sketch.state.twin import Twin
from tests.graph.random_edits import same_inference
from tests.gui.gesture_desk import Desk
from tests.gui.test_gesture_stories import STORIES
from tests.gui.windows import click, main_window

COUNT = AT_ONCE + 20
REWIRING = [
    "wire two layers", "insert on a wire", "delete and re-join", "move the end of a wire", "cut wires", "set many",
    "change the type",
]  # fmt: skip


@pytest.fixture
def window(qtbot):
    with main_window(qtbot) as made:
        yield made


def store(document) -> None:
    """Weights for every layer that takes some; nobody reads their numbers here."""

    def edit(draft) -> None:
        for number, ((node, role), kind) in enumerate(weights.weights_in(document).items()):
            tensor = add_tensor(draft, f"{number:064d}", kind.shape, kind.dtype, f"{node}.{role}")
            set_weight(draft, node, role, tensor)

    document.edit("Store", edit)


def wait(qtbot, window: MainWindow) -> list[str]:
    """Until no job is under way; the titles of those that were."""
    titles = [job.title for job in window.jobs.running]
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=20_000)
    QApplication.processEvents()
    return titles


class Chain:
    """An Input of 8 channels, a layer in between, and a column of norms; an Input of 5 channels and a lone layer."""

    def __init__(self, window: MainWindow):
        self.tab = window.opener.new()
        self.document = self.tab.document
        self.input, self.other, self.between, self.lone, *self.norms = self.document.edit("Draw", self._draw)
        store(self.document)
        QApplication.processEvents()

    @staticmethod
    def _draw(draft) -> list[int]:
        shapes = (("N", 8, 4, 4), (0.0, 0.0)), (("N", 5, 4, 4), (300.0, 0.0))
        ids = [draft.add("Input", None, {"shape": shape}, place=place) for shape, place in shapes]
        conv = {"out_channels": 6, "kernel_size": 1}
        ids += [draft.add("Conv2d", None, conv, place=place) for place in ((0.0, 90.0), (300.0, 90.0))]
        draft.connect(ids[0], 0, ids[2], 0)
        for number in range(COUNT):
            ids.append(draft.add("BatchNorm2d", place=(0.0, 180.0 + 90.0 * number)))
            draft.connect(ids[-2] if number else ids[2], 0, ids[-1], 0)
        return ids

    @property
    def wire(self) -> Edge:
        """The one into the column."""
        return self.document.tables.nodes[self.norms[0]].prior[0]


def reconnect(chain):
    return partial(commands.reconnect, edge=chain.wire, source_end=(chain.other, 0))


def cut(chain):
    return partial(commands.disconnect, edges=[chain.wire])


def insert(chain):
    return partial(commands.add_on_wire, layer="Conv2d", edge=chain.wire, place=(0.0, 135.0))


def drop(chain):
    commands.set_param(chain.document, [chain.lone], "out_channels", 7)
    return partial(commands.insert_on_wire, node_id=chain.lone, edge=chain.wire)


def remove(chain):
    return partial(commands.remove, ids=[chain.between])


def retype(chain):
    return partial(commands.replace_layers, ids=[chain.between], layer="ReLU")


def channels(chain):
    return partial(commands.set_param, ids=[chain.between], name="out_channels", value=9)


@pytest.mark.parametrize("make", [reconnect, cut, insert, drop, remove, retype, channels])
def test_weights_of_very_many_layers_follow_beside_the_window(window, qtbot, monkeypatch, make):
    chain = Chain(window)
    act, threads, fit = make(chain), set(), resizing.Resizer.fit
    monkeypatch.setattr(
        resizing.Resizer, "fit", lambda *it: (threads.add(threading.get_ident()), fit(*it))[1]
    )
    wanted = Twin(chain.document)
    result = act(wanted)
    threads.clear()
    before, steps, results = snapshot(chain.document.tables), len(chain.document.history), []
    assert chain.tab.view.change("Change", act, results.append)
    assert snapshot(chain.document.tables) == before
    assert wait(qtbot, window) == ["Change"]
    assert threading.get_ident() not in threads
    assert bool(threads) == (make is not cut)
    assert results == [result] or make is retype
    assert snapshot(chain.document.tables) == snapshot(wanted.tables)
    same_inference(chain.document.inference, chain.document.tables)
    canvas, anew = chain.tab.view.canvas, Wiring(chain.document.tables, chain.document.library, None)
    assert (canvas.wiring.boxes, canvas.wiring.lines) == (anew.boxes, anew.lines)
    assert len(chain.document.history) == steps + 1
    window.actions_.run("edit.undo")
    wait(qtbot, window)
    assert snapshot(chain.document.tables) == before


def test_a_cancel_leaves_everything_as_it_was(window, qtbot, monkeypatch):
    chain, goes_on, fit = Chain(window), threading.Event(), resizing.Resizer.fit
    monkeypatch.setattr(resizing.Resizer, "fit", lambda *it: (goes_on.wait(20), fit(*it))[1])
    before, steps, ended = snapshot(chain.document.tables), len(chain.document.history), []
    chain.tab.view.change("Change", reconnect(chain), ended.append, over=lambda: ended.append("over"))
    (job,) = window.jobs.running
    job.cancel()
    goes_on.set()
    wait(qtbot, window)
    assert ended == ["over"]
    assert (snapshot(chain.document.tables), len(chain.document.history)) == (before, steps)
    assert chain.wire.source == chain.between


def test_what_is_refused_is_refused_at_once(window):
    chain, said = Chain(window), []
    loop = partial(commands.connect, source=chain.norms[-1], out=0, target=chain.between, into=0)
    before = snapshot(chain.document.tables)
    assert not chain.tab.view.change("Change", loop, refused=said.append)
    assert len(said) == 1
    assert not window.jobs.running
    assert snapshot(chain.document.tables) == before


def test_input_shapes_are_set_beside_the_window(window, qtbot):
    chain = Chain(window)
    dialog = InputShapes(window, chain.tab.view)
    dialog.show()
    dialog.fields(0)[1].setText("no size")
    click(dialog.buttons.button(dialog.buttons.StandardButton.Ok))
    assert dialog.fault.isVisible()
    dialog.fields(0)[1].setText("N, 3, 4, 4")
    click(dialog.buttons.button(dialog.buttons.StandardButton.Ok))
    assert not dialog.isVisible()
    wait(qtbot, window)
    assert chain.document.tables.nodes[chain.input].params["shape"] == ("N", 3, 4, 4)


@pytest.fixture
def all_long(monkeypatch):
    """Every edit that is tried here and now, where weights are stored, is said to take long."""

    def follow(document, changed, how, *, is_brief=False):
        if is_brief:
            raise TakesLongError
        return resizing.follow_shapes(document, changed, how)

    monkeypatch.setattr("sketch.state.document.follow_shapes", follow)


@pytest.mark.parametrize("hand", ["mouse", "keys"])
@pytest.mark.parametrize("name", REWIRING)
def test_a_gesture_does_the_same_when_it_takes_long(window, qtbot, all_long, name, hand):
    told, desk, begun = STORIES[name], Desk(window), []
    told.before(desk)
    store(desk.document)
    window.jobs.ended.connect(lambda job: begun.append(job.title))
    before, steps = snapshot(desk.document.tables), len(desk.document.history)
    if hand == "keys":
        desk.view.setFocus()
    (told.mouse if hand == "mouse" else told.keys)(desk)
    wait(qtbot, window)
    assert len([title for title in begun if title != "Read the operators"]) == 1
    told.check(desk)
    assert len(desk.document.history) == steps + 1
    desk.document.undo()
    assert snapshot(desk.document.tables) == before
