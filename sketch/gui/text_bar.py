"""The bar over edited source: what state it is in, what can be done, and which class of several is meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from sketch.gui.text_syntax import ClassInText


class State(Enum):
    """What edited text is waiting for."""

    EDITED = "Edited"
    FAULTY = "Faulty"
    STALE = "Stale"
    READING = "Reading"
    RUNNING = "Running"
    CHANGING = "Changing"


_TITLES = {
    State.READING: "Reading the source",
    State.RUNNING: "Running the source",
    State.CHANGING: "Changing the lines",
}
_BUSY = tuple(_TITLES)
_SAID = {State.STALE: "The drawing has changed since you began to edit. Accepting merges your edits into it."}
_ACCEPT = {State.STALE: "Accept anyway"}
_DISCARD = {State.STALE: "Discard my edits", **dict.fromkeys(_BUSY, "Cancel")}


class EditBar(QFrame):
    """Shown while the text is edited. `discard_wanted` means cancel while the source is read or runs."""

    accept_wanted = Signal()
    discard_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.state = State.EDITED
        self._keys = ("", "")
        self.setObjectName("edit-bar")
        self.setAccessibleName("Edited source")
        self.title = QLabel()
        self.title.setProperty("role", "subheading")
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.accept = _button("Run the source and let the drawing follow", self.accept_wanted.emit)
        self.discard = _button("", self.discard_wanted.emit)
        self.classes = QComboBox()
        self.classes.setAccessibleName("Class of the network")
        self.arguments = QLineEdit()
        self.arguments.setAccessibleName("Arguments of the class")
        self.chooser = QWidget()
        self._known: list[ClassInText] = []
        self.classes.currentIndexChanged.connect(lambda _index: self._hint())
        self._lay_out()
        self.hide()

    def set_keys(self, accept: Sequence[str], discard: Sequence[str]) -> None:
        """The keys that the buttons name."""
        self._keys = (accept[0] if accept else "", discard[0] if discard else "")
        self.show_state(self.state)

    def show_state(self, state: State, text: str = "") -> None:
        """Say what the text is waiting for; `text` instead of the usual words."""
        self.state = state
        self.title.setText(_TITLES.get(state, "Edited"))
        self.text.setText(text or _SAID.get(state, ""))
        self.text.setVisible(bool(self.text.text()))
        self.text.setProperty("role", "error" if state is State.FAULTY else "")
        self.text.style().polish(self.text)
        self.accept.setText(_with_key(_ACCEPT.get(state, "Accept"), self._keys[0]))
        self.accept.setVisible(state not in _BUSY)
        self.discard.setText(_with_key(_DISCARD.get(state, "Discard"), self._keys[1]))
        self.discard.setToolTip("Stop" if state in _BUSY else "Show the source of the drawing again")
        self.chooser.setEnabled(state not in _BUSY)

    def show_share(self, share: float) -> None:
        """Say how much is done (0 to 1)."""
        self.title.setText(f"{_TITLES.get(self.state, '')}: {share:.0%}")

    def offer(self, classes: Sequence[ClassInText]) -> None:
        """Let the person choose among classes; nothing to choose hides the row."""
        if list(classes) != self._known:
            chosen = self.classes.currentData()
            self._known = list(classes)
            self.classes.blockSignals(True)
            self.classes.clear()
            for item in classes:
                self.classes.addItem(str(item), item.name)
            place = self.classes.findData(chosen)
            self.classes.setCurrentIndex(place if place >= 0 else len(classes) - 1)
            self.classes.blockSignals(False)
            self._hint()
        self.chooser.setVisible(bool(classes))

    def chosen(self) -> tuple[str, str]:
        """The class and its arguments as text; empty where there is nothing to choose."""
        if self.chooser.isHidden():
            return "", ""
        return str(self.classes.currentData() or ""), self.arguments.text().strip()

    def _hint(self) -> None:
        place = self.classes.currentIndex()
        needs = self._known[place].needs if 0 <= place < len(self._known) else ()
        self.arguments.setPlaceholderText(", ".join(f"{name}=..." for name in needs) or "no arguments")

    def _lay_out(self) -> None:
        first, second = QHBoxLayout(), QHBoxLayout(self.chooser)
        first.addWidget(self.title, 1)
        first.addWidget(self.accept)
        first.addWidget(self.discard)
        second.setContentsMargins(0, 0, 0, 0)
        second.addWidget(QLabel("Class"))
        second.addWidget(self.classes)
        second.addWidget(QLabel("Arguments"))
        second.addWidget(self.arguments, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 3, 6, 3)
        column.setSpacing(3)
        column.addLayout(first)
        column.addWidget(self.text)
        column.addWidget(self.chooser)
        self.chooser.hide()


def _button(tip: str, run: Callable[[], object]) -> QPushButton:
    made = QPushButton()
    made.setToolTip(tip)
    made.clicked.connect(lambda _on=False: run())
    return made


def _with_key(title: str, key: str) -> str:
    return f"{title} ({key})" if key else title
