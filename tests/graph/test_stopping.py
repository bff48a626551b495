"""Long loops stop when whoever runs them says so, on their own thread and nowhere else."""

import threading

import pytest

from sketch.graph import stopping
from sketch.graph.draft import Draft
from sketch.graph.infer import Inference
from sketch.graph.tables import Tables, whole
from tests.graph.random_edits import library


class StopError(Exception):
    """What a stopped loop raises."""


def stop() -> None:
    raise StopError


def test_nobody_asks_unless_somebody_does() -> None:
    stopping.check()
    with pytest.raises(StopError), stopping.asked_by(stop):
        stopping.check()
    stopping.check()


def test_the_inner_one_asks_and_then_the_outer_one_again() -> None:
    asked: list[str] = []
    with stopping.asked_by(lambda: asked.append("outer")):
        with stopping.asked_by(lambda: asked.append("inner")):
            stopping.check()
        stopping.check()
    assert asked == ["inner", "outer"]


def test_another_thread_is_not_asked() -> None:
    seen: list[str] = []

    def other() -> None:
        stopping.check()
        seen.append("went on")

    with stopping.asked_by(stop):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert seen == ["went on"]


def test_things_pass_in_order_and_stop_in_the_middle() -> None:
    assert list(stopping.checked(range(500))) == list(range(500))
    passed: list[int] = []
    asked: list[int] = []

    def ask() -> None:
        asked.append(len(passed))
        if len(asked) == 3:
            raise StopError

    with pytest.raises(StopError), stopping.asked_by(ask):
        any(passed.append(thing) for thing in stopping.checked(range(10_000)))
    assert passed == list(range(2 * stopping.OFTEN))
    assert asked == [0, stopping.OFTEN, 2 * stopping.OFTEN]


def test_a_draft_of_very_many_rows_stops_and_its_base_is_as_it_was() -> None:
    tables = Tables()
    draft = Draft(tables, library())
    with pytest.raises(StopError), stopping.asked_by(stop):
        any(draft.add("ReLU") < 0 for _ in range(stopping.OFTEN))
    assert not tables.nodes


def test_inference_of_very_many_nodes_stops() -> None:
    tables = Tables()
    draft = Draft(tables, library())
    for _ in range(stopping.OFTEN):
        draft.add("ReLU")
    tables.apply(draft.delta())
    inference = Inference(library())
    with pytest.raises(StopError), stopping.asked_by(stop):
        inference.follow(tables, whole(tables))
    inference.restart(tables)
    assert all(node_id in inference for node_id in tables.nodes)
