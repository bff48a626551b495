"""A first look at a file: the operators and wires that onnx reads, names and layers of the import, nothing loaded."""

import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from benchmarks import models as large
from sketch.binder.kernel import GlancingKernel
from sketch.graph.tables import Tables
from sketch.kernels.onnx import KERNEL, glance_file
from sketch.kernels.onnx.glance_file import outline
from sketch.kernels.onnx.wire_format import WireError
from tests.contract.networks import library
from tests.kernels.onnx.job import chain, opened, task_in
from tests.kernels.onnx.models import info, model_of, random, saved
from tests.kernels.onnx.test_light import FOLDER, PARAMETERS
from tests.zoo.exports import exported
from tests.zoo.networks import NETWORKS

OTHER = "some.domain"


def rows(made) -> Tables:
    """Of what a glance or an import gives."""
    if isinstance(made, list):
        tables = Tables.of(made)
    else:
        tables = Tables()
        tables.apply(made)
    for node in tables.nodes.values():
        assert node.layer in library()
        for edge in node.prior:
            assert edge in tables.nodes[edge.source].next
    return tables


def path(tables: Tables, node_id: int | None) -> str:
    names = []
    while node_id is not None:
        names.append(tables.nodes[node_id].name)
        node_id = tables.nodes[node_id].parent
    return "/".join(reversed(names))


def drawn(made) -> tuple[dict[str, str], Counter]:
    """(path -> layer, wires by the paths of their ends)."""
    tables = rows(made)
    layers = {path(tables, key): node.layer for key, node in tables.nodes.items()}
    wires = Counter(
        (path(tables, edge.source), edge.out, path(tables, edge.target), edge.into)
        for node in tables.nodes.values()
        for edge in node.next
    )
    return layers, wires


def as_onnx_reads(model: onnx.ModelProto) -> tuple:
    graph = model.graph
    weights = {tensor.name for tensor in graph.initializer}
    weights |= {tensor.values.name for tensor in graph.sparse_initializer}
    return (
        [(n.name, n.op_type, n.domain, list(n.input), list(n.output)) for n in graph.node],
        [value.name for value in graph.input if value.name not in weights],
        [value.name for value in graph.output],
        weights,
    )


def as_seen(file: Path) -> tuple:
    found = outline(file)

    def text(names):
        return [name.decode() for name in names]

    return (
        [
            (*text((made.name, made.kind, made.domain)), text(made.inputs), text(made.outputs))
            for made in found.operators
        ],
        text(found.inputs),
        text(found.outputs),
        set(text(found.weights)),
    )


def agrees(file: Path) -> None:
    assert as_seen(file) == as_onnx_reads(onnx.load(file, load_external_data=False))


@pytest.mark.parametrize("kind", sorted(large.KINDS))
def test_it_reads_what_onnx_reads(kind, tmp_path):
    agrees(large.write(tmp_path, kind, 60))


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_it_reads_the_classics_as_onnx_does(name):
    agrees(FOLDER / f"{name}.onnx")
    rows(KERNEL.glance(FOLDER / f"{name}.onnx"))


@pytest.mark.parametrize("kind", ["chain", "branching", "dense"])
def test_where_operators_are_layers_it_is_what_the_import_draws(kind, tmp_path):
    file = large.write(tmp_path, kind, 60)
    assert drawn(KERNEL.glance(file)) == drawn(KERNEL.import_model(file, {}, task_in(tmp_path)).delta)


@pytest.mark.parametrize("exporter", ["script", "dynamo"])
def test_modules_are_the_groups_that_the_import_makes(exporter, tmp_path):
    file = exported(NETWORKS["resnet"], exporter)
    seen, _ = drawn(KERNEL.glance(file))
    exact, _ = drawn(KERNEL.import_model(file, {}, task_in(tmp_path)).delta)
    assert {name for name, layer in seen.items() if layer == "Group"} == {
        name for name, layer in exact.items() if layer == "Group"
    }
    assert len(seen.items() & exact.items()) >= 0.9 * len(exact)


def test_a_file_of_sketch_shows_the_layers_that_it_was_written_from(tmp_path):
    task = task_in(tmp_path)
    written = chain(
        ("Conv2d", {"out_channels": 4, "kernel_size": (3, 3)}), "SELU", "Flatten", store=task.store
    )
    KERNEL.export_model(written, tmp_path / "own.onnx", {}, task)
    network = opened(tmp_path / "own.onnx", task)
    seen, _ = drawn(KERNEL.glance(tmp_path / "own.onnx"))
    assert seen == {"/".join(network.path(step)): step.layer for step in network.steps}


