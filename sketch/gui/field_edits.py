"""What the fields of the node editor do to the document: each change is one command, refusals are said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sketch.graph.errors import GraphError
from sketch.gui.desk import Desk
from sketch.state.document_view import TakesLongError

if TYPE_CHECKING:
    from sketch.state.document import Document


class FieldEdits:
    """Changes `ids()`, the layers that the form is about. `complain(name, text)` says a refusal at its field."""

    def __init__(self, desk: Desk, ids: Callable[[], Sequence[int]], complain: Callable[[str, str], object]):
        self._desk = desk
        self._ids = ids
        self._complain = complain
        self._gesture = 0

    def set(self, name: str, value: Any) -> None:
        """Give all layers a parameter; what is typed until the gesture ends is one step."""
        from sketch.state import commands

        ids = tuple(self._ids())
        gesture = ("field", id(self), ids, name, self._gesture)
        self._try(name, lambda document: commands.set_param(document, ids, name, value, gesture=gesture))

    def reset(self, name: str) -> None:
        """Let a parameter have its default, or follow the input, again."""
        from sketch.state import commands

        self._try(name, lambda document: commands.reset_param(document, self._ids(), name))

    def rename(self, text: str) -> None:
        """Give the one layer another name."""
        from sketch.state import commands

        self._try("", lambda document: commands.rename(document, self._ids()[0], text))

    def end_gesture(self) -> None:
        """What is typed from now on is another step."""
        self._gesture += 1

    def _try(self, name: str, change: Callable[[Document], object]) -> None:
        document, view = self._desk.document, self._desk.view
        if document is None or view is None:
            return
        try:
            with document.briefly():
                change(document)
        except TakesLongError:
            view.on_nodes("Change of parameters", change, None)
        except GraphError as error:
            self._complain(name, str(error))
            self._desk.say(str(error))
