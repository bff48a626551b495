"""Types of operators are inferred live: against onnx's own inference, with names that survive a computed shape."""

from __future__ import annotations

import random

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper, parser

from sketch.graph.attachments import add_tensor, set_hint, set_weight
from sketch.graph.dims import parse_dim, symbol
from sketch.graph.draft import Draft
from sketch.graph.infer import Inference
from sketch.graph.rows import FrozenDict, ValueType
from sketch.graph.tables import Tables
from tests.graph.operator_oracle import KNOWN, OPSET, both_forms, draw, judge, judge_edit, library, node_cases

SAMPLE, SEED = 110, 28
"""scripts/conformance-shapes takes all of them."""


def constant(*data, dtype="int64", shape=None):
    return FrozenDict(dtype=dtype, shape=(len(data),) if shape is None else shape, data=data)


class Board:
    """Rows and inference under functions that draw."""

    def __init__(self):
        self.tables, self.inference = Tables(), Inference(library())

    def edit(self, change):
        draft = Draft(self.tables, library())
        result = change(draft)
        delta = draft.delta()
        self.tables.apply(delta)
        self.inference.follow(self.tables, delta)
        return result

    def add(self, layer, *sources, **params):
        def change(draft):
            node = draft.add(layer if layer == "Input" or ":" in layer else f"ai.onnx:{layer}", params=params)
            for into, source in enumerate(sources):
                if source is not None:
                    draft.connect(*(source if isinstance(source, tuple) else (source, 0)), node, into)
            return node

        return self.edit(change)

    def set(self, node, **params):
        for name, value in params.items():
            self.edit(lambda draft, name=name, value=value: draft.set_param(node, name, value))

    def shape(self, node, out=0):
        kind = self.inference.output(node, out)
        return (
            None
            if kind is None or kind.shape is None
            else [d if isinstance(d, int) else str(d) for d in kind.shape]
        )

    def problems(self, node):
        return [str(problem) for problem in self.inference.problems_of(node)]


@pytest.fixture
def board():
    return Board()


def sampled():
    names = sorted({case.name for case in node_cases()})
    return set(random.Random(SEED).sample(names, SAMPLE)) | KNOWN.keys()


def test_a_sample_of_the_backend_suite_is_as_onnx_infers_it():
    chosen, compared = sampled(), 0
    for case in node_cases():
        if case.name in chosen:
            for name, verdict in both_forms(case):
                assert name in KNOWN or not verdict.faults, f"{name}: {verdict.faults}"
                compared += verdict.sizes
    assert compared > 600


def test_the_oracle_sees_a_wrong_rule(monkeypatch):
    from sketch.graph import operator_rules

    wrong = {**operator_rules.RULES, "ai.onnx:Transpose": operator_rules.RULES["ai.onnx:Abs"]}
    monkeypatch.setattr(operator_rules, "RULES", wrong)
    node = helper.make_node("Transpose", ["x"], ["y"], perm=[1, 0])
    ends = [helper.make_tensor_value_info(n, 1, s) for n, s in (("x", [2, 3]), ("y", [3, 2]))]
    graph = helper.make_graph([node], "g", ends[:1], ends[1:])
    verdict = judge(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)]), [np.zeros((3, 2))]
    )
    assert len(verdict.faults) == 3


ATTENTION = """
<ir_version: 10, opset_import: ["" : 18]>
net (float[N, T, 12] x) => (float[A, B, C] y)
<float[12, 36] w = {0}, int64[1] heads = {3}, int64[1] wide = {4}, int64[1] rest = {-1}, int64 zero = {0},
 int64 one = {1}, int64[1] front = {0}, int64[3] parts = {12, 12, 12}, float scale = {2.0}>
{
  s = Shape(x)
  n = Gather<axis = 0>(s, zero)
  t = Gather<axis = 0>(s, one)
  n1 = Unsqueeze(n, front)
  t1 = Unsqueeze(t, front)
  split = Concat<axis = 0>(n1, t1, heads, wide)
  qkv = MatMul(x, w)
  q, k, v = Split<axis = -1>(qkv, parts)
  q4 = Reshape(q, split)
  k4 = Reshape(k, split)
  v4 = Reshape(v, split)
  qt = Transpose<perm = [0, 2, 1, 3]>(q4)
  kt = Transpose<perm = [0, 2, 3, 1]>(k4)
  vt = Transpose<perm = [0, 2, 1, 3]>(v4)
  score = MatMul(qt, kt)
  scaled = Div(score, scale)
  p = Softmax<axis = -1>(scaled)
  mixed = MatMul(p, vt)
  back = Transpose<perm = [0, 2, 1, 3]>(mixed)
  joined = Concat<axis = 0>(n1, t1, rest)
  y = Reshape(back, joined)
}
"""


