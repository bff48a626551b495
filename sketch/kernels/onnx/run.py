"""Run a model in onnxruntime, one thread, nothing printed. Loads onnxruntime; runs in the worker only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from sketch.binder.kernel import BinderError

Array = np.ndarray[Any, Any]


def run(path: Path, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Outputs by name; BinderError says what onnxruntime objects to."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        wanted = [item.name for item in session.get_inputs()]
        missing = [name for name in wanted if name not in inputs]
        if missing:
            raise BinderError(f"{path.name}: no value is given for input {missing[0]!r}.")
        names = [item.name for item in session.get_outputs()]
        values = session.run(names, {name: inputs[name] for name in wanted})
    except BinderError:
        raise
    except Exception as error:  # noqa: BLE001  onnxruntime raises its own types that share no base class
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise BinderError(f"{path.name}: onnxruntime cannot run the model: {first}") from None
    return dict(zip(names, (np.asarray(value) for value in values), strict=True))
