"""Frames: around a selection, as big as it needs, what lies in them, and in files of before and after."""

import pytest

from sketch.graph.errors import GraphError
from sketch.graph.rows import FRAME, Note
from sketch.state import codec, commands
from sketch.state.commands.aligning import drawn_box
from sketch.state.commands.frames import MARGIN, TITLE


def test_a_frame_stands_around_what_was_selected(document) -> None:
    ids = [commands.add_layer(document, "ReLU", place) for place in ((0, 0), (300, 200))]
    steps = len(document.history)
    frame = commands.add_frame(document, ids, "Stem", "blue")
    assert drawn_box(document, frame) == (-92 - MARGIN, -28 - MARGIN - TITLE, 392 + MARGIN, 228 + MARGIN)
    row = document.tables.notes[frame]
    assert (row.kind, row.text, row.colour, row.parent) == (FRAME, "Stem", "blue", None)
    assert len(document.history) == steps + 1
    assert document.undo_label == "Frame 2 layers"


def test_what_lies_in_a_frame_moves_with_it_and_the_rest_not(document) -> None:
    inside, outside = (commands.add_layer(document, "ReLU", (x, 0)) for x in (0, 300))
    note = commands.add_note(document, "text", (0, 200))
    frame = commands.add_frame(document, [inside, note])
    inner = commands.add_frame(document, [inside])
    assert set(commands.held_by(document, frame)) == {inside, note, inner}
    assert commands.held_by(document, inner) == [inside]
    assert set(commands.with_held(document, [frame])) == {frame, inside, note, inner}
    assert commands.with_held(document, [outside]) == [outside]


def test_a_frame_fits_what_it_holds(document) -> None:
    inside = commands.add_layer(document, "ReLU", (0, 0))
    frame = commands.add_frame(document, [inside])
    tight = drawn_box(document, frame)
    commands.resize_frame(document, frame, (-500, -400, 500, 400))
    assert drawn_box(document, frame) == (-500, -400, 500, 400)
    commands.fit_frames(document, [frame])
    assert drawn_box(document, frame) == tight
    commands.colour_frames(document, [frame, inside], "red")
    assert document.tables.notes[frame].colour == "red"
    commands.remove(document, [frame])
    assert inside in document.tables.nodes


def test_what_cannot_be_framed_is_said(document) -> None:
    one, two = (commands.add_layer(document, "ReLU", (0, 0)) for _ in range(2))
    group = commands.group(document, [two])
    frame = commands.add_frame(document, [one])
    commands.move(document, {one: (900.0, 0.0), group: (900.0, 0.0)})
    for act, words in (
        (lambda: commands.add_frame(document, []), "Select"),
        (lambda: commands.add_frame(document, [one, two]), "one canvas"),
        (lambda: commands.fit_frames(document, [one]), "Select a frame"),
        (lambda: commands.fit_frames(document, [frame]), "Nothing lies"),
        (lambda: commands.colour_frames(document, [frame], "pink"), "no colour pink"),
        (lambda: commands.colour_frames(document, [one], "red"), "Select a frame"),
        (lambda: commands.resize_frame(document, 99, (0, 0, 1, 1)), "no frame 99"),
    ):
        with pytest.raises(GraphError, match=words):
            act()


def test_frames_are_stored_and_old_notes_load(document) -> None:
    old = [7, "text", None, 200.0, 80.0]
    assert codec.decode_row("notes", old) == Note(7, "text", None, 200.0, 80.0)
    assert codec.encode_row("notes", Note(7, "text", None, 200.0, 80.0)) == old
    frame = Note(8, "Stem", 3, 10.0, 20.0, FRAME, "amber")
    assert codec.decode_row("notes", codec.encode_row("notes", frame)) == frame
    for raw in ([7, "t", None, 1.0, 1.0, "poster", ""], [7, "t", None, 1.0, 1.0, "frame", "pink"]):
        with pytest.raises(codec.CodecError):
            codec.decode_row("notes", raw)


def test_a_frame_is_copied_with_its_colour(document) -> None:
    one = commands.add_layer(document, "ReLU", (0, 0))
    frame = commands.add_frame(document, [one], "Stem", "green")
    copies = commands.duplicate(document, [one, frame])
    (made,) = [key for key in copies if key in document.tables.notes]
    assert document.tables.notes[made].colour == "green"
    assert document.tables.notes[made].kind == FRAME
