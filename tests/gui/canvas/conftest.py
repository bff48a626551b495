"""A shown canvas and a small chain on it."""

from collections.abc import Callable, Iterator

import pytest

from sketch.gui.canvas.view import CanvasView
from sketch.state import commands
from sketch.state.document import Document


def chain(document: Document, *layers: str, x: float = 0.0, y: float = 0.0, parent=None) -> list[int]:
    """Layers one below the other, wired; their ids."""
    ids: list[int] = []
    for number, layer in enumerate(layers):
        made = commands.add_layer(document, layer, (x, y + 100.0 * number), parent=parent)
        if ids:
            commands.connect(document, ids[-1], 0, made)
        ids.append(made)
    return ids


@pytest.fixture
def canvas(document, light, show) -> Iterator[Callable[..., CanvasView]]:
    """Shows a view of the document; `canvas(group)` shows a group's canvas. Zoom is 1, (0, 150) in the middle."""
    views = []

    def made(group: int | None = None) -> CanvasView:
        view = CanvasView(document, light, parent_group=group)
        views.append(view)
        show(view)
        view.restore_view({"zoom": 1.0, "x": 0.0, "y": 150.0})
        return view

    yield made
    for view in views:
        view.close_document()
        view.close()
