"""Drawings for tests of pictures and colours: examples with places, as they are after opening."""

from sketch.graph import examples
from sketch.graph.arrange import arrange_all
from sketch.graph.draft import Draft
from sketch.state import commands
from sketch.state.document import Document


def draw_example(document: Document, key: str) -> Document:
    """Draw an example and lay it out."""
    draft = Draft(document.tables, document.library)
    examples.build(key, draft)
    document.load(draft.delta(), "Open")
    commands.place_all(document, arrange_all(document.tables, document.library), "Arrange")
    return document


def named(document: Document, path: str) -> int:
    """The node at a dotted path of names."""
    found = None
    for name in path.split("."):
        found = document.tables.named(found, name)
    assert found is not None, path
    return found
