"""Which nodes may look different after an edit. No Qt."""

from __future__ import annotations

from sketch.graph.freezing import frozen_nodes
from sketch.graph.linking.rows import touched
from sketch.state.document import Document, Update


def restated(document: Document, update: Update) -> set[int]:
    """Nodes whose look may have changed, groups of changed members included."""
    changed = set(update.inferred.changed)
    changed.update(change.key for change in update.delta if change.table == "nodes")
    changed.update(frozen_nodes({change.key: () for change in update.delta if change.table == "meta"}))
    changed.update(touched(document.tables, update.delta))
    above: set[int] = set()
    nodes = document.tables.nodes
    for node_id in changed:
        node = nodes.get(node_id)
        while node is not None and node.parent is not None and node.parent not in above:
            above.add(node.parent)
            node = nodes.get(node.parent)
    removed = {change.before.parent for change in update.delta if change.table == "nodes" and change.before}
    return changed | above | {group for group in removed if group is not None}
