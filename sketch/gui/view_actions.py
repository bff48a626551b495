"""The commands of the Group, View, Compile and Help menus: one row each."""

from __future__ import annotations

from functools import partial

from sketch.gui import reasons
from sketch.gui.actions import Action, later
from sketch.gui.reasons import no_selection, no_tab, not_one_group

GROUP = (
    Action(
        "group.group",
        "&Group",
        "Group",
        later("edit_commands", "group"),
        no_selection,
        "Put the selected layers into a block",
        "group",
        "canvas",
    ),
    Action(
        "group.sequential",
        "Group as &Sequential",
        "Group",
        later("edit_commands", "group", layer="Sequential"),
        no_selection,
        "Put a chain of layers into an nn.Sequential",
        scope="canvas",
    ),
    Action(
        "group.ungroup",
        "&Ungroup",
        "Group",
        later("edit_commands", "ungroup"),
        not_one_group,
        "Take a block apart",
        "ungroup",
        "canvas",
    ),
    Action(
        "group.enter",
        "&Enter",
        "Group",
        later("view_commands", "enter_group"),
        not_one_group,
        "Show the canvas of the block",
        scope="gesture",
        apart=True,
    ),
    Action(
        "group.leave",
        "&Leave",
        "Group",
        later("view_commands", "leave_group"),
        reasons.at_top,
        "Go up one level",
        scope="gesture",
    ),
    Action(
        "group.save_block",
        "Save as &block",
        "Group",
        later("edit_commands", "save_block"),
        not_one_group,
        "Keep the group in the toolbox",
        apart=True,
    ),
)
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
        no_tab,
        icon="frame",
        scope="canvas",
    ),
    Action("view.zoom_in", "Zoom &in", "View", later("view_commands", "zoom", factor=1.25), no_tab),
    Action("view.zoom_out", "Zoom &out", "View", later("view_commands", "zoom", factor=0.8), no_tab),
    Action("view.zoom_actual", "&Actual size", "View", later("view_commands", "zoom_actual"), no_tab),
    Action(
        "view.arrange",
        "A&rrange",
        "View",
        later("edit_commands", "arrange"),
        no_tab,
        "Lay out the canvas in view",
        "arrange",
        apart=True,
    ),
    Action(
        "view.arrange_selection",
        "Arrange the se&lection",
        "View",
        later("edit_commands", "arrange_selection"),
        no_selection,
        "Lay out the selected layers among themselves",
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
    Action(
        "view.grid",
        "Show the &grid",
        "View",
        later("view_commands", "switch_option", name="canvas.grid"),
        checked=lambda w: bool(w.services.settings.get("canvas.grid")),
    ),
    Action(
        "view.snap",
        "S&nap to the grid",
        "View",
        later("view_commands", "switch_option", name="canvas.snap"),
        checked=lambda w: bool(w.services.settings.get("canvas.snap")),
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
    Action(
        "help.shortcuts", "&Shortcuts...", "Help", later("view_commands", "show_settings", page="Shortcuts")
    ),
    Action("help.about", "&About Sketch", "Help", later("view_commands", "show_about"), apart=True),
)
