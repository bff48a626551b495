"""What the canvas costs beside a bare Qt scene of the same size, in one run on one machine.

    python -m benchmarks.canvas [nodes ...]

CPU milliseconds, medians. The bare scene holds plain rectangles and lines, painted by Qt's own C++ items: no
text, no ports, no mirror of a document. Exit status 1 when a budget is exceeded.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication, QGraphicsScene, QGraphicsView

from sketch.graph.arrange import arrange
from sketch.graph.draft import Draft
from sketch.graph.library import LayerLibrary
from sketch.gui.canvas.view import CanvasView
from sketch.gui.theme import load_theme
from sketch.resources_root import resource_root
from sketch.state import commands
from sketch.state.document import Document

SIZE = (1600, 1000)
ROUNDS = 9
BUDGETS = {"fit": 0.8, "read": 18.0, "pan": 8.0, "open": 22.0}
"""Most times the bare scene's cost. Where the bare scene paints rectangles, the canvas paints cards with text."""


class FolderStore:
    """All that a document asks of its store here."""

    folder = Path(tempfile.gettempdir())


def transformer(document: Document, count: int) -> None:
    """A tower of attention blocks that all read one mask; about `count` nodes, arranged."""

    def edit(draft: Draft) -> None:
        def add(layer: str, *sources: int) -> int:
            node = draft.add(layer)
            for source in sources:
                into = draft.free_input(node)
                draft.connect(source, 0, node, 0 if into is None else into, check_cycle=False)
            return node

        x, mask, made = add("Input"), add("Input"), 2
        while made < count:
            q, k, v = (add("Linear", x) for _ in range(3))
            scores = add("Softmax", add("Add", add("MatMul", q, add("Transpose", k)), mask))
            y = add("LayerNorm", add("Add", add("Linear", add("MatMul", scores, v)), x))
            x = add("LayerNorm", add("Add", add("Linear", add("GELU", add("Linear", y))), y))
            made += 15

    document.edit("Build", edit)


def cpu(action: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Median CPU milliseconds of an action."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        action()
        times.append((time.process_time() - start) * 1000)
    return median(times)


def bare_view(view: CanvasView) -> QGraphicsView:
    """The same boxes and wires as plain rectangles and lines."""
    bare = QGraphicsView()
    scene = QGraphicsScene(bare)
    bare.setScene(scene)
    for box in view.canvas.wiring.boxes.values():
        scene.addRect(box.left, box.top, box.width, box.height)
    for line in view.canvas.wiring.lines.values():
        (x1, y1), (x2, y2) = line.points[0], line.points[-1]
        scene.addLine(x1, y1, x2, y2)
    bare.setRenderHint(QPainter.RenderHint.Antialiasing)
    bare.setSceneRect(view.canvas.sceneRect())
    return bare


def frames(view: QGraphicsView) -> dict[str, float]:
    """CPU milliseconds a frame: everything in view, at reading size, and panning there."""
    view.resize(*SIZE)
    view.show()
    QApplication.processEvents()
    everything = view.scene().itemsBoundingRect()
    found = {}
    view.resetTransform()
    view.scale(0.1, 0.1)
    view.centerOn(everything.center())
    mirror_zoom(view)
    found["fit"] = cpu(lambda: view.viewport().repaint())
    view.resetTransform()
    view.centerOn(everything.center())
    mirror_zoom(view)
    found["read"] = cpu(lambda: view.viewport().repaint())
    found["pan"] = cpu(lambda: pan(view))
    return found


def mirror_zoom(view: QGraphicsView) -> None:
    """Let the canvas know of a scale set behind its back."""
    if isinstance(view, CanvasView):
        view.zoom(1.0)
    QApplication.processEvents()


def pan(view: QGraphicsView) -> None:
    """Scroll diagonally by 12 px and paint what that uncovers."""
    for bar in (view.horizontalScrollBar(), view.verticalScrollBar()):
        bar.setValue(bar.value() + 12)
    QApplication.processEvents()


def run(count: int, library: LayerLibrary) -> dict[str, tuple[float, float]]:
    """name -> (canvas, bare scene), CPU ms."""
    document = Document(library, store=FolderStore(), folder=None)  # type: ignore[arg-type]
    transformer(document, count)
    layout = cpu(lambda: arrange(document.tables, None, library), rounds=3)
    places = arrange(document.tables, None, library)
    columns = 1 + len(places) // 300
    spread = {n: (x + (y // 30000) * 1500, y % 30000) for n, (x, y) in places.items()}
    commands.place_all(document, spread if columns > 1 else places)
    start = time.process_time()
    view = CanvasView(document, load_theme("light"))
    opened = (time.process_time() - start) * 1000
    bare_start = time.process_time()
    bare = bare_view(view)
    bare_opened = (time.process_time() - bare_start) * 1000
    ours, plain = frames(view), frames(bare)
    node = next(iter(view.canvas.nodes))
    edit = cpu(lambda: commands.move(document, {node: (float(time.process_time_ns() % 97), 0.0)}))
    view.close_document()
    view.close()
    bare.close()
    result = {name: (ours[name], plain[name]) for name in ours}
    return {**result, "open": (opened, bare_opened), "layout": (layout, 0.0), "move one": (edit, 0.0)}


def say(text: str) -> None:
    """Write one line."""
    sys.stdout.write(f"{text}\n")


def main() -> int:
    """Print a table; 1 when a ratio is over its budget."""
    application = QApplication.instance() or QApplication([])
    library = LayerLibrary.load(resource_root() / "layers")
    over = []
    for count in [int(text) for text in sys.argv[1:]] or [1000, 10000]:
        say(f"{count} nodes{'':8}canvas ms   bare ms   ratio")
        for name, (ours, plain) in run(count, library).items():
            ratio = ours / plain if plain else 0.0
            say(f"  {name:16}{ours:9.2f} {plain:9.2f} {f'{ratio:7.2f}' if plain else '':>7}")
            if plain and count >= 10000 and ratio > BUDGETS[name]:
                over.append(f"{name} at {count}: {ratio:.1f} times, at most {BUDGETS[name]}")
    application.processEvents()
    say("\n".join(over) or "within budget")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
