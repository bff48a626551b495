"""One case of ONNX's backend suite: opened, saved as ONNX, compared with the original or run in onnx's evaluator."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from sketch.binder.kernel import BinderError
from sketch.kernels.onnx import KERNEL
from sketch.kernels.onnx.emitter import UnsayableError
from sketch.kernels.onnx.export import Sources
from sketch.kernels.onnx.model_writer import write_model
from sketch.kernels.onnx.pristine import recall
from sketch.kernels.onnx.protos import OpsetTooOldError
from sketch.kernels.onnx.returning import given_back
from tests.kernels.onnx.job import opened, task_in
from tests.kernels.pytorch.suite_cases import Case, baked

FORMS = ("input", "baked")


class Outcome(NamedTuple):
    """Whether a case passed; `excused`: the evaluator does not pass on the original either, or it draws numbers."""

    passed: bool
    excused: bool
    reason: str


def outcome(case: Case, form: str, folder: Path, *, edited: bool, opset: int | None = None) -> Outcome:
    """Take one case through Sketch."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return _outcome(case, form, folder, edited=edited, opset=opset)


def _outcome(case: Case, form: str, folder: Path, *, edited: bool, opset: int | None) -> Outcome:
    sets = list(case.data())
    model = case.model
    if form == "baked" and sets:
        model, _ = baked(model, sets[0][0])
        sets = [(baked(case.model, sets[0][0])[1], sets[0][1])]
    source = folder / "model.onnx"
    source.write_bytes(model.SerializeToString())
    try:
        result = sent_back(source, folder, every=edited, opset=opset)
    except (BinderError, UnsayableError, OpsetTooOldError) as error:  # a refusal by name
        fails = edited and any(_wrong(model, inputs, wanted, case) for inputs, wanted in sets)
        return Outcome(False, fails, str(error))
    except Exception as error:  # noqa: BLE001 - one case must not end the table
        return Outcome(False, False, f"{type(error).__name__}: {error}"[:300])
    if not edited and opset is None:
        reason = difference(model, result)
        return Outcome(not reason, False, reason)
    before = [_wrong(model, inputs, wanted, case) for inputs, wanted in sets]
    after = [_wrong(result, inputs, wanted, case) for inputs, wanted in sets]
    reason = next((b for a, b in zip(before, after, strict=True) if b and not a), "")
    if reason:
        return Outcome(False, case.segment == "random", reason)
    return Outcome(not any(after), any(before), next(filter(None, after), ""))


def sent_back(
    source: Path, folder: Path, *, every: bool = False, opset: int | None = None
) -> onnx.ModelProto:
    """Open a file and save it again; with `every`, all nodes are written anew."""
    task = task_in(folder, adopt_below=1 << 30)
    network = opened(source, task)
    target = folder / "again.onnx"
    if not every:
        KERNEL.export_model(network, target, {"opset": opset}, task)
        return onnx.load(target)
    pristine = recall(network, task.store)
    assert pristine is not None
    model = given_back(network, pristine, opset, task, every=True).model
    write_model(model, target, Sources(network, task).pieces)
    return onnx.load(target)


def difference(one: onnx.ModelProto, other: onnx.ModelProto) -> str:
    """Empty when two models are the same but for where their tensors' elements stand."""
    ours, theirs = _settled(one), _settled(other)
    if ours.SerializeToString(deterministic=True) == theirs.SerializeToString(deterministic=True):
        return ""
    fields = [f.name for f, _ in ours.ListFields() if getattr(ours, f.name) != getattr(theirs, f.name)]
    return f"differs in {', '.join(fields) or 'unknown fields'}"


def _settled(model: onnx.ModelProto) -> onnx.ModelProto:
    from sketch.kernels.onnx.proto_tensors import tensors_of

    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for tensor in tensors_of(copy):
        if tensor.data_type != onnx.TensorProto.STRING:
            plain = numpy_helper.from_array(numpy_helper.to_array(tensor))
            for name in ("float_data", "int32_data", "int64_data", "double_data", "uint64_data"):
                tensor.ClearField(name)
            tensor.raw_data = plain.raw_data
            tensor.ClearField("data_location")
    return copy


def _wrong(model: onnx.ModelProto, inputs: list[Any], wanted: list[Any], case: Case) -> str:
    """Empty when the evaluator gives what the suite wants, else what is wrong."""
    weights = {item.name for item in model.graph.initializer}
    names = [value.name for value in model.graph.input if value.name not in weights]
    try:
        got = ReferenceEvaluator(model).run(None, dict(zip(names, inputs, strict=False)))
    except Exception as error:  # noqa: BLE001 - whatever the evaluator raises
        return f"{type(error).__name__}: {error}"[:300]
    for have, want in zip(got, wanted, strict=True):
        if not _close(have, want, case):
            return "other numbers"
    return ""


def _close(have: Any, want: Any, case: Case) -> bool:
    if isinstance(want, (list, tuple)):
        return len(have) == len(want) and all(_close(a, b, case) for a, b in zip(have, want, strict=True))
    if want is None or have is None:
        return want is None and have is None
    one, other = np.asarray(have), np.asarray(want)
    if one.shape != other.shape:
        return False
    if other.dtype == object or other.dtype.kind in "US":
        return bool((one.astype(str) == other.astype(str)).all())
    if one.dtype != other.dtype:
        return False
    wide = np.complex128 if other.dtype.kind == "c" else np.float64
    relative, absolute = case.tolerance
    return bool(np.allclose(one.astype(wide), other.astype(wide), relative, absolute, equal_nan=True))
