"""Random sessions through the document: undo, redo, jump, replay and inference always agree with the plain rows."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sketch.binder.tensors import TensorStore
from sketch.graph.attachments import add_tensor, set_weight
from sketch.graph.errors import CycleError, GraphError, StaleDeltaError
from sketch.graph.infer import UNLIKE
from sketch.graph.tables import snapshot
from sketch.state import commands
from sketch.state.document import FOLLOW, Document
from tests.graph.random_edits import SESSIONS, act, from_scratch, laws, library, same_inference

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
    with pytest.raises(StaleDeltaError, match="closed"):
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


@settings(max_examples=150)
@given(MOVES, st.integers(0, 3))
def test_shapes_that_follow_in_parts_are_those_of_one_walk_and_all_are_told(moves, at_once) -> None:
    document = Document(library(), store=Nowhere(), folder=None)
    document.at_once = at_once
    told = {}

    def listen(update) -> None:
        told.update({node_id: document.inference.seen.of(node_id) for node_id in update.inferred.changed})
        for node_id in update.inferred.removed:
            told.pop(node_id, None)

    document.subscribe(listen)
    for kind, session, number in moves:
        nodes = sorted(document.tables.nodes)
        if kind < 2:
            document.undo()
        elif kind < 4:
            document.redo()
        elif kind == 4 and nodes:  # a reader in between gets what holds now
            node_id = nodes[number % len(nodes)]
            assert document.inference.of(node_id) == from_scratch(document.tables).of(node_id)
        elif kind == 5:
            same_inference(document.snapshot().inference, document.tables)
        else:
            for numbers in session:
                step(document, numbers)
        assert all(node_id in document.inference.seen for node_id in document.tables.nodes)
    while document.inference.is_behind:
        document.go_on(lambda: True)
    fresh = from_scratch(document.tables)
    assert told == {node_id: fresh.of(node_id) for node_id in document.tables.nodes}
    same_inference(document.inference, document.tables)


def chain(document: Document, count: int) -> list[int]:
    """An Input and convolutions behind it; their ids."""

    def build(draft) -> list[int]:
        ids = [draft.add("Input", params={"shape": (1, 8, 32, 32)})]
        for _ in range(count):
            ids.append(draft.add("Conv2d", params={"out_channels": 8, "kernel_size": 1}))
            draft.connect(ids[-2], 0, ids[-1], 0)
        return ids

    return document.edit("build", build)


def test_what_an_edit_leaves_is_told_later_and_is_right_for_who_asks() -> None:
    document = Document(library(), store=Nowhere(), folder=None)
    ids = chain(document, 100)
    document.at_once, heard = 10, []
    document.subscribe(heard.append)
    commands.set_param(document, [ids[0]], "shape", (1, 8, 16, 16))
    assert heard[0].inferred.changed == set(ids[: 10 // (1 + UNLIKE)])
    assert document.inference.is_behind
    assert document.inference.seen.output(ids[50]).shape == (1, 8, 32, 32)
    assert document.inference.output(ids[50]).shape == (1, 8, 16, 16)
    assert document.inference.seen.output(ids[51]).shape == (1, 8, 32, 32)
    document.go_on(lambda: True)
    assert heard[1].cause == FOLLOW
    assert not heard[1].delta
    assert heard[1].inferred.changed > set(ids[10:51])
    while document.inference.is_behind:
        document.go_on(lambda: True)
    told = [update.inferred.changed for update in heard]
    assert frozenset().union(*told) == set(ids)
    assert sum(map(len, told)) == len(ids)
    assert document.turn == 2
    assert document.undo_label.startswith("Set shape")


def test_layers_that_are_like_others_before_them_follow_sooner() -> None:
    document = Document(library(), store=Nowhere(), folder=None)
    ids = chain(document, 100)
    document.at_once, heard = 10, []
    document.subscribe(heard.append)
    for size in (16, 8, 16):
        commands.set_param(document, [ids[0]], "shape", (1, 8, size, size))
        while document.inference.is_behind:
            document.go_on(lambda: True)
    found = [update.inferred.changed for update in heard if update.cause == "edit"]
    assert list(map(len, found)) == [2, 2, 10]


def test_an_edit_that_is_taken_back_does_not_keep_others_untold() -> None:
    document = Document(library(), store=Nowhere(), folder=None)
    ids = chain(document, 40)
    document.at_once, heard = 5, []
    document.subscribe(heard.append)
    commands.set_param(document, [ids[0]], "shape", (1, 8, 16, 16))
    with pytest.raises(CycleError):
        document.edit(
            "loop", lambda draft: draft.connect(ids[9], 0, draft_add(draft, ids[3]), 1, check_cycle=False)
        )
    while document.inference.is_behind:
        document.go_on(lambda: True)
    assert frozenset().union(*[update.inferred.changed for update in heard]) == set(ids)
    same_inference(document.inference, document.tables)


def draft_add(draft, before: int) -> int:
    """An Add in front of what a layer feeds; its id."""
    (edge,) = draft.node(before).next
    made = draft.add("Add")
    draft.rewire(edge, made, 0)
    draft.connect(before, 0, made, 0)
    return made


def test_weights_that_follow_their_layers_wait_for_no_later_walk() -> None:
    document = Document(library(), store=Nowhere(), folder=None)
    ids = chain(document, 30)

    def weigh(draft) -> None:
        set_weight(draft, ids[30], "weight", add_tensor(draft, "0" * 64, (8, 8, 1, 1), "float32"))

    document.edit("weigh", weigh)
    document.at_once = 5
    commands.set_param(document, [ids[0]], "shape", (1, 8, 16, 16))
    assert not document.inference.is_behind
    document.undo()
    assert document.inference.is_behind


def test_an_id_is_of_a_group_on_one_branch_of_the_history_and_of_a_layer_on_another() -> None:
    document = Document(library(), store=Nowhere(), folder=None)
    group = commands.add_layer(document, "Group", (0.0, 0.0))
    here = document.history.cursor
    document.undo()
    assert commands.add_layer(document, "ReLU", (0.0, 0.0)) == group
    there = document.history.cursor
    for step, count in ((here, 0), (there, 1), (here, 0)):
        document.jump(step)
        assert document.inference.layer_count == count
        same_inference(document.inference, document.tables)
