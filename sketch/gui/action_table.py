"""The commands of the window, menu by menu. A new command is one function and one row here."""

from __future__ import annotations

from functools import partial

from sketch.gui import edit_commands as edit
from sketch.gui import popups
from sketch.gui import view_commands as view
from sketch.gui.actions import Action
from sketch.gui.edit_commands import no_selection, no_tab, not_one_group, not_one_node

FILE = (
    Action(
        "file.new",
        "&New network",
        "File",
        lambda w: w.opener.new(),
        hint="Start with an empty canvas",
        icon="new",
    ),
    Action(
        "file.open",
        "&Open...",
        "File",
        lambda w: w.opener.ask(),
        hint="Open a model or a drawing",
        icon="open",
    ),
    Action(
        "file.reopen",
        "&Reopen closed tab",
        "File",
        lambda w: w.opener.reopen(),
        hint="With its unsaved edits",
    ),
    Action(
        "file.save",
        "&Save",
        "File",
        lambda w: w.opener.save(),
        no_tab,
        "Save the drawing with its history",
        "save",
        apart=True,
    ),
    Action(
        "file.save_as", "Save &as...", "File", lambda w: w.opener.save_as(), no_tab, "Save under another name"
    ),
    Action(
        "file.export_picture",
        "Save a &picture...",
        "File",
        view.save_picture,
        view.nothing_drawn,
        "PNG of the canvas in view",
    ),
    Action(
        "file.folder",
        "Working &folder...",
        "File",
        view.ask_folder,
        hint="Choose the working folder",
        apart=True,
    ),
    Action(
        "edit.settings",
        "Se&ttings...",
        "File",
        view.show_settings,
        hint="Theme, options and shortcuts",
        icon="settings",
    ),
    Action(
        "file.close",
        "&Close tab",
        "File",
        lambda w: w.opener.close(),
        no_tab,
        "Close the network in front",
        apart=True,
    ),
    Action("file.quit", "&Quit", "File", lambda w: w.close(), hint="The session comes back as it is"),
)
EDIT = (
    Action("edit.undo", "&Undo", "Edit", edit.undo, edit.no_undo, icon="undo"),
    Action("edit.redo", "&Redo", "Edit", edit.redo, edit.no_redo, icon="redo"),
    Action("edit.cut", "Cu&t", "Edit", edit.cut, no_selection, scope="canvas", apart=True),
    Action("edit.copy", "&Copy", "Edit", edit.copy, no_selection, scope="canvas"),
    Action(
        "edit.paste",
        "&Paste",
        "Edit",
        edit.paste,
        no_tab,
        "Paste layers, also from another tab",
        scope="canvas",
    ),
    Action("edit.duplicate", "&Duplicate", "Edit", edit.duplicate, no_selection, scope="canvas"),
    Action(
        "edit.delete",
        "De&lete and rejoin",
        "Edit",
        edit.delete,
        edit.nothing_to_delete,
        "Remove the selection; wires join again where shapes fit",
        scope="canvas",
    ),
    Action(
        "edit.delete_plain",
        "Delete &plainly",
        "Edit",
        edit.delete_plain,
        edit.nothing_to_delete,
        "Remove the selection and its wires",
        scope="canvas",
    ),
    Action("edit.rename", "Re&name", "Edit", view.rename, not_one_node, scope="canvas", apart=True),
    Action(
        "edit.replace_layer",
        "Rep&lace by...",
        "Edit",
        popups.replace_layer,
        not_one_node,
        "Change the type; keeps the parameters and wires that still fit",
    ),
    Action("edit.select_all", "Select &all", "Edit", edit.select_all, no_tab, scope="canvas", apart=True),
    Action("edit.select_none", "Select n&one", "Edit", edit.select_none, no_selection, scope="canvas"),
    Action(
        "edit.select_before",
        "Select what &feeds it",
        "Edit",
        edit.select_before,
        no_selection,
        scope="canvas",
    ),
    Action(
        "edit.select_after", "Select what it f&eeds", "Edit", edit.select_after, no_selection, scope="canvas"
    ),
    Action(
        "edit.find",
        "F&ind...",
        "Edit",
        popups.find,
        no_tab,
        "Find a layer by name or type",
        "find",
        apart=True,
    ),
    Action(
        "edit.find_next",
        "Find ne&xt",
        "Edit",
        lambda w: view.find_again(w, 1),
        view.nothing_found,
        "The next layer of that type",
    ),
    Action(
        "edit.find_previous",
        "Find pre&vious",
        "Edit",
        lambda w: view.find_again(w, -1),
        view.nothing_found,
        "The layer of that type before",
    ),
)
INSERT = (
    Action(
        "insert.quick_add",
        "&Any layer...",
        "Insert",
        popups.quick_add,
        no_tab,
        "Type a name, Enter adds it",
        "add",
        "canvas",
    ),
    Action("insert.input", "&Input", "Insert", lambda w: edit.append(w, "Input")),
    Action(
        "insert.output",
        "&Output",
        "Insert",
        lambda w: edit.append(w, "Output"),
        hint="Wired to the selection's end",
    ),
    Action("insert.note", "&Note", "Insert", edit.add_note, no_tab, "A text on the canvas"),
)
GROUP = (
    Action(
        "group.group",
        "&Group",
        "Group",
        edit.group,
        no_selection,
        "Put the selected layers into a block",
        "group",
        "canvas",
    ),
    Action(
        "group.sequential",
        "Group as &Sequential",
        "Group",
        lambda w: edit.group(w, "Sequential"),
        no_selection,
        "Put a chain of layers into an nn.Sequential",
        scope="canvas",
    ),
    Action(
        "group.ungroup",
        "&Ungroup",
        "Group",
        edit.ungroup,
        not_one_group,
        "Take a block apart",
        "ungroup",
        "canvas",
    ),
    Action(
        "group.enter",
        "&Enter",
        "Group",
        view.enter_group,
        not_one_group,
        "Show the canvas of the block",
        scope="gesture",
        apart=True,
    ),
    Action(
        "group.leave", "&Leave", "Group", view.leave_group, view.at_top, "Go up one level", scope="gesture"
    ),
    Action(
        "group.save_block",
        "Save as &block",
        "Group",
        edit.save_block,
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
        lambda w: view.frame(w, selection=True),
        no_selection,
        scope="canvas",
    ),
    Action("view.frame_all", "Frame &everything", "View", view.frame, no_tab, icon="frame", scope="canvas"),
    Action("view.zoom_in", "Zoom &in", "View", lambda w: view.zoom(w, 1.25), no_tab),
    Action("view.zoom_out", "Zoom &out", "View", lambda w: view.zoom(w, 0.8), no_tab),
    Action("view.zoom_actual", "&Actual size", "View", view.zoom_actual, no_tab),
    Action(
        "view.arrange",
        "A&rrange",
        "View",
        edit.arrange,
        no_tab,
        "Lay out the canvas in view",
        "arrange",
        apart=True,
    ),
    Action(
        "view.command_palette",
        "Command &palette...",
        "View",
        popups.command_palette,
        hint="Every command by name",
        icon="palette",
        apart=True,
    ),
    Action("view.next_tab", "&Next tab", "View", lambda w: w.area.step(1), view.one_tab),
    Action("view.previous_tab", "Pre&vious tab", "View", lambda w: w.area.step(-1), view.one_tab),
    Action(
        "view.full_screen",
        "F&ull screen",
        "View",
        view.full_screen,
        checked=lambda w: w.isFullScreen(),
        apart=True,
    ),
    Action(
        "view.theme",
        "&Dark theme",
        "View",
        view.switch_theme,
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
)
PANELS = (
    *(
        Action(
            action_id,
            title,
            "View/Panels",
            partial(view.toggle_dock, name=dock),
            checked=partial(view.dock_shown, name=dock),
        )
        for action_id, title, dock in _DOCK_ACTIONS
    ),
    Action(
        "view.reset_panels", "&Reset panels", "View/Panels", view.reset_docks, hint="As at first", apart=True
    ),
)
COMPILE = (
    Action(
        "compile.compile",
        "&Compile...",
        "Compile",
        lambda w: w.compiler.start(),
        view.nothing_drawn,
        "Write the model and prove its numbers",
        "compile",
    ),
    Action(
        "compile.compile_again",
        "Compile a&gain",
        "Compile",
        lambda w: w.compiler.again(),
        view.not_compiled,
        "The same kernel, file and options as last time",
    ),
    Action("compile.check", "Chec&k", "Compile", view.check, view.nothing_drawn, "List the problems"),
    Action(
        "compile.cancel",
        "Ca&ncel the job",
        "Compile",
        lambda w: w.job_bar.cancel.click(),
        view.nothing_runs,
        icon="cancel",
    ),
    Action(
        "problems.next",
        "&Next problem",
        "Compile",
        lambda w: view.step_problem(w, 1),
        view.no_problem,
        apart=True,
    ),
    Action(
        "problems.previous",
        "&Previous problem",
        "Compile",
        lambda w: view.step_problem(w, -1),
        view.no_problem,
    ),
)
HELP = (
    Action("help.help", "&First steps", "Help", view.show_help),
    Action("help.shortcuts", "&Shortcuts...", "Help", lambda w: view.show_settings(w, "Shortcuts")),
    Action("help.about", "&About Sketch", "Help", view.show_about, apart=True),
)
TABLE = (*FILE, *EDIT, *INSERT, *GROUP, *VIEW, *PANELS, *COMPILE, *HELP)
TOOL_BAR = (
    "file.new",
    "file.open",
    "file.save",
    "",
    "edit.undo",
    "edit.redo",
    "",
    "insert.quick_add",
    "group.group",
    "group.ungroup",
    "view.arrange",
    "view.frame_all",
    "",
    "edit.find",
    "view.command_palette",
)
