"""Where code of the person's files is found while one job runs, and how its errors are told: file, line, reason."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sketch.binder.kernel import BinderError

_MOST_TEXT = 200
_SKETCH = Path(__file__).resolve().parents[3]


@contextmanager
def importing_from(folders: Sequence[str | Path]) -> Iterator[None]:
    """These folders first on the search path for modules; afterwards what was imported from them is forgotten.

    A package's own folder may be given too: its parent is searched then. BinderError when a folder is not there.
    """
    places = [_search_place(Path(folder)) for folder in folders]
    before, path = set(sys.modules), list(sys.path)
    sys.path[:0] = [str(place) for place in places]
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - before:
            if _lies_in(sys.modules[name], places):
                del sys.modules[name]


def _search_place(folder: Path) -> Path:
    if not folder.is_dir():
        raise BinderError(f"{folder}: there is no such folder; check the path.")
    return folder.resolve().parent if (folder / "__init__.py").exists() else folder.resolve()


def _lies_in(module: object, places: Sequence[Path]) -> bool:
    file = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", None) or ()), None)
    return isinstance(file, str) and any(Path(file).resolve().is_relative_to(place) for place in places)


def said(error: BaseException, file: str = "") -> str:
    """What went wrong in code of the person, in one line: `model.py:12: NameError: name 'x' is not defined`.

    Args:
        file: the file whose innermost line is named; "" for the innermost one that is not torch's or ours.
    """
    words = str(error).strip().splitlines()
    text = f"{type(error).__name__}: {words[0][:_MOST_TEXT]}" if words else type(error).__name__
    if isinstance(error, SyntaxError):
        line = f":{error.lineno}" if error.lineno else ""
        return f"{_short(error.filename or file)}{line}: {error.msg}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _counts(frame.filename, file)]
    return f"{_short(frames[-1].filename)}:{frames[-1].lineno}: {text}" if frames else text


def _counts(filename: str, file: str) -> bool:
    if file:
        return filename == file
    parts = Path(filename).parts
    ours = Path(filename).is_relative_to(_SKETCH)
    return not ours and "torch" not in parts and not filename.startswith("<")


def _short(filename: str) -> str:
    return Path(filename).name
