"""Problems of the graph as a whole: no input, no output, branches that lead nowhere. Values, not exceptions."""

from __future__ import annotations

from sketch.graph.infer import Inference
from sketch.graph.problems import Problem
from sketch.graph.tables import Tables
from sketch.graph.zone_checks import zone_problems

_SOURCES = frozenset({"Input", "Constant", "Parameter", "onnx.graph:Input"})


def graph_problems(tables: Tables, inference: Inference) -> tuple[Problem, ...]:
    """All problems that no single node can see; O(nodes + wires), so callers debounce it."""
    layers = {node.layer for node in tables.nodes.values()}
    found: list[Problem] = []
    if tables.nodes and not layers & _SOURCES and not _starts_by_itself(tables, inference):
        found.append(
            Problem(None, "error", "no-input", "This network has no Input.", "Add one and give its shape.")
        )
    if tables.nodes and "Output" not in layers:
        found.append(
            Problem(
                None,
                "warning",
                "no-output",
                "This network has no Output.",
                "Wire an Output to its last layer.",
            )
        )
    else:
        found.extend(_dead_ends(tables, inference))
    found.extend(zone_problems(tables))
    return tuple(found)


def _starts_by_itself(tables: Tables, inference: Inference) -> bool:
    """True when an operator of a file gives a value from nothing (Constant, RandomNormal)."""
    alone = (node for node in tables.nodes.values() if not node.prior and node.next)
    return any(inference.library[node.layer].is_operator for node in alone)


def _dead_ends(tables: Tables, inference: Inference) -> list[Problem]:
    useful = {node.id for node in tables.nodes.values() if node.layer == "Output"}
    stack = list(useful)
    while stack:
        for edge in tables.nodes[stack.pop()].prior:
            if edge.source not in useful:
                useful.add(edge.source)
                stack.append(edge.source)
    dead = [n for n in tables.nodes.values() if n.id not in useful and not inference.library[n.layer].group]
    return [
        Problem(
            node.id, "warning", "dead-end", f"'{node.name}' reaches no Output.",
            "Wire it on, or delete it: it is left out of the compiled model.",
        )
        for node in dead
    ]  # fmt: skip
