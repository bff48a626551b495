"""What the fields of the node editor do to the document: each change is one command, refusals are said."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from sketch.gui.desk import Desk

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
        change = partial(commands.set_param, ids=ids, name=name, value=value, gesture=gesture)
        self._change(name, change, ids)

    def reset(self, name: str) -> None:
        """Let a parameter have its default, or follow the input, again."""
        from sketch.state import commands

        ids = tuple(self._ids())
        self._change(name, partial(commands.reset_param, ids=ids, name=name), ids)

    def rename(self, text: str) -> None:
        """Give the one layer another name."""
        from sketch.state import commands

        node_id = self._ids()[0]
        self._change("", partial(commands.rename, node_id=node_id, name=text), (node_id,))

    def end_gesture(self) -> None:
        """What is typed from now on is another step."""
        self._gesture += 1

    def _change(self, name: str, change: Callable[[Document], object], ids: Collection[int]) -> None:
        def refused(reason: str) -> None:
            self._complain(name, reason)
            self._desk.say(reason)

        if self._desk.view is not None:
            self._desk.view.change("Change of parameters", change, ids=ids, refused=refused, stays=True)
