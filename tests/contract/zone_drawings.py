"""Drawings with If, Loop and Scan, each with what it computes in numpy."""

import numpy as np

from sketch.graph.zone_drawing import furnish
from sketch.graph.zone_kinds import ELSE, ENDS, IF, LOOP, SCAN, STARTS, THEN
from tests.kernels.pytorch.drawing import Drawing


def zone(drawing, kind, parent=None, name=None):
    """A furnished zone; (group, start or None, end)."""
    group = drawing.draft.add(kind, name, parent=parent)
    furnish(drawing.draft, group)
    found = {drawing.draft.node(member).layer: member for member in drawing.draft.members(group)}
    return group, found.get(STARTS.get(kind)), found[ENDS[kind]]


def plug(drawing, source, target, into):
    """Wire (node, out) or node to an input; a wire that is there gives way."""
    start, out = source if isinstance(source, tuple) else (source, 0)
    drawing.draft.connect(start, out, target, into)


def unplug(drawing, target):
    """Take every wire from the inputs of a node."""
    while drawing.draft.node(target).prior:
        drawing.draft.disconnect(drawing.draft.node(target).prior[-1])


def countdown():
    """Loop: four rounds of h = h / 2 + w; every h is collected."""
    drawing = Drawing()
    x = drawing.add("Input", name="x", shape=(2, 3))
    w = drawing.add("Input", name="w", shape=(2, 3))
    trips = drawing.add("Constant", name="trips", value=4, dtype="int64")
    group, start, end = zone(drawing, LOOP)
    plug(drawing, trips, start, 0)
    plug(
        drawing, drawing.add("Constant", name="go", value=1, dtype="bool"), start, 1
    )  # the evaluator needs it
    plug(drawing, x, start, 2)
    factor = drawing.add("Constant", name="factor", parent=group, value=0.5)
    half = drawing.add("Mul", (start, 2), factor, name="half", parent=group)
    new = drawing.add("Add", half, w, name="new", parent=group)
    drawing.draft.set_param(end, "collected", 1)
    unplug(drawing, end)
    for into, source in enumerate(((start, 1), new, half)):
        plug(drawing, source, end, into)
    drawing.add("Output", end, name="last")
    drawing.add("Output", (end, 1), name="all")
    return drawing


def countdown_numpy(x, w):
    rows = []
    for _ in range(4):
        rows.append(x * np.float32(0.5))
        x = rows[-1] + w
    return {"last": x, "all": np.stack(rows)}


def doubled_sum():
    """Scan: the running sum of twice the rows of a matrix."""
    drawing = Drawing()
    first = drawing.add("Input", name="first", shape=(3,))
    rows = drawing.add("Input", name="rows", shape=(5, 3))
    group, start, end = zone(drawing, SCAN)
    plug(drawing, first, start, 0)
    plug(drawing, rows, start, 1)
    two = drawing.add("Constant", name="two", value=2.0)
    twice = drawing.add("Mul", (start, 1), two, name="twice", parent=group)
    total = drawing.add("Add", (start, 0), twice, name="total", parent=group)
    unplug(drawing, end)
    plug(drawing, total, end, 0)
    plug(drawing, total, end, 1)
    drawing.add("Output", end, name="sum")
    drawing.add("Output", (end, 1), name="sums")
    return drawing


def doubled_sum_numpy(first, rows):
    sums = first + np.cumsum(2 * rows, axis=0, dtype=np.float32)
    return {"sum": sums[-1], "sums": sums}


def branches(drawing, flag, x, parent=None):
    """If flag: the negative of x through a Linear-free branch, else its ReLU; the end."""
    group, _, end = zone(drawing, IF, parent)
    found = {drawing.draft.node(member).layer: member for member in drawing.draft.members(group)}
    negative = drawing.add("Neg", x, name="negative", parent=found[THEN])
    positive = drawing.add("ReLU", x, name="positive", parent=found[ELSE])
    for into, source in enumerate((flag, negative, positive)):
        plug(drawing, source, end, into)
    return end


def sign_flip():
    """If: flag chooses between -x and relu(x)."""
    drawing = Drawing()
    flag = drawing.add("Input", name="flag", shape=(), dtype="bool")
    x = drawing.add("Input", name="x", shape=("N", 4))
    drawing.add("Output", branches(drawing, flag, x), name="y")
    return drawing


def sign_flip_numpy(flag, x):
    return {"y": -x if flag else np.maximum(x, 0)}


def nested():
    """An If in a Loop with a layer that has weights: three rounds of Linear, then the branch that the flag says."""
    drawing = Drawing()
    flag = drawing.add("Input", name="flag", shape=(), dtype="bool")
    x = drawing.add("Input", name="x", shape=(2, 3))
    trips = drawing.add("Constant", name="trips", value=3, dtype="int64")
    group, start, end = zone(drawing, LOOP)
    plug(drawing, trips, start, 0)
    plug(
        drawing, drawing.add("Constant", name="go", value=1, dtype="bool"), start, 1
    )  # the evaluator needs it
    plug(drawing, x, start, 2)
    fc = drawing.add("Linear", (start, 2), name="fc", parent=group, out_features=3)
    chosen = branches(drawing, flag, fc, group)
    unplug(drawing, end)
    plug(drawing, (start, 1), end, 0)
    plug(drawing, chosen, end, 1)
    drawing.add("Output", end, name="y")
    return drawing
