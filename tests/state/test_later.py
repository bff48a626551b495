"""Copies that are made on a thread are of the moment they were asked for, whatever happens to the document."""

import threading

import pytest

from sketch.graph.tables import snapshot as rows_of
from sketch.state import commands
from sketch.state.document import Document
from sketch.state.later import Later, settle
from sketch.state.twin import Twin


def on_a_thread(call):
    found = []
    thread = threading.Thread(target=lambda: found.append(call()))
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize("make", [Document.snapshot, Twin])
@pytest.mark.parametrize("meanwhile", ["nothing", "edit", "undo", "refusal", "close"])
def test_a_copy_is_of_the_moment_it_was_asked_for(document, make, meanwhile) -> None:
    commands.add_layer(document, "ReLU", (0.0, 0.0))
    before, turn, taken = rows_of(document.tables), document.turn, document.later(make)
    if meanwhile == "edit":
        commands.add_layer(document, "Tanh", (0.0, 90.0))
    elif meanwhile == "undo":
        document.undo()
    elif meanwhile == "refusal":
        with pytest.raises(LookupError):
            document.edit("Refused", lambda draft: {}[draft.add("Tanh")])
    elif meanwhile == "close":
        document.close()
        document.tables.nodes.clear()
    copy = on_a_thread(taken)
    assert (rows_of(copy.tables), copy.turn) == (before, turn)
    assert taken() is copy


def test_a_copy_is_made_at_once_while_shapes_are_on_their_way(document) -> None:
    (first, *_) = [commands.add_layer(document, layer, (0.0, 0.0)) for layer in ("Input", "ReLU", "ReLU")]
    document.edit("Wire", lambda draft: [draft.connect(a, 0, a + 1, 0) for a in (first, first + 1)])
    document.at_once = 0
    commands.set_param(document, [first], "shape", (1, 5, 30, 30))
    assert document.inference.is_behind
    copy = document.later(Document.snapshot)()
    document.undo()
    assert copy.inference.output(first + 2).shape == (1, 5, 30, 30)


def test_it_is_made_once_and_no_longer_pending() -> None:
    pending, made = [], []
    one, two = (Later(lambda: made.append(1), pending) for _ in range(2))
    one()
    assert pending == [two]
    settle(pending)
    two()
    assert (pending, made) == ([], [1, 1])
