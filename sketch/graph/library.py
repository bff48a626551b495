"""The layers there are: all files of resources/layers, the operators of the standard, open specs for any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

from sketch.graph.errors import LayerFileError, UnknownLayerError
from sketch.graph.layer_file import read_folder
from sketch.graph.operator_file import CATEGORY, Operators
from sketch.graph.specs import LayerSpec, PortSpec

OPERATOR_FOLDER = "operators"
"""Beside the folder of layers; what was read of it is kept beside what was read of the layers."""


class LayerLibrary:
    """Layers by name. A name with a colon (`ai.onnx:Det`, `com.microsoft:Gelu`) is an operator and always found."""

    def __init__(
        self,
        specs: Sequence[LayerSpec] = (),
        *,
        read: Callable[[], Sequence[LayerSpec]] | None = None,
        operators: Operators | None = None,
    ):
        self._read = read or (lambda: specs)
        self._standard = operators or Operators()
        self._operators: dict[str, LayerSpec] = {}

    @classmethod
    def load(cls, folder: Path) -> LayerLibrary:
        """Read every *.yaml below a folder, in the order of their names; LayerFileError on the first fault."""
        operators = Operators(folder.with_name(OPERATOR_FOLDER))
        library = cls(read=lambda: read_folder(folder), operators=operators)
        len(library)
        return library

    @classmethod
    def later(cls, folder: Path, place: Path | None) -> LayerLibrary:
        """As `load`, at the first use; what was read is kept in the file `place`, for the next time."""
        kept_at = None if place is None else place.with_name(f"{OPERATOR_FOLDER}.json")
        operators = Operators(folder.with_name(OPERATOR_FOLDER), kept_at)
        return cls(read=lambda: read_folder(folder, place), operators=operators)

    @property
    def operators(self) -> Operators:
        """The operators of the standard."""
        return self._standard

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
        if name in self._operators:
            return self._operators[name]
        domain, colon, kind = name.partition(":")
        if not colon or not domain or not kind:
            raise UnknownLayerError(f"There is no layer {name!r}; {self._advice(name)}.")
        spec = self._standard.find(name) or _open_operator(name, domain, kind)
        self._operators[name] = spec
        return spec

    def _advice(self, name: str) -> str:
        standard = f"ai.onnx:{name}"
        known = bool(name.strip(":")) and self._standard.find(standard) is not None
        return f"the operator of ONNX is {standard}" if known else "`sketch layers` lists them"


def _open_operator(name: str, domain: str, kind: str) -> LayerSpec:
    """An operator without a layer: any ports, any attributes; types come from what the file declared."""
    many = PortSpec("x", optional=True, variadic=True, minimum=0)
    out = PortSpec("y", variadic=True)
    return LayerSpec(
        name, kind, CATEGORY, {}, (many,), (out,), "declared", prefix=kind.lower(), domain=domain,
        doc=f"An operator of {domain}; it is kept as it is, and only files of the same format can hold it.",
    )  # fmt: skip
