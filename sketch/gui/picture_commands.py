"""The commands that make pictures of the canvas, and their making in slices while the window lives."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QMimeData, QObject, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QProgressDialog

from sketch.gui import background
from sketch.gui.canvas import indexing
from sketch.gui.picture import SUFFIXES, Picture
from sketch.gui.picture_painting import Colours, Painting, PictureOptions
from sketch.gui.questions import show_error
from sketch.gui.theme import load_theme

if TYPE_CHECKING:
    from sketch.binder.job import Job
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow

SLICE = 0.006
"""Seconds of painting between two looks at what the person does."""
SOON_MS = 300
"""What is over by then needs no dialog."""


@dataclass(frozen=True)
class Wanted:
    """What becomes a picture (`canvas`, `selection` or `group`) and how; an empty theme is that of the window."""

    what: str = "canvas"
    theme: str = ""
    transparent: bool = False
    shapes: bool = True
    parameters: bool = True
    legend: bool = False
    scale: float = 2.0


class PictureMaker(QObject):
    """Paints a picture slice by slice; a dialog shows how far it is, and cancels it. Then it calls `then`.

    The picture is not finished then: a thread does that, with what follows. The painting is closed afterwards, unless
    it was painted to the end and `keeps` says that it is needed again.
    """

    def __init__(
        self,
        window: MainWindow,
        painting: Painting,
        suffix: str,
        then: Callable[[Picture], object],
        *,
        keeps: bool = False,
    ):
        super().__init__(window)
        self._window, self._still = window, background.unchanged(painting.document)
        self._then, self._keeps, self._painting = then, keeps, painting
        self._picture: Picture | None = None
        self._steps = self._work(painting, suffix)
        # Single shots: the dialog lets events pass while it is told how far the work is.
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._slice)
        self.dialog = QProgressDialog("Painting the picture", "Cancel", 0, 1000, window)
        self.dialog.setWindowTitle("Save a picture")
        self.dialog.setMinimumDuration(SOON_MS)
        self.dialog.setAutoReset(False)
        self.dialog.setModal(True)  # what is being painted may not change
        self.dialog.setValue(0)
        self._timer.start()

    def _work(self, painting: Painting, suffix: str) -> Iterator[float]:
        for _ in painting.measure():
            yield 0.0
        self._picture = Picture(painting, suffix)
        yield from self._picture.steps()

    def _slice(self) -> None:
        if not self._still():
            self._window.say("The drawing changed while its picture was painted; do it again.")
        if self.dialog.wasCanceled() or not self._still():
            self._end(done=False)
            return
        end, share = time.perf_counter() + SLICE, 0.0
        while time.perf_counter() < end:
            following = next(self._steps, None)
            if following is None:
                self._end(done=True)
                return
            share = following
        self.dialog.setValue(int(999 * share))
        self._timer.start()

    def _end(self, *, done: bool) -> None:
        self._timer.stop()
        self.dialog.close()
        self.dialog.deleteLater()
        self.deleteLater()
        if not (done and self._keeps):
            self._painting.close()
        self._steps = iter(())
        if self._picture is None:
            return
        if done:
            self._then(self._picture)
        else:
            threading.Thread(target=self._picture.let_go, name="let go", daemon=True).start()


def selected_group(tab: CanvasTab) -> int | None:
    """The group that is selected alone."""
    chosen, nodes = tab.view.selected(), tab.document.tables.nodes
    alone = chosen[0] if len(chosen) == 1 and chosen[0] in nodes else None
    return alone if alone is not None and tab.document.library[nodes[alone].layer].group else None


def painting_of(window: MainWindow, tab: CanvasTab, wanted: Wanted) -> Painting:
    """The painting of what is wanted of a tab, in the colours that it has."""
    colours, canvas = tab.colours, tab.view.canvas
    options = PictureOptions(
        load_theme(wanted.theme) if wanted.theme else window.theme, wanted.transparent, wanted.shapes,
        wanted.parameters, wanted.legend, wanted.scale, canvas.badges.shown,
    )  # fmt: skip
    chosen = selected_group(tab) if wanted.what == "group" else None
    group, wiring = (tab.group, canvas.wiring) if chosen is None else (chosen, None)
    if wiring is not None:
        indexing.keep(wiring, indexing.copied(canvas.boxes, canvas.edges.lines))
    only = tab.view.selected() if wanted.what == "selection" else None
    used = None if colours.is_plain and not wanted.legend else Colours(colours.rule, colours.colouring)
    return Painting(
        tab.document, group, options, look=canvas.ink.options, wiring=wiring, only=only, hidden=colours.hidden_ids,
        colours=used,
    )  # fmt: skip


def save_picture(window: MainWindow) -> None:
    """Ask what and how, then where, and write the picture."""
    from sketch.gui.picture_dialog import PictureDialog

    tab = window.desk.tab
    if tab is None:
        return
    dialog = PictureDialog(window, tab)
    if dialog.exec() != PictureDialog.DialogCode.Accepted:
        return
    if dialog.copies:
        copy(window, tab, dialog.wanted)
        return
    target = _target(window, tab.document.name, dialog.suffix)
    if target is not None:
        save(window, tab, dialog.wanted, target)


def copy_picture(window: MainWindow) -> None:
    """Put the selection, or the canvas, on the clipboard as a picture."""
    tab = window.desk.tab
    if tab is not None:
        options = tab.view.canvas.ink.options
        what = "selection" if tab.view.selected() else "canvas"
        copy(window, tab, Wanted(what, "", False, options.shapes, options.parameters, tab.colours.has_legend))


def save(window: MainWindow, tab: CanvasTab, wanted: Wanted, target: Path) -> None:
    """Write a picture of what is wanted, by the suffix of the target."""

    def write(made: Picture) -> None:
        def body(_task: Job) -> None:
            try:
                made.save(target)
            finally:
                made.let_go()

        background.run(
            window.jobs, f"Write {target.name}", body,
            lambda _none: window.say(" ".join(filter(None, (f"Saved {target}.", made.note)))),
            failed=lambda text: show_error(window, text),
            at_once=made.is_small,
        )  # fmt: skip

    PictureMaker(window, painting_of(window, tab, wanted), target.suffix.lower(), write)


def copy(window: MainWindow, tab: CanvasTab, wanted: Wanted) -> None:
    """Put a picture on the clipboard, as pixels and as SVG."""
    painting = painting_of(window, tab, wanted)

    def pixels(vectors: Picture) -> None:
        PictureMaker(window, painting, ".png", partial(_put_on_clipboard, window, vectors))

    PictureMaker(window, painting, ".svg", pixels, keeps=True)


def _put_on_clipboard(window: MainWindow, vectors: Picture, pixels: Picture) -> None:
    """Both forms; the bytes of a file, too: else Qt would compress the pixels when another program asks for them."""

    def body(_task: Job) -> QMimeData:
        found = QMimeData()
        for kind, made in (("image/svg+xml", vectors), ("image/png", pixels)):
            held = QByteArray()
            for piece in made.pieces():
                held.append(piece)
            found.setData(kind, held)
        found.setImageData(pixels.image)
        vectors.let_go()
        pixels.let_go()
        return found

    def then(found: QMimeData) -> None:
        QGuiApplication.clipboard().setMimeData(found)
        window.say(" ".join(filter(None, ("The picture is on the clipboard.", pixels.note))))

    small = vectors.is_small and pixels.is_small
    background.run(window.jobs, "Copy the picture", body, then, at_once=small)


def _target(window: MainWindow, name: str, suffix: str) -> Path | None:
    start = str(window.folder / f"{name}{suffix}")
    kinds = f"Picture (*{suffix})"
    path, _ = QFileDialog.getSaveFileName(window, "Save a picture", start, kinds)
    if not path:
        return None
    target = Path(path)
    return target if target.suffix.lower() in SUFFIXES else target.with_name(target.name + suffix)
