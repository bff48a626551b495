"""An index made beforehand is the one that the scene would have made, and a wiring is not held by it."""

import gc
import weakref

from PySide6.QtCore import QRectF

from sketch.gui.canvas.indexing import copied, index_of, keep, prepare
from sketch.gui.canvas.scene import CanvasScene
from sketch.gui.canvas.wires import Wiring
from tests.gui.canvas.conftest import chain

EVERYWHERE = QRectF(-1e6, -1e6, 2e6, 2e6)


def test_a_scene_takes_what_was_prepared(document, light, qapp):
    chain(document, *["ReLU"] * 300)
    plain = CanvasScene(document, light, None)
    wiring = Wiring(document.tables, document.library, None)
    prepare(wiring)
    scene = CanvasScene(document, light, None, None, wiring)
    assert scene.wiring is wiring
    assert scene.boxes.near([EVERYWHERE]) == plain.boxes.near([EVERYWHERE])
    assert (scene.boxes.array() == plain.boxes.array()).all()
    assert [line for line, _ in scene.edges.lines.near(EVERYWHERE)] == [
        line for line, _ in plain.edges.lines.near(EVERYWHERE)
    ]
    assert scene.contents() == plain.contents()
    assert scene.ink.thin_wires
    assert index_of(wiring).boxes is not scene.boxes, "what was prepared is given once"


def test_a_prepared_wiring_that_nobody_takes_goes(document):
    chain(document, "ReLU", "GELU")
    wiring = Wiring(document.tables, document.library, None)
    prepare(wiring)
    seen = weakref.ref(wiring)
    del wiring
    gc.collect()
    assert seen() is None


def test_a_canvas_gives_its_index_to_another_of_the_same_wiring(document, light, qapp):
    made = chain(document, *["ReLU"] * 300)
    shown = CanvasScene(document, light, None)
    shown.hide(made[:9])
    shown.carry(made[9:12])
    keep(shown.wiring, copied(shown.boxes, shown.edges.lines))
    other = CanvasScene(document, light, None, None, shown.wiring)
    plain = CanvasScene(document, light, None)
    assert (other.boxes.array() == plain.boxes.array()).all()
    assert other.boxes.near([EVERYWHERE]) == plain.boxes.near([EVERYWHERE])
    lines = [[line for line, _ in canvas.edges.lines.near(EVERYWHERE)] for canvas in (other, plain)]
    assert lines[0] == lines[1]
    assert shown.hidden == frozenset(made[:9])
    assert len(shown.boxes.near([EVERYWHERE])) == len(made) - 12
