"""Arrays of numpy's own files as rows of a tensor store, and back."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sketch.binder.kernel import BinderError
from sketch.binder.surgery.arrays import to_numbers
from sketch.graph.rows import DTYPES, TensorRow

if TYPE_CHECKING:
    from sketch.binder.tensors import TensorStore

SUFFIXES = (".npy", ".npz")


def read_arrays(path: Path, store: TensorStore) -> dict[str, TensorRow]:
    """The arrays of a `.npz` by their names, or the one of a `.npy` under the file's name; pickled ones are refused.

    Raises:
        BinderError: the file is damaged, holds no arrays, or one of a type that no tensor has.
    """
    try:
        with path.open("rb") as file:
            if file.read(2) == b"PK":
                file.seek(0)
                with np.load(file, allow_pickle=False) as found:
                    return {name: _row(path, name, found[name], store) for name in found.files}
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        return {path.stem: _row(path, path.stem, array, store)}
    except FileNotFoundError:
        raise BinderError(f"{path}: there is no such file; check the path.") from None
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise BinderError(f"{path}: cannot be read as arrays of numpy: {reason}; save it again.") from None


def read_array(path: Path, store: TensorStore) -> TensorRow:
    """The only array of a `.npy` or `.npz` file; BinderError when there are several."""
    found = read_arrays(path, store)
    if len(found) != 1:
        raise BinderError(f"{path}: holds {len(found)} arrays; load it with a table of names instead.")
    return next(iter(found.values()))


def write_array(path: Path, store: TensorStore, row: TensorRow) -> str:
    """Save a tensor as `.npy`; what was changed for it, empty when nothing was: numpy has no bfloat16, for one."""
    array = store.get(row.digest, row.shape, row.dtype)
    note = ""
    if row.dtype == "bfloat16":
        array, note = (
            to_numbers(array, row.dtype).astype(np.float32),
            "bfloat16 is written as float32, exactly",
        )
    elif row.dtype not in _TYPES:
        note = f"numpy has no {row.dtype}; its raw bits are written as {array.dtype}"
    try:
        with path.open("wb") as file:
            np.save(file, array, allow_pickle=False)
    except OSError as error:
        raise BinderError(f"{path}: cannot be written ({error.strerror}); choose another place.") from None
    return note


def _row(path: Path, name: str, array: np.ndarray[Any, Any], store: TensorStore) -> TensorRow:
    dtype = array.dtype.newbyteorder("=")
    if dtype.name not in _TYPES:
        raise BinderError(
            f"{path}: {name} holds {array.dtype}, which no tensor has; convert it to float32 first."
        )
    return TensorRow(0, store.put(array.astype(dtype, copy=False)), tuple(array.shape), dtype.name, name)


def _is_numpy(name: str) -> bool:
    try:
        return np.dtype(name).kind in "biufc"
    except TypeError:
        return False


_TYPES = {name for name in DTYPES if _is_numpy(name)}