def attention():
    model = parser.parse_model(ATTENTION)
    held = {tensor.name: tensor for tensor in model.graph.initializer}
    held["w"].CopyFrom(numpy_helper.from_array(np.zeros((12, 36), np.float32), "w"))
    return model


def test_a_computed_shape_keeps_its_names():
    drawing = draw(attention())
    found = drawing.inference()
    assert not found.problems()
    shapes = {name: found.output(*drawing.ports[name]) for name in ("q4", "score", "joined", "y")}
    assert [str(kind) for kind in shapes.values()] == [
        "float32 N×T×3×4", "float32 N×3×T×T", "int64 3", "float32 N×T×12",
    ]  # fmt: skip
    n, t = symbol("N"), symbol("T")
    assert found.of(drawing.ports["split"][0]).values == ((n, t, 3, 4),)


def test_after_an_edit_of_the_input_all_that_follows_is_as_onnx_infers_the_changed_model():
    verdict = judge_edit(attention())
    assert verdict.faults == []
    assert verdict.sizes > 50


def test_an_edit_visits_what_changes(board):
    x = board.add("Input", shape=("N", 3, 8, 8))
    size = board.add("Shape", x)
    one = board.add("Gather", size, None, **{"$input1": constant(0, shape=())})
    other = board.add("Abs", x)
    flat = board.add("Reshape", other, **{"$input1": constant(0, -1)})
    assert board.shape(flat) == ["N", 192]
    assert board.inference.of(one).values == ((symbol("N"),),)
    draft = Draft(board.tables, library())
    draft.set_param(flat, "$input1", constant(-1, 96))
    delta = draft.delta()
    board.tables.apply(delta)
    assert board.inference.follow(board.tables, delta).changed == {flat}
    assert board.shape(flat) == ["2*N", 96]
    board.set(x, shape=(5, 3, 8, 8))
    assert board.inference.of(one).values == ((5,),)
    assert board.shape(flat) == [10, 96]


def test_a_value_alone_goes_on(board):
    """What follows a Shape is inferred anew though the type of its result stays the same."""
    x = board.add("Input", shape=("N", 4))
    sizes = board.add("Shape", x)
    grown = board.add("ConstantOfShape", sizes)
    assert board.shape(grown) == ["N", 4]
    board.set(x, shape=(7, 4))
    assert board.shape(grown) == [7, 4]


def test_layers_hand_elements_on(board):
    x = board.add("Input", shape=("N", "C", 6))
    sizes = board.add("Shape", x)

    def between(draft):
        cut = draft.add("Slice", params={"dim": 0, "start": 0, "end": 2})
        tail = draft.add("Constant", params={"value": (2, 3), "dtype": "int64"})
        join = draft.add("Concat", params={"dim": 0})
        draft.connect(sizes, 0, cut, 0)
        draft.connect(cut, 0, join, 0)
        draft.connect(tail, 0, join, 1)
        return join

    assert board.shape(board.add("Reshape", x, board.edit(between))) == ["N", "C", 2, 3]


def test_layers_choose_among_elements(board):
    """As exporters write Expand: Where(Equal(sizes, -1), ones, sizes)."""
    x = board.add("Input", shape=("N", 4))
    sizes = board.add("Shape", x)

    def between(draft):
        minus = draft.add("Constant", params={"value": (-1, 4), "dtype": "int64"})
        same, pick = draft.add("Equal"), draft.add("Where")
        draft.connect(sizes, 0, same, 0)
        draft.connect(minus, 0, same, 1)
        for into, source in enumerate((same, minus, sizes)):
            draft.connect(source, 0, pick, into)
        return pick

    assert board.inference.of(board.edit(between)).values == ((symbol("N"), 4),)


def test_a_required_input_may_be_a_constant_of_either_kind(board):
    x = board.add("Input", shape=("N", 6))
    turned = board.add("Reshape", x)
    assert board.problems(turned) == ["Reshape has nothing on input 'shape'. Connect a layer to it."]
    board.set(turned, **{"$input1": constant(3, -1)})
    assert board.problems(turned) == []
    assert board.shape(turned) == [3, "2*N"]
    product = board.add("MatMul", x)
    board.edit(lambda draft: set_weight(draft, product, "input1", add_tensor(draft, "w", (6, 50), "float32")))
    assert board.problems(product) == []
    assert board.shape(product) == ["N", 50]


