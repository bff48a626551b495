"""Somebody who presses keys and drags things at random: the same steps for the same seed."""

import random
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sketch.gui import edit_commands
from sketch.gui.edit_commands import attempt
from sketch.gui.group_commands import insert_block
from sketch.gui.main_window import MainWindow
from sketch.state import blocks, commands
from sketch.state.commands import weights
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
    *("go.producer", "go.consumer", "go.back", "bookmark.set_1", "bookmark.go_1", "bookmark.set_2"),
    *(
        "bookmark.go_2",
        "bookmark.clear",
        "go.forward",
        "group.show_wires",
        "weights.freeze",
        "weights.unfreeze",
    ),
    *("weights.reset", "weights.keep", "weights.tile", "weights.copy", "edit.select_none"),
)
"""What asks nothing and needs no worker."""
MOST_PARAMETERS = 5_000_000
"""A block with more is not published: the numbers of its weights are computed then."""
PARAMS = (
    *(
        ("out_channels", 8),
        ("out_channels", 3),
        ("kernel_size", 3),
        ("stride", 2),
        ("padding", 1),
        ("bias", False),
    ),
    *(
        ("out_features", 10),
        ("out_features", 4),
        ("dim", 1),
        ("chunks", 3),
        ("shape", ("N", 3, 32, 32)),
        ("p", 0.1),
    ),
)


class Monkey:
    """One person's hands on a window with a document in front."""

    def __init__(self, window: MainWindow, seed: int):
        self.window = window
        self.draw = random.Random(seed)
        self.done: list[str] = []
        """What was done so far, for whoever looks for the cause of a fault."""
        self._ways: dict[Callable[[], object], int] = {
            self.command: 8, self.key: 6, self.click: 6, self.drag: 8, self.append: 4, self.select: 4, self.repeat: 1,
            self.set: 4, self.retype: 1, self.put: 2, self.wire: 3, self.go: 1, self.publish: 1, self.weigh: 1,
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
        groups = self._groups()
        if groups and len(self._document.tables.nodes) < 150:
            group = self.draw.choice(groups)
            attempt(self.window, lambda: commands.repeat(self._document, group, 2))

    def set(self) -> None:
        """A number in a field of what is selected."""
        ids, (name, value) = self._chosen(), self.draw.choice(PARAMS)
        if ids:
            self._view.change("Set", partial(commands.set_param, ids=ids, name=name, value=value), ids=ids)

    def retype(self) -> None:
        """Another type for what is selected."""
        ids, layer = self._chosen(), self.draw.choice(LAYERS)
        if ids:
            self._view.change("Retype", partial(commands.replace_layers, ids=ids, layer=layer), ids=ids)

    def put(self) -> None:
        """A layer into a wire, at the end of one, or anywhere."""
        point = QPointF(*self._spot())
        group, place = self._view.landing(point)
        edges = sorted(self._view.canvas.wiring.lines, key=str)
        wire = self.draw.choice(edges) if edges and self.draw.random() < 0.7 else None
        if wire is not None and self.draw.random() < 0.3:
            wire = (wire.source, wire.out, "out")
        elif wire is not None:
            place = self._view.at_wire(wire, point)
        layer = self.draw.choice(LAYERS)
        self._view.change("Put", partial(commands.add_at, layer=layer, place=place, wire=wire, parent=group))

    def wire(self) -> None:
        """A wire between two layers of the network, or the end of one elsewhere."""
        nodes = self._document.tables.nodes
        if len(nodes) < 2:
            return
        one, other = self.draw.sample(sorted(nodes), 2)
        edges = sorted(nodes[other].prior, key=str)
        if edges:
            edge = self.draw.choice(edges)
            self._view.change("Wire", partial(commands.reconnect, edge=edge, source_end=(one, 0)))
        else:
            self._view.change("Wire", partial(commands.connect, source=one, out=0, target=other))

    def go(self) -> None:
        """To any state of the history, and mostly back."""
        history = self._document.history
        here, steps = history.cursor, [entry.sequence for entry in history.entries()]
        edit_commands.jump(self.window, self.draw.choice(steps[-8:]))
        if self.draw.random() < 0.8:
            edit_commands.jump(self.window, here)

    def publish(self) -> None:
        """A group becomes a block of the toolbox, and a copy of a block comes back."""
        groups, known = self._groups(), blocks.names()
        if groups and len(known) < 3 and self._document.inference.total_parameters < MOST_PARAMETERS:
            group, linked = self.draw.choice(groups), self.draw.random() < 0.5
            attempt(
                self.window, lambda: blocks.save(self._document, group, f"block {len(known)}", linked=linked)
            )
        elif known and len(self._document.tables.nodes) < 150:
            group, place = self._view.landing(QPointF(*self._spot()))
            insert_block(self.window, self.window.desk.tab, self.draw.choice(known), place, group)

    def weigh(self) -> None:
        """Stored weights for every layer."""
        keys = list(weights.weights_in(self._document))
        self._view.change("Weigh", partial(weights.initialise, keys=keys, scheme="xavier_uniform"))

    # --- inside ------------------------------------------------------------------------------------

    @property
    def _document(self):
        return self.window.desk.document

    def _chosen(self) -> list[int]:
        return [key for key in self._view.selected() if key in self._document.tables.nodes]

    def _groups(self) -> list[int]:
        """The groups that are seen."""
        nodes, library = self._document.tables.nodes, self._document.library
        shown = [*self._view.canvas.wiring.boxes, *self._view.canvas.frames]
        return [key for key in shown if library[nodes[key].layer].group]

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
