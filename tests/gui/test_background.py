"""Work on a thread beside the window: its result, its errors, its end by cancelling, and what nobody wants any more."""

import gc
import sys
import threading

import pytest
from PySide6.QtCore import QThread

from sketch.binder.job import Job
from sketch.graph.errors import GraphError
from sketch.gui import background
from sketch.gui.jobs import Jobs


@pytest.fixture
def jobs(qtbot):
    made = Jobs()
    yield made
    made.cancel_all()


def test_the_result_comes_in_the_windows_thread(qtbot, jobs):
    window, came = threading.get_ident(), []
    background.run(
        jobs,
        "Count",
        lambda task: threading.get_ident(),
        lambda found: came.append((found, threading.get_ident())),
    )
    qtbot.waitUntil(lambda: bool(came))
    assert came[0][0] != window
    assert came[0][1] == window
    assert not jobs.running


def test_what_is_small_is_done_at_once(jobs):
    came: list[int] = []
    background.run(jobs, "Count", lambda task: threading.get_ident(), came.append, at_once=True)
    assert came == [threading.get_ident()]


def test_progress_and_cancel_at_the_next_step(qtbot, jobs):
    going, came, told = threading.Event(), [], []
    jobs.progressed.connect(lambda job, done, total, text: told.append((done, total, text)))

    def body(task: Job) -> None:
        while True:
            task.step(3, 10, "Rows")
            going.set()
            QThread.msleep(1)

    job = background.run(jobs, "Endless", body, came.append, failed=came.append)
    assert going.wait(20)
    job.cancel()
    qtbot.waitUntil(lambda: not jobs.running)
    assert job.state == "cancelled"
    assert came == []
    assert (3.0, 10.0, "Rows") in told


def test_a_result_that_came_before_the_cancel_is_dropped(qtbot, jobs):
    came: list[int] = []
    job = background.run(jobs, "Quick", lambda task: 1, came.append)
    job.wait(20)
    job.cancel()
    qtbot.waitUntil(lambda: not jobs.running)
    assert came == []


def test_what_is_built_comes_in_turns_before_the_end_while_the_job_still_runs(qtbot, jobs):
    done: list[object] = []

    def building(found: int):
        for part in range(3):
            done.append((part, len(jobs.running)))
            yield

    background.run(jobs, "Count", lambda task: 7, done.append, building=building)
    qtbot.waitUntil(lambda: not jobs.running)
    assert done == [(0, 1), (1, 1), (2, 1), 7]


def test_a_cancel_between_two_parts_leaves_out_the_rest(qtbot, jobs):
    done, dropped, stopped = [], [], []

    def building(found: int):
        done.append("first")
        job.cancel()
        yield
        done.append("second")
        yield

    job = background.run(
        jobs, "Count", lambda task: 7, done.append,
        building=building, dropped=dropped.append, stopped=lambda: stopped.append(True),
    )  # fmt: skip
    qtbot.waitUntil(lambda: not jobs.running)
    assert (done, dropped, stopped) == (["first"], [7], [True])


def test_a_window_that_closes_between_two_parts_drops_the_result(qtbot, jobs):
    done, dropped = [], []

    def building(found: int):
        while True:
            done.append("part")
            yield

    background.run(jobs, "Count", lambda task: 7, done.append, building=building, dropped=dropped.append)
    qtbot.waitUntil(lambda: bool(done))
    jobs.cancel_all()
    parts = len(done)
    qtbot.wait(20)
    assert (len(done), dropped, jobs.running) == (parts, [7], [])


def test_a_part_that_fails_ends_the_job_and_drops_the_result(qtbot, jobs, monkeypatch):
    done, dropped, errors = [], [], []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: errors.append(str(error)))

    def building(found: int):
        yield
        raise ValueError("no tab")

    with qtbot.captureExceptions() as caught:
        background.run(jobs, "Count", lambda task: 7, done.append, building=building, dropped=dropped.append)
        qtbot.waitUntil(lambda: not jobs.running)
    assert (done, dropped) == ([], [7])
    assert errors or caught


def test_an_error_is_one_line(qtbot, jobs):
    said: list[str] = []

    def body(task: Job) -> None:
        raise GraphError("The wires close a loop at conv1.")

    background.run(jobs, "Order", body, lambda _none: None, failed=said.append)
    qtbot.waitUntil(lambda: bool(said))
    assert said == ["The wires close a loop at conv1."]


def test_a_result_of_an_older_state_is_dropped(qtbot, jobs, document):
    from sketch.state import commands

    came: list[int] = []
    node = commands.add_layer(document, "ReLU", (0.0, 0.0))
    rows = background.rows(document)
    held = threading.Event()
    job = background.run(
        jobs, "Slow", lambda task: held.wait(20), came.append, still=background.unchanged(document)
    )
    commands.rename(document, node, "other")
    held.set()
    qtbot.waitUntil(lambda: not jobs.running)
    assert job.state == "done"
    assert came == []
    assert rows.nodes[node].name != "other"
    assert rows.named(None, "other") is None


def test_collector_and_turns_are_as_before(qtbot, jobs):
    usual, was = sys.getswitchinterval(), gc.isenabled()
    seen: list[tuple[bool, float]] = []
    for _ in range(2):
        background.run(jobs, "Look", lambda task: (gc.isenabled(), sys.getswitchinterval()), seen.append)
    qtbot.waitUntil(lambda: len(seen) == 2)
    assert [on for on, _ in seen] == [False, False]
    assert all(interval < usual for _, interval in seen)
    qtbot.waitUntil(lambda: gc.isenabled() == was and sys.getswitchinterval() == usual)
