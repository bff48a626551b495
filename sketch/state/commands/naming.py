"""How steps are called in the history: the same words for the same thing."""

from __future__ import annotations

from collections.abc import Iterable

from sketch.state.document import Document

SHOWN = 40


def name_of(document: Document, node_id: int) -> str:
    """`'conv1'`, or `note`, or `frame`; a long name is cut."""
    node = document.tables.nodes.get(node_id)
    if node is None:
        note = document.tables.notes.get(node_id)
        return note.kind if note is not None else f"node {node_id}"
    name = node.name if len(node.name) <= SHOWN else node.name[: SHOWN - 1] + "…"
    return f"'{name}'"


def names_of(document: Document, ids: Iterable[int]) -> str:
    """`'conv1'` for one, `3 layers` for more."""
    found = list(ids)
    if len(found) == 1:
        return name_of(document, found[0])
    notes = sum(1 for node_id in found if node_id in document.tables.notes)
    return count_of(len(found), "note" if found and notes == len(found) else "layer" if not notes else "item")


def count_of(count: int, word: str) -> str:
    """`1 wire`, `3 wires`."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def value_text(value: object) -> str:
    """A parameter's value for a label, cut when it is long."""
    if isinstance(value, dict) and "data" in value:  # a constant input of an operator
        value = value["data"]
    if isinstance(value, (tuple, list)):
        text = "×".join(map(str, value)) if len(value) <= 8 else f"{len(value)} values"
    else:
        text = str(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
