"""Looking: framing, positions that come back, the far view."""

import pytest

from sketch.gui.canvas import far
from sketch.gui.canvas.far import FEWEST_NODES
from sketch.state import commands
from tests.gui.canvas.conftest import chain
from tests.gui.canvas.test_scene import colours, picture


def seen(view):
    return view.mapToScene(view.viewport().rect()).boundingRect()


def test_frame_all_shows_everything_and_never_magnifies(document, canvas):
    chain(document, *["ReLU"] * 10)
    view = canvas()
    view.frame_all()
    assert seen(view).contains(view.canvas.contents())
    commands.remove(document, list(document.tables.nodes)[1:])
    view.frame_all()
    assert view.scale_factor == 1.0


def test_a_tower_is_fitted_to_its_width_at_its_upper_end(document, canvas):
    chain(document, *["ReLU"] * 120)
    view = canvas()
    view.frame_all()
    assert view.scale_factor == 1.0
    assert seen(view).contains(0.0, -20.0)


def test_of_a_drawing_too_wide_and_too_high_to_be_shown_the_beginning_is_in_view(document, canvas):
    ids = chain(document, *["ReLU"] * 40)
    down = {key: (0.0, 20_000.0 * number) for number, key in enumerate(ids[:20])}
    across = {key: (20_000.0 * number, 400_000.0) for number, key in enumerate(ids[20:])}
    commands.move(document, down | across)
    view = canvas()
    view.frame_all()
    assert view.scale_factor == pytest.approx(0.02)
    assert view.canvas.boxes.near([seen(view)])
    assert seen(view).contains(0.0, 0.0)


def test_frame_selection(document, canvas):
    ids = chain(document, *["ReLU"] * 60)
    view = canvas()
    view.select([ids[40]])
    view.frame_selection()
    assert seen(view).center().y() == pytest.approx(4000, abs=30)


def test_a_view_comes_back_as_it_was(document, canvas):
    chain(document, *["ReLU"] * 30)
    view = canvas()
    view.restore_view({"zoom": 0.7, "x": 120.0, "y": 900.0})
    state = view.view_state()
    assert state["zoom"] == pytest.approx(0.7)
    view.frame_all()
    view.restore_view(state)
    again = view.view_state()
    assert again["x"] == pytest.approx(120.0, abs=2)
    assert again["y"] == pytest.approx(900.0, abs=2)


@pytest.mark.parametrize("state", [{}, {"zoom": "x", "x": 0, "y": 0}, {"zoom": float("nan"), "x": 0, "y": 0}])
def test_an_unusable_state_frames_everything(document, canvas, state):
    chain(document, *["ReLU"] * 3)
    view = canvas()
    view.restore_view(state)
    assert seen(view).contains(view.canvas.contents())


def test_zoom_has_limits(canvas):
    view = canvas()
    view.zoom(1e9)
    assert view.scale_factor == 3.0
    view.zoom(1e-9)
    assert view.scale_factor == 0.02


def test_reveal_enters_the_group_and_selects(document, canvas):
    ids = chain(document, "Input", "ReLU", "GELU")
    group = commands.group(document, ids[1:])
    view = canvas()
    view.reveal(ids[2])
    assert view.canvas.group == group
    assert view.selected() == [ids[2]]
    assert seen(view).contains(view.canvas.nodes[ids[2]].pos())


def test_the_far_view_paints_big_drawings_and_keeps_up(document, canvas, light):
    def grid(draft):
        for number in range(FEWEST_NODES):
            draft.add("ReLU", place=(number % 20 * 220.0, number // 20 * 100.0))

    document.edit("grid", grid)
    view = canvas()
    view.frame_all()
    assert view.scale_factor < 0.4
    image = view.viewport().grab().toImage()
    assert view._far.active
    first = view.canvas.nodes[min(view.canvas.nodes)]
    at = view.mapFromScene(first.pos())
    assert image.pixelColor(at).name() == light.category("Activation").name()
    commands.remove(document, [first.node_id])
    assert view.viewport().grab().toImage().pixelColor(at).name() == light.canvas
    view.zoom(1.0 / view.scale_factor)
    view.viewport().grab()
    assert not view._far.active


@pytest.mark.parametrize("few", [0, 200])
def test_from_afar_the_wires_of_the_selection_have_their_colours(document, canvas, light, monkeypatch, few):
    monkeypatch.setattr(far, "FEW_WIRES", few)
    monkeypatch.setattr(far, "SMOOTH_LINES", 0)

    def grid(draft):
        ids = [draft.add("ReLU", place=(n % 20 * 300.0, n // 20 * 400.0)) for n in range(FEWEST_NODES)]
        for into in (225, 226, 227):
            draft.connect(ids[170], 0, ids[into], 0)
            draft.connect(ids[into], 0, ids[into + 60], 0)
        return ids

    ids = document.edit("grid", grid)
    view = canvas()
    view.select([ids[225]])
    view.frame_all()
    seen = colours(picture(view), 1)
    assert view._far.active
    assert {light.wire_in, light.wire_out, light.wire} <= seen
    view.select([])
    assert not {light.wire_in, light.wire_out} & colours(picture(view), 1)


def test_the_middle_stays_to_the_bit_through_any_sizes(document, canvas):
    chain(document, *["ReLU"] * 30)
    view = canvas()
    view.restore_view({"zoom": 0.7, "x": 120.25, "y": 900.75})
    for width, height in ((100, 30), (901, 703), (333, 777), (900, 700)):
        view.resize(width, height)
        state = view.view_state()
        assert (state["x"], state["y"]) == (120.25, 900.75)
        assert seen(view).center().y() == pytest.approx(900.75, abs=2)
