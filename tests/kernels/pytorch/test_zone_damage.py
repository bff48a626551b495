"""Files with zones whose notes are damaged or no longer fit their module: one line, or a drawing."""

import copy
import json
import random

import pytest
import torch
from torch import nn

from sketch.binder.kernel import BinderError
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.graph.zone_kinds import ELSE, IF, THEN
from sketch.kernels.pytorch.kernel import KERNEL
from tests.contract.networks import library
from tests.contract.torch_reference import task as make_task
from tests.contract.zone_drawings import plug, zone
from tests.kernels.pytorch.drawing import Drawing
from tests.kernels.pytorch.test_round_trip import structure
from tests.kernels.pytorch.zone_files import answers, assert_same, load, read, written


def refused(module, task, given=()):
    with pytest.raises(BinderError) as caught:
        KERNEL.from_live(module, given, task)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 400
    return text


def half(module):
    module.half()


def resize(module):
    module.loop1_body.fc.weight = nn.Parameter(torch.zeros(2, 3))


def swap(module):
    module.loop1_body.fc = nn.Bilinear(3, 3, 3)


def drop(module):
    del module.loop1_body.fc.bias
    module.loop1_body.fc.bias = None


def rewire(module):
    call = next(node for node in module.loop1_body.graph.nodes if node.op == "call_module")
    with module.loop1_body.graph.inserting_after(call):
        module.loop1_body.graph.call_function(torch.relu, (call,))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (half, "fc.weight is float16 [3, 3], and was float32 [3, 3]"),
        (resize, "fc.weight is float32 [2, 3], and was float32 [3, 3]"),
        (swap, "fc"),
        (drop, "it has no tensor loop1_body.fc.bias"),
        (rewire, "its calls are not those that the notes were written for"),
    ],
)
def test_a_module_that_was_changed(change, said, tmp_path):
    task, _, given, path = written("nested", tmp_path)
    module = load(path)
    change(module)
    text = refused(module, task, given)
    assert "does not fit its module" in text
    assert said in text


def fixed_branches():
    """An If between two lists of numbers, of which one is negated: nothing in a branch needs an input."""
    drawing = Drawing()
    flag = drawing.add("Input", name="flag", shape=(), dtype="bool")
    group, _, end = zone(drawing, IF)
    inside = {drawing.draft.node(member).layer: member for member in drawing.draft.members(group)}
    one = drawing.add("Constant", name="one", parent=inside[THEN], value=(1.0, 2.0))
    two = drawing.add("Constant", name="two", parent=inside[ELSE], value=(3.0, 4.0))
    for into, source in enumerate((flag, drawing.add("Neg", one, name="minus", parent=inside[THEN]), two)):
        plug(drawing, source, end, into)
    drawing.add("Output", end, name="y")
    return drawing


def test_constants_of_branches_that_take_nothing(tmp_path):
    task = make_task(tmp_path)
    network = fixed_branches().network(task.store)
    KERNEL.export_model(network, tmp_path / "m.pth", {}, task)
    assert_same(tmp_path / "m.pth", task, network, (torch.tensor(True),), tmp_path)
    module = load(tmp_path / "m.pth")
    assert [y.tolist() for y in answers(module, (torch.tensor(True),))] == [[-1.0, -2.0]]
    torch.save(module, tmp_path / "n.pth")
    assert structure(read(tmp_path / "n.pth", task)) == structure(network)
    with torch.no_grad():
        next(module.buffers()).add_(1)
    assert "was changed" in refused(module, task)


def test_an_older_file_and_one_without_notes(tmp_path):
    task, _, given, path = written("nested", tmp_path)
    for text in ("", "{", "[" * 100_000, None, 5, '{"format":1}'):
        module = load(path)
        module.sketch = text
        assert "lacks the notes of how they were drawn" in refused(module, task, given)


NOT = (
    None,
    True,
    -1,
    10**9,
    1.5,
    "",
    "x",
    [],
    {},
    [None],
    {"a": 1},
    [[0, 0]],
    "ai.onnx:Relu",
    "Conv2d",
    "Loop",
)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("items",), 5, "the list of nodes is no list"),
        (("items", 0), [], "a node is no table"),
        (("items", 1, "layer"), "Convolution", "There is no layer 'Convolution'"),
        (("items", 1, "name"), "flag", "The name 'flag' is taken here"),
        (("items", 1, "name"), "", "A name needs 1 to 4096"),
        (("items", 1, "in"), 99, "a group leads to a node that is not there"),
        (("items", 1, "in"), 0, "'flag' is no group"),
        (("items", 3, "in"), 3, "its groups hold themselves"),
        (("items", 1, "params"), {"shape": [2, 3], "size": 4}, "Input has no parameter 'size'"),
        (("items", 1, "inputs"), [[99, 0]], "a wire leads to a node that is not there"),
        (("items", 1, "inputs"), [[0, 10**9]], "a wire starts at an output that is not there"),
        (("items", 4, "params"), {"carried": 10**9}, "claims more than 65536 outputs"),
        (("items", 7, "weights"), {}, "the weights of 'fc' are not those of a Linear"),
        (("items", 7, "weights", "bias"), ["loop1_body.fc.weight", [3, 3], "float32", ""], "weights of 'fc'"),
        (("graph",), "", "its calls are not those"),
    ],
)
def test_damaged_notes_are_named(path, value, said, tmp_path):
    task, _, given, file = written("nested", tmp_path)
    module = load(file)
    module.sketch = changed(module.sketch, path, value)
    assert said in refused(module, task, given)


def test_wires_that_close_a_loop(tmp_path):
    task, _, given, file = written("if", tmp_path)
    module = load(file)
    items = json.loads(module.sketch)["drawing"]["items"]
    at = {item["name"]: index for index, item in enumerate(items)}
    module.sketch = changed(module.sketch, ("items", at["negative"], "inputs"), [[at["result"], 0]])
    assert "form a loop" in refused(module, task, given)


def changed(text, path, value):
    notes = json.loads(text)
    at = notes["drawing"]
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return json.dumps(notes)


@pytest.mark.parametrize("seed", range(3))
def test_notes_damaged_at_random_give_a_drawing_or_one_line(seed, tmp_path):
    task, _, given, file = written("rich", tmp_path)
    chance = random.Random(seed)
    module = load(file)
    sound = json.loads(module.sketch)
    said = []
    for _ in range(60):
        notes = copy.deepcopy(sound)
        holder, key = chance.choice(list(places(notes["drawing"])))
        if chance.random() < 0.2 and isinstance(holder, dict):
            del holder[key]
        else:
            holder[key] = chance.choice(NOT)
        module.sketch = json.dumps(notes)
        try:
            model = KERNEL.from_live(module, given, task)
        except BinderError as error:
            said.append(str(error))
        else:
            tables = Tables()
            tables.apply(model.delta)
            assert not build_network(tables, library(), store=task.store).errors
    assert len(said) > 20
    assert not [line for line in said if "\n" in line or len(line) > 400]


def places(value):
    """(table or list, key) of everything inside."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield value, key
        yield from places(inner)
