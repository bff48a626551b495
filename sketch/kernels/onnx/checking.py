"""onnx's own checker with shape inference, over a model whose weights are not written yet. Loads onnx."""

from __future__ import annotations

from pathlib import Path

import onnx

from sketch.binder.kernel import BinderError
from sketch.kernels.onnx.model_writer import size_of
from sketch.kernels.onnx.proto_tensors import is_elsewhere, point, tensors_of

_HOLE = "weights.hole"


def objections(model: onnx.ModelProto, path: Path, scratch: Path, *, lenient: bool) -> list[str]:
    """Notes for the report; BinderError when the checker refuses the model.

    Args:
        scratch: a folder for a copy in which every weight is a hole.
        lenient: operators that were kept as they came may be against the standard; that is only noted.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    _dig(copy, scratch)
    target = scratch / f"{path.stem}.check.onnx"
    try:
        target.write_bytes(copy.SerializeToString())
        onnx.checker.check_model(str(target), full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, RuntimeError) as error:
        lines = str(error).strip().splitlines()
        first = lines[0] if lines else "no reason given"
        if not lenient:
            raise BinderError(f"{path.name}: onnx's checker refuses the model: {first}") from None
        return [f"onnx's checker objects to an operator that is kept as it came: {first}"]
    finally:
        target.unlink(missing_ok=True)
        (scratch / _HOLE).unlink(missing_ok=True)
    return []


def _dig(model: onnx.ModelProto, scratch: Path) -> None:
    """Weights lie in a file that has their size and takes no room."""
    largest = 0
    for tensor in tensors_of(model):
        if is_elsewhere(tensor):
            size = size_of(tensor)
            point(tensor, location=_HOLE, offset=0, length=size)
            largest = max(largest, size)
    with (scratch / _HOLE).open("wb") as file:
        file.truncate(largest)
