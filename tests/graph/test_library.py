"""The library as a whole: all layers are there, well described, and have PyTorch's parameters and defaults."""

import inspect
from collections import Counter

import pytest
from torch import nn

from sketch.graph.errors import LayerFileError, ParameterError, UnknownLayerError
from sketch.graph.expressions import names_in
from sketch.graph.library import LayerLibrary
from sketch.graph.shape_rules import RULES
from tests.graph.layer_checks import check_cases, library

CATEGORIES = {
    "Input & output", "Linear", "Convolution", "Pooling", "Normalisation", "Activation", "Dropout", "Padding",
    "Shape", "Arithmetic", "Recurrent", "Attention", "Resampling", "Loss", "Constants", "Group",
}  # fmt: skip
PROMISED = """
    Input Output Constant Parameter Linear Bilinear Embedding Identity Flatten Unflatten Reshape Permute Squeeze
    Unsqueeze Expand Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d MaxPool1d MaxPool2d MaxPool3d
    AvgPool1d AvgPool2d AvgPool3d AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d
    AdaptiveMaxPool2d AdaptiveMaxPool3d LPPool2d BatchNorm1d BatchNorm2d BatchNorm3d LayerNorm GroupNorm InstanceNorm1d
    InstanceNorm2d InstanceNorm3d LocalResponseNorm RMSNorm ReLU ReLU6 LeakyReLU PReLU ELU CELU SELU GELU SiLU Mish
    Sigmoid Tanh Hardtanh Hardsigmoid Hardswish LogSigmoid Softplus Softsign Softshrink Hardshrink Tanhshrink Threshold
    GLU Softmax LogSoftmax Softmin Dropout Dropout1d Dropout2d Dropout3d AlphaDropout ZeroPad1d ZeroPad2d ZeroPad3d
    ConstantPad1d ConstantPad2d ConstantPad3d ReflectionPad1d ReflectionPad2d ReflectionPad3d ReplicationPad1d
    ReplicationPad2d ReplicationPad3d Upsample Interpolate PixelShuffle PixelUnshuffle ChannelShuffle Fold Unfold RNN
    LSTM GRU MultiheadAttention ScaledDotProductAttention TransformerEncoderLayer TransformerDecoderLayer Add Sub Mul
    Div MatMul Concat Stack Split Chunk Slice Pad Mean Sum Max Min Pow Sqrt Exp Log Abs Clamp Where Gather Cast
    Transpose MSELoss L1Loss SmoothL1Loss HuberLoss CrossEntropyLoss NLLLoss BCELoss BCEWithLogitsLoss KLDivLoss CTCLoss
    CosineEmbeddingLoss TripletMarginLoss Sequential Group RotaryEmbedding
""".split()  # noqa: SIM905
MODULES = [
    spec.name for spec in library() if hasattr(nn, spec.name) and spec.name not in ("Parameter", "Sequential")
]
NOT_TAKEN_OVER = {
    "size_average", "reduce",  # torch's old words for reduction
    "min_value", "max_value",  # and for min_val, max_val
    "return_indices",  # an output more; no layer here reads it
    "_weight", "_freeze", "device", "dtype", "args", "kwargs",
}  # fmt: skip
OWN_DEFAULTS = {
    ("Softmax", "dim"), ("LogSoftmax", "dim"), ("Softmin", "dim"),  # torch guesses and warns
    ("Upsample", "scale_factor"),  # torch has no default that works
}  # fmt: skip
WITH_DRAWS = ("Activation", "Dropout", "Arithmetic", "Shape", "Loss", "Constants")
OURS = [spec.name for spec in library() if spec.category in WITH_DRAWS]


def test_every_promised_layer_is_there():
    assert set(PROMISED) <= {spec.name for spec in library()}


@pytest.mark.parametrize("spec", library(), ids=lambda spec: spec.name)
def test_every_layer_is_well_described(spec):
    assert spec.category in CATEGORIES
    assert spec.rule in RULES
    assert spec.doc.endswith(".")
    assert spec.prefix.isidentifier()
    assert all(param.doc.endswith(".") for param in spec.params.values()), spec.name
    assert all(not port.variadic for port in (*spec.inputs[:-1], *spec.outputs[:-1]))
    names = [port.name for port in spec.inputs]
    assert len(set(names)) == len(names)
    kinds = {kind for port in (*spec.inputs, *spec.outputs) for kind in port.dtypes}
    assert kinds <= {"float", "int", "bool", "number", "any"}
    assert all(check.param is None or check.param in spec.params for check in spec.checks)
    assert all(check.port is None or check.port < len(spec.inputs) for check in spec.checks)
    assert all(check.cure.endswith(".") and check.message.endswith(".") for check in spec.checks)


