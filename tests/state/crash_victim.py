"""A process that edits a document until it is killed; it says what the disk has acknowledged."""

import sys
from pathlib import Path

from sketch.state.document import Document
from tests.state.drawing import NoStore, draw, fingerprint, real_library


def main(folder: Path) -> None:
    """Open, say what came back, then edit for ever."""
    document = Document(real_library(), store=NoStore(), folder=folder)
    number = document.recovery.edits
    print("found", number, fingerprint(document), document.recovery.damaged, flush=True)
    while True:
        for _ in range(1 + number % 4):
            draw(document, number)
            number += 1
        if document.journal is not None and document.journal.flush():
            print("kept", number, flush=True)


main(Path(sys.argv[1]))
