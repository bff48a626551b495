"""What tests of the graph core share."""

import itertools

import pytest

from sketch.graph.draft import Draft
from sketch.graph.infer import Inference
from sketch.graph.tables import Tables
from tests.graph.random_edits import library


class Board:
    """Rows with inference, edited without a document: the graph core alone."""

    def __init__(self):
        self.tables = Tables()
        self.library = library()
        self.inference = Inference(self.library)

    def draft(self) -> Draft:
        """Return an empty draft over the rows."""
        return Draft(self.tables, self.library)

    def edit(self, act):
        """Apply what `act(draft)` does; its result."""
        draft = self.draft()
        result = act(draft)
        self.apply(draft.delta())
        return result

    def apply(self, delta):
        """Apply a Delta and let inference follow it; what that changed."""
        self.tables.apply(delta)
        return self.inference.follow(self.tables, delta)

    def chain(self, *layers: str) -> list[int]:
        """Add layers, each wired to the one before; their ids."""

        def act(draft):
            ids = [draft.add(layer) for layer in layers]
            for source, target in itertools.pairwise(ids):
                draft.connect(source, 0, target, 0)
            return ids

        return self.edit(act)

    def sources(self, node_id: int) -> list[tuple[int, int]]:
        """Return (input, producer) of each wire into a node."""
        return [(edge.into, edge.source) for edge in self.tables.nodes[node_id].prior]


@pytest.fixture
def board() -> Board:
    """Empty rows over the real layers."""
    return Board()
