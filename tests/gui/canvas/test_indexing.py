"""An index made beforehand is the one that the scene would have made, and a wiring is not held by it."""

import gc
import weakref

from PySide6.QtCore import QRectF

from sketch.gui.canvas.indexing import index_of, prepare
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
