"""The tree of checkpoints: nothing is thrown away, one gesture is one step."""

import pytest

from sketch.graph.delta import Change, inverse
from sketch.state.history import Checkpoint, History, UnknownCheckpointError


def change(before, after):
    return (Change("meta", "x", before, after),)


def test_an_edit_after_undo_adds_a_branch_and_both_stay() -> None:
    history = History("Start", 5.0)
    history.push("one", change(None, 1), when=6.0)
    history.push("two", change(1, 2), when=7.0)
    assert history.delta_to(1) == change(2, 1)
    history.move_to(1)
    history.push("three", change(1, 3), when=8.0)
    assert [
        (e.sequence, e.label, e.when, e.is_current, e.is_on_path, e.parent) for e in history.entries()
    ] == [
        (0, "Start", 5.0, False, True, None),
        (1, "one", 6.0, False, True, 0),
        (2, "two", 7.0, False, False, 1),
        (3, "three", 8.0, True, True, 1),
    ]
    assert history.delta_to(2) == change(3, 2)
    assert history.delta_to(3) == ()
    history.move_to(2)
    history.move_to(1)
    assert history.redo_step.label == "two"
    assert history.undo_step.label == "one"
    assert len(history) == 3


def test_a_gesture_merges_until_something_comes_between() -> None:
    history = History()
    history.push("drag", change(None, 1), "key")
    assert history.merges("key")
    assert not history.merges("other")
    assert not history.merges(None)
    history.merge("drag on", change(1, 5))
    assert history[1].delta == change(None, 5)
    assert history[1].label == "drag on"
    history.move_to(0)
    history.move_to(1)
    assert not history.merges("key")


def test_a_saved_step_is_not_merged_into() -> None:
    history = History()
    history.push("drag", change(None, 1), "key")
    history.saved = history.cursor
    assert not history.merges("key")
    history.saved = None
    history.close_gesture()
    assert not history.merges("key")


def test_unknown_steps_are_refused() -> None:
    history = History()
    for act in (lambda: history[4], lambda: history.delta_to(4), lambda: history.move_to(4)):
        with pytest.raises(UnknownCheckpointError, match="no step 4"):
            act()
    assert history.undo_step is None
    assert history.redo_step is None


def test_a_stored_tree_comes_back_and_a_damaged_one_is_refused() -> None:
    steps = [
        Checkpoint(1, 0, "a", change(None, 1)),
        Checkpoint(4, 1, "b", change(1, 2)),
        Checkpoint(5, 1, "c", change(1, 3)),
    ]
    history = History()
    history.restore(steps, 4, 1)
    assert history.checkpoints == tuple(steps)
    assert (history.cursor, history.saved, history.redo_step) == (4, 1, None)
    history.move_to(1)
    assert history.redo_step.label == "b"
    assert history.push("d", change(1, 9)).sequence == 6
    for broken, cursor in (([steps[1]], 0), ([steps[0], steps[0]], 0), (steps, 3)):
        with pytest.raises(UnknownCheckpointError):
            History().restore(broken, cursor, 0)


def test_the_inverse_of_the_inverse_is_the_delta() -> None:
    delta = (*change(None, 1), Change("meta", "y", 2, None))
    assert inverse(inverse(delta)) == delta
