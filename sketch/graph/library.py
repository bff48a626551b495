"""The layers there are: all files of resources/layers, plus an open spec for any operator of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

from sketch.graph.errors import LayerFileError, UnknownLayerError
from sketch.graph.layer_file import read_folder
from sketch.graph.specs import LayerSpec, PortSpec


class LayerLibrary:
    """Layers by name. A name with a colon (`ai.onnx:Det`, `com.microsoft:Gelu`) is an operator and always found."""

    def __init__(
        self, specs: Sequence[LayerSpec] = (), *, read: Callable[[], Sequence[LayerSpec]] | None = None
    ):
        self._read = read or (lambda: specs)
        self._operators: dict[str, LayerSpec] = {}

    @classmethod
    def load(cls, folder: Path) -> LayerLibrary:
        """Read every *.yaml below a folder, in the order of their names; LayerFileError on the first fault."""
        library = cls(read=lambda: read_folder(folder))
        len(library)
        return library

    @classmethod
    def later(cls, folder: Path, place: Path | None) -> LayerLibrary:
        """As `load`, at the first use; what was read is kept in the file `place`, for the next time."""
        return cls(read=lambda: read_folder(folder, place))

    @cached_property
    def _specs(self) -> dict[str, LayerSpec]:
        specs: dict[str, LayerSpec] = {}
        for spec in self._read():
            if spec.name in specs:
                raise LayerFileError(f"Two layer files define {spec.name}.")
            specs[spec.name] = spec
        return specs

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