def test_a_wire_takes_the_place_of_a_constant(board):
    x, sizes = board.add("Input", shape=(2, 6)), board.add("Input", shape=(3,), dtype="int64")
    turned = board.add("Reshape", x, **{"$input1": constant(3, -1)})
    draft = Draft(board.tables, library())
    assert draft.free_input(turned) is None
    board.edit(lambda draft: draft.connect(sizes, 0, turned, 1))
    assert "$input1" not in board.tables.nodes[turned].params
    assert board.shape(turned) == [f"d{turned}_0", f"d{turned}_1", f"d{turned}_2"]


MISFITS = (
    (
        lambda b, x: b.add("Transpose", x, perm=(0, 1)),
        "Transpose orders 2 dimensions, the input has 3 (N×4×6). Give each number from 0 to 2 once.",
    ),
    (
        lambda b, x: b.add("MatMul", x, b.add("Input", shape=(5, 2))),
        (
            "MatMul cannot multiply N×4×6 by 5×2: 6 and 5 differ. "
            "The last size of the first must be the last but one of the second."
        ),
    ),
    (
        lambda b, x: b.add("Add", x, b.add("Input", shape=(6,), dtype="int64")),
        "Add needs one element type on 'A' and 'B', gets float32 and int64. Insert a Cast to float32.",
    ),
    (
        lambda b, x: b.add("Gather", x, b.add("Input", shape=(6,))),
        (
            "Gather takes int32 or int64 values on 'indices', gets float32. "
            "Insert a Cast, or change the element type of the Input."
        ),
    ),
    (
        lambda b, x: b.add("Not", x),
        "Not takes bool values on 'X', gets float32. Insert a Cast, or change the element type of the Input.",
    ),
    (lambda b, x: b.add("Concat", x), "Concat needs axis. Give axis a value."),
    (
        lambda b, x: b.add("Resize", x, mode="soft"),
        "mode must be one of nearest, linear, cubic, not 'soft'. Choose one of them.",
    ),
    (
        lambda b, x: b.add("Reshape", x, **{"$input1": constant(5, 5)}),
        "24*N elements do not fit 5×5. Set one of the sizes to -1.",
    ),
    (
        lambda b, x: b.add("ReduceSum", x, **{"$input1": constant(3)}),
        "ReduceSum has axes 3, the input has 3 dimensions. Choose axes from -3 to 2.",
    ),
)


@pytest.mark.parametrize(("draw_it", "said"), MISFITS)
def test_what_does_not_fit_is_said_with_a_cure(board, draw_it, said):
    node = draw_it(board, board.add("Input", shape=("N", 4, 6)))
    assert board.problems(node) == [said]
    assert board.inference.output(node) is None or board.shape(node) is None


def test_a_size_that_depends_on_the_data_has_a_name_of_its_own(board):
    x = board.add("Input", shape=("N", 4))
    places = board.add("NonZero", x)
    assert board.shape(places) == [2, f"d{places}_1"]
    picked = board.add("Unique", x)
    names = [board.shape(picked, out) for out in range(1)]
    assert names == [[f"d{picked}_0"]]
    assert board.shape(board.add("Transpose", places)) == [f"d{places}_1", 2]


def test_a_declared_type_fills_gaps_and_no_more(board):
    x = board.add("Input", shape=("N", 4))
    sizes = board.add("Input", shape=(2,), dtype="int64")
    turned = board.add("Reshape", x, sizes)
    board.edit(lambda draft: set_hint(draft, turned, 0, ValueType("float32", (symbol("N"), 4))))
    assert board.shape(turned) == ["N", 4]
    board.set(x, shape=("N", 5))  # the declared shape has another number of elements now
    assert board.shape(turned) == [f"d{turned}_0", f"d{turned}_1"]
    known = board.add("Abs", x)
    board.edit(lambda draft: set_hint(draft, known, 0, ValueType("float32", (1, 2, 3))))
    assert board.shape(known) == ["N", 5]
    own = board.add("com.example:Foo", x)
    board.edit(lambda draft: set_hint(draft, own, 0, ValueType("float32", (9,))))
    assert board.shape(own) == [9]


