"""The settings: every option of settings.yaml by its type, and the page of keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from sketch.graph.specs import ParamSpec
from sketch.gui.form_page import lead_tab
from sketch.gui.key_page import KeyPage
from sketch.gui.param_fields import ParamField, make_field
from sketch.gui.slices import Slices, Walk
from sketch.state.settings import PRESET, Option, Settings, SettingsError

if TYPE_CHECKING:
    from sketch.gui.actions import ActionSet

PAGES: Mapping[str, tuple[str, ...]] = {
    "Look": ("appearance.theme", "appearance.toolbar", "text.follow", "text.font_size", "text.wrap"),
    "Canvas": (
        "canvas.grid", "canvas.snap", "canvas.grid_size", "canvas.shapes", "canvas.parameters", "canvas.values",
        "canvas.badges", "canvas.wires", "canvas.zoom_speed", "canvas.wheel", "canvas.left_drag", "canvas.highlight",
    ),
    "Behaviour": (
        "edit.rejoin", "edit.append_wired", "compile.kernel", "compile.verify", "compile.opset", "session.restore",
        "session.recent", "log.level",
    ),
}  # fmt: skip
"""Title of a page -> the options on it."""
KEYS = "Shortcuts"
"""The page of keys."""


class SettingsDialog(QDialog):
    """Changes take effect at once; there is nothing to confirm."""

    _kept = Signal()

    def __init__(self, parent: QWidget, settings: Settings, actions: ActionSet):
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.resize(720, 660)
        self._settings = settings
        self._fields: dict[str, ParamField] = {}
        self._note = QLabel(settings.warning)
        self._note.setProperty("role", "error")
        self._note.setWordWrap(True)
        self._note.setVisible(bool(settings.warning))
        self.pages: dict[str, QWidget] = {}
        """The pages that are there, by title; a page is built when it is turned to, and shown when it is whole."""
        self.tabs = QTabWidget()
        self._walks: dict[str, Walk] = {}
        for title in (*PAGES, KEYS):
            self.tabs.addTab(QWidget() if title == KEYS else _empty_page(), title)
        self.tabs.currentChanged.connect(lambda _index: self._build())
        self._actions = actions
        self._first = Slices(self)
        self._first.last(self._build)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.accept)
        self._kept.connect(lambda: self._say(settings.warning), Qt.ConnectionType.QueuedConnection)
        for leave in (settings.subscribe(self._follow), settings.watch(self._kept.emit)):
            self.finished.connect(lambda _how, leave=leave: leave())
        column = QVBoxLayout(self)
        for widget in (self.tabs, self._note, buttons):
            column.addWidget(widget)

    def turn_to(self, title: str) -> None:
        """Bring a page to the front by its title."""
        for index in range(self.tabs.count()):
            if self.tabs.tabText(index) == title:
                self.tabs.setCurrentIndex(index)

    def _build(self) -> None:
        """Begin with the page in front."""
        title, place = self.tabs.tabText(self.tabs.currentIndex()), self.tabs.currentWidget()
        if title not in self._walks and place is not None:
            self._walks[title] = Walk(self, self._steps(title, place))
            self._walks[title].begin()

    def _steps(self, title: str, place: QWidget) -> Iterator[None]:
        """Build a page unseen, a row a step, then show it."""
        whole: QWidget
        if title == KEYS:
            whole = keys = KeyPage(self._settings, (row for row, _action in self._actions), place)
            keys.hide()
            yield
            yield from keys.build()
        else:
            whole = area = QScrollArea(place)
            area.hide()
            yield from self._rows(PAGES[title], area)
        lead_tab(self.tabs.tabBar(), whole)
        yield
        column = QVBoxLayout(place)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(whole)
        whole.show()
        self.pages[title] = whole

    def _rows(self, names: tuple[str, ...], area: QScrollArea) -> Iterator[None]:
        page = _empty_page()
        area.setWidgetResizable(True)
        area.setWidget(page)
        form = QFormLayout(page)
        form.setContentsMargins(16, 12, 16, 12)
        form.setHorizontalSpacing(18)
        form.setVerticalSpacing(8)
        for name in names:
            option = self._settings.option(name)
            label = QLabel(option.doc, page)
            label.setWordWrap(True)
            label.setMinimumWidth(300)
            form.addRow(label, self._field(option, page))
            yield

    def _field(self, option: Option, page: QWidget) -> ParamField:
        field = make_field(_as_param(option), page, live=False)
        field.show_value(self._settings.get(option.name))
        self._fields[option.name] = field
        field.edited.connect(lambda value: self._set(option, field, value))
        field.refused.connect(self._say)
        return field

    def _say(self, text: str) -> None:
        self._note.setText(text)
        self._note.setVisible(bool(text))

    def _follow(self, name: str) -> None:
        """A preset of keys may say what the mouse does."""
        if name == PRESET:
            for option, field in self._fields.items():
                field.show_value(self._settings.get(option))

    def _set(self, option: Option, field: ParamField, value: Any) -> None:
        try:
            self._settings.set(option.name, value)
            self._say(self._settings.warning)
        except SettingsError as error:
            self._say(str(error))
        field.show_value(self._settings.get(option.name))


def _empty_page() -> QWidget:
    page = QWidget()
    page.setProperty("role", "page")
    page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    return page


def _as_param(option: Option) -> ParamSpec:
    return ParamSpec(
        option.name, option.type, option.default, choices=option.choices, min=option.min, max=option.max,
        optional=option.optional, doc=option.doc,
    )  # fmt: skip
