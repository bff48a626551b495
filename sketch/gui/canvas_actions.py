"""The commands for wires, for putting things in line, for frames, and for getting about: one row each."""

from __future__ import annotations

from functools import partial

from sketch.graph.rows import COLOURS
from sketch.gui.action_rows import Action, CanvasRows, later
from sketch.gui.canvas_reasons import (
    bookmark_title,
    no_bookmark,
    no_bookmarks,
    no_current,
    no_end,
    no_wire,
    not_a_frame,
    not_inside,
    not_three,
    not_two,
    not_wired,
    nothing_ahead,
    nothing_behind,
)
from sketch.gui.reasons import no_selection, no_tab

NUMBERS = range(1, 10)
_EDGES = (
    ("left", "&Left", "left borders"),
    ("centre", "&Centre", "middles, on a vertical line"),
    ("right", "&Right", "right borders"),
    ("top", "&Top", "upper borders"),
    ("middle", "&Middle", "middles, on a level line"),
    ("bottom", "&Bottom", "lower borders"),
)
_select, _take = CanvasRows("Edit", "arrange_commands"), CanvasRows("Group", "arrange_commands")
_align, _frame = CanvasRows("Edit/Align", "arrange_commands"), CanvasRows("Insert", "arrange_commands")
_wire, _break = CanvasRows("Edit/Wires", "wire_commands"), CanvasRows("Edit/Wires", "arrange_commands")
_go, _mark = CanvasRows("Go", "going_commands"), CanvasRows("Go/Bookmarks/Set", "going_commands")

SELECTING = (
    _select(
        "edit.select_inverse", "In&vert the selection", "select_inverse", no_tab,
        "Select what is not selected on this canvas",
    ),
)  # fmt: skip
TAKING = (
    _take(
        "group.take_out", "&Take out of the group", "take_out", not_inside,
        "Move the selected layers out of their group, beside it; a drag into an open group moves them in",
    ),
)  # fmt: skip
ALIGNING = (
    *(
        _align(f"align.{edge}", title, "align", not_two, f"Align the {what} of the selection", edge=edge)
        for edge, title, what in _EDGES
    ),
    _align(
        "align.across", "Distribute &horizontally", "distribute", not_three,
        "Make the gaps between the selected layers equal, from left to right", axis="across", apart=True,
    ),
    _align(
        "align.down", "Distribute &vertically", "distribute", not_three,
        "Make the gaps between the selected layers equal, from top to bottom", axis="down",
    ),
    _align(
        "align.grid", "Snap to the &grid", "snap", no_selection, "Put the selected layers on the nearest grid points",
        apart=True,
    ),
)  # fmt: skip
WIRES = (
    _wire(
        "wire.draw", "&Draw a wire...", "draw_wire", no_current,
        "From the current layer to a port chosen by arrows or by name",
    ),
    _wire(
        "wire.move_end", "Move its &end...", "move_end", no_wire, "Let the selected wire end at another layer",
        target=True,
    ),
    _wire(
        "wire.move_start", "Move its &start...", "move_end", no_wire,
        "Let the selected wire start at another layer", target=False,
    ),
    _wire(
        "wire.insert", "&Insert a layer...", "insert", no_wire,
        "Put a new layer into the selected wire; what follows makes room",
    ),
    _break(
        "wire.break", "&Break the wires", "break_wires", not_wired, "Cut every wire of the selected layers",
        apart=True,
    ),
)  # fmt: skip
FRAMES = (
    _frame(
        "insert.frame", "&Frame around the selection", "frame", no_selection,
        "A titled box behind the selected layers; it moves what lies in it",
    ),
    _frame(
        "frame.fit", "Fit the f&rame", "fit_frame", not_a_frame, "Make the frame as big as what it holds",
    ),
    *(
        Action(
            f"frame.{colour}", f"&{colour.capitalize()}", "Insert/Colour of the frame",
            later("arrange_commands", "colour_frame", colour=colour), not_a_frame,
            f"Colour the selected frames {colour}",
        )
        for colour in COLOURS
    ),
)  # fmt: skip
GO = (
    _go(
        "go.producer", "To its &producer", "jump", no_end, "Show what feeds the selected layer or wire",
        forward=False,
    ),
    _go(
        "go.consumer", "To its &consumer", "jump", no_end, "Show what reads the selected layer or wire",
        forward=True,
    ),
    Action(
        "go.back", "&Back", "Go", later("going_commands", "go_back"), nothing_behind,
        "Where you looked before the last jump", apart=True,
    ),
    Action(
        "go.forward", "&Forward", "Go", later("going_commands", "go_forward"), nothing_ahead,
        "Where you looked before going back",
    ),
    Action(
        "go.next_area", "&Next area of the window", "Go", later("going_commands", "go_to_area", by=1),
        hint="Canvas and panels in turn", apart=True,
    ),
    Action(
        "go.previous_area", "Pre&vious area of the window", "Go", later("going_commands", "go_to_area", by=-1),
        hint="Canvas and panels in turn",
    ),
    *(
        Action(
            f"bookmark.go_{number}", f"Go to bookmark {number}", "Go/Bookmarks",
            later("going_commands", "go_to_bookmark", number=number), partial(no_bookmark, number=number),
            "Look where the bookmark was set", scope="canvas", named=partial(bookmark_title, number=number),
        )
        for number in NUMBERS
    ),
    *(
        _mark(
            f"bookmark.set_{number}", f"Set bookmark {number}", "set_bookmark", no_tab,
            "Keep this view with the drawing", number=number,
        )
        for number in NUMBERS
    ),
    Action(
        "bookmark.clear", "&Clear all bookmarks", "Go/Bookmarks", later("going_commands", "clear_bookmarks"),
        no_bookmarks, apart=True,
    ),
)  # fmt: skip
