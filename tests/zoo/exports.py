"""Exports of the zoo by torch's two exporters, cached by content in a temporary folder; nothing of it is shipped."""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import os
import tempfile
import warnings
from pathlib import Path

import torch

from tests.zoo.case import Case

EXPORTERS = {"dynamo": 20, "script": 17}
"""Exporter and the opset it writes by default."""
_REPORTING = ("catalogue.py", "conformance.py", "report.py", "networks.py", "test_conformance.py")
_FOLDER = Path(os.environ.get("SKETCH_ZOO", Path(tempfile.gettempdir()) / "sketch-zoo"))


def exported(case: Case, exporter: str, opset: int | None = None) -> Path:
    """The file of a network, written when there is none of this source, torch and opset yet."""
    opset = opset or EXPORTERS[exporter]
    path = _FOLDER / f"{case.name}-{exporter}-{opset}-{_digest()}.onnx"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{os.getpid()}-{path.name}")
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            logging.getLogger("torch.onnx").setLevel(logging.ERROR)
            _export(case, exporter, opset, part)
        part.replace(path)
    return path


def _digest() -> str:
    """A change in any network makes new files."""
    digest = hashlib.sha256(torch.__version__.encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        if source.name not in _REPORTING:
            digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


def _export(case: Case, exporter: str, opset: int, path: Path) -> None:
    module, inputs = case.module(), case.inputs()
    names = [f"input{place}" for place in range(len(inputs))]
    if exporter == "dynamo":
        sizes = tuple({0: torch.export.Dim.DYNAMIC} for _ in inputs) if case.dynamic else None
        torch.onnx.export(
            module, inputs, str(path), dynamo=True, opset_version=opset, dynamic_shapes=sizes, verbose=False,
            external_data=False, input_names=names,
        )  # fmt: skip
        return
    outputs = [f"output{place}" for place in range(_count(module, inputs))]
    axes = {name: {0: "batch"} for name in (*names, *outputs)} if case.dynamic else None
    torch.onnx.export(
        module,
        inputs,
        str(path),
        dynamo=False,
        opset_version=opset,
        dynamic_axes=axes,
        input_names=names,
        output_names=outputs,
    )


def _count(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> int:
    with torch.no_grad():
        result = module(*inputs)
    return len(result) if isinstance(result, tuple) else 1
