"""The commands on the weights of the selection: copy and paste, freeze, reset, resize by another choice, `.npy`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox

from sketch.graph.recipes import KEEP, MADE, TILE
from sketch.graph.rows import TensorRow, shape_text
from sketch.gui.edit_commands import attempt, clip_in_clipboard, put_clip, with_tab
from sketch.gui.model_jobs import run_job
from sketch.gui.questions import show_error
from sketch.gui.reasons import selected_nodes
from sketch.state import commands
from sketch.state.commands import weights, weights_pasting
from sketch.state.commands.weights import SKIP, Key
from sketch.state.weight_changes import WeightChange, counted, weight_name

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow

LARGE = 8 << 20
"""Made tensors of more bytes than this are computed at once, as a job; smaller ones when somebody reads them."""
_ANSWERS = {"Keep the overlap": KEEP, "Repeat": TILE, "Leave those as they are": SKIP}


def copy(window: MainWindow) -> None:
    """Copy the selected layers with their weights; they can also be pasted as layers."""

    def run(tab: CanvasTab) -> None:
        clip = weights_pasting.with_initial(tab.document, commands.copy(tab.document, selected_nodes(window)))
        put_clip(clip)
        window.say(f"Copied {len(clip.weights)} weights; select layers and choose Paste weights.")

    with_tab(window, run)


def paste(window: MainWindow) -> None:
    """Give the selected layers the weights in the clipboard, asking once when shapes differ."""

    def run(tab: CanvasTab) -> None:
        clip = clip_in_clipboard()
        pairs = weights_pasting.pairs(tab.document, clip, selected_nodes(window))
        misfit = _ask_misfit(window, weights_pasting.misfits(tab.document, pairs))
        if misfit is not None:
            report = weights_pasting.paste_weights(tab.document, clip, pairs, misfit)
            told(window, tab, report, "Paste weights")

    with_tab(window, run)


def freeze(window: MainWindow, *, frozen: bool = True) -> None:
    """Freeze or unfreeze all weights of the selection."""

    def run(tab: CanvasTab) -> None:
        count = weights.freeze(tab.document, keys_of(window, tab), frozen)
        total, held = weights.parameter_counts(tab.document)
        window.say(
            f"{'Froze' if frozen else 'Unfroze'} {count} weights; {total - held:,} of {total:,} are trainable."
        )

    with_tab(window, run)


def reset(window: MainWindow) -> None:
    """Let go of the stored weights of the selection."""
    with_tab(
        window,
        lambda tab: told(
            window, tab, weights.reset_weights(tab.document, keys_of(window, tab)), "Reset to initial values"
        ),
    )


def resize(window: MainWindow, *, how: str) -> None:
    """Another choice for the weights that the last edit resized."""

    def run(tab: CanvasTab) -> None:
        changes = tab.weights_bar.changes
        report = weights.resize_weights(tab.document, changes, how)
        tab.weights_bar.offer(changes, report, how)
        told(window, tab, report, "Resize weights")

    with_tab(window, run)


def report(window: MainWindow) -> None:
    """Show the last report of weights."""
    from sketch.gui.weights_report import WeightReport

    tab = window.desk.tab
    if tab is not None:
        WeightReport(window, tab.weights_bar.report, tab.weights_bar.title).show()


def set_from_file(window: MainWindow, key: Key | None = None) -> None:
    """Ask for a `.npy` file and let a weight be its array."""

    def run(tab: CanvasTab) -> None:
        chosen = key or _ask_key(window, tab, "Set from a .npy file")
        if chosen is None:
            return
        path, _ = QFileDialog.getOpenFileName(
            window,
            f"Set {weight_name(tab.document.tables, *chosen)}",
            str(window.folder),
            "Arrays (*.npy *.npz)",
        )
        if path:
            take_file(window, tab, chosen, Path(path))

    with_tab(window, run)


def take_file(window: MainWindow, tab: CanvasTab, key: Key, path: Path) -> None:
    """Let a weight be the array of a file, asking when its shape differs; a large file is read beside the window."""
    from sketch.binder.kernel import BinderError
    from sketch.binder.surgery.weights_source import read_array

    store: Any = window.services.store
    if path.exists() and path.stat().st_size > LARGE:
        run_job(
            window, f"Read {path.name}", lambda _job, _runs: read_array(path, store),
            lambda row: _set_row(window, tab, key, path, row),
        )  # fmt: skip
        return
    try:
        row = read_array(path, store)
    except BinderError as error:
        show_error(window, str(error))
        return
    _set_row(window, tab, key, path, row)


def _set_row(window: MainWindow, tab: CanvasTab, key: Key, path: Path, row: TensorRow) -> None:
    if tab.document.is_closed or key[0] not in tab.document.tables.nodes:
        return  # a large file takes a while to read
    kind = weights.weights_in(tab.document, [key[0]])[key]
    name = weight_name(tab.document.tables, *key)
    have, need = shape_text(row.shape), shape_text(kind.shape)
    if len(row.shape) != len(kind.shape):
        show_error(window, f"{path.name} is {have}, {name} needs {need}; save it in that shape.")
        return
    misfit = _ask_misfit(window, [] if have == need else [f"{name}: {need}, {path.name}: {have}"])
    if misfit in (None, SKIP):
        return
    given, label = dict.fromkeys(weights.tied(tab.document, key), row), f"Set {name} from {path.name}"

    def run() -> None:
        told(window, tab, weights.load_weights(tab.document, given, str(misfit), label), label)

    attempt(window, run)


def save_to_file(window: MainWindow, key: Key | None = None) -> None:
    """Ask for a place and write a weight as `.npy`."""
    from sketch.binder.kernel import BinderError
    from sketch.binder.surgery.arrays import row_bytes
    from sketch.binder.surgery.weights_source import write_array

    tab = window.desk.tab
    chosen = key if tab is None or key else _ask_key(window, tab, "Save as a .npy file", stored=True)
    if tab is None or chosen is None:
        return
    name = weight_name(tab.document.tables, *chosen)
    path, _ = QFileDialog.getSaveFileName(
        window, f"Save {name}", str(window.folder / f"{name}.npy"), "Arrays of numpy (*.npy)"
    )
    if not path:
        return
    row, store = weights.row_of(tab.document, chosen), cast("Any", window.services.store)

    def saved(note: str) -> None:
        window.say(f"Saved {path}{f' ({note})' if note else ''}.")

    if row_bytes(row) > LARGE:
        run_job(window, f"Save {name}", lambda _job, _runs: write_array(Path(path), store, row), saved)
        return
    try:
        saved(write_array(Path(path), store, row))
    except BinderError as error:
        show_error(window, str(error))


def keys_of(window: MainWindow, tab: CanvasTab) -> list[Key]:
    """The weights of the selection."""
    return list(weights.weights_in(tab.document, selected_nodes(window)))


def told(window: MainWindow, tab: CanvasTab, changes: Sequence[WeightChange], title: str) -> None:
    """Say what a command did, keep its report, and compute large tensors beside the window."""
    tab.weights_bar.show_report(changes, title)
    window.say(f"{title}: {counted(changes)}.")
    window.actions_.refresh()
    prepare(window, [change.after for change in changes if change.after is not None])


def prepare(window: MainWindow, rows: Sequence[TensorRow]) -> None:
    """Compute made tensors as a job when they are large, so that nothing waits for them later."""
    from sketch.binder.surgery.arrays import row_bytes

    wanted = {row.digest: row for row in rows if row.digest.startswith(MADE)}
    if sum(map(row_bytes, wanted.values())) < LARGE:
        return
    store = window.services.store

    def body(job: Any, _runs: Any) -> None:
        for number, row in enumerate(wanted.values()):
            job.step(number, len(wanted), row.name or "weights")
            store.get(row.digest, row.shape, row.dtype)

    job = window.services.binder.job("Prepare weights", body, store.folder)
    window.jobs.follow(job, lambda done: window.say(done.error) if done.error else None)


def _ask_key(window: MainWindow, tab: CanvasTab, title: str, *, stored: bool = False) -> Key | None:
    """The weight of the selection; asks when there are several. `stored` takes those of operators too."""
    found = weights.tensors_in(tab.document, selected_nodes(window)) if stored else keys_of(window, tab)
    names = {weight_name(tab.document.tables, *key): key for key in found}
    if not names:
        window.say("The selected layers have no weights of a known size that could be changed.")
        return None
    if len(names) == 1:
        return next(iter(names.values()))
    name, ok = QInputDialog.getItem(window, title, "Weight", list(names), 0, editable=False)
    return names[name] if ok else None


def _ask_misfit(window: MainWindow, differing: Sequence[str]) -> str | None:
    """What to do about shapes that differ; None when the person cancels."""
    if not differing:
        return KEEP
    box = QMessageBox(window)
    box.setWindowTitle("Shapes differ")
    more = f"\nand {len(differing) - 5} more" if len(differing) > 5 else ""
    box.setText("\n".join(differing[:5]) + more)
    box.setInformativeText("What does not fit can keep the overlap, be repeated, or stay out.")
    buttons = {box.addButton(text, QMessageBox.ButtonRole.AcceptRole): how for text, how in _ANSWERS.items()}
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.exec()
    return next((how for button, how in buttons.items() if button is box.clickedButton()), None)
