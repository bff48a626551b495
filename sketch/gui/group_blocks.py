"""Blocks of the person's own in the window: publishing a group, and what can be done with one in the toolbox."""

from __future__ import annotations

from html import escape
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QSize, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPlainTextEdit,
)  # fmt: skip
from shiboken6 import isValid

from sketch.graph.delta import Change
from sketch.graph.element_types import bits_of
from sketch.graph.errors import GraphError
from sketch.graph.library import LayerLibrary
from sketch.graph.lifting import descendants
from sketch.graph.rows import Node
from sketch.graph.tables import Tables
from sketch.gui import asides, background
from sketch.gui.dialog_parts import OK, FaultLabel, dialog_column, ok_cancel
from sketch.gui.edit_commands import attempt, with_tab
from sketch.gui.group_commands import BLOCK_FILES
from sketch.gui.reasons import selected_nodes
from sketch.gui.theme import Theme
from sketch.gui.thumbnails import graph_image
from sketch.state import blocks
from sketch.state.block_file import SUFFIX
from sketch.state.blocks import LARGE_BYTES, Block

if TYPE_CHECKING:
    from sketch.gui.canvas_tab import CanvasTab
    from sketch.gui.main_window import MainWindow
    from sketch.state.document import Document

PICTURE = QSize(150, 150)


def save_block(window: MainWindow) -> None:
    """Keep the selected group under its own name; where that is taken, ask."""

    def run(tab: CanvasTab) -> None:
        node = tab.document.tables.nodes[selected_nodes(window)[0]]
        if node.name in blocks.names():
            publish(window)
            return
        _keep(window, tab, node.id, Block(node.name))

    with_tab(window, run)


def publish(window: MainWindow) -> PublishDialog | None:
    """Ask for name and description, and keep the selected group in the toolbox."""
    tab = window.desk.tab
    if tab is None:
        return None
    dialog = PublishDialog(window, tab, selected_nodes(window)[0])
    dialog.open()
    return dialog


class PublishDialog(QDialog):
    """Name, description, picture; a name that is taken has to be confirmed by pressing the button once more."""

    def __init__(self, window: MainWindow, tab: CanvasTab, group: int):
        super().__init__(window)
        self.setWindowTitle("Publish to the toolbox")
        self.setMinimumWidth(520)
        self._window, self._tab, self._group = window, tab, group
        self._confirmed = ""
        self.name = QLineEdit(tab.document.tables.nodes[group].name)
        self.name.setMaxLength(blocks.LONGEST_NAME)
        self.description = QPlainTextEdit()
        self.description.setPlaceholderText("What it is for")
        self.description.setTabChangesFocus(True)
        self.description.setFixedHeight(84)
        self.linked = QCheckBox("Link the copies in one document")
        self.linked.setToolTip("What you edit in one copy changes in all; weights are separate")
        self.picture = QLabel()
        self.fault = FaultLabel()
        self.buttons = ok_cancel(self._apply, self.reject, "Publish")
        self._lay_out()
        self.name.textChanged.connect(lambda _text: self._warn(""))
        self._recall()
        self.name.selectAll()
        self._draw()

    def _draw(self) -> None:
        window, document, group = self._window, self._tab.document, self._group
        rows, theme, ratio = background.rows(document), window.theme, self.devicePixelRatioF()
        background.run(
            window.jobs, "Draw the block", lambda _task: preview(rows, document.library, group, theme, ratio),
            lambda image: self.picture.setPixmap(QPixmap.fromImage(image)),
            still=lambda: isValid(self), at_once=not asides.are_many(document, [group]),
        )  # fmt: skip

    def _lay_out(self) -> None:
        picture = self.picture
        picture.setProperty("role", "card")
        picture.setFixedSize(PICTURE + QSize(12, 12))
        picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        picture.setAccessibleName("Picture of the block")
        form = QFormLayout()
        form.addRow("Name", self.name)
        form.addRow("Description", self.description)
        form.addRow("", self.linked)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(form, 1)
        column = dialog_column(self)
        column.addLayout(row)
        column.addWidget(self.fault)
        column.addWidget(self.buttons)

    def _recall(self) -> None:
        """What was said of the block of this name before."""
        if self.name.text() in blocks.names():
            known = blocks.about(self.name.text())
            self.description.setPlainText(known.description)
            self.linked.setChecked(known.linked)

    def _warn(self, text: str) -> None:
        self.fault.say(text)
        self.buttons.button(OK).setText("Replace" if text and self._confirmed else "Publish")

    def _apply(self) -> None:
        name = self.name.text().strip()
        if name in blocks.names() and self._confirmed != name:
            self._confirmed = name
            self._warn(f"There is a block '{name}' already. Press Replace to put this one in its place.")
            return
        try:
            blocks.check_name(name)
        except GraphError as error:
            self._confirmed = ""
            self._warn(str(error))
            return
        wanted = Block(name, self.description.toPlainText().strip(), linked=self.linked.isChecked())
        _keep(self._window, self._tab, self._group, wanted)
        self.accept()


