"""What a screen reader says of the canvas: the current node in words."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtWidgets import QWidget

from sketch.graph.rows import Edge, Node
from sketch.state.document import Document

MOST_NAMED = 3


def node_words(document: Document, node_id: int) -> str:
    """Name, type, shape, problems and how many ports are wired, in one line; a note's text."""
    tables = document.tables
    note = tables.notes.get(node_id)
    if note is not None:
        return f"{note.kind.capitalize()}: {note.text}"
    node = tables.nodes.get(node_id)
    if node is None:
        return ""
    spec = document.library[node.layer]
    if spec.group:
        return f"{node.name}, group {spec.title} of {len(tables.children(node_id))} parts"
    parts = [node.name, spec.title]
    value = document.inference.output(node_id, 0) if spec.outputs else None
    parts.append(f"output {value}" if value is not None else "shape not known" if spec.outputs else "")
    parts.append(_ports(document, node))
    problems = [str(problem) for problem in document.inference.problems_of(node_id)]
    parts.append(
        f"{len(problems)} problem{'' if len(problems) == 1 else 's'}: {problems[0]}" if problems else ""
    )
    return ", ".join(part for part in parts if part)


def wire_words(document: Document, edge: Edge, number: int, count: int) -> str:
    """`Wire 2 of 3: conv1 to relu1, float32 N×6×28×28`."""
    nodes = document.tables.nodes
    value = document.inference.output(edge.source, edge.out)
    shape = f", {value}" if value is not None else ""
    return f"Wire {number} of {count}: {nodes[edge.source].name} to {nodes[edge.target].name}{shape}"


def selection_words(document: Document, chosen: Iterable[int]) -> str:
    """`Selected: conv1, relu1 and 4 more`."""
    ids = list(chosen)
    if not ids:
        return "Nothing is selected"
    nodes = document.tables.nodes
    names = ", ".join(nodes[key].name if key in nodes else "a note" for key in ids[:MOST_NAMED])
    more = f" and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else ""
    return f"Selected: {names}{more}"


def say(widget: QWidget, text: str) -> None:
    """Make this what the widget says of itself, and let a screen reader that runs say it now."""
    from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent  # not needed for the first paint

    widget.setAccessibleDescription(text)
    if text and QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text))


def _ports(document: Document, node: Node) -> str:
    spec = document.library[node.layer]
    coming = [document.tables.nodes[edge.source].name for edge in node.prior]
    going = list(dict.fromkeys(document.tables.nodes[edge.target].name for edge in node.next))
    parts = []
    if spec.inputs:
        parts.append(f"from {_names(coming)}" if coming else "no input wired")
    if spec.outputs:
        parts.append(f"to {_names(going)}" if going else "output not wired")
    return ", ".join(parts)


def _names(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
