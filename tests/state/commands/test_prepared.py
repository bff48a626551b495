"""An edit that was computed beside the window is one step, or none when the drawing has moved on."""

import pytest

from sketch.graph.draft import Draft
from sketch.graph.tables import snapshot
from sketch.state import commands
from sketch.state.commands.prepared import OutdatedError


def test_it_is_one_step_with_its_label(document) -> None:
    relu = commands.add_layer(document, "ReLU", (0, 0))
    draft = Draft(document.tables, document.library)
    draft.rename(relu, "other")
    draft.add("Tanh")
    commands.apply_prepared(document, "Fuse", draft.delta())
    assert document.tables.nodes[relu].name == "other"
    assert document.undo() == "Fuse"
    assert document.tables.nodes[relu].name == "relu1"


def test_a_drawing_that_changed_meanwhile_stays_as_it_is(document) -> None:
    relu = commands.add_layer(document, "ReLU", (0, 0))
    draft = Draft(document.tables, document.library)
    draft.add("Tanh")
    delta = draft.delta()
    commands.rename(document, relu, "mine")
    commands.add_layer(document, "Sigmoid", (0, 0))
    before = snapshot(document.tables)
    with pytest.raises(OutdatedError, match="changed meanwhile"):
        commands.apply_prepared(document, "Fuse", delta)
    assert snapshot(document.tables) == before
