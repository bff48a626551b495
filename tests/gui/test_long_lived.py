"""What is not needed any more is given back: by a closed tab, though its parts are in circles, and after the start."""

import linecache
import threading

import pytest

from sketch.graph.rows import Node
from sketch.gui import long_lived, warming
from tests.gui.windows import main_window

STEPS = 5
"""A document, its parts, their parts, tables, rows."""


def test_a_closed_tab_holds_no_nodes(qtbot) -> None:
    with main_window(qtbot) as window:
        tab = window.opener.example("lenet5")
        document, canvas = tab.document, tab.view.canvas
        assert nodes_in(document.tables) > 0
        assert nodes_in(document.inference) > 0
        window.opener.close(tab)
        for thread in threading.enumerate():
            if thread.name == "let go":
                thread.join()
        assert nodes_in(document.tables) == 0
        assert nodes_in(document.inference) == 0
        assert not canvas.wiring.boxes


def nodes_in(thing: object, steps: int = STEPS) -> int:
    """How many nodes can be reached from an object of the graph in a few steps."""
    if isinstance(thing, Node):
        return 1
    if isinstance(thing, dict):
        inside = [*thing.keys(), *thing.values()]
    elif isinstance(thing, (tuple, list, set, frozenset)):
        inside = list(thing)
    elif type(thing).__module__.startswith("sketch.graph."):
        inside = list(getattr(thing, "__dict__", {}).values())
    else:
        return 0
    return sum(nodes_in(part, steps - 1) for part in inside) if steps else 0


@pytest.mark.parametrize("when", ["after a long text", "after the start"])
def test_the_sources_that_pyside_reads_are_not_kept(monkeypatch, when) -> None:
    linecache.getlines(long_lived.__file__)
    if when == "after a long text":
        long_lived.trim()
    else:
        monkeypatch.setattr(warming, "HERE", ())
        loading = threading.Thread(target=int)
        loading.start()
        for _ in warming._after(loading):
            pass
    assert long_lived.__file__ not in linecache.cache
