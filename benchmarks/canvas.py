"""What the canvas costs a frame, in units of what a bare Qt scene of the same size costs, in one run on one machine.

    python -m benchmarks.canvas [nodes ...]

CPU milliseconds, p50 and p95. The yardstick is a bare QGraphicsScene of 10,000 plain rectangles and its wires as
lines (Qt's own C++ items, no text, no mirror of a document) that is painted whole: about 60 ms on the machine
that the budgets were set on. Exit status 1 when a p95 is over its budget.
"""

import math
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QGraphicsScene, QGraphicsView

from sketch.graph.draft import Draft
from sketch.graph.library import LayerLibrary
from sketch.gui.canvas.minimap import MiniMap
from sketch.gui.canvas.view import CanvasView
from sketch.gui.theme import load_theme
from sketch.resources_root import resource_root
from sketch.state.document import Document

SIZE = (1600, 1000)
ROUNDS = 40
LAYERS, CROSSING, INPUT = ("ReLU", "GELU", "Tanh", "Dropout", "Linear"), 0.45, {"shape": ("N", 16)}
PITCH = (230.0, 110.0)
"""Distance of nodes, scene units."""
YARDSTICK_MS = 60.0
"""What the bare scene takes on the machine that the budgets were set on: a budget of 16 ms is 16 / 60 of it."""
BUDGETS = {
    10_000: {
        "first paint": 120, "fit": 16, "zoom step at fit": 16, "middle": 16, "read": 12, "pan": 6,
        "drag one": 4, "drag all": 16, "select all": 16, "band over all": 16, "map": 8,
    },
    20_000: {"fit": 25, "read": 12, "pan": 6, "drag one": 4},
}  # fmt: skip
"""Most milliseconds at p95 by the number of nodes."""


class FolderStore:
    """All that a document asks of its store here."""

    folder = Path(tempfile.gettempdir())


def columns(document: Document, count: int) -> None:
    """Chains side by side with wires across, 1.4 a node, as dense as a drawing gets and of the window's shape."""
    rows = max(2, round(math.sqrt(count * PITCH[0] / PITCH[1] * SIZE[1] / SIZE[0])))
    draw = random.Random(7)

    def edit(draft: Draft) -> None:
        before: list[int] = []
        for first in range(0, count, rows):
            x, column = first // rows * PITCH[0], []
            for row in range(rows):
                place = (x, row * PITCH[1])
                crosses = bool(before) and row > 0 and draw.random() < CROSSING
                layer = "Input" if not row else "Add" if crosses else draw.choice(LAYERS)
                column.append(draft.add(layer, params={} if row else INPUT, place=place))
                if row:
                    draft.connect(column[row - 1], 0, column[row], 0, check_cycle=False)
                if crosses:
                    draft.connect(before[row - 1], 0, column[row], 1, check_cycle=False)
            before = column

    document.edit("Build", edit)


def drawn(document: Document, count: int) -> CanvasView:
    """The canvas of a big document, not shown yet."""
    columns(document, count)
    return CanvasView(document, load_theme("light"))