def attach(window: MainWindow) -> None:
    """Give blocks in the toolbox their menu."""
    toolbox = window.panels.toolbox
    toolbox.block_menu_wanted.connect(lambda name, place: block_menu(window, name, place))


def block_menu(window: MainWindow, name: str, place: QPoint) -> QMenu:
    """Rename, export and delete a block, and take one in."""
    menu = QMenu(window)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.addAction("Rename...").triggered.connect(lambda: _rename(window, name))
    menu.addAction("Export...").triggered.connect(lambda: _export(window, name))
    menu.addAction(window.actions_["group.import_block"])
    menu.addSeparator()
    menu.addAction("Delete").triggered.connect(lambda: _delete(window, name))
    menu.popup(place)
    return menu


def block_tip(name: str) -> str:
    """The tool tip of a block: its name, what it is for, its picture."""
    try:
        known = blocks.about(name)
    except blocks.BlockError:
        return name
    picture = f'<br><img src="{escape(str(known.picture))}">' if known.picture is not None else ""
    linked = "<br>Copies in one document are linked." if known.linked else ""
    text = f"<br>{escape(known.description)}" if known.description else ""
    return f"<b>{escape(name)}</b>{text}{linked}{picture}<br>Drag it to the canvas, or click to append it."


def preview(tables: Tables, library: LayerLibrary, group: int, theme: Theme, ratio: float) -> QImage:
    """A small picture of what is in a group, on any thread."""
    inside = dict.fromkeys(descendants(tables, group))
    alone = Tables()
    alone.apply(tuple(Change("nodes", n, None, _alone(tables.nodes[n], group, inside)) for n in inside))
    return graph_image(alone, library, PICTURE, theme, ratio)


def png(image: QImage) -> bytes:
    """A picture as the bytes of a PNG."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stub says bytes, which are refused
    return bytes(content.data())


def _alone(row: Node, group: int, inside: dict[int, None]) -> Node:
    prior = tuple(edge for edge in row.prior if edge.source in inside)
    following = tuple(edge for edge in row.next if edge.target in inside)
    parent = None if row.parent == group else row.parent
    return Node(row.id, row.layer, row.name, row.params, prior, following, parent)


def _keep(window: MainWindow, tab: CanvasTab, group: int, wanted: Block) -> None:
    """Keep a group as a block with its picture, beside the window when it is large."""
    theme, ratio = window.theme, window.devicePixelRatioF()

    def shown(made: Block) -> None:
        window.show_blocks()
        window.say(f"Saved the block '{made.name}'; it is in the toolbox under My blocks.")

    def save(document: Document) -> Block:
        picture = preview(document.tables, document.library, group, theme, ratio)
        return blocks.save(
            document, group, wanted.name, wanted.description, linked=wanted.linked, picture=png(picture)
        )

    asides.edit(
        window, tab, f"Publish {wanted.name}", save, shown,
        ids=[group], many=lambda: weight_bytes(tab.document, group) > LARGE_BYTES, stays=True,
    )  # fmt: skip


def weight_bytes(document: Document, group: int) -> int:
    """How many bytes the stored weights in a group are."""
    tables = document.tables
    inside = (tables.weights_of(n).values() for n in descendants(tables, group))
    rows = [tables.tensors[tensor] for tensor in {tensor for found in inside for tensor in found}]
    return sum(prod(row.shape) * bits_of(row.dtype) // 8 for row in rows)


def _rename(window: MainWindow, name: str) -> None:
    new, accepted = QInputDialog.getText(window, "Rename the block", "Name", QLineEdit.EchoMode.Normal, name)
    if accepted and new.strip() and new.strip() != name:
        attempt(window, lambda: blocks.rename(name, new.strip()))
        window.show_blocks()


def _export(window: MainWindow, name: str) -> None:
    suggested = str(window.folder / f"{name.replace('/', '-')}{SUFFIX}")
    path, _ = QFileDialog.getSaveFileName(window, "Export the block", suggested, BLOCK_FILES)
    if path:
        target = Path(path)
        target = target if target.suffix else target.with_suffix(SUFFIX)
        background.run(
            window.jobs, f"Export {name}", lambda task: blocks.export(name, target, task.step),
            lambda _done: window.say(f"The block '{name}' is in {target.name}."),
            failed=window.say, at_once=not blocks.is_large(name),
        )  # fmt: skip


def _delete(window: MainWindow, name: str) -> None:
    answer = QMessageBox.question(
        window, "Delete the block", f"Delete the block '{name}' from the toolbox? This cannot be undone."
    )
    if answer == QMessageBox.StandardButton.Yes:
        attempt(window, lambda: blocks.remove(name))
        window.show_blocks()
