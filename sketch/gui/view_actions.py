"""The commands of the Group, View, Compile and Help menus: one row each."""

from __future__ import annotations

from functools import partial

from sketch.gui import reasons
from sketch.gui.action_rows import Action, CanvasRows, later, switch
from sketch.gui.fold_reasons import are_wired, no_groups, no_source, nothing_to_fold
from sketch.gui.reasons import no_canvas, no_selection, no_tab, not_one_group

_group, _fold = CanvasRows("Group", "edit_commands"), CanvasRows("Group", "fold_commands")
GROUP = (
    _group(
        "group.group", "&Group", "group", no_selection, "Put the selected layers into a block", icon="group",
    ),
    _group(
        "group.sequential", "Group as &Sequential", "group", no_selection,
        "Put a chain of layers into an nn.Sequential", layer="Sequential",
    ),
    _group("group.ungroup", "&Ungroup", "ungroup", not_one_group, "Take a block apart", icon="ungroup"),
    Action(
        "group.enter", "&Enter", "Group", later("view_commands", "enter_group"), not_one_group,
        "Show the canvas of the block", scope="gesture", apart=True,
    ),
    Action(
        "group.leave", "&Leave", "Group", later("view_commands", "leave_group"), reasons.at_top, "Go up one level",
        scope="gesture",
    ),
    _fold(
        "group.fold", "&Fold or unfold", "fold", nothing_to_fold,
        "Show what is in the group in place, or close it again", icon="fold", apart=True,
    ),
    _fold(
        "group.unfold_all", "Unfold &all", "fold_all", partial(no_groups, open_=True),
        "Show everything: open all groups of the network in place", icon="unfold_all", open_=True,
    ),
    _fold(
        "group.fold_all", "F&old all", "fold_all", partial(no_groups, open_=False),
        "Close all groups of the network", icon="fold_all", open_=False,
    ),
    Action(
        "group.show_wires", "Show its &wires", "Group", later("fold_commands", "show_wires"), no_source,
        "Draw the wires of a source that feeds many layers, in place of badges", checked=are_wired,
    ),
    Action(
        "group.save_block", "Save as &block", "Group", later("group_blocks", "save_block"), not_one_group,
        "Keep the group in the toolbox", apart=True,
    ),
)  # fmt: skip
VIEW = (
    Action(
        "view.frame_selection",
        "&Frame selection",
        "View",
        later("view_commands", "frame", selection=True),
        no_selection,
        scope="canvas",
    ),
    Action(
        "view.frame_all",
        "Frame &everything",
        "View",
        later("view_commands", "frame"),
        no_canvas,
        icon="frame",
        scope="canvas",
    ),
    Action("view.zoom_in", "Zoom &in", "View", later("view_commands", "zoom", factor=1.25), no_canvas),
    Action("view.zoom_out", "Zoom &out", "View", later("view_commands", "zoom", factor=0.8), no_canvas),
    Action("view.zoom_actual", "&Actual size", "View", later("view_commands", "zoom_actual"), no_canvas),
    Action(
        "view.arrange",
        "A&rrange",
        "View",
        later("arranging", "arrange"),
        no_tab,
        "Lay out the canvas in view",
        "arrange",
        apart=True,
    ),
    Action(
        "view.arrange_selection",
        "Arrange the se&lection",
        "View",
        later("arranging", "arrange_selection"),
        no_selection,
        "Lay out the selected layers among themselves",
    ),
    Action(
        "view.turn",
        "T&urn the drawing",
        "View",
        later("arranging", "turn"),
        no_tab,
        "Let it run to the right, or down again",
    ),
    Action(
        "view.command_palette",
        "Command &palette...",
        "View",
        later("popups", "command_palette"),
        hint="Every command by name",
        icon="palette",
        apart=True,
    ),
    Action("view.next_tab", "&Next tab", "View", lambda w: w.area.step(1), reasons.one_tab),
    Action("view.previous_tab", "Pre&vious tab", "View", lambda w: w.area.step(-1), reasons.one_tab),
    Action(
        "view.full_screen",
        "F&ull screen",
        "View",
        later("view_commands", "full_screen"),
        checked=lambda w: w.isFullScreen(),
        apart=True,
    ),
    switch("view.grid", "Show the &grid", "canvas.grid"),
    switch("view.snap", "S&nap to the grid", "canvas.snap"),
    switch(
        "view.highlight",
        "&Highlight what is wired",
        "canvas.highlight",
        "Fade everything but what feeds the selection and what it feeds",
        "canvas",
    ),
    Action(
        "view.theme",
        "&Dark theme",
        "View",
        later("view_commands", "switch_theme"),
        icon="theme",
        checked=lambda w: w.theme.is_dark,
    ),
)
_DOCK_ACTIONS = (
    ("view.toolbox", "&Toolbox", "toolbox"),
    ("view.tree", "&Working folder", "files"),
    ("view.node_editor", "&Node editor", "editor"),
    ("view.text", "&Source", "source"),
    ("view.problems", "&Problems", "problems"),
    ("view.history", "&History", "history"),
    ("view.summary", "S&ummary", "summary"),
    ("view.log", "&Log", "log"),
    ("view.minimap", "&Map", "minimap"),
    ("view.viewer", "&Output viewer", "viewer"),
)
PANELS = (
    *(
        Action(
            action_id,
            title,
            "View/Panels",
            later("view_commands", "toggle_dock", name=dock),
            checked=partial(reasons.dock_shown, name=dock),
        )
        for action_id, title, dock in _DOCK_ACTIONS
    ),
    Action(
        "view.reset_panels",
        "&Reset panels",
        "View/Panels",
        later("view_commands", "reset_docks"),
        hint="As at first",
        apart=True,
    ),
)
COMPILE = (
    Action(
        "compile.compile",
        "&Compile...",
        "Compile",
        lambda w: w.compiler.start(),
        reasons.nothing_drawn,
        "Write the model and prove its numbers",
        "compile",
    ),
    Action(
        "compile.compile_again",
        "Compile a&gain",
        "Compile",
        lambda w: w.compiler.again(),
        reasons.not_compiled,
        "The same kernel, file and options as last time",
    ),
    Action(
        "compile.check",
        "Chec&k",
        "Compile",
        later("view_commands", "check"),
        reasons.nothing_drawn,
        "List the problems",
    ),
    Action(
        "compile.cancel",
        "Ca&ncel the job",
        "Compile",
        lambda w: w.job_bar.cancel.click(),
        reasons.nothing_runs,
        icon="cancel",
    ),
    Action(
        "problems.next",
        "&Next problem",
        "Compile",
        later("view_commands", "step_problem", by=1),
        reasons.no_problem,
        apart=True,
    ),
    Action(
        "problems.previous",
        "&Previous problem",
        "Compile",
        later("view_commands", "step_problem", by=-1),
        reasons.no_problem,
    ),
)
HELP = (
    Action("help.help", "&First steps", "Help", later("view_commands", "show_help")),
    Action("help.shortcuts", "&Shortcuts...", "Help", later("shortcut_sheet", "show_shortcuts")),
    Action("help.about", "&About Sketch", "Help", later("view_commands", "show_about"), apart=True),
)
