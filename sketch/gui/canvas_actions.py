"""The commands for wires, for putting things in line, for frames, and for getting about: one row each."""

from __future__ import annotations

from functools import partial

from sketch.graph.rows import COLOURS
from sketch.gui import canvas_reasons
from sketch.gui.actions import Action, later
from sketch.gui.reasons import no_selection, no_tab

NUMBERS = range(1, 10)

SELECTING = (
    Action(
        "edit.select_inverse",
        "In&vert the selection",
        "Edit",
        later("arrange_commands", "select_inverse"),
        no_tab,
        "Select what is not selected on this canvas",
        scope="canvas",
    ),
)
_EDGES = (
    ("left", "&Left", "left borders"),
    ("centre", "&Centre", "middles, on a vertical line"),
    ("right", "&Right", "right borders"),
    ("top", "&Top", "upper borders"),
    ("middle", "&Middle", "middles, on a level line"),
    ("bottom", "&Bottom", "lower borders"),
)
TAKING = (
    Action(
        "group.take_out",
        "&Take out of the group",
        "Group",
        later("arrange_commands", "take_out"),
        canvas_reasons.not_inside,
        "Move the selected layers out of their group, beside it; a drag into an open group moves them in",
        scope="canvas",
    ),
)
ALIGNING = (
    *(
        Action(
            f"align.{edge}",
            title,
            "Edit/Align",
            later("arrange_commands", "align", edge=edge),
            canvas_reasons.not_two,
            f"Align the {what} of the selection",
            scope="canvas",
        )
        for edge, title, what in _EDGES
    ),
    Action(
        "align.across",
        "Distribute &horizontally",
        "Edit/Align",
        later("arrange_commands", "distribute", axis="across"),
        canvas_reasons.not_three,
        "Make the gaps between the selected layers equal, from left to right",
        scope="canvas",
        apart=True,
    ),
    Action(
        "align.down",
        "Distribute &vertically",
        "Edit/Align",
        later("arrange_commands", "distribute", axis="down"),
        canvas_reasons.not_three,
        "Make the gaps between the selected layers equal, from top to bottom",
        scope="canvas",
    ),
    Action(
        "align.grid",
        "Snap to the &grid",
        "Edit/Align",
        later("arrange_commands", "snap"),
        no_selection,
        "Put the selected layers on the nearest grid points",
        scope="canvas",
        apart=True,
    ),
)
WIRES = (
    Action(
        "wire.draw",
        "&Draw a wire...",
        "Edit/Wires",
        later("wire_commands", "draw_wire"),
        canvas_reasons.no_current,
        "From the current layer to a port chosen by arrows or by name",
        scope="canvas",
    ),
    Action(
        "wire.move_end",
        "Move its &end...",
        "Edit/Wires",
        later("wire_commands", "move_end", target=True),
        canvas_reasons.no_wire,
        "Let the selected wire end at another layer",
        scope="canvas",
    ),
    Action(
        "wire.move_start",
        "Move its &start...",
        "Edit/Wires",
        later("wire_commands", "move_end", target=False),
        canvas_reasons.no_wire,
        "Let the selected wire start at another layer",
        scope="canvas",
    ),
    Action(
        "wire.insert",
        "&Insert a layer...",
        "Edit/Wires",
        later("wire_commands", "insert"),
        canvas_reasons.no_wire,
        "Put a new layer into the selected wire; what follows makes room",
        scope="canvas",
    ),
    Action(
        "wire.break",
        "&Break the wires",
        "Edit/Wires",
        later("arrange_commands", "break_wires"),
        canvas_reasons.not_wired,
        "Cut every wire of the selected layers",
        scope="canvas",
        apart=True,
    ),
)
FRAMES = (
    Action(
        "insert.frame",
        "&Frame around the selection",
        "Insert",
        later("arrange_commands", "frame"),
        no_selection,
        "A titled box behind the selected layers; it moves what lies in it",
        scope="canvas",
    ),
    Action(
        "frame.fit",
        "Fit the f&rame",
        "Insert",
        later("arrange_commands", "fit_frame"),
        canvas_reasons.not_a_frame,
        "Make the frame as big as what it holds",
        scope="canvas",
    ),
    *(
        Action(
            f"frame.{colour}",
            f"&{colour.capitalize()}",
            "Insert/Colour of the frame",
            later("arrange_commands", "colour_frame", colour=colour),
            canvas_reasons.not_a_frame,
            f"Colour the selected frames {colour}",
        )
        for colour in COLOURS
    ),
)
GO = (
    Action(
        "go.producer",
        "To its &producer",
        "Go",
        later("going_commands", "jump", forward=False),
        canvas_reasons.no_end,
        "Show what feeds the selected layer or wire",
        scope="canvas",
    ),
    Action(
        "go.consumer",
        "To its &consumer",
        "Go",
        later("going_commands", "jump", forward=True),
        canvas_reasons.no_end,
        "Show what reads the selected layer or wire",
        scope="canvas",
    ),
    Action(
        "go.back",
        "&Back",
        "Go",
        later("going_commands", "go_back"),
        canvas_reasons.nothing_behind,
        "Where you looked before the last jump",
        apart=True,
    ),
    Action(
        "go.forward",
        "&Forward",
        "Go",
        later("going_commands", "go_forward"),
        canvas_reasons.nothing_ahead,
        "Where you looked before going back",
    ),
    Action(
        "go.next_area",
        "&Next area of the window",
        "Go",
        later("going_commands", "go_to_area", by=1),
        hint="Canvas and panels in turn",
        apart=True,
    ),
    Action(
        "go.previous_area",
        "Pre&vious area of the window",
        "Go",
        later("going_commands", "go_to_area", by=-1),
        hint="Canvas and panels in turn",
    ),
    *(
        Action(
            f"bookmark.go_{number}",
            f"Go to bookmark {number}",
            "Go/Bookmarks",
            later("going_commands", "go_to_bookmark", number=number),
            partial(canvas_reasons.no_bookmark, number=number),
            "Look where the bookmark was set",
            scope="canvas",
            named=partial(canvas_reasons.bookmark_title, number=number),
        )
        for number in NUMBERS
    ),
    *(
        Action(
            f"bookmark.set_{number}",
            f"Set bookmark {number}",
            "Go/Bookmarks/Set",
            later("going_commands", "set_bookmark", number=number),
            no_tab,
            "Keep this view with the drawing",
            scope="canvas",
        )
        for number in NUMBERS
    ),
    Action(
        "bookmark.clear",
        "&Clear all bookmarks",
        "Go/Bookmarks",
        later("going_commands", "clear_bookmarks"),
        canvas_reasons.no_bookmarks,
        apart=True,
    ),
)
