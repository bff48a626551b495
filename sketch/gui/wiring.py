"""Who hears whom in the window: the connections between tabs, panels, welcome page, tool bar and settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QMenu

from sketch.gui import asides, colour_commands, fold_jobs, group_offer
from sketch.gui.colour_actions import as_choices
from sketch.gui.recent_menu import add_recent_menu
from sketch.gui.shell_style import theme_name
from sketch.gui.theme import load_theme

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow

CONTEXT = (
    "edit.cut", "edit.copy", "edit.paste", "edit.duplicate", "edit.delete", "",
    "edit.rename", "edit.replace_layer", "wire.insert", "wire.move_end", "wire.move_start", "",
    "go.producer", "go.consumer", "",
    "group.group", "group.ungroup", "group.enter", "group.duplicate_linked", "group.repeat",
    "group.save_block", "",
    "model.make_input", "model.make_output", "model.extract", "model.replace_all", "weights.view", "",
    "insert.quick_add", "insert.note", "insert.frame", "frame.fit",
)  # fmt: skip
"""The context menu of the canvas; an empty name is a line."""
ONLY_WHERE_THEY_FIT = ("wire.", "frame.", "go.", "group.duplicate_linked", "group.repeat")
"""Commands of the context menu that are left out, not greyed, where they cannot run."""


def connect_window(window: MainWindow) -> None:
    """What is there before the first paint."""
    welcome, area, touch = window.area.welcome, window.area, window.keeper.touch
    area.close_wanted.connect(lambda tab: window.opener.close(tab))  # noqa: PLW0108 - the opener loads at first use
    area.arranged.connect(touch)
    window.desk.said.connect(window.say)
    window.desk.selection_changed.connect(lambda _ids: window.actions_.refresh())
    welcome.example_chosen.connect(lambda key: window.opener.example(key))  # noqa: PLW0108 - as above
    welcome.file_chosen.connect(lambda path: window.opener.open_file(Path(path)))
    welcome.new_wanted.connect(window.actions_["file.new"].trigger)
    welcome.open_wanted.connect(window.actions_["file.open"].trigger)
    window.jobs.progressed.connect(lambda *_progress: window.actions_.refresh())
    window.jobs.ended.connect(lambda _job: window.actions_.refresh())
    for dock in window.docks.values():
        dock.visibilityChanged.connect(lambda _on: touch())
        dock.dockLocationChanged.connect(lambda _area: touch())


PANEL_PARTS = tuple(
    f"sketch.gui.{name}"
    for name in (
        "edit_commands",
        "group_blocks",
        "group_section",
        "look_sections",
        "recent_layers",
        "text_accept",
    )
)
"""What `connect_panels` takes."""


def connect_panels(window: MainWindow) -> Iterator[None]:
    """What comes after the first paint, a part of a frame a step."""
    from sketch.gui import (
        edit_commands,
        group_blocks,
        group_section,
        look_sections,
        recent_layers,
        text_accept,
    )

    panels = window.panels
    add_recent_menu(window)
    as_choices(window)
    group_section.attach(window)
    group_blocks.attach(window)
    look_sections.attach(window)
    yield
    text_accept.attach(window)
    yield
    window.mirror.changed.connect(lambda: _show_refusals(window))
    window.desk.updated.connect(lambda update: recent_layers.follow(window, update))
    panels.toolbox.append_wanted.connect(lambda key: edit_commands.append(window, key))
    panels.history.jump_wanted.connect(lambda sequence: edit_commands.jump(window, sequence))
    panels.files.open_wanted.connect(lambda path: window.opener.open_file(Path(path)))
    panels.files.folder_changed.connect(lambda path: setattr(window, "folder", Path(path)))
    panels.source.edited.connect(window.actions_.refresh)
    panels.problems.counted.connect(lambda errors, warnings: _count_problems(window, errors + warnings))
    for record in window.services.log.records():
        panels.log.receive(record)
    window.on_close(window.services.log.subscribe(panels.log.receive))
    yield
    use_text_options(window)
    yield


def connect_tab(window: MainWindow, tab: CanvasTab) -> None:
    """What a new tab is heard by."""
    tab.view.message.connect(window.say)
    tab.view.quick_add_requested.connect(lambda scene, place, wire: _quick_add(window, scene, place, wire))
    tab.view.context_menu_requested.connect(lambda place, _thing: context_menu(window, place))
    tab.moved.connect(window.keeper.touch)
    tab.visited.connect(window.actions_.refresh)
    tab.view.current_changed.connect(window.actions_.refresh)
    tab.view.parameters_wanted.connect(lambda _node: _edit_parameters(window))
    keys = {"keep": "weights.keep", "tile": "weights.tile", "new": "weights.anew"}
    tab.weights_bar.chosen.connect(lambda how: window.actions_.run(keys[how]))
    tab.weights_bar.report_wanted.connect(lambda: window.actions_.run("weights.report"))
    tab.use(window.services.settings.get, window.services.settings.shortcut)
    colour_commands.connect(window, tab)
    group_offer.attach(window, tab)
    fold_jobs.attach(window, tab)
    asides.attach(window, tab)
    tab.view.block_dropped.connect(lambda *what: _insert_block(window, tab, *what))


def _insert_block(
    window: MainWindow, tab: CanvasTab, name: str, place: tuple[float, float], group: int | None
) -> None:
    from sketch.gui.group_commands import insert_block  # seldom dropped

    insert_block(window, tab, name, place, group)


def on_setting(window: MainWindow, name: str) -> None:
    """An option or a key has changed: show it at once."""
    settings = window.services.settings
    if name == "appearance.theme":
        window.use_theme(load_theme(theme_name(settings.get(name))))
    elif name == "appearance.toolbar":
        window.tool_bar.setVisible(settings.get(name))
    elif name.startswith("text."):
        use_text_options(window)
    elif name.startswith(("shortcut", "canvas.", "weights.")):
        if name.startswith("shortcut"):
            window.actions_.apply_shortcuts()
        for tab in window.area:
            tab.use(settings.get, settings.shortcut)
    window.actions_.refresh()


def context_menu(window: MainWindow, place: QPoint) -> QMenu:
    """Show the commands for what is selected at a point of the screen."""
    menu = QMenu(window)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for action_id in CONTEXT:
        if not action_id:
            menu.addSeparator()
        elif window.actions_[action_id].isEnabled() or not action_id.startswith(ONLY_WHERE_THEY_FIT):
            menu.addAction(window.actions_[action_id])
    menu.popup(place)
    return menu


def _quick_add(window: MainWindow, scene: QPointF, place: QPoint, wire: Any) -> None:
    from sketch.gui import popups

    popups.quick_add(window, scene, place, wire)


def _edit_parameters(window: MainWindow) -> None:
    from sketch.gui import going_commands

    going_commands.edit_parameters(window)


def _count_problems(window: MainWindow, count: int) -> None:
    window.docks["problems"].setWindowTitle(f"Problems ({count})" if count else "Problems")
    window.actions_.refresh()


def _show_refusals(window: MainWindow) -> None:
    """What the kernel cannot express is marked on the layers themselves, before anyone compiles."""
    if window.desk.view is not None:
        window.desk.view.canvas.refuse(window.mirror.picture.refusals)
        window.panels.editor.refresh()
        colour_commands.refusals_changed(window)


def use_text_options(window: MainWindow) -> None:
    """Show the source text as the person wants it."""
    get = window.services.settings.get
    window.panels.source.use(
        follow=get("text.follow"), font_size=get("text.font_size"), wrap=get("text.wrap")
    )