def cpu(action: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """CPU milliseconds of each round of an action."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        action()
        times.append((time.process_time() - start) * 1000)
    return times


def bare_frame(view: CanvasView) -> float:
    """CPU milliseconds (median) of the same boxes and wires as plain rectangles and lines, painted whole."""
    bare = QGraphicsView()
    scene = QGraphicsScene(bare)
    bare.setScene(scene)
    for box in view.canvas.wiring.boxes.values():
        scene.addRect(box.left, box.top, box.width, box.height)
    for line in view.canvas.wiring.lines.values():
        (x1, y1), (x2, y2) = line.points[0], line.points[-1]
        scene.addLine(x1, y1, x2, y2)
    bare.setRenderHint(QPainter.RenderHint.Antialiasing)
    bare.resize(*SIZE)
    bare.show()
    bare.fitInView(scene.itemsBoundingRect(), Qt.AspectRatioMode.KeepAspectRatio)
    settle()
    found = percentile(cpu(bare.viewport().repaint, 15), 0.5)
    bare.close()
    return found


def settle() -> None:
    """Let everything happen that waits."""
    for _ in range(3):
        QApplication.processEvents()


def frames(view: CanvasView) -> dict[str, list[float]]:
    """name -> CPU milliseconds a frame or a step, each painted at once."""
    viewport = view.viewport()
    view.resize(*SIZE)
    found = {"first paint": cpu(lambda: (view.show(), view.frame_all(), settle()), 1)}
    found["fit"] = cpu(viewport.repaint)
    found["zoom step at fit"] = cpu(lambda: (view.zoom(1.02), settle()))
    found["drag all"] = drag_all(view)
    found["select all"] = cpu(lambda: toggle_all(view))
    found["band over all"] = cpu(lambda: band(view))
    found["map"] = map_frames(view)
    view.canvas.choose(())
    look(view, 0.42)
    found["middle"] = cpu(viewport.repaint)
    look(view, 1.0)
    found["read"] = cpu(viewport.repaint)
    found["pan"] = cpu(lambda: (view.scroll_by(QPoint(12, 12)), settle()))
    look(view, 1.0)
    found["drag one"] = drag_one(view)
    return found


def look(view: CanvasView, zoom: float) -> None:
    """Look at the middle of the drawing."""
    middle = view.canvas.contents().center()
    view.restore_view({"zoom": zoom, "x": middle.x(), "y": middle.y()})
    settle()


def toggle_all(view: CanvasView) -> None:
    """Select everything, or nothing."""
    view.canvas.choose(() if view.canvas.selected_ids() else view.canvas.wiring.boxes)
    settle()


def band(view: CanvasView) -> None:
    """What a rubber band does at each move of the pointer."""
    area = view.canvas.contents()
    edge = len(view.canvas.selected_ids()) % 2 * 300.0
    view.canvas.choose(
        view.canvas.ids_in(QRectF(area.topLeft(), area.bottomRight()).adjusted(0, 0, -edge, -edge))
    )
    settle()


def drag_all(view: CanvasView) -> list[float]:
    """Steps of a drag of everything."""
    view.canvas.carry(list(view.canvas.wiring.boxes))
    steps = iter(range(ROUNDS))
    found = cpu(lambda: (view.canvas.carry_to(next(steps) * 7.0, 5.0), settle()))
    view.canvas.put_down()
    return found


def drag_one(view: CanvasView) -> list[float]:
    """Steps of a drag of one wired node by the pointer, its wires alive."""
    near = view.canvas.nodes_in(
        view.mapToScene(view.viewport().rect().adjusted(300, 300, -300, -300)).boundingRect()
    )
    item = next(item for item in near if item.wired_in and item.wired_out)
    at = view.mapFromScene(item.pos())
    viewport, left = view.viewport(), Qt.MouseButton.LeftButton
    QTest.mousePress(viewport, left, Qt.KeyboardModifier.NoModifier, at)
    QTest.mouseMove(viewport, at + QPoint(9, 9))
    settle()
    steps = iter(range(ROUNDS))

    def step() -> None:
        n = next(steps)
        QTest.mouseMove(viewport, at + QPoint(10 + n * 3, 10 + n % 9 * 6))
        settle()

    found = cpu(step)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    QTest.mouseRelease(viewport, left, Qt.KeyboardModifier.NoModifier, at)
    settle()
    return found


def map_frames(view: CanvasView) -> list[float]:
    """Drawing the map anew."""
    shown = MiniMap(view)
    shown.resize(260, 190)
    shown.show()
    settle()
    found = cpu(lambda: (shown.resizeEvent(None), shown.repaint()))  # a new size draws it anew
    shown.close()
    shown.deleteLater()
    return found


def percentile(times: list[float], part: float) -> float:
    """The time that this part of all times does not exceed."""
    return sorted(times)[min(len(times) - 1, math.ceil(part * len(times)) - 1)]


def say(text: str) -> None:
    """Write one line."""
    sys.stdout.write(f"{text}\n")


def report(count: int, found: dict[str, list[float]], yardstick: float, budgets: dict[str, int]) -> list[str]:
    """Print a table; the lines that are over their budget."""
    over = []
    say(f"{count:,} nodes{'':12}p50 ms   p95 ms   of the bare scene ({yardstick:.1f} ms)   most")
    for name, times in found.items():
        middle, high = percentile(times, 0.5), percentile(times, 0.95)
        most = budgets.get(name, 0) / YARDSTICK_MS
        limit = f"{most:24.2f}" if most else ""
        say(f"  {name:20}{middle:7.2f} {high:8.2f} {high / yardstick:10.2f} {limit}")
        if most and high / yardstick > most:
            over.append(f"{name} at {count:,}: {high / yardstick:.2f} of the bare scene, at most {most:.2f}")
    return over


def run(count: int, library: LayerLibrary, yardstick: float | None) -> tuple[dict[str, list[float]], float]:
    """(times by name, the yardstick: measured here unless it is given)."""
    document = Document(library, store=FolderStore(), folder=None)  # type: ignore[arg-type]
    view = drawn(document, count)
    found = frames(view)
    bare = yardstick or bare_frame(view)
    view.close_document()
    view.close()
    return found, bare


def main() -> int:
    """Print the tables; 1 when something is over its budget."""
    application = QApplication.instance() or QApplication([])
    library = LayerLibrary.load(resource_root() / "layers")
    over: list[str] = []
    yardstick = None
    for count in [int(text) for text in sys.argv[1:]] or [10_000, 20_000]:
        found, bare = run(count, library, yardstick)
        yardstick = yardstick or bare
        over += report(count, found, yardstick, BUDGETS.get(count, {}))
    application.processEvents()
    say("\n".join(over) or "within budget")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
