"""A process that saves a document again and again until it is killed."""

import sys
import tempfile
from pathlib import Path

import numpy as np

from sketch.binder.tensors import TensorStore
from sketch.graph import attachments
from sketch.state import commands
from sketch.state.document import Document
from sketch.state.document_file import save_document
from tests.state.drawing import real_library


def main(target: Path) -> None:
    """Save, say so, then go on for ever."""
    store = TensorStore(Path(tempfile.mkdtemp(dir=target.parent)))
    document = Document(real_library(), store=store, folder=None)
    conv = commands.add_layer(document, "Conv2d", (0, 0))
    digest = store.put(np.arange(64, dtype=np.float32))
    document.edit(
        "Give weights",
        lambda draft: attachments.set_weight(
            draft, conv, "bias", attachments.add_tensor(draft, digest, (64,), "float32")
        ),
    )
    save_document(document, target)
    print("saved", flush=True)
    while True:
        commands.add_layer(document, "ReLU", (0, 0))
        save_document(document, target)


main(Path(sys.argv[1]))
