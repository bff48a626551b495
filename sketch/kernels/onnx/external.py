"""Where a model's weights may lie outside of it: in regular files of its own folder, nowhere else."""

from __future__ import annotations

import stat
from pathlib import Path

from sketch.binder.kernel import BinderError


def resolve(model: Path, location: str, tensor: str) -> Path:
    """The real file that a tensor names; BinderError when it is missing or outside of the model's folder.

    Links are followed, then the end must lie in the folder as named or in the folder where the model really is
    (download caches keep models as links into one folder).
    """
    where = f"{model.name}: tensor {tensor[:200]!r} lies in {location[:200]!r}"
    if not location or "\0" in location or Path(location).is_absolute() or "\\" in location:
        raise BinderError(f"{where}, which is no path inside of the model's folder.")
    if ".." in Path(location).parts:
        raise BinderError(f"{where}, outside of the model's folder; only files beside the model are read.")
    for base in dict.fromkeys((model.parent, model.resolve().parent)):
        named = base / location
        try:
            real = named.resolve(strict=True)
            kind = real.stat().st_mode
        except (OSError, RuntimeError):
            continue
        if not stat.S_ISREG(kind):
            raise BinderError(f"{where}, which is no regular file.")
        if _inside(real, model) or (
            named.is_symlink() and model.is_symlink() and real.parent == model.resolve().parent
        ):
            return real
        raise BinderError(
            f"{where}, a link to outside of the model's folder; only files beside the model are read."
        )
    raise BinderError(f"{where}, which is not there; put it beside the model.")


def _inside(real: Path, model: Path) -> bool:
    folders = (model.parent.resolve(), model.resolve().parent)
    return any(folder == real.parent or folder in real.parents for folder in folders)
