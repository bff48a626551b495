"""A first look at a file without running any of it: what kind it is, and the code that opening it would run."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from sketch.binder.kernel import BinderError
from sketch.kernels.pytorch.files.legacy import ReadPickle
from sketch.kernels.pytorch.files.safetensors import is_safetensors
from sketch.kernels.pytorch.files.torch_pickle import is_data
from sketch.kernels.pytorch.files.weights import has_module, has_tensors, read_pickle
from sketch.kernels.pytorch.files.zip_gate import open_archive

_HEAD = 4096
_PYTHON = re.compile(rb"^\s*(?:import|from)\s+torch\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Look:
    """What a file is: `kind` is weights, safetensors, index, module, script, exported or source.

    `calls` is the code that opening it would run; of weights nothing runs, whatever their pickle names.
    """

    kind: str
    calls: tuple[str, ...] = ()


def recognised(path: Path, head: bytes) -> bool:
    """True for every kind of file that PyTorch writes, and for Python source that uses it."""
    if head.startswith(b"PK\x03\x04"):
        return _is_torch_zip(path, head)
    if is_bare_pickle(head) or is_safetensors(path, head):
        return True
    return _is_index(head) or _is_source(path, head)


def is_bare_pickle(head: bytes) -> bool:
    """True for what pickle.dump writes (protocol 2 and later); torch's old format is such pickles too."""
    return head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")


def look(path: Path) -> Look:
    """The kind of a file; BinderError when it is damaged or no file of torch."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(b"PK\x03\x04"):
        return _of_zip(path)
    if is_safetensors(path, head):
        return Look("safetensors")
    if is_bare_pickle(head):
        return _of_pickle(read_pickle(path))
    if _is_index(head):
        return Look("index")
    if _is_source(path, head):
        return Look("source", (path.name,))
    raise BinderError(f"{path}: is no file of PyTorch; choose a .pth, .pt, .pt2, .safetensors or .py file.")


def _of_zip(path: Path) -> Look:
    with open_archive(path) as archive:
        names = archive.names
    if "archive_format" in names or any(_is_exported(name) for name in names):
        return Look("exported", ("what torch.export stored",))
    if any(name.startswith("code/") for name in names) or "constants.pkl" in names:
        return Look("script", ("TorchScript",))
    if "data.pkl" not in names:
        raise BinderError(f"{path}: is a zip archive but no PyTorch file; choose a .pth or .pt file.")
    return _of_pickle(read_pickle(path))


def _is_exported(name: str) -> bool:
    return name == "serialized_exported_program.json" or (
        name.startswith("models/") and name.endswith(".json")
    )


def _is_torch_zip(path: Path, head: bytes) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.partition("/")[2] or name for name in archive.namelist()]
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError):
        return b"data.pkl" in head or b"/version" in head or path.suffix in (".pth", ".pt", ".pt2")
    marks = ("data.pkl", "archive_format", "constants.pkl")
    return any(name in marks or name.endswith("/data.pkl") or _is_exported(name) for name in names)


def _of_pickle(read: ReadPickle) -> Look:
    """Weights are tensors and no module; anything else that has a class is for torch to load, after permission."""
    calls = tuple(str(name) for name in read.globals if not is_data(name))
    if calls and (has_module(read.value) or not has_tensors(read.value, read.where)):
        return Look("module", calls)
    return Look("weights", calls)


def _is_index(head: bytes) -> bool:
    return head.lstrip()[:1] == b"{" and b'"weight_map"' in head


def _is_source(path: Path, head: bytes) -> bool:
    if b"\0" in head:
        return False
    return path.suffix == ".py" or bool(_PYTHON.search(head))
