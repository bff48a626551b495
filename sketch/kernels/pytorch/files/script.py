"""TorchScript archives: loaded by torch after permission, then walked in Python for the recorder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from sketch.binder.kernel import BinderError, ImportedModel, Task
from sketch.kernels.pytorch.files.arguments import NEEDED, name_arguments
from sketch.kernels.pytorch.files.drawn import drawn
from sketch.kernels.pytorch.files.importing import said
from sketch.kernels.pytorch.files.script_run import ScriptPart

FORMAT = "torchscript"


def open_script(path: Path, inputs: Mapping[str, Sequence[int | str]], task: Task) -> ImportedModel:
    """The drawing of a traced or scripted module; call it only when the person trusts the file."""
    script, unit = _loaded(path)
    task.step(1, 3, "Reading TorchScript")
    module = in_python(script, unit)
    details = {"file": path.name, "class": str(script.original_name)}
    return drawn(module, inputs, task, name=path.stem, format=FORMAT, details=details)


def in_python(script: Any, unit: Any) -> ScriptPart:
    """A TorchScript module as one that is walked in Python, with the arguments of its forward."""
    module = ScriptPart(script, unit, {})
    schema = script._c._get_method("forward").schema.arguments[1:]
    rows = [(item.name, item.default_value if item.has_default_value() else NEEDED) for item in schema]
    name_arguments(module, rows, partial(ScriptPart.forward, module))
    return module.eval()


def load_script(path: Path) -> Any:
    """The module itself, as torch runs it, in eval mode."""
    script, _ = _loaded(path)
    return script.eval()


def _loaded(path: Path) -> tuple[Any, Any]:
    """(the module, all functions of the file)."""
    load: Any = torch._C.import_ir_module
    wrap: Any = torch.jit._recursive.wrap_cpp_module
    unit = torch._C.CompilationUnit()
    try:
        return wrap(load(unit, str(path), torch.device("cpu"), {}, False)), unit
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - a border: loading runs code of the file
        raise BinderError(f"{path}: PyTorch cannot load it: {said(error)}") from None
