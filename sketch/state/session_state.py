"""What a session remembers, as a value and as JSON."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import Any

from sketch.state.codec import CodecError, from_text

VERSION = 1


@dataclass(frozen=True, slots=True)
class Tab:
    """One document: `folder` of its journal, `path` of its file, view of each canvas; `closed` is a Unix time or 0."""

    folder: str
    path: str | None
    name: str
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    closed: float = 0.0


@dataclass(frozen=True, slots=True)
class SessionState:
    """Everything a session remembers. `starts` are Unix times of starts that have not ended well yet."""

    tabs: tuple[Tab, ...] = ()
    active: str = ""
    closed: tuple[Tab, ...] = ()
    geometry: dict[str, bytes] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    starts: tuple[float, ...] = ()
    restoring: str = ""


def to_json(state: SessionState) -> str:
    """The text of the session file."""
    return json.dumps(
        {
            "version": VERSION,
            "tabs": [_tab(tab) for tab in state.tabs],
            "closed": [_tab(tab) for tab in state.closed],
            "active": state.active,
            "geometry": {
                name: base64.b64encode(data).decode("ascii") for name, data in state.geometry.items()
            },
            "values": state.values,
            "starts": state.starts,
            "restoring": state.restoring,
        },
        indent=1,
    )


def from_json(text: str) -> SessionState:
    """The inverse of `to_json`; CodecError when it is damaged or newer."""
    raw = from_text(text)
    try:
        if raw["version"] > VERSION:
            raise CodecError(f"the session is of a newer Sketch (version {raw['version']})")
        return SessionState(
            tabs=tuple(_read_tab(item) for item in raw["tabs"]),
            active=str(raw["active"]),
            closed=tuple(_read_tab(item) for item in raw["closed"]),
            geometry={str(k): base64.b64decode(v, validate=True) for k, v in dict(raw["geometry"]).items()},
            values=dict(raw["values"]),
            starts=tuple(float(moment) for moment in raw["starts"]),
            restoring=str(raw["restoring"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError, binascii.Error) as error:
        raise CodecError(f"the session file is damaged: {error}") from None


def _tab(tab: Tab) -> dict[str, Any]:
    return {
        "folder": tab.folder,
        "path": tab.path,
        "name": tab.name,
        "views": tab.views,
        "closed": tab.closed,
    }


def _read_tab(raw: dict[str, Any]) -> Tab:
    path = raw["path"]
    views = {str(canvas): dict(view) for canvas, view in dict(raw["views"]).items()}
    return Tab(
        str(raw["folder"]), None if path is None else str(path), str(raw["name"]), views, float(raw["closed"])
    )
