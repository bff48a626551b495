"""The layers there are: all files of resources/layers, plus an open spec for any operator of a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sketch.graph.errors import LayerFileError, UnknownLayerError
from sketch.graph.layer_file import read_layers
from sketch.graph.specs import LayerSpec, PortSpec


class LayerLibrary:
    """Layers by name. A name with a colon (`ai.onnx:Det`, `com.microsoft:Gelu`) is an operator and always found."""

    def __init__(self, specs: list[LayerSpec]):
        self._specs: dict[str, LayerSpec] = {}
        self._operators: dict[str, LayerSpec] = {}
        for spec in specs:
            if spec.name in self._specs:
                raise LayerFileError(f"Two layer files define {spec.name}.")
            self._specs[spec.name] = spec

    @classmethod
    def load(cls, folder: Path) -> LayerLibrary:
        """Read every *.yaml below a folder, in the order of their names; LayerFileError on the first fault."""
        specs = [spec for path in sorted(folder.rglob("*.yaml")) for spec in read_layers(path)]
        return cls(specs)

    def __iter__(self) -> Iterator[LayerSpec]:
        return iter(self._specs.values())

    def __contains__(self, name: str) -> bool:
        return name in self._specs or ":" in name

    def __len__(self) -> int:
        return len(self._specs)

    def __getitem__(self, name: str) -> LayerSpec:
        if name in self._specs:
            return self._specs[name]
        domain, colon, kind = name.partition(":")
        if not colon or not domain or not kind:
            raise UnknownLayerError(f"There is no layer {name!r}; `sketch layers` lists them.")
        if name not in self._operators:
            self._operators[name] = _open_operator(name, domain, kind)
        return self._operators[name]


def _open_operator(name: str, domain: str, kind: str) -> LayerSpec:
    """An operator without a layer: any ports, any attributes; types come from what the file declared."""
    many = PortSpec("x", optional=True, variadic=True, minimum=0)
    out = PortSpec("y", variadic=True)
    return LayerSpec(
        name, kind, "Operators", {}, (many,), (out,), "declared", prefix=kind.lower(), domain=domain
    )
