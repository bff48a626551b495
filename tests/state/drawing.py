"""A numbered session of edits whose every state is known: what the crash tests draw and compare with."""

import hashlib
from pathlib import Path

from sketch.graph.library import LayerLibrary
from sketch.graph.tables import snapshot
from sketch.resources_root import resource_root
from sketch.state import commands
from sketch.state.document import Document


def real_library() -> LayerLibrary:
    """Return the real layers."""
    return LayerLibrary.load(resource_root() / "layers")


class NoStore:
    """A store that nobody asks for tensors."""

    folder = Path("nowhere")

    def __init__(self, _folder: Path | None = None):
        pass

    def __contains__(self, digest: str) -> bool:
        return False

    def let_go(self, path: Path) -> None:
        """Nothing of it lies in a file."""


def draw(document: Document, number: int) -> None:
    """Do edit `number`: always one record in the journal, and the same one for the same state."""
    if number % 7 == 3:
        document.undo()
    elif number % 11 == 5 and document.can_redo:
        document.redo()
    elif number % 5 == 4 and document.tables.nodes:
        last = max(document.tables.nodes)
        commands.move(document, {last: (number, -number)})
    elif number % 3 == 2 and document.tables.nodes:
        commands.append_layer(document, "ReLU", [max(document.tables.nodes)])
    else:
        commands.add_layer(document, "Conv2d", (number, 0), params={"out_channels": number + 1})


def fingerprint(document: Document) -> str:
    """Return a hash of rows, history and cursor."""
    rows = [sorted(rows.items(), key=repr) for rows in snapshot(document.tables).values()]
    steps = [(c.sequence, c.parent, c.label, c.delta) for c in document.history.checkpoints]
    return hashlib.sha256(repr((rows, steps, document.history.cursor)).encode()).hexdigest()


class Reference:
    """The same session without a disk: what the document must be after a number of edits."""

    def __init__(self):
        self.document = Document(real_library(), store=NoStore(), folder=None)
        self.number = 0

    def after(self, number: int) -> str:
        """Return the hash after so many edits; the numbers asked for may only grow."""
        assert number >= self.number
        while self.number < number:
            draw(self.document, self.number)
            self.number += 1
        return fingerprint(self.document)
