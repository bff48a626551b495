"""Seeded random drawings with groups of every kind, for the PyTorch kernel's round trips."""

import random

from sketch.graph.draft import Draft
from sketch.graph.grouping import group
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from tests.contract.networks import library


class Drawing:
    """A draft with a short way to add a wired node."""

    def __init__(self):
        self.tables = Tables()
        self.draft = Draft(self.tables, library())

    def add(self, layer, *sources, name=None, parent=None, **params):
        node = self.draft.add(layer, name, params, parent=parent)
        for port, source in enumerate(sources):
            if source is not None:
                start, out = source if isinstance(source, tuple) else (source, 0)
                self.draft.connect(start, out, node, port)
        return node

    def network(self, store=None, name="Drawn"):
        self.tables.apply(self.draft.delta())
        self.draft = Draft(self.tables, library())
        return build_network(self.tables, library(), name=name, store=store)


def picture(*rows):
    """A network of rows (name, layer, parameters, names of its inputs)."""
    drawing, made = Drawing(), {}
    for name, layer, params, sources in rows:
        made[name] = drawing.add(layer, *(made[source] for source in sources), name=name, **params)
    return drawing.network()


def random_drawing(seed):
    """A random network on values of N×4×6×6 with random groups, some of which cannot be one class."""
    dice = random.Random(seed)
    drawing = Drawing()
    values = [drawing.add("Input", shape=("N", 4, 6, 6)) for _ in range(dice.choice([1, 1, 2]))]
    made = []
    for _ in range(dice.randint(4, 14)):
        node = one(drawing, dice, values)
        made.append(node)
        values.append(node)
    for node in [n for n in values if not drawing.draft.node(n).next]:
        drawing.add("Output", node)
    for _ in range(dice.randint(0, 4)):
        enclose(drawing, dice, made)
    return drawing


def one(drawing, dice, values):
    """One more layer on recent values."""

    def pick():
        return dice.choice(values[-3:])

    return dice.choice(LAYERS)(drawing, dice, pick)


def conv(drawing, dice, pick):
    return drawing.add("Conv2d", pick(), out_channels=4, kernel_size=dice.choice([1, 3]), padding="same")


def norm(drawing, dice, pick):
    return drawing.add("BatchNorm2d", pick())


def relu(drawing, dice, pick):
    return drawing.add("ReLU", pick(), inplace=dice.random() < 0.5)


def folded(drawing, dice, pick):
    return drawing.add(dice.choice(["Add", "Mul"]), *(pick() for _ in range(dice.randint(2, 3))))


def joined(drawing, dice, pick):
    return drawing.add("Conv2d", drawing.add("Concat", pick(), pick()), out_channels=4, kernel_size=1)


def scaled(drawing, dice, pick):
    return drawing.add("Mul", pick(), drawing.add("Constant", value=dice.choice([0.5, 2.0])))


def gained(drawing, dice, pick):
    return drawing.add("Mul", pick(), drawing.add("Parameter", shape=(1, 4, 1, 1)))


def halved(drawing, dice, pick):
    halves = drawing.add("Chunk", pick(), chunks=2)
    return drawing.add("Concat", (halves, 1), (halves, 0))


def pooled(drawing, dice, pick):
    return drawing.add("MaxPool2d", pick(), kernel_size=3, stride=1, padding=1)


def dropped(drawing, dice, pick):
    return drawing.add("Dropout", pick(), p=0.25, inplace=dice.random() < 0.5)


LAYERS = (conv, conv, norm, relu, relu, folded, joined, scaled, gained, halved, pooled, dropped)


def enclose(drawing, dice, made):
    """Group some nodes of one canvas, now and then numbered as in an nn.Sequential."""
    draft = drawing.draft
    parent = draft.node(dice.choice(made)).parent
    siblings = [n for n in draft.members(parent) if draft.node(n).layer not in ("Input", "Output")]
    if not siblings:
        return
    start = dice.randrange(len(siblings))
    chosen = siblings[start : start + dice.randint(1, 4)]
    if dice.random() < 0.2:
        chosen = dice.sample(siblings, min(len(siblings), 3))
    group(draft, chosen, dice.choice(["Group", "Sequential"]))
    if dice.random() < 0.4:
        for index, node in enumerate(chosen):
            draft.rename(node, f"tmp{index}")
        for index, node in enumerate(chosen):
            draft.rename(node, str(index))
