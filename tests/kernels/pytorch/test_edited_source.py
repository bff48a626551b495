"""The source of a drawing is edited, run and read back: what is edited changes, everything else is as it was."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from sketch.binder.tensors import TensorStore
from sketch.graph import examples
from sketch.graph.attachments import add_tensor, set_weight
from sketch.graph.draft import Draft
from sketch.graph.network import build_network
from sketch.graph.placing import placed
from sketch.graph.rewriting import RewriteError, drop_unread, rewritten, shown
from sketch.graph.rewriting.versions import Versions
from sketch.graph.tables import Tables, whole
from sketch.gui.text_run import inputs
from sketch.gui.text_syntax import classes
from sketch.kernels.pytorch.drawing.drawn import drawn
from sketch.kernels.pytorch.files.source import network_from_text
from sketch.kernels.pytorch.live import to_torch
from sketch.kernels.pytorch.text import source_text
from sketch.state import commands
from sketch.state.document import Document
from tests.contract.networks import library
from tests.kernels.pytorch.drawing import Drawing, random_drawing

SEEDS = range(12)


@pytest.fixture
def store(tmp_path):
    return TensorStore(tmp_path)


class Text:
    """A drawing and its source."""

    def __init__(self, tables, store, name="net"):
        self.tables, self.store = tables, store
        self.network = build_network(tables, library(), name=name, store=store)
        assert self.network.errors == ()
        self.source = source_text(self.network)
        self.base = self.run(self.source.text)

    def run(self, text):
        """The drawing that some text makes."""
        task = SimpleNamespace(trusted=True, store=self.store, step=lambda *_: None)
        given = inputs(self.network, classes(self.source.text)[-1].inputs)
        shapes = {name: step.params["shape"] for name, step in given.items()}
        made = Tables()
        made.apply(network_from_text(text, "", "", shapes, task).delta)
        return made

    @property
    def shown(self):
        return shown(self.tables, self.source.lines)

    def delta(self, *edits):
        """What some edits of the text, (old, new) each, change in the drawing."""
        text = self.source.text
        for old, new in edits:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        new = self.run(text)
        self.unread = drop_unread(new, self.base, library())
        self.text = text
        return rewritten(self.tables, new, library(), self.shown, self.base)

    def edited(self, *edits):
        """The drawing after these edits."""
        made = Tables()
        made.apply(whole(self.tables))
        made.apply(self.delta(*edits))
        assert build_network(made, library()).errors == ()
        return made

    def strangers(self):
        """Nodes that did not come back from the source as they were.

        An n-fold sum comes back as several sums, a number without its group: neither counts. Wires agree wherever nodes
        are paired.
        """
        seen = Versions(self.tables, self.base, self.base, library(), self.shown)
        stands, nodes = seen.stands, self.tables.nodes
        folds = {key for key, node in nodes.items() if node.layer in ("Add", "Mul") and len(node.prior) > 2}
        around = {edge.source for key in folds for edge in nodes[key].prior}
        plain = [
            key
            for key in self.shown
            if nodes[key].layer != "Constant" and not library()[nodes[key].layer].group
        ]
        lost = set(plain) - set(stands.values()) - folds - around
        for key, mine in stands.items():
            there, here = self.base.nodes[key], nodes[mine]
            group = stands.get(there.parent)
            if mine in plain and (there.layer != here.layer or (group != here.parent and group is not None)):
                lost.add(mine)
        return [nodes[key].name for key in sorted(lost)]


def example(key, shape=None):
    tables = Tables()
    draft = Draft(tables, library())
    examples.build(key, draft)
    if shape is not None:
        draft.set_param(1, "shape", shape)
    tables.apply(placed(draft.delta(), library()))
    return tables


def lifted(module, *inputs, store):
    tables = Tables()
    tables.apply(placed(drawn(module.eval(), inputs, None, store).delta, library()))
    return tables


class Pair(nn.Module):
    """Two inputs, nested results, a torch function that is no layer, a computed constant."""

    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Linear(8, 16), nn.Linear(4, 16)
        self.register_buffer("shift", torch.arange(16.0))

    def forward(self, x, y):
        h = torch.relu(self.left(x)) * self.right(y) + self.shift
        return {"sum": torch.cumsum(h, 1), "parts": (h, torch.cdist(h[None], h[None])[0])}


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(50, 16)
        self.lstm = nn.LSTM(16, 24, batch_first=True, bidirectional=True)
        self.head = nn.Linear(48, 3)

    def forward(self, tokens):
        x, _ = self.lstm(self.table(tokens))
        return self.head(x[:, -1])


@pytest.mark.parametrize(
    ("key", "shape"),
    [("lenet5", None), ("encoder", None), ("resnet18", ("N", 3, 32, 32)), ("unet", ("N", 3, 16, 16))],
)
def test_examples_come_back_as_they_are(key, shape, store):
    text = Text(example(key, shape), store, key)
    assert text.strangers() == []
    assert text.delta() == ()


@pytest.mark.parametrize("seed", SEEDS)
def test_random_drawings_come_back_as_they_are(seed, store):
    drawing = random_drawing(seed)
    drawing.network()
    text = Text(drawing.tables, store)
    assert text.strangers() == []
    assert text.delta() == ()


@pytest.mark.parametrize(
    ("make", "inputs"),
    [
        (Pair, (torch.zeros(2, 8), torch.zeros(2, 4))),
        (Words, (torch.zeros(2, 7, dtype=torch.int64),)),
        (lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), 2),
         (torch.zeros(2, 5, 16),)),
    ],
)  # fmt: skip
def test_models_of_pytorch_come_back_as_they_are(make, inputs, store):
    text = Text(lifted(make(), *inputs, store=store), store)
    assert text.strangers() == []
    assert text.delta() == ()


# --- edits ------------------------------------------------------------------------------------------


def named(tables):
    return {node.name: key for key, node in tables.nodes.items()}


def agrees(text, made, *inputs):
    """The edited drawing computes what the edited source computes, from the same weights."""
    scope = {"__name__": "edited"}
    exec(text.text, scope)  # noqa: S102 - the test wrote it
    original = scope[classes(text.text)[-1].name]().eval()
    network = build_network(made, library(), name=text.network.name, store=text.store)
    module = to_torch(network, text.store)
    used = {key: value for key, value in original.state_dict().items() if key in module.state_dict()}
    module.load_state_dict(used, strict=True)
    expected, found = original(*inputs), module(*inputs)
    assert torch.equal(expected, found)
    assert not torch.equal(found, torch.zeros_like(found))


@pytest.fixture
def lenet(store):
    return Text(example("lenet5"), store, "lenet5")


IMAGE = torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("edits", "added", "removed", "changed"),
    [
        ([("nn.Linear(84, 10)", "nn.Linear(84, 100)")], set(), set(), {"fc3"}),
        ([("x = self.tanh3(x)", "x = torch.relu(x)")], {"ReLU"}, {"tanh3"}, set()),
        ([("x = self.fc2(x)", "x = self.fc2(x) + torch.cumsum(self.fc2(x), 1)")],
         {"Linear", "Add", "CumSum"}, set(), set()),
        ([("        self.fc2 = nn.Linear(120, 84)\n", ""), ("self.fc2(x)", "x"), ("(84, 10)", "(120, 10)")],
         set(), {"fc2"}, set()),
        ([("x = self.fc2(x)", "x = torch.sort(self.fc2(x), 1, descending=True)[0]")], {"Sort"}, set(), set()),
        ([("self.fc3 = ", "self.head = "), ("self.fc3(", "self.head(")], set(), set(), {"head"}),
        ([("(1, 6, ", "(1, 12, "), ("nn.Conv2d(6, ", "nn.Conv2d(12, ")], set(), set(), {"conv1"}),
    ],
)  # fmt: skip
def test_an_edit_changes_what_it_says(lenet, edits, added, removed, changed):
    before = lenet.tables
    made = lenet.edited(*edits)
    agrees(lenet, made, IMAGE)
    assert {made.nodes[key].layer for key in made.nodes.keys() - before.nodes.keys()} == added
    assert {before.nodes[key].name for key in before.nodes.keys() - made.nodes.keys()} == removed
    both = before.nodes.keys() & made.nodes.keys()
    facts = {key: (before.nodes[key].params, before.nodes[key].name) for key in both}
    other = {
        made.nodes[key].name for key in both if facts[key] != (made.nodes[key].params, made.nodes[key].name)
    }
    assert other == changed
    assert all(made.places[key] == before.places[key] for key in both)
    assert set(made.places) == set(made.nodes)


def test_a_class_that_is_used_often_changes_all_its_groups(store):
    text = Text(example("resnet18", ("N", 3, 32, 32)), store, "resnet18")
    block = text.source.text.index("class ")
    line = next(row for row in text.source.text[block:].splitlines() if "bn2(" in row)
    assert text.source.text.count(line) < 8
    made = text.edited(
        *[(line, f"{line}\n        x = torch.tanh(x)")] if text.source.text.count(line) == 1 else []
    )
    fresh = made.nodes.keys() - text.tables.nodes.keys()
    assert {made.nodes[key].layer for key in fresh} == {"Tanh"}
    assert len({made.nodes[key].parent for key in fresh}) == len(fresh) > 1


def test_a_class_keeps_the_name_that_the_text_gives_it(store):
    text = Text(example("resnet18", ("N", 3, 32, 32)), store, "resnet18")
    made = Tables()
    made.apply(whole(text.tables))
    new = text.run(text.source.text.replace("Layer2Block", "Downsampling"))
    drop_unread(new, text.base, library())
    made.apply(rewritten(text.tables, new, library(), text.shown, text.base))
    again = source_text(build_network(made, library(), name="resnet18", store=store)).text
    assert again == text.source.text.replace("Layer2Block", "Downsampling")


def test_a_layer_that_is_made_and_not_called_is_left_out(lenet):
    made = lenet.edited(("self.fc2(x)", "x"), ("(84, 10)", "(120, 10)"))
    assert lenet.unread == ["fc2"]
    assert "fc2" not in named(made)


def test_weights_stay_and_outgrown_ones_too(store):
    tables = example("lenet5")
    draft, kept = Draft(tables, library()), {}
    for name, shape in (("fc2", (84, 120)), ("fc3", (10, 84))):
        array = np.random.default_rng(1).normal(size=shape).astype(np.float32)
        kept[name] = add_tensor(draft, store.put(array), shape, "float32")
        set_weight(draft, named(tables)[name], "weight", kept[name])
    tables.apply(draft.delta())
    made = Text(tables, store, "lenet5").edited(("nn.Linear(84, 10)", "nn.Linear(84, 100)"))
    for name, row in kept.items():
        assert made.weights_of(named(made)[name]) == {"weight": row}


def operators(*kinds):
    """A chain of operators of ONNX between two layers."""
    drawing = Drawing()
    last = drawing.add("Linear", drawing.add("Input", name="x", shape=(4, 8)), name="first", out_features=8)
    for kind, params in kinds:
        last = drawing.add(f"ai.onnx:{kind}", last, name=kind.lower(), **params)
    drawing.add("Output", drawing.add("Linear", last, name="last", out_features=3), name="y")
    drawing.network()
    tables = Tables()
    tables.apply(placed(whole(drawing.tables), library()))
    return tables


@pytest.fixture
def chain(store):
    kinds = (
        ("LpNormalization", {"p": 1, "axis": 1}),
        ("Shrink", {"lambd": 0.1, "bias": 0.05}),
        ("Celu", {"alpha": 2.0}),
    )
    return Text(operators(*kinds), store)


def test_operators_come_back_by_their_functions(chain):
    assert chain.strangers() == []
    assert {node.layer for node in chain.base.nodes.values()} >= {"ai.onnx:LpNormalization", "ai.onnx:Shrink"}
    assert chain.delta() == ()


def test_an_operator_is_edited_in_its_call(chain):
    made = chain.edited(("lambd=0.1", "lambd=0.25"))
    assert dict(made.nodes[named(made)["shrink"]].params) == {"lambd": 0.25, "bias": 0.05}
    made = chain.edited(("x = shrink(", "x = torch.relu(x)\n        x = shrink("))
    relu = next(key for key in made.nodes if key not in chain.tables.nodes)
    assert [made.nodes[edge.source].name for edge in made.nodes[relu].prior] == ["lpnormalization"]
    assert [made.nodes[edge.target].name for edge in made.nodes[relu].next] == ["shrink"]


def test_a_function_that_was_edited_is_drawn_as_what_it_computes(chain):
    made = chain.edited(
        ("nearer = torch.where(x < -lambd, x + bias,", "nearer = torch.where(x < -lambd, x + 2 * bias,")
    )
    assert "shrink" not in named(made)
    agrees(chain, made, torch.randn(4, 8, generator=torch.Generator().manual_seed(0)))


def test_what_the_drawing_says_in_another_form_is_not_edited_by_halves(store):
    drawing = Drawing()
    x = drawing.add("Input", name="x", shape=("N", 4))
    drawing.add("Output", drawing.add("Mul", x, x, x, name="cube"), name="y")
    drawing.network()
    text = Text(placed_tables(drawing.tables), store)
    assert text.delta() == ()
    with pytest.raises(RewriteError, match="edit that on the canvas"):
        text.delta(("x * x * x", "x * x"))


def placed_tables(tables):
    made = Tables()
    made.apply(placed(whole(tables), library()))
    return made


def test_a_drawing_that_changed_meanwhile_takes_only_the_edit(lenet):
    later = Tables()
    later.apply(whole(lenet.tables))
    draft = Draft(later, library())
    draft.set_param(named(later)["fc1"], "out_features", 100)
    draft.move(named(later)["fc1"], 5000, 5000)
    later.apply(draft.delta())
    new = lenet.run(lenet.source.text.replace("nn.Linear(84, 10)", "nn.Linear(84, 12)"))
    delta = rewritten(later, new, library(), lenet.shown, lenet.base)
    assert [(change.table, change.after.name, dict(change.after.params)) for change in delta] == [
        ("nodes", "fc3", {"out_features": 12})
    ]


def test_a_changed_size_keeps_the_overlap_of_the_weights_in_the_same_step(store):
    tables = example("lenet5")
    document = Document(library(), store=store, folder=None)
    document.load(whole(tables), "Example")
    array = np.random.default_rng(1).normal(size=(10, 84)).astype(np.float32)
    row = named(tables)["fc3"]
    digest = store.put(array)
    document.edit(
        "Weights", lambda d: set_weight(d, row, "weight", add_tensor(d, digest, (10, 84), "float32"))
    )
    text = Text(document.tables, store, "lenet5")
    steps = len(document.history)
    commands.apply_prepared(document, "Edit source", text.delta(("nn.Linear(84, 10)", "nn.Linear(84, 12)")))
    assert len(document.history) == steps + 1
    tensor = document.tables.tensors[document.tables.weights_of(row)["weight"]]
    assert tensor.shape == (12, 84)
    assert np.array_equal(store.get(tensor.digest, tensor.shape, tensor.dtype)[:10], array)
    document.undo()
    tensor = document.tables.tensors[document.tables.weights_of(row)["weight"]]
    assert (tensor.digest, tensor.shape) == (digest, (10, 84))
    document.close()
