"""Groups, notes and places."""

import pytest

from sketch.graph.errors import GroupError, ParameterError, UnknownNodeError
from sketch.graph.rows import Place, Way
from sketch.state import commands
from tests.graph.random_edits import laws


def test_grouping_and_back(document) -> None:
    one, two = (commands.add_layer(document, "ReLU", (x, x)) for x in (0, 300))
    note = commands.add_note(document, "text", (600, 600))
    group = commands.group(document, [one, two, note])
    assert document.tables.children(group) == (one, two)
    assert document.tables.notes[note].parent == group
    assert document.tables.places[group] == Place(300, 300)
    assert document.undo_label == "Group 3 items"
    assert commands.ungroup(document, group) == [one, two]
    assert document.tables.notes[note].parent is None
    assert document.undo_label == "Ungroup 'block1'"
    document.undo()
    commands.move_into(document, [one, note], None)
    assert document.tables.children(group) == (two,)
    assert document.undo_label == "Move 2 items into the top level"
    commands.move_into(document, [one], group)
    assert document.undo_label == "Move 'relu1' into 'block1'"
    laws(document.tables)


def test_what_cannot_be_grouped(document) -> None:
    one = commands.add_layer(document, "ReLU", (0, 0))
    group = commands.group(document, [one], "Sequential")
    note = commands.add_note(document, "n", (0, 0))
    other = commands.add_layer(document, "ReLU", (0, 0))
    for ids in ([], [note]):
        with pytest.raises(GroupError, match="Select"):
            commands.group(document, ids)
    with pytest.raises(GroupError, match="one canvas"):
        commands.group(document, [one, other])
    with pytest.raises(GroupError, match="not a group"):
        commands.group(document, [other], "ReLU")
    with pytest.raises(GroupError, match="cannot hold itself"):
        commands.move_into(document, [group], group)


def test_notes(document) -> None:
    note = commands.add_note(document, "one", (3, 4))
    commands.set_note(document, note, "two")
    commands.resize_frame(document, note, (-97, -46, 103, 54))
    row = document.tables.notes[note]
    assert (row.text, row.width, row.height, document.tables.places[note]) == ("two", 200, 100, Place(3, 4))
    assert [entry.label for entry in document.history.entries()[1:]] == [
        "Add note",
        "Edit note",
        "Resize note",
    ]
    with pytest.raises(UnknownNodeError):
        commands.set_note(document, 99, "x")


def test_places(document) -> None:
    one, two = (commands.add_layer(document, "ReLU", (0, 0)) for _ in range(2))
    commands.move(document, {one: (1, 2)})
    assert document.undo_label == "Move 'relu1'"
    commands.place_all(document, {one: (5, 5), two: (6, 6)})
    assert document.undo_label == "Arrange"
    assert [document.tables.places[n] for n in (one, two)] == [Place(5, 5), Place(6, 6)]
    with pytest.raises(UnknownNodeError):
        commands.move(document, {99: (0, 0)})


def test_turning_the_drawing_is_one_step(document) -> None:
    one = commands.add_layer(document, "ReLU", (0, 0))
    two = commands.append_layer(document, "GELU", [one])
    inner = commands.group(document, [two])
    commands.turn(document, "right")
    assert document.undo_label == "Turn the drawing to run right"
    assert document.tables.meta["direction"] == "right"
    assert [document.tables.places[n] for n in (one, inner)] == [Place(0.0, 0.0), Place(280.0, 0.0)]
    steps = len(document.history.entries())
    commands.turn(document, "right")
    assert len(document.history.entries()) == steps
    document.undo()
    assert "direction" not in document.tables.meta
    document.redo()
    commands.turn(document, "down")
    assert "direction" not in document.tables.meta
    assert document.tables.places[inner] == Place(0.0, 100.0)
    with pytest.raises(ParameterError, match="runs down or right"):
        commands.turn(document, "up")


def test_places_with_ways_are_put_and_pasted(document) -> None:
    one, two = (commands.add_layer(document, "ReLU", (0, y)) for y in (0, 200))
    commands.connect(document, one, 0, two, 0)
    way = Way(0, two, 0, ((0.0, 28.0), (40.0, 90.0), (0.0, 172.0)))
    commands.place_all(document, {one: Place(0.0, 0.0, (way,)), two: (0, 200)})
    assert document.tables.places[one].ways == (way,)
    first, second = commands.paste(document, commands.copy(document, [one, two]), (500, 100))
    assert document.tables.places[first].ways == (
        Way(0, second, 0, ((500.0, 28.0), (540.0, 90.0), (500.0, 172.0))),
    )
    (alone,) = commands.paste(document, commands.copy(document, [one]), (0, 900))
    assert document.tables.places[alone].ways == ()
    commands.move(document, {one: (5, 5)})
    assert document.tables.places[one] == Place(5, 5)
