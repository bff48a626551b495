"""What is done to a twin and given to its document is what the same commands do to the document itself."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sketch.graph.errors import GraphError, StaleDeltaError
from sketch.graph.tables import snapshot
from sketch.state import commands
from sketch.state.document import Document
from sketch.state.twin import Twin
from tests.graph.random_edits import SESSIONS, act, laws, library, same_inference
from tests.state.drawing import NoStore, Reference, draw, fingerprint

SESSION = st.lists(st.tuples(st.integers(0, 9), SESSIONS.map(lambda s: s[:3])), max_size=20)


def step(document: Document, kind: int, session) -> None:
    """Undo, redo, or some edits."""
    if kind < 2:
        document.undo()
    elif kind < 4:
        document.redo()
    else:
        for numbers in session:
            try:
                document.edit("edit", lambda draft, numbers=numbers: act(draft, numbers))
            except GraphError:
                continue


@settings(max_examples=60)
@given(SESSION)
def test_a_twin_gives_what_the_edits_would_have_made(session) -> None:
    plain, other = (Document(library(), store=NoStore(), folder=None) for _ in range(2))
    updates: list[object] = []
    other.subscribe(updates.append)
    for kind, numbers in session:
        step(plain, kind, numbers)
        twin = Twin(other)
        step(twin, kind, numbers)
        told = len(updates)
        twin.give(other)
        assert len(updates) == told + (twin.update is not None)
        assert snapshot(other.tables) == snapshot(plain.tables)
        laws(other.tables)
        same_inference(other.inference, other.tables)
    assert fingerprint(other) == fingerprint(plain)
    while plain.undo() is not None:
        other.undo()
        assert snapshot(other.tables) == snapshot(plain.tables)


def test_the_journal_has_what_was_given(tmp_path: Path) -> None:
    reference = Reference()
    document = Document(reference.document.library, store=NoStore(), folder=tmp_path)
    for number in range(12):
        draw(reference.document, number)
        twin = Twin(document)
        draw(twin, number)
        twin.give(document)
    document.close()
    again = Document(reference.document.library, store=NoStore(), folder=tmp_path)
    assert fingerprint(again) == fingerprint(reference.document)
    again.close()


@pytest.fixture
def drawn() -> Document:
    """A document with one layer."""
    made = Document(library(), store=NoStore(), folder=None)
    commands.add_layer(made, "ReLU", (0.0, 0.0))
    return made


def test_a_document_that_changed_meanwhile_keeps_what_it_has(drawn) -> None:
    twin = Twin(drawn)
    twin.undo()
    commands.add_layer(drawn, "Tanh", (0.0, 90.0))
    before = snapshot(drawn.tables)
    with pytest.raises(StaleDeltaError, match="changed meanwhile"):
        twin.give(drawn)
    assert snapshot(drawn.tables) == before


def test_nothing_is_given_where_nothing_was_done(drawn) -> None:
    twin = Twin(drawn)
    updates: list[object] = []
    drawn.subscribe(updates.append)
    with pytest.raises(GraphError):
        commands.rename(twin, 99, "other")
    twin.give(drawn)
    assert (updates, drawn.undo_label) == ([], "Add ReLU 'relu1'")


def test_a_save_meanwhile_is_remembered(drawn, tmp_path) -> None:
    twin, saved = Twin(drawn), drawn.history.cursor
    commands.add_layer(twin, "Tanh", (0.0, 90.0))
    drawn.mark_saved(tmp_path / "net.sketch")
    twin.give(drawn)
    assert drawn.is_modified
    assert drawn.history.saved == saved
    drawn.undo()
    assert not drawn.is_modified


def test_what_joined_the_step_that_was_saved_meanwhile_is_left_out(drawn, tmp_path) -> None:
    """Else the file would count as the state that it is not."""
    (layer,) = drawn.tables.nodes
    commands.move(drawn, {layer: (1.0, 0.0)}, gesture="nudge")
    twin = Twin(drawn)
    commands.move(twin, {layer: (2.0, 0.0)}, gesture="nudge")
    assert twin.fits(drawn)
    drawn.mark_saved(tmp_path / "net.sketch")
    assert not twin.fits(drawn)
