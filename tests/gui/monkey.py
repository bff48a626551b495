"""Somebody who presses keys and drags things at random: the same steps for the same seed."""

import random
from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sketch.gui import edit_commands
from sketch.gui.main_window import MainWindow
from tests.gui.conftest import Hand
from tests.gui.windows import CTRL, SHIFT

NONE, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier
LAYERS = ("Input", "Conv2d", "ReLU", "Linear", "Add", "Concat", "Split", "Flatten", "LSTM", "Output")
KEYS = (
    *(
        "Escape",
        "Tab",
        "Return",
        "Delete",
        "Backspace",
        "Up",
        "Down",
        "Left",
        "Right",
        "Home",
        "E",
        "W",
        "I",
        "F",
    ),
    *("H", "G", "A", "1", "2", "3", "Space", "Comma", "Period"),
)
MODIFIERS = (NONE, NONE, NONE, CTRL, SHIFT, ALT)
WITH_KEYS = (NONE, NONE, NONE, SHIFT)
"""With Ctrl or Alt a letter may open a dialog."""
COMMANDS = (
    *("edit.undo", "edit.undo", "edit.undo", "edit.redo", "edit.redo", "edit.copy", "edit.cut", "edit.paste"),
    *("edit.duplicate", "edit.delete", "edit.delete_plain", "edit.select_all", "edit.select_type"),
    *("edit.select_before", "edit.select_after", "edit.select_inverse", "wire.break", "insert.note"),
    *("insert.frame", "frame.fit", "frame.red", "group.group", "group.group", "group.sequential"),
    *("group.ungroup", "group.enter", "group.leave", "group.fold", "group.fold", "group.unfold_all"),
    *("group.fold_all", "group.take_out", "group.duplicate_linked", "group.link", "group.unlink"),
    *(
        "group.select_linked",
        "model.make_output",
        "model.make_input",
        "view.arrange",
        "view.arrange_selection",
    ),
    *("view.turn", "view.frame_all", "view.zoom_in", "view.zoom_out", "view.highlight", "view.snap"),
    *("align.left", "align.across", "align.grid", "colour.type", "colour.parameters", "colour.problems"),
    *("go.producer", "go.consumer", "go.back", "bookmark.set_1", "bookmark.go_1"),
)
"""What asks nothing and needs no worker."""


class Monkey:
    """One person's hands on a window with a document in front."""

    def __init__(self, window: MainWindow, seed: int):
        self.window = window
        self.draw = random.Random(seed)
        self.done: list[str] = []
        """What was done so far, for whoever looks for the cause of a fault."""
        self._ways: dict[Callable[[], object], int] = {
            self.command: 8, self.key: 6, self.click: 6, self.drag: 8, self.append: 4, self.select: 4, self.repeat: 1,
        }  # fmt: skip

    def step(self) -> None:
        """Do something, and let the window answer."""
        way = self.draw.choices(list(self._ways), list(self._ways.values()))[0]
        self.done.append(way.__name__)
        way()
        while (popup := QApplication.activePopupWidget()) is not None:
            popup.close()
        QApplication.processEvents()

    # --- ways --------------------------------------------------------------------------------------

    def command(self) -> None:
        """One that can run now."""
        known = [name for name in COMMANDS if self.window.actions_[name].isEnabled()]
        self.done.append(name := self.draw.choice(known))
        self.window.actions_[name].trigger()

    def key(self) -> None:
        """A key on the canvas."""
        self._view.setFocus()
        name, modifiers = self.draw.choice(KEYS), self.draw.choice(WITH_KEYS)
        self.done.append(f"{name} {modifiers}")
        QTest.keyClick(self._view, getattr(Qt.Key, f"Key_{name}"), modifiers)

    def click(self) -> None:
        """On a layer, a port, a wire, a frame or nothing."""
        Hand(self._view).click(self._spot(), modifiers=self.draw.choice(MODIFIERS))

    def drag(self) -> None:
        """From there to somewhere else; now and then Escape or an undo comes in between."""
        hand, modifiers = Hand(self._view), self.draw.choice(MODIFIERS)
        start, end = self._spot(), self._spot()
        hand.press(start, modifiers=modifiers)
        for part in (0.1, 0.5, 1.0):
            here = (start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part)
            hand.move(here, modifiers=modifiers)
            chance = self.draw.random()
            if chance < 0.05:
                QTest.keyClick(self._view, Qt.Key.Key_Escape)
            elif chance < 0.1:
                self.window.actions_.run("edit.undo")
        hand.release(end, modifiers=modifiers)

    def append(self) -> None:
        """Click a layer in the toolbox."""
        edit_commands.append(self.window, self.draw.choice(LAYERS))

    def select(self) -> None:
        """Some layers of this canvas."""
        known = sorted(self._view.canvas.wiring.boxes)
        self._view.select(self.draw.sample(known, min(len(known), self.draw.choice((1, 2, 3, 6)))))

    def repeat(self) -> None:
        """A group that is seen, linked, where it can be repeated."""
        from sketch.gui.edit_commands import attempt
        from sketch.state import commands

        document = self.window.desk.document
        shown = [*self._view.canvas.wiring.boxes, *self._view.canvas.frames]
        groups = [key for key in shown if document.library[document.tables.nodes[key].layer].group]
        if groups and len(document.tables.nodes) < 150:
            group = self.draw.choice(groups)
            attempt(self.window, lambda: commands.repeat(document, group, 2))

    # --- inside ------------------------------------------------------------------------------------

    @property
    def _view(self):
        return self.window.desk.view

    def _spot(self) -> tuple[float, float]:
        """A point of the scene, in view, that means something."""
        wiring, draw, view = self._view.canvas.wiring, self.draw, self._view
        places = [frame.rect for frame in wiring.frames.values()] + list(wiring.boxes.values())
        found = QPointF(draw.uniform(-400, 400), draw.uniform(-300, 700))
        if places and draw.random() < 0.7:
            box = draw.choice(places)
            across = draw.choice((box.left, box.x, box.right, draw.uniform(box.left, box.right)))
            found = QPointF(across, draw.choice((box.top, box.top + 8, box.y, box.bottom)))
        elif wiring.lines and draw.random() < 0.6:
            line = draw.choice(list(wiring.lines.values()))
            one, other = line.points[:2]
            found = QPointF((one[0] + other[0]) / 2, (one[1] + other[1]) / 2)
        shown = view.viewport().rect().contains(view.mapFromScene(found))
        return found.toTuple() if shown else view.mapToScene(view.viewport().rect().center()).toTuple()
