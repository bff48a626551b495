"""Layer files: everything they say arrives, and every fault is named with file, line and column."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sketch.graph.errors import LayerFileError
from sketch.graph.layer_file import read_layers
from sketch.graph.rows import FrozenDict

GOOD = """\
name: Thing
title: A thing
category: Things
prefix: th
search: [object, stuff]
doc: "  Does things.  "
params:
  n: {type: int, default: 3, min: 1, max: 9, doc: How many.}
  k: {type: int, rank: 2, default: 5}
  size: {type: int, derive: "dim(x, 1)", optional: true}
  mode: {type: choice, choices: [a, b], default: a, applies: "n > 1"}
inputs: [x, {name: more, optional: true, variadic: true, minimum: 0, dtypes: [float, int]}]
outputs: [{name: y, variadic: true, count: n}]
shape: {rule: split, dims: [1, 2]}
weights:
  bias: n
  w_{layer}: {shape: "n, *k", when: "n > 2", trainable: false, dtype: int64, init: {scheme: normal, std: 2},
    each: {layer: range(n)}}
checks:
  - {require: "n % 2 == 1", message: "{n} is even.", cure: "Take {n} + 1.", param: n, port: 0}
group: false
hidden: true
"""


def read(tmp_path, text):
    path = tmp_path / "thing.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_layers(path)


def test_everything_arrives(tmp_path):
    (spec,) = read(tmp_path, GOOD)
    assert (spec.name, spec.title, spec.category, spec.prefix) == ("Thing", "A thing", "Things", "th")
    assert (spec.search, spec.doc, spec.group, spec.hidden) == (
        ("object", "stuff"),
        "Does things.",
        False,
        True,
    )
    n, k, size, mode = spec.params.values()
    assert (n.name, n.type, n.default, n.min, n.max, n.doc) == ("n", "int", 3, 1, 9, "How many.")
    assert (k.rank, k.default) == (2, (5, 5))
    assert (size.derive, size.optional, size.default) == ("dim(x, 1)", True, None)
    assert (mode.choices, mode.applies) == (("a", "b"), "n > 1")
    x, more = spec.inputs
    assert (x.name, x.optional, x.variadic, x.dtypes) == ("x", False, False, ())
    assert (more.optional, more.variadic, more.minimum, more.dtypes) == (True, True, 0, ("float", "int"))
    assert (spec.outputs[0].count, spec.outputs[0].variadic) == ("n", True)
    assert (spec.rule, spec.rule_args) == ("split", {"dims": (1, 2)})
    bias, w = spec.weights.values()
    assert (bias.shape, bias.trainable, bias.dtype, bias.init) == ("n", True, "float32", {"scheme": "zeros"})
    assert (w.shape, w.when, w.trainable, w.dtype) == ("n, *k", "n > 2", False, "int64")
    assert (w.init, w.each) == ({"scheme": "normal", "std": 2}, {"layer": "range(n)"})
    assert isinstance(w.init, FrozenDict)
    (check,) = spec.checks
    assert (check.require, check.message, check.cure) == ("n % 2 == 1", "{n} is even.", "Take {n} + 1.")
    assert (check.param, check.port) == ("n", 0)


def test_what_is_left_out_has_a_default(tmp_path):
    (spec,) = read(tmp_path, "name: Thing\ncategory: C\noutputs: [y]\nshape: same\n")
    assert (spec.title, spec.prefix, spec.doc, spec.search) == ("Thing", "thing", "", ())
    assert (spec.params, spec.inputs, spec.weights, spec.checks, spec.rule_args) == ({}, (), {}, (), {})


def test_one_file_may_hold_several(tmp_path):
    text = GOOD + "---\n" + GOOD.replace("name: Thing", "name: Other") + "---\n"
    assert [spec.name for spec in read(tmp_path, text)] == ["Thing", "Other"]


def test_an_empty_file_holds_none(tmp_path):
    assert read(tmp_path, "") == []


FAULTS = [
    # what is changed, into what, where the fault is, what is said
    ("title: A thing", "colour: red", "2:1", "'colour' is not known here; use category, checks"),
    ("title: A thing", "name: Other", "2:1", "'name' stands twice"),
    ("category: Things\n", "", "1:1", "'category' is missing"),
    ("category: Things", "category:", "1:1", "'category' is missing"),
    ("title: A thing", "title: 3", "2:1", "'title' must be text, not 3"),
    ("title: A thing", "3: title", "2:1", "a key is text, not 3"),
    ("title: A thing", "? [a]\n: b", "2:3", "a key is text, not ['a']"),
    ("title: A thing", "title: [a", "3:9", "did not find expected"),
    ("title: A thing", "title:\ta\n\t- b", "3:1", "tab"),
    ("search: [object, stuff]", "search: object", "5:1", "'search' must be a list, not 'object'"),
    ("type: int, default: 3", "type: whole, default: 3", "8:7", "'whole' is no parameter type; int, float"),
    ("default: 3, min", "defualt: 3, min", "8:18", "'defualt' is not known here"),
    ("default: 3, min", "default: x, min", "8:6", "the default of n does not fit: n must be a whole number"),
    ("default: 3, min", "default: 10, min", "8:6", "the default of n does not fit: n must be at most 9"),
    ("min: 1", "min: one", "8:30", "'min' must be a number, not 'one'"),
    ("rank: 2, default: 5", "rank: 2, default: [1, 2, 3]", "9:6", "k needs 2 numbers, not 3"),
    ("default: a", "default: c", "11:9", "mode must be one of a, b, not 'c'"),
    ("k: {type: int, rank: 2, default: 5}", "k: 5", "9:3", "expected a mapping, found 5"),
    ('derive: "dim(x, 1)"', 'derive: "dim(z, 1)"', "1:1", "Thing reads z, which does not exist"),
    ('applies: "n > 1"', 'applies: "n >"', "1:1", "in Thing: 'n >' is no expression"),
    ("inputs: [x,", "inputs: [3,", "12:1", "expected a mapping, found 3"),
    ("name: more, optional", "name: more, needed", "12:26", "'needed' is not known here; use count"),
    ("name: more, ", "", "12:13", "'name' is missing"),
    ("minimum: 0", "minimum: none", "12:58", "'minimum' must be a number, not 'none'"),
    ("count: n", "count: m", "1:1", "Thing reads m, which does not exist"),
    ("{rule: split, dims: [1, 2]}", "{dims: [1, 2]}", "14:1", "'shape' needs the name of a rule"),
    ("{rule: split, dims: [1, 2]}", "[split]", "14:1", "'shape' must be text or a mapping"),
    ("bias: n", "bias: [n]", "16:3", "expected a mapping, found ['n']"),
    ("bias: n", "bias: z", "1:1", "Thing reads z, which does not exist"),
    ('shape: "n, *k", ', "", "17:14", "'shape' is missing"),
    ("{layer: range(n)}", "[layer]", "18:5", "'each' must be a mapping"),
    ('message: "{n} is even."', 'text: "{n} is even."', "20:29", "'text' is not known here"),
    ("{n} is even.", "{size} is even.", "20:5", "the message shows size, which the check does not read"),
    ("{n} is even.", "{n is even.", "20:5", "the message cannot be filled in"),
]


@pytest.mark.parametrize(("old", "new", "place", "message"), FAULTS)
def test_a_fault_is_named_with_its_place(tmp_path, old, new, place, message):
    assert GOOD.count(old) == 1
    with pytest.raises(LayerFileError) as refused:
        read(tmp_path, GOOD.replace(old, new))
    assert str(refused.value).startswith(f"thing.yaml:{place}: ")
    assert message in str(refused.value)


@pytest.mark.parametrize("text", ["- a", "hello", "3", "&a [*a]"])
def test_what_is_no_mapping_is_no_layer(tmp_path, text):
    with pytest.raises(LayerFileError, match=r"^thing\.yaml:1:1: a layer is a mapping with name"):
        read(tmp_path, text)


@pytest.mark.parametrize("raw", [b"\x00\x01", b"\xff\xfe\xfa", b"name: \xe9"])
def test_what_is_no_text_is_refused(tmp_path, raw):
    with pytest.raises(LayerFileError, match=r"^thing\.yaml:1:1: this is no text"):
        read(tmp_path, raw)


def test_python_objects_are_not_built(tmp_path):
    with pytest.raises(LayerFileError, match="could not determine a constructor"):
        read(tmp_path, "name: !!python/object/apply:os.getcwd []\n")


@given(
    st.integers(0, len(GOOD)),
    st.sampled_from(["", "\n", ":", "[", "{", "'", "- ", "#", "3", "\t", "&a ", "!!x "]),
)
def test_no_damage_does_anything_but_load_or_be_refused_with_a_place(tmp_path_factory, at, junk):
    """Cut the file anywhere and put something there: a spec or a LayerFileError with a place, never another error."""
    folder = tmp_path_factory.mktemp("damage")
    for text in (GOOD[:at] + junk + GOOD[at:], GOOD[:at] + junk, GOOD[:at] + junk + GOOD[at + 5 :]):
        try:
            specs = read(folder, text)
        except LayerFileError as refused:
            assert re.match(r"thing\.yaml:\d+:\d+: \S", str(refused)), text  # noqa: PT017
        else:
            assert all(isinstance(spec.name, str) for spec in specs)
