"""The proof as a record that stays: what was compared, with what, on which inputs, and how far apart it was."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sketch.binder.kernel import ExportReport, Verification
from sketch.durable import write_text

SUFFIX = ".proof.json"
_PACKAGES = ("sketch-editor", "numpy", "torch", "onnx", "onnxruntime")


def proof_record(report: ExportReport) -> dict[str, Any]:
    """Plain values: files, versions, options, and what `verification_record` says of the proof."""
    return {
        "files": [{"name": path.name, "bytes": _size(path)} for path in report.files],
        "kernel": report.kernel,
        "options": {key: value for key, value in report.options.items() if value is not None},
        "source": Path(report.source).name if report.source else None,
        "versions": _versions(),
        "proof": verification_record(report.verification),
        "losses": [{"where": loss.where, "what": loss.what} for loss in report.losses],
        "notes": list(report.notes),
    }


def verification_record(proof: Verification | None) -> dict[str, Any] | None:
    """A proof as plain values; numbers that are none (infinite errors) are text."""
    if proof is None:
        return None
    return {
        "agrees": proof.agrees,
        "against": proof.against,
        "seed": proof.seed,
        "inputs": [
            {"name": f.name, "shape": list(f.shape), "dtype": f.dtype, "drawn_from": f.drawn_from}
            for f in proof.inputs
        ],
        "outputs": output_records(proof),
        "max_abs_error": number(proof.max_abs_error),
        "max_rel_error": number(proof.max_rel_error),
        "first_difference": proof.first_difference,
        "first_node": proof.first_node,
        "remarks": list(proof.remarks),
    }


def output_records(proof: Verification) -> list[dict[str, Any]]:
    """One record an output: errors and what is allowed."""
    return [
        {
            "name": name, "max_abs_error": number(absolute), "max_rel_error": number(relative),
            **_allowed(proof.tolerances, name),
        }
        for name, (absolute, relative) in proof.outputs.items()
    ]  # fmt: skip


def save_report(report: ExportReport, path: Path | None = None) -> Path:
    """Write the record as JSON beside the first file, or at `path`; OSError when it cannot be written."""
    place = path or report.files[0].with_name(report.files[0].name + SUFFIX)
    write_text(place, json.dumps(proof_record(report), indent=2, ensure_ascii=False) + "\n")
    return place


def number(value: float) -> float | str:
    """JSON has no infinity."""
    return value if math.isfinite(value) else str(value)


def _allowed(tolerances: Mapping[str, tuple[float, float]], name: str) -> dict[str, float]:
    if name not in tolerances:
        return {}
    absolute, relative = tolerances[name]
    return {"abs_tolerance": absolute, "rel_tolerance": relative}


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
