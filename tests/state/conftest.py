"""What tests of the person's state share: the real layers, an empty document with a real store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sketch.binder.tensors import TensorStore
from sketch.graph.library import LayerLibrary
from sketch.state.document import Document
from tests.state.drawing import real_library


@pytest.fixture(scope="session")
def library() -> LayerLibrary:
    """The real layers."""
    return real_library()


@pytest.fixture
def document(library: LayerLibrary, tmp_path: Path) -> Iterator[Document]:
    """An empty document in memory, its tensors in a folder of the test."""
    made = Document(library, store=TensorStore(tmp_path / "tensors", adopt_below=0), folder=None)
    yield made
    made.close()
