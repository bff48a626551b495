"""The layout beside dagre's and graphviz dot's of the same boxes and wires: time, crossings, length of lines.

    python -m benchmarks.layout [--again] [graph ...]

Peers run once for each graph (dagre with 100 s); what they reached is kept in layout_peers.json beside this file,
`--again` runs them anew. A peer that is not installed leaves its column empty; the script says how to install it. All
wires end at the same ports in all drawings. Exit status 1 when a gate is missed.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from benchmarks import layout_graphs, layout_peers
from benchmarks.drawing_quality import Line, Quality, quality
from benchmarks.layout_peers import Drawing, Problem
from sketch.graph.arrange import arrange
from sketch.graph.geometry import input_anchor, output_anchor
from sketch.graph.library import LayerLibrary
from sketch.graph.lifting import drawn_ports, drawn_size, shared_sources
from sketch.graph.tables import Tables
from sketch.resources_root import resource_root

KEPT = Path(__file__).with_name("layout_peers.json")
SECONDS = {"dagre": 100.0, "dot": 60.0}
MOST_FOR_DOT = 400
"""From this many nodes on dot is no measure: it takes minutes."""
MOST_LENGTH = {"dagre": 1.0, "dot": 1.15}
BUDGETS = {"transformer3k": 0.3, "transformer3k sources": 0.3, "operators10k": 1.0, "operators20k": 2.5}
"""CPU seconds."""
ROUNDS = 3
SHOWN = ("crossings", "through", "overlaps", "length", "width", "height")

Peers = dict[str, dict[str, dict[str, float]]]


def problem_of(tables: Tables, library: LayerLibrary) -> Problem:
    """What every program is to draw: all boxes, and the wires that are drawn."""
    shared = shared_sources(tables, library)
    return Problem(
        {key: drawn_size(tables, library, key) for key in tables.nodes},
        {key: drawn_ports(tables, library, key) for key in tables.nodes},
        [
            (edge.source, edge.out, edge.target, edge.into)
            for node in tables.nodes.values()
            if node.id not in shared
            for edge in node.next
        ],
    )


def ours(tables: Tables, library: LayerLibrary, problem: Problem) -> Drawing:
    """Sketch's own drawing; the quickest of some rounds counts, what else runs on the machine slows the others."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        places = arrange(tables, None, library)
        times.append(time.process_time() - start)
    lines = []
    ways = {
        (key, way.out, way.target, way.into): way.points for key, row in places.items() for way in row.ways
    }
    middles = {key: (row.x, row.y) for key, row in places.items()}
    for wire in problem.wires:
        source, out, target, into = wire
        straight = (
            output_anchor(middles[source], problem.sizes[source], out, problem.ports[source][1]),
            input_anchor(middles[target], problem.sizes[target], into, problem.ports[target][0]),
        )
        lines.append(Line((source, out), source, target, ways.get(wire, straight)))
    boxes = {key: layout_peers.box(*middles[key], *problem.sizes[key]) for key in middles}
    return Drawing(boxes, lines, min(times))


def peers_of(name: str, problem: Problem, kept: Peers) -> dict[str, dict[str, float]]:
    """What the peers reach on a graph: kept, or measured now."""
    found = kept.setdefault(name, {})
    programs: dict[str, Callable[[Problem, float], Drawing | None]] = {
        "dagre": layout_peers.dagre, "dot": layout_peers.dot,
    }  # fmt: skip
    for peer, run in programs.items():
        there = layout_peers.dagre_folder() if peer == "dagre" else layout_peers.dot_program()
        if peer in found or not there or (peer == "dot" and len(problem.sizes) >= MOST_FOR_DOT):
            continue
        drawing = run(problem, SECONDS[peer])
        found[peer] = {} if drawing is None else facts(quality(drawing.boxes, drawing.lines), drawing.seconds)
        KEPT.write_text(json.dumps(kept, indent=1) + "\n")
    return found


def facts(found: Quality, seconds: float) -> dict[str, float]:
    """A drawing in numbers."""
    return {name: round(value) for name, value in asdict(found).items()} | {"seconds": round(seconds, 3)}


def misses(name: str, mine: dict[str, float], peers: dict[str, dict[str, float]]) -> list[str]:
    """The gates that our drawing of a graph does not keep."""
    found = [f"{what} {mine[what]:.0f}" for what in ("through", "overlaps") if mine[what]]
    if mine["seconds"] > BUDGETS.get(name, 1.0):
        found.append(f"{mine['seconds']:.2f} s of CPU, at most {BUDGETS.get(name, 1.0)}")
    for peer, most in MOST_LENGTH.items():
        other = peers.get(peer)
        if not other:
            continue
        if mine["length"] > most * other["length"]:
            found.append(f"length {mine['length'] / other['length']:.2f} x {peer}")
        if peer == "dagre" and mine["crossings"] > other["crossings"]:
            found.append(f"{mine['crossings']:.0f} crossings, {peer} {other['crossings']:.0f}")
    return found


def row(name: str, title: str, numbers: dict[str, float]) -> str:
    """One line of the table."""
    if not numbers:
        return f"{name:24}{title:8}{'not finished':>14}"
    return (
        f"{name:24}{title:8}"
        + "".join(f"{numbers[what]:>11,.0f}" for what in SHOWN)
        + f"{numbers['seconds']:>9.3f}"
    )


def say(text: str) -> None:
    """Write one line."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def graphs(wanted: list[str]) -> dict[str, Callable[[], Tables]]:
    """Name -> what builds the graph."""
    found = dict(layout_graphs.GRAPHS)
    for name, path in layout_graphs.light_models().items():
        found[name] = lambda path=path: layout_graphs.from_onnx(path)  # type: ignore[misc]
    return {name: build for name, build in found.items() if not wanted or name in wanted}


def main() -> int:
    """Run, print the table, check the gates."""
    parser = argparse.ArgumentParser(description="The layout beside dagre and dot.")
    parser.add_argument("--again", action="store_true", help="run the peers anew")
    parser.add_argument("graphs", nargs="*")
    asked = parser.parse_args()
    kept: Peers = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    if layout_peers.dagre_folder() is None:
        say(f"dagre is not here: {layout_peers.HOW_DAGRE}")
    if not layout_peers.dot_program():
        say(f"dot is not here: {layout_peers.HOW_DOT}")
    library = LayerLibrary.load(resource_root() / "layers")
    say(f"{'graph':24}{'by':8}" + "".join(f"{what:>11}" for what in SHOWN) + f"{'CPU s':>9}")
    wrong = []
    for name, build in graphs(asked.graphs).items():
        tables = build()
        problem = problem_of(tables, library)
        drawing = ours(tables, library, problem)
        mine = facts(quality(drawing.boxes, drawing.lines), drawing.seconds)
        if asked.again:
            kept.pop(name, None)
        peers = peers_of(name, problem, kept)
        say(row(name, "sketch", mine))
        for peer, numbers in peers.items():
            say(row("", peer, numbers))
        wrong += [f"{name}: {miss}" for miss in misses(name, mine, peers)]
    for line in wrong:
        say(f"MISSED {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
