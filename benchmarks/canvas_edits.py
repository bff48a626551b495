"""What an edit of a big drawing costs the window: command, mirror and painting, beside a bare Qt scene.

    python -m benchmarks.canvas_edits [nodes ...]

CPU milliseconds on the thread of the window, p50 and p95, from the command to the painted frame; the yardstick and
its unit are those of benchmarks.canvas. Each kind of edit is measured with its undo, at reading size and with
everything in view; folding takes groups of 15 and of 3,000 members. The window folds a group of very many layers with
a job: of that the longer of the two turns of its thread is measured. Exit status 1 when a p95 is over its budget.
"""

import sys
from collections.abc import Callable
from itertools import count as numbers

from PySide6.QtWidgets import QApplication

from benchmarks.canvas import (
    YARDSTICK_MS,
    FolderStore,
    bare_frame,
    columns,
    cpu,
    look,
    percentile,
    say,
    settle,
)
from sketch.graph.collection import paused_collection
from sketch.graph.library import LayerLibrary
from sketch.gui import fold_jobs, long_lived
from sketch.gui.canvas.indexing import prepare
from sketch.gui.canvas.levels import Known
from sketch.gui.canvas.view import CanvasView
from sketch.gui.canvas.wires import Wiring
from sketch.gui.theme import load_theme
from sketch.resources_root import resource_root
from sketch.state import commands
from sketch.state.document import Document
from sketch.state.twin import Twin

ROUNDS = 15
EDIT_MS, FOLD_MS, TURN_MS = 16.0, 100.0, 50.0
"""Most milliseconds at p95, on the machine of the yardstick."""
SMALL, LARGE = 15, 3000
"""Members of the groups that are folded."""


def drawn(library: LayerLibrary, count: int) -> Document:
    """A big document."""
    document = Document(library, store=FolderStore(), folder=None)  # type: ignore[arg-type]
    columns(document, count)
    return document


def edits(view: CanvasView, nodes: list[int]) -> dict[str, Callable[[], object]]:
    """The kinds of edits, all near the middle of the view."""
    document, steps = view.document, numbers()
    first, second = nodes[0], nodes[1]
    place = document.tables.places[first]

    def drop_edge() -> None:
        commands.disconnect(document, [document.tables.nodes[second].prior[0]])

    return {
        "rename": lambda: commands.rename(document, first, f"name{next(steps)}"),
        "parameter": lambda: commands.set_param(document, [first], "p", next(steps) % 10 / 10 + 0.05),
        "move": lambda: commands.move(document, {first: (place.x + next(steps) % 7 * 8.0 + 8.0, place.y)}),
        "disconnect": drop_edge,
        "delete": lambda: commands.remove(document, [second]),
        "add": lambda: commands.add_layer(document, "ReLU", (place.x + 60.0, place.y + 40.0)),
    }


def measure(view: CanvasView) -> dict[str, list[float]]:
    """name -> CPU milliseconds of the edit and of its undo, each painted."""
    found = {}
    middle = view.canvas.nodes_in(view.mapToScene(view.viewport().rect()).boundingRect())
    layers = view.document.tables.nodes
    item = next(n for n in middle[len(middle) // 2 :] if layers[n.node_id].layer == "Dropout" and n.wired_out)
    following = layers[item.node_id].next[0].target
    for name, edit in edits(view, [item.node_id, following]).items():
        times: dict[str, list[float]] = {name: [], f"undo {name}": []}
        for _ in range(ROUNDS):
            times[name] += cpu(lambda: (edit(), settle()), 1)  # noqa: B023
            times[f"undo {name}"] += cpu(lambda: (view.document.undo(), settle()), 1)
        found.update(times)
    return found


def folds(library: LayerLibrary, count: int, size: int) -> dict[str, list[float]]:
    """Folding and unfolding a group of so many members in place as the window does it, everything in view."""
    document = drawn(library, count)
    members = list(document.tables.nodes)[: size + 1][1:]
    group = commands.group(document, members)
    view = CanvasView(document, load_theme("light"))
    view.resize(1600, 1000)
    view.show()
    view.frame_all()
    settle()
    times: dict[str, list[float]] = {f"unfold {size:,}": [], f"fold {size:,}": []}
    for _ in range(ROUNDS):
        for name, open_ in ((f"unfold {size:,}", True), (f"fold {size:,}", False)):
            if fold_jobs.takes_long(document, [group], open_):
                times[name].append(longest_turn(view, group, open_))
            else:
                times[name] += cpu(lambda: (commands.fold(document, [group], open_), settle()), 1)  # noqa: B023
    view.close_document()
    view.close()
    return times


def longest_turn(view: CanvasView, group: int, open_: bool) -> float:
    """CPU milliseconds of the longer turn of the window's thread, before the job of a fold and after it, painted."""
    made: list[tuple[Twin, Known]] = []
    with paused_collection():  # as gui/asides does
        (before,) = cpu(lambda: made.append((Twin(view.document), view.canvas.wiring.known())), 1)
        ((twin, known),) = made
        commands.fold(twin, [group], open_)
        wiring = Wiring(twin.tables, twin.library, view.canvas.group, known=known)
        prepare(wiring)
        if twin.update is None:
            sys.exit("The fold changed nothing.")
        view.canvas.expect(twin.update.delta, wiring)
        (after,) = cpu(lambda: (twin.give(view.document), long_lived.settle(), settle()), 1)
        wiring.let_go()
    return max(before, after)


def report(title: str, found: dict[str, list[float]], yardstick: float, most_ms: float) -> list[str]:
    """Print a table; the lines that are over the budget."""
    say(
        f"{title:30}p50 ms   p95 ms   of the bare scene ({yardstick:.1f} ms), most {most_ms / YARDSTICK_MS:.2f}"
    )
    over = []
    for name, times in found.items():
        middle, high = percentile(times, 0.5), percentile(times, 0.95)
        say(f"  {name:26}{middle:8.2f} {high:8.2f} {high / yardstick:10.2f}")
        if high / yardstick > most_ms / YARDSTICK_MS:
            over.append(f"{title}, {name}: {high / yardstick:.2f} of the bare scene")
    return over


def run(count: int, library: LayerLibrary) -> list[str]:
    """What is over its budget at so many nodes."""
    view = CanvasView(drawn(library, count), load_theme("light"))
    view.resize(1600, 1000)
    view.show()
    look(view, 1.0)
    yardstick = bare_frame(view)
    over = report(f"{count:,} nodes, reading", measure(view), yardstick, EDIT_MS)
    view.frame_all()
    settle()
    over += report(f"{count:,} nodes, whole", measure(view), yardstick, EDIT_MS)
    view.close_document()
    view.close()
    for size, most in ((SMALL, FOLD_MS), (LARGE, TURN_MS)):
        over += report(f"{count:,} nodes, folding", folds(library, count, size), yardstick, most)
    return over


def main() -> int:
    """Print the tables; 1 when something is over its budget."""
    application = QApplication.instance() or QApplication([])
    library = LayerLibrary.load(resource_root() / "layers")
    over = []
    for count in [int(text) for text in sys.argv[1:]] or [10_000]:
        over += run(count, library)
    application.processEvents()
    say("\n".join(over) or "within budget")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