@pytest.mark.parametrize("spec", library(), ids=lambda spec: spec.name)
def test_every_default_is_in_its_stored_form(spec):
    for name, value in spec.defaults().items():
        if value is None:
            assert spec.params[name].optional, f"{spec.name}.{name} has no default"
        else:
            assert spec.clean_param(name, value) == value
            assert hash(value) == hash(spec.clean_param(name, value))


def test_every_rule_is_used():
    zones = [
        library()[f"sketch.zone:{kind}"] for kind in ("IfEnd", "LoopStart", "LoopEnd", "ScanStart", "ScanEnd")
    ]
    used = {spec.rule for spec in (*library(), *zones)}
    assert RULES.keys() - used == {"declared"}  # operators that have no layer


def test_search_words_find_what_a_student_types():
    found = {
        word: {spec.name for spec in library() if word in spec.search}
        for word in ("swish", "skip connection")
    }
    assert found["swish"] >= {"SiLU", "Hardswish"}
    assert found["skip connection"] >= {"Add", "Concat"}


@pytest.mark.parametrize("name", MODULES)
def test_parameters_and_defaults_are_torchs(name):
    spec = library()[name]
    arguments = [
        argument
        for kind in getattr(nn, name).__mro__[:2]
        for argument in inspect.signature(kind.__init__).parameters.values()
        if argument.kind is argument.POSITIONAL_OR_KEYWORD and argument.name not in {"self", *NOT_TAKEN_OVER}
    ]
    assert arguments or not spec.params
    for argument in arguments:
        ours = spec.params.get(argument.name)
        if ours is None or argument.default is argument.empty or (name, argument.name) in OWN_DEFAULTS:
            continue
        if argument.default is None:
            assert ours.optional or ours.derive, f"{name}.{argument.name}"
        else:
            default = getattr(argument.default, "__name__", argument.default)  # activation=relu
            assert ours.clean(default) == ours.default, f"{name}.{argument.name}"


def test_no_argument_of_the_simple_modules_is_missing():
    """Activations, dropouts, losses and shape layers take every argument of their torch module, and no other."""
    checked = 0
    for name in set(MODULES) & set(OURS):
        arguments = inspect.signature(getattr(nn, name).__init__).parameters.keys() - {
            "self",
            *NOT_TAKEN_OVER,
        }
        assert library()[name].params.keys() == arguments, name
        checked += 1
    assert checked >= 45


@pytest.mark.parametrize("name", OURS)
def test_drawn_cases_agree_with_torch(name):
    check_cases(name, 6, seed=5)


def test_expressions_of_checks_read_what_is_there():
    counts = Counter(len(spec.checks) for spec in library())
    assert counts.total() == len(library())
    for spec in library():
        ports = {port.name for port in spec.inputs}
        for check in spec.checks:
            assert names_in(check.require) <= spec.params.keys() | ports


# ------------------------------------------------------------------ the library's own behaviour


def test_unknown_layers_are_refused():
    with pytest.raises(UnknownLayerError, match="There is no layer 'Conv4d'; `sketch layers` lists them"):
        library()["Conv4d"]
    assert "Conv4d" not in library()
    assert "Conv2d" in library()


@pytest.mark.parametrize("name", [":Det", "ai.onnx:", ":"])
def test_half_an_operator_name_is_refused(name):
    with pytest.raises(UnknownLayerError):
        library()[name]


def test_any_operator_of_a_file_is_a_layer():
    spec = library()["com.microsoft:Gelu"]
    assert "com.microsoft:Gelu" in library()
    assert (spec.title, spec.domain, spec.is_operator, spec.category) == (
        "Gelu",
        "com.microsoft",
        True,
        "Operators",
    )
    assert spec.clean_param("anything", [1, [2]]) == (1, (2,))
    assert spec.input_port(7).variadic
    assert spec.output_port(7).variadic
    assert library()["com.microsoft:Gelu"] is spec
    assert spec.name not in {layer.name for layer in library()}


def test_two_files_may_not_define_one_layer(tmp_path):
    for file in ("a.yaml", "b.yaml"):
        (tmp_path / file).write_text("name: Twice\ncategory: Shape\noutputs: [y]\nshape: same\n")
    with pytest.raises(LayerFileError, match="Two layer files define Twice"):
        LayerLibrary.load(tmp_path)


def test_files_are_read_in_the_order_of_their_names_and_below_folders(tmp_path):
    (tmp_path / "z").mkdir()
    for file, name in (("b.yaml", "B"), ("a.yaml", "A"), ("z/c.yaml", "C")):
        (tmp_path / file).write_text(f"name: {name}\ncategory: Shape\noutputs: [y]\nshape: same\n")
    assert [spec.name for spec in LayerLibrary.load(tmp_path)] == ["A", "B", "C"]
    assert len(LayerLibrary.load(tmp_path)) == 3


def test_a_parameter_that_is_not_there_is_refused():
    with pytest.raises(ParameterError, match="ReLU has no parameter 'slope'"):
        library()["ReLU"].clean_param("slope", 1)
