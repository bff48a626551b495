"""ONNX's own backend suite: every case that the installed package ships, and which of them count as core.

A case is one small model with inputs and the outputs that it must give. In the form `input` it is taken as it is; in
the form `baked` every input but the first is an initializer, as weights are in real models.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.loader import load_model_tests
from onnx.backend.test.runner import Runner

from sketch.kernels.onnx.graph_bytes import all_graphs

CATEGORIES = ("node", "simple", "pytorch-operator", "pytorch-converted", "light")
FORMS = ("input", "baked")
CORE = 1630
"""Cases of inference operators of ai.onnx in onnx 1.23.2."""

_ROOT = Path(onnx.__file__).parents[1]
_LOW_BITS = frozenset(range(17, 27))
"""float8, int4, uint4, float4, float8e8m0, int2 and uint2 in TensorProto.DataType."""
_TEXT = frozenset({"StringNormalizer", "StringSplit", "StringConcat", "RegexFullMatch", "TfIdfVectorizer"})
_RANDOM = frozenset({
    "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli",
})  # fmt: skip
_TRAINING = frozenset({"Adam", "Adagrad", "Momentum", "Gradient"})
_LOSSES = frozenset({"NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"})
_DRAWS = ("test_training_dropout", "test_training_dropout_default", "test_training_dropout_mask",
          "test_training_dropout_default_mask")  # fmt: skip
"""Dropout in training mode with a ratio: the numbers are drawn."""


@dataclass(frozen=True)
class Case:
    """One case; its model and numbers are read when they are asked for."""

    name: str
    category: str
    source: Any

    @property
    def model(self) -> onnx.ModelProto:
        """A copy of the model that may be changed."""
        model = onnx.ModelProto()
        if self.source.model is not None:
            model.CopyFrom(self.source.model)
        else:
            model.ParseFromString(self._file().read_bytes())
        return model

    @property
    def tolerance(self) -> tuple[float, float]:
        """The suite's relative and absolute tolerance."""
        return self.source.rtol, self.source.atol

    @property
    def operators(self) -> frozenset[str]:
        """Kinds of operators anywhere in it."""
        return frozenset(node.op_type for graph in all_graphs(self._read().graph) for node in graph.node)

    @property
    def segment(self) -> str:
        """`core`, or why it is no inference operator of ai.onnx on plain tensors."""
        return _segment(self.name, self._read(), self.operators)

    def data(self) -> Iterator[tuple[list[Any], list[Any]]]:
        """(inputs, wanted outputs) in the order of the model's, once for every set of numbers."""
        if self.source.data_sets is not None:
            for inputs, outputs in self.source.data_sets:
                yield [_plain(item) for item in inputs], [_plain(item) for item in outputs]
        elif self.category == "light":
            yield self._light()
        else:
            model = self._read()
            for folder in sorted(Path(self.source.model_dir).glob("test_data_set_*")):
                yield (
                    _read_all(folder, "input", model.graph.input),
                    _read_all(folder, "output", model.graph.output),
                )

    def _read(self) -> onnx.ModelProto:
        return self.source.model if self.source.model is not None else self.model

    def _file(self) -> Path:
        return Path(self.source.model_dir, "model.onnx") if self.source.model_dir else _ROOT / self.source.url

    def _light(self) -> tuple[list[Any], list[Any]]:
        graph = self._read().graph
        weights = {item.name for item in graph.initializer}
        inputs = [Runner.generate_dummy_data(x) for x in graph.input if x.name not in weights]
        file = self._file()
        return inputs, [_tensor(item) for item in sorted(file.parent.glob(f"{file.stem}_output_*.pb"))]


