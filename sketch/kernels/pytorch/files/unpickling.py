"""A pickled module after permission: what it lacks is named all at once before torch loads it."""

from __future__ import annotations

import importlib
import logging
import pickle
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from sketch.binder.kernel import BinderError
from sketch.kernels.pytorch.files.importing import importing_from, said
from sketch.kernels.pytorch.files.looking import is_bare_pickle
from sketch.kernels.pytorch.files.pickles import Global
from sketch.kernels.pytorch.files.weights import is_legacy, read_pickle

log = logging.getLogger(__name__)
_MAIN = "__main__"
_MOST_NAMED = 12


@contextmanager
def unpickled(path: Path, folders: Sequence[str | Path] = ()) -> Iterator[nn.Module]:
    """The module in a file, loaded by torch; call it only when the person trusts the file.

    Args:
        folders: where its classes are found; a .py file stands for the script that wrote the module.
    """
    files = [Path(place) for place in folders if Path(place).suffix == ".py"]
    places = [place for place in folders if Path(place) not in files]
    with ExitStack() as stack:
        stack.enter_context(importing_from([*places, *(file.parent for file in files)]))
        stack.enter_context(_as_main(files))
        _require_all(path, read_pickle(path).globals)
        yield module_in(path, _loaded(path))


def module_in(path: Path, loaded: Any) -> nn.Module:
    """The module itself, or the one in a checkpoint's dictionary."""
    if isinstance(loaded, nn.Module):
        return loaded
    if isinstance(loaded, Mapping):
        modules = {str(key): value for key, value in loaded.items() if isinstance(value, nn.Module)}
        if len(modules) == 1:
            return next(iter(modules.values()))
        if modules:
            named = ", ".join(modules)
            raise BinderError(
                f"{path}: holds {len(modules)} modules ({named}); save the one to open by itself."
            )
    raise BinderError(f"{path}: holds a {type(loaded).__name__}, which is no module.")


def _loaded(path: Path) -> Any:
    log.info("load.pickle path=%s", path)
    try:
        with path.open("rb") as file:
            head = file.read(16)
            if is_bare_pickle(head) and not is_legacy(head):
                file.seek(0)
                return pickle.load(file)  # noqa: S301 - the person allowed it for this file, in this worker
        return torch.load(path, map_location="cpu", weights_only=False)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - a border: unpickling runs code of the file, which may raise anything
        raise BinderError(f"{path}: PyTorch cannot load it: {said(error)}") from None


def _require_all(path: Path, names: Sequence[Global]) -> None:
    """BinderError that names every class that is not here."""
    missing = [name for name in names if _find(name) is None]
    if not missing:
        return
    shown = ", ".join(map(str, missing[:_MOST_NAMED])) + (", ..." if len(missing) > _MOST_NAMED else "")
    script = any(name.module == _MAIN for name in missing)
    where = "the script that saved it" if script else "the folder or package that has it"
    raise BinderError(
        f"{path}: needs {shown}, not to be found here; give {where} (folder), or install its package."
    )


def _find(name: Global) -> Any:
    """What a pickle's name stands for here; None when it is not to be found."""
    module, title = name.module, name.name
    if module == "__builtin__":
        return name
    try:
        found: Any = importlib.import_module(module)
        for part in title.split("."):
            found = getattr(found, part)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - a border: importing runs code of the person, which may raise anything
        log.info("load.missing name=%s reason=%s", name, error)
        return None
    return found


@contextmanager
def _as_main(files: Sequence[Path]) -> Iterator[None]:
    """What these scripts define, as what `__main__` has: a pickle calls the script that wrote it so."""
    from sketch.kernels.pytorch.files.source import names_in

    held = vars(sys.modules[_MAIN])
    before = dict(held)
    added: set[str] = set()
    try:
        for file in files:
            found = {name: thing for name, thing in names_in(file).items() if not name.startswith("__")}
            added |= set(found)
            held.update(found)
        yield
    finally:
        for name in added:
            if name in before:
                held[name] = before[name]
            else:
                del held[name]
