"""What was read from files, kept as JSON, so that the next start need not read and check them again."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

LAYOUT = 1
"""Of what is kept; another number makes everything be read again."""


def kept(sources: Sequence[Path], place: Path | None, read: Callable[[], Any]) -> Any:
    """What `read` makes of `sources`: plain JSON data, from the file `place` while names, sizes and times agree.

    None for `place` keeps nothing. A kept file that cannot be read or written only costs the time.
    """
    if place is None:
        return read()
    stamp = [LAYOUT, *([str(path), stat.st_size, stat.st_mtime_ns] for path, stat in _stats(sources))]
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads(place.read_text(encoding="ascii"))
        if found["stamp"] == stamp:
            return found["data"]
    data = read()
    with contextlib.suppress(OSError, ValueError, TypeError):
        _write(place, json.dumps({"stamp": stamp, "data": data}))
    return data


def kept_yaml(source: Path, folder: Path | None) -> Any:
    """What a YAML file says, kept in `folder` under its name. PyYAML itself loads only when nothing is kept."""
    place = None if folder is None else folder / f"{source.stem}.json"
    return kept([source], place, lambda: _parsed(source))


def _parsed(source: Path) -> Any:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast
    return yaml.load(source.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506


def _stats(sources: Sequence[Path]) -> list[tuple[Path, os.stat_result]]:
    return [(path, path.stat()) for path in sources]


def _write(place: Path, text: str) -> None:
    """Whole or not at all; no flush, since what is lost is made again."""
    temporary = place.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(text, encoding="ascii")
    temporary.replace(place)
