"""Operators of the standard are specs with named ports and typed attributes, read only when one is asked for."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from onnx import defs, helper

from sketch.graph.errors import ParameterError, UnknownLayerError
from sketch.graph.library import LayerLibrary
from sketch.graph.operator_rules import RULES
from sketch.graph.rows import FrozenDict
from tests.graph.operator_oracle import library

ROOT = Path(__file__).resolve().parents[2]


@cache
def schemas():
    """The newest schema of each operator, by our name."""
    return {f"{schema.domain or 'ai.onnx'}:{schema.name}": schema for schema in defs.get_all_schemas()}


def test_the_files_are_what_onnx_says():
    script = ROOT / "scripts" / "generate-operators"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", schemas())
def test_ports_and_attributes_are_the_standards(name):
    schema, spec = schemas()[name], library()[name]
    assert spec.is_standard
    assert (spec.title, spec.since, spec.domain) == (
        schema.name,
        schema.since_version,
        schema.domain or "ai.onnx",
    )
    own = [port for port in spec.inputs if port.name != "captured"]
    assert [port.name for port in own] == [port.name for port in schema.inputs]
    assert [port.name for port in spec.outputs] == [port.name for port in schema.outputs]
    kinds = [(port.optional, port.variadic) for port in (*own, *spec.outputs)]
    options = [str(port.option).rpartition(".")[2] for port in (*schema.inputs, *schema.outputs)]
    assert kinds == [(option == "Optional", option == "Variadic") for option in options]
    assert spec.params.keys() == schema.attributes.keys()
    for key, attribute in schema.attributes.items():
        assert spec.params[key].needed == attribute.required
        if attribute.default_value.name:
            want = helper.get_attribute_value(attribute.default_value)
            want = want.decode() if isinstance(want, bytes) else want
            have = spec.params[key].default
            if isinstance(want, float):
                assert have == pytest.approx(want)
            elif not isinstance(want, list):
                assert have == want
            assert spec.clean_param(key, have) == have
            assert not spec.params[key].choices or have in spec.params[key].choices


def test_every_operator_has_a_doc_and_a_rule_where_types_are_a_function():
    without = {name for name in schemas() if name not in RULES}
    assert without == {f"ai.onnx:{kind}" for kind in ("If", "Loop", "Scan", "SequenceMap")} | {
        f"ai.onnx.ml:{kind}" for kind in ("CastMap", "DictVectorizer", "ZipMap")
    }
    assert all(library()[name].doc for name in schemas())
    assert RULES.keys() <= schemas().keys()


@pytest.mark.parametrize(
    ("name", "param", "value", "said"),
    [
        ("Concat", "axis", "x", "axis must be a whole number, not 'x'."),
        ("Transpose", "perm", ("a",), "perm must be a whole number, not 'a'."),
        ("Gemm", "alpha", "x", "alpha must be a number, not 'x'."),
        ("Resize", "mode", 3, "mode must be text, not 3."),
        ("ReduceSum", "keepdims", 0.5, "keepdims must be 0 or 1, not 0.5."),
        ("Cast", "to", "float31", "to must be an element type such as float32, not 'float31'."),
        ("Constant", "value", 3, "value is kept as it was stored; it cannot be 3."),
    ],
)
def test_an_attribute_of_the_wrong_type_is_refused(name, param, value, said):
    with pytest.raises(ParameterError) as caught:
        library()[f"ai.onnx:{name}"].clean_param(param, value)
    assert str(caught.value) == said


def test_values_have_one_stored_form():
    spec = library()["ai.onnx:Cast"]
    assert spec.clean_param("to", "float16") == spec.clean_param("to", 10) == 10
    assert library()["ai.onnx:Transpose"].clean_param("perm", [1, 0]) == (1, 0)
    assert library()["ai.onnx:LSTM"].clean_param("activations", ["Tanh"]) == ("Tanh",)
    assert library()["ai.onnx:ReduceSum"].clean_param("keepdims", True) == 1
    record = {"kind": "tensor", "role": "@value"}
    assert library()["ai.onnx:Constant"].clean_param("value", record) == FrozenDict(record)
    assert spec.clean_param("$input1", {"data": [1]}) == FrozenDict(data=(1,))
    assert spec.clean_param("of_a_vendor", [1, [2]]) == (1, (2,))


def test_nothing_is_read_before_an_operator_is_asked_for(tmp_path):
    (tmp_path / "layers").mkdir()
    (tmp_path / "layers" / "a.yaml").write_text("name: A\ncategory: Shape\noutputs: [y]\nshape: none\n")
    (tmp_path / "operators").mkdir()
    (tmp_path / "operators" / "bad.yaml").write_text("- no\n")
    found = LayerLibrary.load(tmp_path / "layers")
    assert [spec.name for spec in found] == ["A"]
    assert found["A"].rule == "none"
    with pytest.raises(TypeError):
        found["ai.onnx:Add"]


def test_what_was_read_is_kept(tmp_path):
    layers = ROOT / "resources" / "layers"
    first = LayerLibrary.later(layers, tmp_path / "layers.json")
    spec = first["ai.onnx:Resize"]
    assert (tmp_path / "operators.json").exists()
    again = LayerLibrary.later(layers, tmp_path / "layers.json")["ai.onnx:Resize"]
    assert again == spec
    assert library()["ai.onnx:Resize"] == spec


def test_what_is_offered_can_be_added():
    names = {spec.name for spec in library().operators.offered()}
    assert {"ai.onnx:Resize", "ai.onnx.ml:Scaler"} <= names
    assert not {"ai.onnx:Scatter", "ai.onnx:Loop", "sketch.zone:LoopEnd"} & names
    assert not any(":" in spec.name for spec in library())


def test_other_domains_say_what_they_are():
    spec = library()["com.microsoft:BiasGelu"]
    assert not spec.is_standard
    assert spec.doc.startswith("An operator of com.microsoft; it is kept as it is")
    with pytest.raises(
        UnknownLayerError, match=r"There is no layer 'Det'; the operator of ONNX is ai\.onnx:Det"
    ):
        library()["Det"]
