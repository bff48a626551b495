"""Layouts of the same boxes and wires by other programs: dagre (run by node) and graphviz dot."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from benchmarks.drawing_quality import Box, Line, Point
from sketch.graph.geometry import GAP_X, GAP_Y, input_anchor, output_anchor

LANE_GAP = 12.0
INCH = 72.0
HOW_DAGRE = "mkdir -p ~/.cache/dagre && npm install --prefix ~/.cache/dagre @dagrejs/dagre@3.1.3"
HOW_DOT = "apt-get install -y graphviz"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be drawn: node -> (width, height), its (inputs, outputs), wires (source, output, target, input)."""

    sizes: Mapping[int, tuple[float, float]]
    ports: Mapping[int, tuple[int, int]]
    wires: Sequence[tuple[int, int, int, int]]


@dataclass(frozen=True, slots=True)
class Drawing:
    """What came out, and the CPU seconds that it took."""

    boxes: dict[int, Box]
    lines: list[Line]
    seconds: float


DAGRE = """
const dagre = require(process.argv[1]);
const given = JSON.parse(require('fs').readFileSync(0));
const g = new dagre.graphlib.Graph({multigraph: true});
g.setGraph({nodesep: given.gap, ranksep: given.rank, edgesep: given.lane});
g.setDefaultEdgeLabel(() => ({}));
for (const [id, w, h] of given.nodes) g.setNode(String(id), {width: w, height: h});
given.edges.forEach((e, i) => g.setEdge(String(e[0]), String(e[1]), {}, String(i)));
dagre.layout(g);
const nodes = given.nodes.map(([id]) => [id, g.node(String(id)).x, g.node(String(id)).y]);
const edges = given.edges.map((e, i) => g.edge(String(e[0]), String(e[1]), String(i)).points.map(p => [p.x, p.y]));
process.stdout.write(JSON.stringify({nodes, edges}));
"""


def dagre_folder() -> Path | None:
    """Where npm put dagre, None when it is not there."""
    if shutil.which("node") is None:
        return None
    for base in (Path.cwd(), Path.home() / ".cache" / "dagre"):
        if (found := base / "node_modules" / "@dagrejs" / "dagre").is_dir():
            return found
    return None


def dagre(problem: Problem, seconds: float) -> Drawing | None:
    """dagre's drawing; None when it takes longer than that."""
    folder = dagre_folder()
    if folder is None:
        return None
    given = {
        "gap": GAP_X, "rank": GAP_Y, "lane": LANE_GAP,
        "nodes": [[key, *size] for key, size in problem.sizes.items()],
        "edges": [[source, target] for source, _, target, _ in problem.wires],
    }  # fmt: skip
    command = ["node", "--stack-size=30000", "--max-old-space-size=9000", "-e", DAGRE, str(folder)]
    out, took = _run(command, json.dumps(given), seconds)
    if out is None:
        return None
    raw = json.loads(out)
    boxes = {key: box(x, y, *problem.sizes[key]) for key, x, y in raw["nodes"]}
    ways = [tuple((x, y) for x, y in points) for points in raw["edges"]]
    return Drawing(boxes, _lines(problem, boxes, ways), took)


def dot_program() -> str | None:
    """Where dot is, None when it is not installed."""
    return shutil.which("dot")


def dot(problem: Problem, seconds: float) -> Drawing | None:
    """dot's drawing with its splines; None when it takes longer than that."""
    text = [f"digraph {{ nodesep={GAP_X / INCH}; ranksep={GAP_Y / INCH}; edge [arrowhead=none];"]
    for key, (width, height) in problem.sizes.items():
        text.append(f'{key} [shape=box fixedsize=true label="" width={width / INCH} height={height / INCH}];')
    for number, (source, _, target, _) in enumerate(problem.wires):
        text.append(f'{source} -> {target} [comment="{number}"];')
    out, took = _run(["dot", "-Tjson", "-y"], "\n".join([*text, "}"]), seconds)
    if out is None:
        return None
    raw = json.loads(out)
    boxes, ways = {}, {}
    for thing in raw["objects"]:
        x, y = (float(part) for part in thing["pos"].split(","))
        boxes[int(thing["name"])] = box(x, y, *problem.sizes[int(thing["name"])])
    for edge in raw["edges"]:
        ways[int(edge["comment"])] = _spline(edge["pos"])
    return Drawing(boxes, _lines(problem, boxes, [ways[n] for n in range(len(problem.wires))]), took)


def _run(command: list[str], given: str, seconds: float) -> tuple[str | None, float]:
    before = getrusage(RUSAGE_CHILDREN)
    start = time.monotonic()
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, text=True, timeout=seconds, check=True
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return None, time.monotonic() - start
    after = getrusage(RUSAGE_CHILDREN)
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _lines(problem: Problem, boxes: dict[int, Box], ways: Sequence[tuple[Point, ...]]) -> list[Line]:
    """Lines as a peer bends them, but from port to port; a peer ends them anywhere on the border."""
    found = []
    for (source, out, target, into), way in zip(problem.wires, ways, strict=True):
        start = output_anchor(_middle(boxes[source]), problem.sizes[source], out, problem.ports[source][1])
        end = input_anchor(_middle(boxes[target]), problem.sizes[target], into, problem.ports[target][0])
        found.append(Line((source, out), source, target, (start, *way[1:-1], end)))
    return found


def _middle(box: Box) -> Point:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def box(x: float, y: float, width: float, height: float) -> Box:
    """The borders of a box around a point."""
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _spline(text: str) -> tuple[Point, ...]:
    """Sampled points of dot's piecewise Bezier curve."""
    points = []
    for part in text.split():
        if part[0] in "es":
            continue
        x, y = part.split(",")
        points.append((float(x), float(y)))
    found = [points[0]]
    for first in range(0, len(points) - 1, 3):
        found.extend(_cubic(points[first : first + 4]))
    return tuple(one for one, other in pairwise([*found, found[0]]) if one != other)


def _cubic(points: list[Point], steps: int = 8) -> list[Point]:
    found = []
    for step in range(1, steps + 1):
        t = step / steps
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        found.append((
            sum(w * p[0] for w, p in zip(weights, points, strict=True)),
            sum(w * p[1] for w, p in zip(weights, points, strict=True)),
        ))  # fmt: skip
    return found
