"""The commands on the weights of the selection: freeze, reset, resize by another choice, `.npy`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtWidgets import QComboBox, QFileDialog, QInputDialog, QMessageBox

from sketch.graph.recipes import KEEP, MADE, TILE
from sketch.graph.rows import TensorRow, shape_text
from sketch.graph.weights import WeightType
from sketch.gui import asides
from sketch.gui.dialog_parts import show_names, show_soon
from sketch.gui.edit_commands import with_tab
from sketch.gui.model_jobs import run_job
from sketch.gui.questions import show_error
from sketch.gui.reading import Reading
from sketch.gui.reasons import selected_nodes
from sketch.state.commands import weights
from sketch.state.commands.weights import SKIP, Key
from sketch.state.weight_changes import WeightChange, counted, weight_name

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow
    from sketch.state.commands.weights import Report
    from sketch.state.document import Document

_ANSWERS = {"Keep the overlap": KEEP, "Repeat": TILE, "Leave those as they are": SKIP}
LARGE = 8 << 20
"""Made tensors of more bytes than this are computed at once, as a job; smaller ones when somebody reads them."""


def freeze(window: MainWindow, *, frozen: bool = True) -> None:
    """Freeze or unfreeze all weights of the selection."""
    word = "Freeze" if frozen else "Unfreeze"

    def run(tab: CanvasTab) -> None:
        chosen = selected_nodes(window)

        def act(document: Document) -> tuple[int, int, int]:
            keys = list(weights.weights_in(document, chosen))
            return weights.freeze(document, keys, frozen), *weights.parameter_counts(document)

        def tell(found: tuple[int, int, int]) -> None:
            count, total, held = found
            done = "Froze" if frozen else "Unfroze"
            window.say(f"{done} {count} weights; {total - held:,} of {total:,} are trainable.")

        asides.edit(window, tab, f"{word} weights", act, tell, ids=chosen, stays=True)

    with_tab(window, run)


def reset(window: MainWindow) -> None:
    """Let go of the stored weights of the selection."""

    def run(tab: CanvasTab) -> None:
        chosen = selected_nodes(window)

        def act(document: Document) -> Report:
            return weights.reset_weights(document, weights.weights_in(document, chosen))

        change(window, tab, "Reset to initial values", act, many=len(chosen))

    with_tab(window, run)


def resize(window: MainWindow, *, how: str) -> None:
    """Another choice for the weights that the last edit resized."""

    def run(tab: CanvasTab) -> None:
        changes = tab.weights_bar.changes
        change(
            window, tab, "Resize weights", lambda document: weights.resize_weights(document, changes, how),
            lambda report: tab.weights_bar.offer(changes, report, how), many=len(changes),
        )  # fmt: skip

    with_tab(window, run)


def report(window: MainWindow) -> None:
    """Show the last report of weights."""
    from sketch.gui.weights_report import WeightReport

    tab = window.desk.tab
    if tab is not None:
        dialog = WeightReport(window, tab.weights_bar.report, tab.weights_bar.title)
        show_soon(dialog.show, dialog, asked=False)


def set_from_file(window: MainWindow, key: Key | None = None) -> None:
    """Ask for a `.npy` file and let a weight be its array."""
    tab = window.desk.tab
    if tab is None:
        return

    def ask(chosen: Key) -> None:
        if _has_gone(window, tab, chosen):
            return
        title = f"Set {weight_name(tab.document.tables, *chosen)}"
        path, _ = QFileDialog.getOpenFileName(window, title, str(window.folder), "Arrays (*.npy *.npz)")
        if path:
            take_file(window, tab, chosen, Path(path))

    if key is not None:
        ask(key)
    else:
        _ask_key(window, tab, "Set from a .npy file", ask)


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
    if tab.document.is_closed or _has_gone(window, tab, key):
        return  # a large file takes a while to read
    kind = weights.weights_in(tab.document, [key[0]])[key]
    name = weight_name(tab.document.tables, *key)
    have, need = shape_text(row.shape), shape_text(kind.shape)
    if len(row.shape) != len(kind.shape):
        show_error(window, f"{path.name} is {have}, {name} needs {need}; save it in that shape.")
        return
    misfit = ask_misfit(window, [] if have == need else [f"{name}: {need}, {path.name}: {have}"])
    if misfit in (None, SKIP):
        return
    given, label = dict.fromkeys(weights.tied(tab.document, key), row), f"Set {name} from {path.name}"

    def act(document: Document) -> Report:
        return weights.load_weights(document, given, str(misfit), label)

    change(window, tab, label, still_there(act, given))


def _has_gone(window: MainWindow, tab: CanvasTab, key: Key) -> bool:
    """True, and told, when the layer of a weight was removed while the person was asked about it."""
    is_gone = key[0] not in tab.document.tables.nodes
    if is_gone:
        window.say("The layer of this weight is no longer in the drawing.")
    return is_gone


def save_to_file(window: MainWindow, key: Key | None = None) -> None:
    """Ask for a place and write a weight as `.npy`."""
    tab = window.desk.tab
    if tab is None:
        return
    if key is not None:
        _save(window, tab, key)
    else:
        _ask_key(window, tab, "Save as a .npy file", lambda key: _save(window, tab, key), stored=True)


def _save(window: MainWindow, tab: CanvasTab, key: Key) -> None:
    from sketch.binder.kernel import BinderError
    from sketch.binder.surgery.arrays import row_bytes
    from sketch.binder.surgery.weights_source import write_array

    if _has_gone(window, tab, key):
        return
    name = weight_name(tab.document.tables, *key)
    path, _ = QFileDialog.getSaveFileName(
        window, f"Save {name}", str(window.folder / f"{name}.npy"), "Arrays of numpy (*.npy)"
    )
    if not path:
        return
    if _has_gone(window, tab, key):
        return  # the file dialog was open for a while
    row, store = weights.row_of(tab.document, key), cast("Any", window.services.store)

    def saved(note: str) -> None:
        window.say(f"Saved {path}{f' ({note})' if note else ''}.")

    if row_bytes(row) > LARGE:
        run_job(window, f"Save {name}", lambda _job, _runs: write_array(Path(path), store, row), saved)
        return
    try:
        saved(write_array(Path(path), store, row))
    except BinderError as error:
        show_error(window, str(error))


def change(
    window: MainWindow,
    tab: CanvasTab,
    title: str,
    act: Callable[[Document], Report],
    then: Callable[[Report], object] = lambda _report: None,
    *,
    many: int = 0,
    refused: Callable[[str], object] | None = None,
) -> bool:
    """Change the weights of a drawing, `many` of them beside the window, and then tell; False when refused at once."""

    def tell(report: Report) -> None:
        then(report)
        told(window, tab, report, title)

    is_much = many > asides.MANY
    return asides.edit(window, tab, title, act, tell, many=lambda: is_much, refused=refused, stays=True)


def still_there(act: Callable[[Document], Report], keys: Iterable[Key]) -> Callable[[Document], Report]:
    """A command on these weights, refused when all their layers have gone by the time that it is done."""
    nodes = {node for node, _ in keys}

    def checked(document: Document) -> Report:
        require_any(document, nodes)
        return act(document)

    return checked


def require_any(document: Document, nodes: Iterable[int]) -> None:
    """WeightError when none of these layers is in the drawing any more."""
    if document.tables.nodes.keys().isdisjoint(nodes):
        raise weights.WeightError("The layers of these weights are no longer in the drawing.")


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


def name_tensors(
    window: MainWindow,
    tab: CanvasTab,
    ids: Sequence[int],
    then: Callable[[dict[Key, str]], object],
    *,
    stored: bool = True,
) -> None:
    """Give the tensors of these nodes with their names to `then`, while `tab` is in front.

    Of many nodes they are read in slices. `stored` takes those of operators too.
    """
    names: dict[Key, str] = {}

    def reading() -> Iterator[None]:
        names.clear()
        found: list[Key] = []
        kinds: dict[Key, WeightType] = {}
        document = tab.document
        yield from (
            weights.reading_tensors(document, found, ids)
            if stored
            else weights.reading_weights(document, kinds, ids)
        )
        for key in found if stored else kinds:
            names[key] = weight_name(document.tables, *key)
            yield

    Reading(tab, tab.document, reading, lambda: then(names) if window.desk.tab is tab else None)


def _ask_key(
    window: MainWindow, tab: CanvasTab, title: str, then: Callable[[Key], object], *, stored: bool = False
) -> None:
    """Go on with the weight of the selection; ask when there are several. `stored` takes those of operators too."""

    def choose(names: dict[Key, str]) -> None:
        if not names:
            window.say("The selected layers have no weights of a known size that could be changed.")
        elif len(names) == 1:
            then(next(iter(names)))
        elif (name := _ask_name(window, title, names.values())) is not None:
            then({name: key for key, name in names.items()}[name])

    name_tensors(window, tab, selected_nodes(window), choose, stored=stored)


def _ask_name(window: MainWindow, title: str, names: Iterable[str]) -> str | None:
    """Which of these; None when the person cancels."""
    dialog = QInputDialog(window)
    dialog.setWindowTitle(title)
    dialog.setLabelText("Weight")
    dialog.setComboBoxItems([""])  # makes the box
    box = dialog.findChild(QComboBox)
    assert isinstance(box, QComboBox)  # noqa: S101 - for the type checker
    show_names(box, names)
    done = dialog.exec() == QInputDialog.DialogCode.Accepted
    name = box.currentText()
    dialog.deleteLater()
    return name if done else None


def ask_misfit(window: MainWindow, differing: Sequence[str]) -> str | None:
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