@st.composite
def graphs(draw):
    """Operators of one other domain over values that are made before them, left out, stored, or come from nowhere."""
    names = ["in0", "in1", "w0", "w1"]
    nodes = []
    for number in range(draw(st.integers(1, 12))):
        inputs = draw(st.lists(st.sampled_from([*names, "", "nowhere"]), max_size=4))
        outputs = [f"v{number}_{out}" for out in range(draw(st.integers(0, 3)))]
        if outputs and draw(st.booleans()):
            outputs[0] = draw(st.sampled_from(["", *outputs]))
        names += [name for name in outputs if name]
        name = draw(st.sampled_from(["", f"op{number}", "same", "/layer1/0/Kind", "ümläut", "a" * 300]))
        nodes.append(helper.make_node("Kind", inputs, outputs, name=name, domain=OTHER, mark=number))
    inputs = [info(name, 2) for name in ("in0", "in1", *draw(st.sampled_from([(), ("w0",)])))]
    ends = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
    stored = {"w0": random(2), "w1": random(draw(st.sampled_from([2, 2000])))}
    return model_of(nodes, inputs, [info(name, 2) for name in ends], stored, domains=(OTHER,))


@settings(max_examples=80, deadline=None)
@given(graphs())
def test_any_graph_has_the_operators_and_wires_that_onnx_reads(model):
    with tempfile.TemporaryDirectory() as folder:
        file = saved(model, Path(folder) / "any.onnx")
        agrees(file)
        tables = rows(KERNEL.glance(file))
    made = {name: number for number, node in enumerate(model.graph.node) for name in node.output if name}
    inner = Counter(
        (made[name], into, number)
        for number, node in enumerate(model.graph.node)
        for into, name in enumerate(node.input)
        if name in made
    )
    kinds = [key for key, node in tables.nodes.items() if node.layer == f"{OTHER}:Kind"]
    numbers = {key: number for number, key in enumerate(kinds)}
    wires = Counter(
        (numbers[edge.source], edge.into, numbers[edge.target])
        for key in kinds
        for edge in tables.nodes[key].prior
        if edge.source in numbers
    )
    assert wires == inner
    assert len(kinds) == len(model.graph.node)


def test_bodies_stay_inside_their_operator_and_their_outer_values_are_wires(tmp_path):
    def body(name, out):
        nodes = [
            helper.make_node("Add", [name, "scale"], [f"{out}_sum"]),
            helper.make_node("Relu", [f"{out}_sum"], [out]),
        ]
        return helper.make_graph(nodes, out, [], [info(out, 2)])

    nodes = [
        helper.make_node("Relu", ["x"], ["r"], name="first"),
        helper.make_node(
            "If", ["flag"], ["y"], name="choice", then_branch=body("r", "a"), else_branch=body("x", "b")
        ),
    ]
    flag = info("flag", kind=onnx.TensorProto.BOOL)
    file = saved(
        model_of(nodes, [info("x", 2), flag], [info("y", 2)], {"scale": random(2)}), tmp_path / "if.onnx"
    )
    layers, wires = drawn(KERNEL.glance(file))
    assert layers == {"x": "Input", "flag": "Input", "y": "Output", "first": "ReLU", "choice": "ai.onnx:If"}
    assert {(start, end) for start, _, end, _ in wires} == {
        ("x", "first"), ("flag", "choice"), ("first", "choice"), ("x", "choice"), ("choice", "y"),
    }  # fmt: skip


def test_a_function_is_the_node_that_calls_it(tmp_path):
    twice = helper.make_function(
        OTHER,
        "Twice",
        ["a"],
        ["b"],
        [helper.make_node("Add", ["a", "a"], ["b"])],
        [helper.make_opsetid("", 21)],
    )
    call = helper.make_node("Twice", ["x"], ["y"], name="call", domain=OTHER)
    model = model_of([call], [info("x", 2)], [info("y", 2)], domains=(OTHER,), functions=[twice])
    layers, _ = drawn(KERNEL.glance(saved(model, tmp_path / "function.onnx")))
    assert layers == {"x": "Input", "y": "Output", "call": f"{OTHER}:Twice"}


def test_constants_are_weights_and_a_product_with_its_bias_is_one_layer(tmp_path):
    nodes = [
        helper.make_node("Constant", [], ["b"], value_floats=[1.0, 2.0]),
        helper.make_node("MatMul", ["x", "w"], ["p"], name="product"),
        helper.make_node("Add", ["b", "p"], ["s"], name="sum"),
        helper.make_node("MatMul", ["s", "w"], ["q"], name="alone"),
        helper.make_node("Add", ["q", "s"], ["y"], name="plus"),
    ]
    model = model_of(nodes, [info("x", 1, 2)], [info("y", 1, 2)], {"w": random(2, 2)})
    layers, wires = drawn(KERNEL.glance(saved(model, tmp_path / "linear.onnx")))
    assert layers == {"x": "Input", "y": "Output", "sum": "Linear", "alone": "Linear", "plus": "Add"}
    assert sum(wires.values()) == 5


