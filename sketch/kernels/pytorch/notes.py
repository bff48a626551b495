"""What our own .pth files remember beside the graph: names, groups, parameters as they were said. Plain JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from sketch.graph.specs import freeze

MOST = 1 << 27
"""Longer texts are not read."""


class _Groups(Protocol):
    def group(self, path: list[tuple[str, str]]) -> int | None: ...


class Notes:
    """Reads the notes; every answer is None or empty where they do not say."""

    def __init__(self, raw: Any):
        self._raw: Mapping[str, Any] = raw if isinstance(raw, dict) and raw.get("format") == 1 else {}

    @classmethod
    def read(cls, text: Any) -> Notes:
        """The notes in a text; empty ones where it is none."""
        fits = isinstance(text, str) and 0 < len(text) <= MOST
        try:
            return cls(json.loads(text)) if fits else cls({})
        except (ValueError, RecursionError):
            return cls({})

    def __bool__(self) -> bool:
        return bool(self._raw)

    @property
    def name(self) -> str:
        """The network's name."""
        return str(self._raw.get("name", ""))

    @property
    def seed(self) -> int:
        """The document's seed."""
        seed = self._raw.get("seed", 0)
        return seed if isinstance(seed, int) else 0

    @property
    def drawing(self) -> Mapping[str, Any] | None:
        """The whole drawing, of one with zones (see zone_notes)."""
        found = self._raw.get("drawing")
        return found if isinstance(found, dict) else None

    @property
    def calls(self) -> int:
        """How many calls the graph had when it was written; notes of an edited graph do not fit."""
        return len(self._raw.get("calls", ()))

    @property
    def kept(self) -> Mapping[str, Any]:
        """What brings a module of PyTorch back the same (see keeping): exact, outputs, tied, transient."""
        found = self._raw.get("kept")
        return found if isinstance(found, dict) else {}

    def inputs(self) -> list[tuple[str, tuple[Any, ...], str]]:
        """Name, shape and element type of every input, in order."""
        return [(item["name"], tuple(item["shape"]), item["dtype"]) for item in self._raw.get("inputs", ())]

    def input_params(self, name: str) -> dict[str, Any]:
        """The parameters of an input as they were said."""
        found: Mapping[str, Any] = next(
            (item for item in self._raw.get("inputs", ()) if item["name"] == name), {}
        )
        return plain_params(found)

    def declared(self, index: int) -> dict[str, Any] | None:
        """What an input is that no plain Input can say (a sequence, an unknown rank)."""
        inputs = self._raw.get("inputs", ())
        found: dict[str, Any] | None = inputs[index].get("declared") if index < len(inputs) else None
        return found

    def outputs(self) -> list[str]:
        """Names of the outputs, in order."""
        return list(self._raw.get("outputs", ()))

    def output(self, index: int) -> str:
        """The name of one output."""
        names = self.outputs()
        return names[index] if index < len(names) else ""

    def owner(self, index: int) -> int | None:
        """Which node a call belongs to."""
        calls = self._raw.get("calls", ())
        return calls[index] if 0 <= index < len(calls) else None

    def node(self, index: int) -> Mapping[str, Any] | None:
        """The node of a call."""
        owner = self.owner(index)
        return None if owner is None else self._raw["nodes"][owner]

    def named(self, owner: int) -> Mapping[str, Any]:
        """Name, layer and group of a node."""
        found: Mapping[str, Any] = self._raw["nodes"][owner]
        return found

    def operator(self, owner: int) -> Mapping[str, Any] | None:
        """The record of a node that is an operator (see operator_notes)."""
        found: Mapping[str, Any] | None = self._raw["nodes"][owner].get("operator")
        return found

    def result(self, call: int) -> int | None:
        """Which output of its operator a call gives, if any."""
        found: int | None = self._raw.get("results", {}).get(str(call))
        return found

    def tensor(self, target: str) -> Mapping[str, Any] | None:
        """The Parameter or Constant at an attribute path."""
        found: Mapping[str, Any] | None = self._raw.get("tensors", {}).get(target)
        return found

    def path(self, note: Mapping[str, Any]) -> list[str]:
        """The name of a node after the names of its groups, outermost first."""
        names = [str(note["name"])]
        index = note["in"]
        while index is not None:
            names.insert(0, str(self._raw["groups"][index]["name"]))
            index = self._raw["groups"][index]["in"]
        return names

    def parent(self, note: Mapping[str, Any], groups: _Groups) -> int | None:
        """The group of a node, made when it is new."""
        path: list[tuple[str, str]] = []
        index = note["in"]
        while index is not None:
            box = self._raw["groups"][index]
            path.insert(0, (box["name"], box["layer"]))
            index = box["in"]
        return groups.group(path)

    def said(self, owner: int) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Parameters that the file cannot say: (what reading the node gives, what the person had pinned)."""
        told = self._raw["nodes"][owner].get("said")
        return None if told is None else (dict(freeze(told[0])), dict(freeze(told[1])))


def plain_params(note: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a Parameter or Constant as they were said."""
    return {name: freeze(value) for name, value in note.get("params", {}).items()}
