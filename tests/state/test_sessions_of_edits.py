"""Random sessions through the document: undo, redo, jump, replay and inference always agree with the plain rows."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sketch.binder.tensors import TensorStore
from sketch.graph.errors import GraphError
from sketch.graph.tables import snapshot
from sketch.state.document import Document
from tests.graph.random_edits import SESSIONS, act, laws, library, same_inference

MOVES = st.lists(st.tuples(st.integers(0, 9), SESSIONS.map(lambda s: s[:3]), st.integers(0, 99)), max_size=25)


class Nowhere:
    """A store that nobody asks for tensors."""

    folder = Path("nowhere")


def step(document: Document, numbers) -> None:
    try:
        document.edit("edit", lambda draft: act(draft, numbers))
    except GraphError:
        return


@settings(max_examples=150)
@given(SESSIONS)
def test_every_state_keeps_the_laws_and_the_inference(session) -> None:
    document = Document(library(), store=Nowhere(), folder=None)
    states = [snapshot(document.tables)]
    for numbers in session:
        before = snapshot(document.tables)
        try:
            document.edit("edit", lambda draft, numbers=numbers: act(draft, numbers))
        except GraphError:
            assert snapshot(document.tables) == before
            continue
        laws(document.tables)
        if snapshot(document.tables) != before:
            states.append(snapshot(document.tables))
    same_inference(document.inference, document.tables)
    last = snapshot(document.tables)
    for state in reversed(states[:-1]):
        assert document.undo() == "edit"
        assert snapshot(document.tables) == state
    assert document.undo() is None
    assert snapshot(document.tables) == {name: {} for name in last}
    same_inference(document.inference, document.tables)
    while document.redo():
        laws(document.tables)
    assert snapshot(document.tables) == last
    same_inference(document.inference, document.tables)


@settings(max_examples=60)
@given(MOVES)
def test_the_tree_of_history_leads_back_to_every_state(moves) -> None:
    document = Document(library(), store=Nowhere(), folder=None)
    states = {0: snapshot(document.tables)}
    for kind, session, number in moves:
        if kind < 2:
            document.undo()
        elif kind < 4:
            document.redo()
        elif kind == 4:
            document.jump(sorted(states)[number % len(states)])
        else:
            for numbers in session:
                step(document, numbers)
                states[document.history.cursor] = snapshot(document.tables)
        assert snapshot(document.tables) == states[document.history.cursor]
        same_inference(document.inference, document.tables)
    for sequence, state in states.items():
        document.jump(sequence)
        assert snapshot(document.tables) == state
    assert len(document.history) == len(states) - 1


@settings(max_examples=40)
@given(MOVES)
def test_a_replayed_journal_is_the_live_document(tmp_path_factory, moves) -> None:
    folder = tmp_path_factory.mktemp("journal")
    document = Document(library(), store=TensorStore(folder / "tensors"), folder=folder, name="live")
    for kind, session, number in moves:
        if kind < 2:
            document.undo()
        elif kind < 4:
            document.redo()
        elif kind == 4 and len(document.history):
            document.jump(number % (len(document.history) + 1))
        elif kind == 5:
            document.mark_saved()
        else:
            for numbers in session:
                key = "one" if kind == 9 else None
                try:
                    document.edit("edit", lambda draft, numbers=numbers: act(draft, numbers), key)
                except GraphError:
                    continue
    document.close()
    with pytest.raises(RuntimeError, match="closed"):
        document.edit("late", lambda draft: draft.add("ReLU"))
    again = Document(library(), store=document.store, folder=folder)
    assert snapshot(again.tables) == snapshot(document.tables)
    assert again.history.entries() == document.history.entries() or not len(document.history)
    assert [c.delta for c in again.history.checkpoints] == [c.delta for c in document.history.checkpoints]
    assert again.is_modified == document.is_modified
    assert again.recovery.damaged is None
    same_inference(again.inference, again.tables)
    while again.undo():
        laws(again.tables)
    assert not any(snapshot(again.tables).values())
    again.close()