def test_a_loop_of_wires_is_no_reason_to_hang_or_fail(tmp_path):
    nodes = [
        helper.make_node("Relu", ["b"], ["a"], name="one"),
        helper.make_node("Relu", ["a"], ["b"], name="two"),
    ]
    _, wires = drawn(KERNEL.glance(saved(model_of(nodes, [], [info("b", 2)]), tmp_path / "loop.onnx")))
    assert set(wires) == {("one", 0, "two", 0), ("two", 0, "one", 0), ("two", 0, "b", 0)}


def test_nothing_comes_of_what_is_no_graph(tmp_path):
    for name, content in (
        ("none", b""),
        ("text", b"hello there"),
        ("zeros", bytes(5000)),
        ("ends", b"\x08\x07\x12"),
    ):
        (tmp_path / name).write_bytes(content)
        assert KERNEL.glance(tmp_path / name) is None
    assert KERNEL.glance(tmp_path / "missing") is None
    assert KERNEL.glance(tmp_path) is None
    assert KERNEL.glance(saved(model_of([], [info("x", 2)], [info("x", 2)]), tmp_path / "no.onnx")) is None


def test_a_file_cut_off_anywhere_gives_no_picture(tmp_path):
    whole = large.write(tmp_path, "transformer", 20).read_bytes()
    after = onnx.ModelProto()
    after.opset_import.extend(onnx.load_from_string(whole).opset_import)
    graph_ends = len(whole) - after.ByteSize()
    cut = tmp_path / "cut.onnx"
    for size in {*range(0, len(whole), 7), graph_ends - 1, len(whole) - 1}:
        cut.write_bytes(whole[:size])
        assert KERNEL.glance(cut) is None or size == graph_ends


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_bytes_never_raise(data):
    with tempfile.TemporaryDirectory() as folder:
        file = large.write(Path(folder), "branching", 20)
        content = bytearray(file.read_bytes())
        for _ in range(data.draw(st.integers(1, 6))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        file.write_bytes(content)
        found = KERNEL.glance(file)
        assert found is None or len({(node.parent, node.name) for node in found}) == len(found)


@pytest.mark.parametrize("claim", [1 << 20, 1 << 40, (1 << 63) - 1, 1 << 69])
def test_a_size_that_is_only_claimed_is_not_believed(tmp_path, claim):
    def number(value: int) -> bytes:
        out = bytearray()
        while value > 127:
            out.append(value & 127 | 128)
            value >>= 7
        return bytes([*out, value])

    for head in (b"\x3a", b"\x3a\x80\x80\x04\x0a", b"\x3a\x80\x80\x04\x2a"):
        file = tmp_path / "claim.onnx"
        file.write_bytes(b"\x08\x07" + head + number(claim) + bytes(1 << 16))
        assert KERNEL.glance(file) is None


def test_large_weights_are_passed_over(tmp_path, monkeypatch):
    nodes = [helper.make_node("MatMul", ["x", "w"], ["p"]), helper.make_node("Constant", [], ["c"])]
    nodes[1].attribute.append(
        helper.make_attribute("value", onnx.numpy_helper.from_array(random(600, 600), "t"))
    )
    nodes.append(helper.make_node("MatMul", ["p", "c"], ["y"], name="last"))
    model = model_of(
        nodes, [info("x", 1, 600)], [info("y", 1, 600)], {"w": random(600, 600), "v": random(600, 600)}
    )
    file = saved(model, tmp_path / "large.onnx")
    monkeypatch.setattr(glance_file, "MOST_READ", 20_000)
    agrees(file)
    assert outline(file).weights == {b"w": 2, b"v": 2}


def test_more_structure_than_the_limit_is_left_alone(tmp_path, monkeypatch):
    file = large.write(tmp_path, "chain", 60)
    monkeypatch.setattr(glance_file, "MOST_READ", 2000)
    with pytest.raises(WireError, match="too large for a glance"):
        outline(file)
    assert KERNEL.glance(file) is None


def test_it_loads_no_framework(tmp_path):
    file = large.write(tmp_path, "branching", 60)
    text = (
        "import sys, pathlib; from sketch.kernels.onnx import KERNEL; "
        f"assert KERNEL.glance(pathlib.Path({str(file)!r})); "
        "print([name for name in sys.modules if name.partition('.')[0] in "
        "('onnx', 'onnx_ir', 'onnxruntime', 'google', 'torch', 'numpy')])"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_kernel_offers_it():
    assert isinstance(KERNEL, GlancingKernel)
