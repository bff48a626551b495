"""Arrange: one step, the selection among itself, the drawing turned; big ones beside the window, and cancelled."""

import pytest

from sketch.gui import arranging, background
from sketch.state import commands
from tests.gui.windows import main_window


@pytest.fixture
def window(qtbot):
    with main_window(qtbot) as window:
        window.opener.new()
        yield window


def tower(window, count: int) -> list[int]:
    """A chain of layers, all at one place."""
    document = window.desk.tab.document
    made = [commands.add_layer(document, "Input", (0.0, 0.0))]

    def edit(draft) -> None:
        for _ in range(count - 1):
            node = draft.add("ReLU", place=(0.0, 0.0))
            draft.connect(made[-1], 0, node, 0, check_cycle=False)
            made.append(node)

    document.edit("Build", edit)
    return made


def heights(window) -> list[float]:
    places = window.desk.tab.document.tables.places
    return [places[key].y for key in sorted(places)]


def test_arranging_is_one_step(window) -> None:
    made = tower(window, 5)
    window.actions_["view.arrange"].trigger()
    document = window.desk.tab.document
    assert heights(window) == [0.0, 100.0, 200.0, 300.0, 400.0]
    boxes = window.desk.view.canvas.wiring.boxes
    assert [boxes[key].y for key in made] == heights(window)
    document.undo()
    assert heights(window) == [0.0] * 5
    steps = len(document.history.entries())
    window.actions_["view.arrange"].trigger()
    window.actions_["view.arrange"].trigger()
    assert len(document.history.entries()) == steps + 1


def test_a_selection_is_arranged_around_its_middle(window) -> None:
    made = tower(window, 4)
    document = window.desk.tab.document
    commands.move(document, {made[1]: (300.0, 50.0), made[2]: (340.0, 70.0)})
    window.desk.view.select(made[1:3])
    window.actions_["view.arrange_selection"].trigger()
    places = document.tables.places
    assert (places[made[1]].x, places[made[1]].y) == (320.0, 10.0)
    assert (places[made[2]].x, places[made[2]].y) == (320.0, 110.0)
    assert (places[made[0]].y, places[made[3]].y) == (0.0, 0.0)
    assert document.undo_label == "Arrange the selection"


def test_turning_goes_there_and_back(window) -> None:
    made = tower(window, 3)
    document = window.desk.tab.document
    window.actions_["view.turn"].trigger()
    assert document.tables.meta["direction"] == "right"
    assert [document.tables.places[key].x for key in made] == [0.0, 280.0, 560.0]
    line = next(iter(window.desk.view.canvas.wiring.lines.values()))
    assert line.points == ((92.0, 0.0), (188.0, 0.0))
    document.undo()
    assert "direction" not in document.tables.meta
    document.redo()
    window.actions_["view.turn"].trigger()
    assert "direction" not in document.tables.meta
    assert heights(window) == [0.0, 100.0, 200.0]


def test_a_big_canvas_is_arranged_beside_the_window(window, qtbot) -> None:
    tower(window, background.FEW + 50)
    arranging.arrange(window)
    (job,) = window.jobs.running
    qtbot.waitUntil(lambda: job not in window.jobs.running)
    assert heights(window)[-1] == 100.0 * (background.FEW + 49)
    assert window.desk.tab.document.undo_label == "Arrange"


def test_a_cancelled_layout_changes_nothing(window, qtbot) -> None:
    tower(window, background.FEW + 50)
    arranging.arrange(window)
    (job,) = window.jobs.running
    job.cancel()
    qtbot.waitUntil(lambda: job not in window.jobs.running)
    assert set(heights(window)) == {0.0}
