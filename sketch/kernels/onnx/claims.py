"""What Sketch writes beside the operators so that a file of its own gives the very same drawing again.

A claim says: this operator is that layer with these parameters. It holds a checksum of the operator, so that a claim
which another tool made stale is not believed; the operator then reads as it would in any other file.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sketch.graph.specs import freeze

LAYER_KEY = "sketch.layer"
GROUPS_KEY = "sketch.groups"
CONSTANTS_KEY = "sketch.constants"
SEED_KEY = "sketch.seed"


@dataclass(frozen=True, slots=True)
class Claim:
    """A layer with what the person pinned; `inputs` says for each operator input which port (a number), which weight
    (a role) or which constant (None) it is.
    """

    layer: str
    params: Mapping[str, Any]
    inputs: tuple[int | str | None, ...]
    path: tuple[str, ...]

    def to_text(self, seal: int) -> str:
        """The claim as one line of JSON."""
        fields = {
            "layer": self.layer,
            "params": self.params,
            "inputs": self.inputs,
            "path": self.path,
            "seal": seal,
        }
        return json.dumps(fields, separators=(",", ":"))


def seal(kind: str, domain: str, attributes: Mapping[str, Any], constants: Sequence[Any]) -> int:
    """A checksum of an operator: kind, attributes (floats as 32 bits have them) and constant inputs."""
    text = repr(
        (kind, domain, sorted((name, _plain(value)) for name, value in attributes.items()), _plain(constants))
    )
    return zlib.crc32(text.encode())


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def read_claim(text: str, expected: int | None) -> Claim | None:
    """The claim in a node's metadata, None when it is no claim or the seal is not the expected one."""
    try:
        raw = json.loads(text)
        if expected is not None and raw["seal"] != expected:
            return None
        params = {str(name): freeze(value) for name, value in raw["params"].items()}
        inputs = tuple(item if item is None or isinstance(item, int) else str(item) for item in raw["inputs"])
        return Claim(str(raw["layer"]), params, inputs, tuple(str(part) for part in raw["path"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
