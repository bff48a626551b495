"""The commands that change what is seen, not what is drawn, and the reasons why they cannot run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QMessageBox

from sketch.gui.docks import arranging_docks

if TYPE_CHECKING:
    from sketch.gui.main_window import MainWindow

FIRST_STEPS = """<h3>First steps</h3>
<p>Click a layer in the toolbox: it is added below the selection and wired to it. Or drag it to the canvas, or
press {insert.quick_add} there and type its name.</p>
<p>Pull a wire from the border of one layer to another. Drop it on empty canvas to be offered what fits.</p>
<p>Select a layer to change its parameters on the right. Shapes, parameter counts and the source follow.</p>
<p>{group.group} makes a block of the selection; {group.enter} shows its inside, {group.leave} leaves it.</p>
<p>{edit.find} finds layers. {compile.compile} compiles to a file that runs without Sketch.
{view.command_palette} lists every command.</p>"""


def frame(window: MainWindow, *, selection: bool = False) -> None:
    """Show everything, or the selection, as large as it fits."""
    view = window.area.view
    if view is not None:
        (view.frame_selection if selection else view.frame_all)()


def zoom(window: MainWindow, factor: float) -> None:
    """Zoom by a factor at the middle."""
    if window.area.view is not None:
        window.area.view.zoom(factor)


def zoom_actual(window: MainWindow) -> None:
    """One scene unit is one pixel."""
    view = window.area.view
    if view is not None:
        view.zoom(1.0 / view.transform().m11())


def enter_group(window: MainWindow) -> None:
    """Show the canvas of the selected group."""
    if window.desk.tab is not None:
        window.desk.tab.enter(window.desk.selection[0])


def leave_group(window: MainWindow) -> None:
    """Go up one level."""
    if window.desk.tab is not None:
        window.desk.tab.leave()


def rename(window: MainWindow) -> None:
    """Change the name of the selected layer where it stands."""
    if window.desk.view is not None:
        window.desk.view.start_rename(window.desk.selection[0])


def show_dock(window: MainWindow, name: str) -> None:
    """Bring a panel to the front."""
    window.painting.soon()
    dock = window.docks[name]
    dock.show()
    dock.raise_()


def toggle_dock(window: MainWindow, name: str) -> None:
    """Show a panel and put the cursor into it; hide it when it is in front."""
    dock = window.docks[name]
    if dock.isVisible() and not dock.visibleRegion().isEmpty():
        window.painting.soon()
        dock.hide()
        return
    show_dock(window, name)
    panel = dock.widget()
    if panel is not None:
        panel.setFocus()


def reset_docks(window: MainWindow) -> None:
    """All panels where they were at first; the window stays as it is until the last has its place."""
    window.painting.after(_resetting(window))


def _resetting(window: MainWindow) -> Iterator[None]:
    layout = window.layout()
    if layout is None:
        return
    layout.setEnabled(False)
    try:
        yield from arranging_docks(window, window.docks)
    finally:
        layout.setEnabled(True)
    layout.activate()
    yield


def full_screen(window: MainWindow) -> None:
    """Fill the screen, or leave it."""
    if window.isFullScreen():
        window.showNormal()
    else:
        window.showFullScreen()


def switch_theme(window: MainWindow) -> None:
    """The other theme."""
    window.services.settings.set("appearance.theme", "light" if window.theme.is_dark else "dark")


def switch_option(window: MainWindow, name: str) -> None:
    """Turn an option that is on or off to the other."""
    settings = window.services.settings
    settings.set(name, not settings.get(name))


def check(window: MainWindow) -> None:
    """List the problems."""
    show_dock(window, "problems")
    window.panels.problems.refresh()
    count = window.panels.problems.topLevelItemCount()
    window.say(
        f"{count} problem{'' if count == 1 else 's'}."
        if count
        else "No problems: this network can be compiled."
    )


def step_problem(window: MainWindow, by: int) -> None:
    """Go to the next or previous problem."""
    show_dock(window, "problems")
    window.panels.problems.step(by)


def ask_folder(window: MainWindow) -> None:
    """Ask for another working folder."""
    path = QFileDialog.getExistingDirectory(window, "Working folder", str(window.folder))
    if path:
        window.set_folder(Path(path))


def show_settings(window: MainWindow, page: str = "") -> None:
    """Open the settings page."""
    from sketch.gui.settings_dialog import SettingsDialog

    dialog = SettingsDialog(window, window.services.settings, window.actions_)
    dialog.turn_to(page)
    dialog.exec()
    dialog.deleteLater()


def show_help(window: MainWindow) -> None:
    """Say how to begin."""
    box = QMessageBox(window)
    box.setWindowTitle("First steps")
    box.setText(_with_keys(FIRST_STEPS, window))
    box.exec()
    box.deleteLater()


def _with_keys(text: str, window: MainWindow) -> str:
    """A text with the first key in force for each command in braces; one without a key is said by its title."""

    def key(found: re.Match[str]) -> str:
        keys = window.services.settings.shortcut(found[1])
        return keys[0] if keys else f"'{window.actions_[found[1]].text().replace('&', '')}'"

    return re.sub(r"\{([a-z_.]+)\}", key, text)


def show_about(window: MainWindow) -> None:
    """Say what Sketch is, its version, and where its log is."""
    box = QMessageBox(window)
    box.setWindowTitle("About Sketch")
    box.setIconPixmap(window.windowIcon().pixmap(64, 64))
    box.setText(f"<h3>Sketch {window.services.version}</h3><p>Draw, open and edit neural networks, and compile them "
                "to PyTorch and ONNX with their weights.</p>")  # fmt: skip
    failures = window.services.registry.failures
    notes = [f"The kernel {name} did not load: {reason}" for name, reason in failures.items()]
    box.setInformativeText("\n".join([f"Log: {window.services.log_folder}", *notes]))
    box.exec()
    box.deleteLater()