def test_outputs_are_those_that_are_required_or_used(board):
    x = board.add("Input", shape=("N", 4, 6))
    norm = board.add("LayerNormalization", x, board.add("Input", shape=(6,)))
    assert len(board.inference.of(norm).outputs) == 1
    assert board.shape(board.add("Abs", (norm, 1))) == ["N", 4, 1]
    assert len(board.inference.of(norm).outputs) == 2
    top = board.add("TopK", x, **{"$input1": constant(3)})
    assert [str(kind) for kind in board.inference.of(top).outputs] == ["float32 N×4×3", "int64 N×4×3"]
    parts = board.add("Split", x, axis=1, num_outputs=2)
    assert [board.shape(parts, out) for out in range(2)] == [["N", 2, 6]] * 2
    lists = board.add("SplitToSequence", x)
    assert str(board.inference.output(lists)) == "seq(float32)"
    assert (
        board.inference.output(board.add("SequenceAt", lists, **{"$input1": constant(0, shape=())})).dtype
        == "float32"
    )


def test_effective_parameters_are_what_the_file_said(board):
    x = board.add("Input", shape=("N", 4, 6))
    node = board.add("Softmax", x)
    assert board.inference.of(node).params == {}
    assert board.tables.nodes[node].params == {}


def test_arithmetic_on_elements():
    """Slice, Cast, Mul, Div, Floor, Where and comparisons over the elements of a shape, against numbers."""
    text = """
    <ir_version: 10, opset_import: ["" : 21]>
    net (float[N, 3, H, 10] x) => (float[A, B, C, D] y)
    <int64[1] a = {2}, int64[1] z = {4}, float two = {2.0}, int64[1] three = {3}, int64 minus = {-1}>
    {
      s = Shape(x)
      tail = Slice(s, a, z)
      f = Cast<to = 1>(tail)
      g = Mul(f, two)
      h = Floor(g)
      i = Cast<to = 7>(h)
      j = Div(i, three)
      e = Equal(j, minus)
      w = Where(e, tail, i)
      head = Shape<start = 0, end = 2>(x)
      all = Concat<axis = 0>(head, w)
      y = Resize<mode = "linear">(x, , , all)
    }
    """
    model = parser.parse_model(text)
    drawing = draw(model)
    found = drawing.inference()
    assert str(found.output(*drawing.ports["y"])) == "float32 N×3×2*H×20"
    assert found.of(drawing.ports["j"][0]).values == ((parse_dim("2*H//3"), 6),)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 2
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 7
    drawing = draw(model)
    found = drawing.inference()
    want = np.asarray(
        onnx.reference.ReferenceEvaluator(model).run(None, {"x": np.zeros((2, 3, 7, 10), np.float32)})[0]
    )
    assert found.output(*drawing.ports["y"]).shape == want.shape


def test_captured_values_are_wires_behind_the_inputs(board):
    x, yes = board.add("Input", shape=(2,)), board.add("Input", shape=(), dtype="bool")
    params = {
        "then_branch": {"kind": "graph", "role": "@then_branch"},
        "else_branch": {"kind": "graph", "role": "@else_branch"},
    }
    node = board.add("If", yes, x, **params, **{"$captures": (("x", 1),)})
    assert board.problems(node) == []
    assert board.inference.of(node).outputs == (None,)
    board.edit(lambda draft: set_hint(draft, node, 0, ValueType("float32", (2,))))
    assert board.shape(node) == [2]


def test_too_many_wires_are_named(board):
    x = board.add("Input", shape=(2,))
    node = board.add("Abs", x, x)
    assert board.problems(node) == ["Abs has 1 inputs, not 2. Remove the wire."]


def test_low_bit_types_pass(board):
    x = board.add("Input", shape=(4, 8))
    codes = board.add("QuantizeLinear", x, board.add("Input", shape=()), output_dtype=TensorProto.INT4)
    assert str(board.inference.output(codes)) == "int4 4×8"


def test_a_sequence_does_not_enter_a_layer(board):
    x = board.add("Input", shape=("N", 4))
    lists = board.add("SequenceConstruct", x, x)

    def behind(draft):
        linear, end = draft.add("Linear"), draft.add("Output")
        draft.connect(lists, 0, linear, 0)
        draft.connect(lists, 0, end, 0)
        return linear, end

    linear, end = board.edit(behind)
    assert board.problems(linear) == [
        "Linear takes tensors, gets seq(float32). Take one of it by SequenceAt."
    ]
    assert board.problems(end) == []
    length = board.add("SequenceLength", lists)
    assert str(board.inference.output(length)) == "int64 scalar"
    assert board.problems(board.add("SequenceLength", x)) == [
        (
            "SequenceLength takes no float32 values on 'input_sequence'. "
            "Sequences and tensors are made of each other by SequenceConstruct and SequenceAt."
        )
    ]