@cache
def cases() -> tuple[Case, ...]:
    """All 2,033 cases, in the order of their categories and names."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = [
            Case(source.name, category, source)
            for category in CATEGORIES
            for source in load_model_tests(kind="real" if category == "light" else category)
        ]
    return tuple(sorted(found, key=lambda case: (CATEGORIES.index(case.category), case.name)))


def baked(model: onnx.ModelProto, inputs: Sequence[Any]) -> tuple[onnx.ModelProto, list[Any]]:
    """The model with every input but the first as an initializer, and the inputs that are left.

    Sequences, optionals and text have no initializers (or none that a drawing keeps) and stay inputs.
    """
    weights = {item.name for item in model.graph.initializer}
    open_inputs = [value for value in model.graph.input if value.name not in weights]
    kept, left = [], []
    for index, (value, array) in enumerate(zip(open_inputs, inputs, strict=False)):
        plain = isinstance(array, (np.ndarray, np.generic)) and np.asarray(array).dtype != object
        if index and plain and value.type.HasField("tensor_type"):
            model.graph.initializer.append(numpy_helper.from_array(np.asarray(array), value.name))
        else:
            kept.append(value)
            left.append(array)
    kept += [value for value in model.graph.input if value.name in weights]
    copies = [onnx.ValueInfoProto.FromString(value.SerializeToString()) for value in kept]
    del model.graph.input[:]
    model.graph.input.extend(copies)
    return model, left


def _plain(value: Any) -> Any:
    """Some cases give their numbers as TensorProto."""
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value


def _segment(name: str, model: onnx.ModelProto, operators: frozenset[str]) -> str:
    domains = {item.domain for item in model.opset_import}
    kinds, elements = _types(model)
    nested = kinds & {"sequence_type", "optional_type"}
    checks = (
        ("training", any("training" in domain for domain in domains) or operators & _TRAINING),
        ("preview", any("preview" in domain for domain in domains)),
        ("ai.onnx.ml", "ai.onnx.ml" in domains),
        ("text", operators & _TEXT or (onnx.TensorProto.STRING in elements and not nested)),
        ("sequence and optional", nested or any(kind.startswith(("Sequence", "Optional")) for kind in operators)
         or "SplitToSequence" in operators),
        ("codec", "ImageDecoder" in operators),
        ("random", operators & _RANDOM or name.startswith("test_bernoulli") or name in _DRAWS),
        ("low-bit", elements & _LOW_BITS),
        ("loss", operators & _LOSSES or name.startswith(("test_nllloss", "test_sce_"))),
    )  # fmt: skip
    return next((segment for segment, is_it in checks if is_it), "core")


def _types(model: onnx.ModelProto) -> tuple[set[str], set[int]]:
    """Kinds of values at the model's border, and element types anywhere in it."""
    kinds: set[str] = set()
    elements: set[int] = set()
    for value in (*model.graph.input, *model.graph.output):
        _type(value.type, kinds, elements)
    for graph in all_graphs(model.graph):
        elements.update(item.data_type for item in graph.initializer)
        for node in graph.node:
            for attribute in node.attribute:
                if attribute.HasField("t"):
                    elements.add(attribute.t.data_type)
                if attribute.name in ("to", "output_dtype"):
                    elements.add(attribute.i)
    return kinds, elements


def _type(proto: onnx.TypeProto, kinds: set[str], elements: set[int]) -> None:
    kind = proto.WhichOneof("value") or "tensor_type"
    kinds.add(kind)
    if kind == "tensor_type":
        elements.add(proto.tensor_type.elem_type)
    elif kind in ("sequence_type", "optional_type"):
        _type(getattr(proto, kind).elem_type, kinds, elements)


def _read_all(folder: Path, what: str, declared: Sequence[onnx.ValueInfoProto]) -> list[Any]:
    count = len(list(folder.glob(f"{what}_*.pb")))
    return [_value(folder / f"{what}_{n}.pb", declared[n].type) for n in range(count)]


def _value(file: Path, kind: onnx.TypeProto) -> Any:
    if kind.HasField("sequence_type"):
        return numpy_helper.to_list(onnx.SequenceProto.FromString(file.read_bytes()))
    if kind.HasField("optional_type"):
        return numpy_helper.to_optional(onnx.OptionalProto.FromString(file.read_bytes()))
    return _tensor(file)


def _tensor(file: Path) -> np.ndarray[Any, Any]:
    return numpy_helper.to_array(onnx.TensorProto.FromString(file.read_bytes()))
