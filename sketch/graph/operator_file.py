"""Files of operators (resources/operators): what the standard says of each, as LayerSpecs made when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from sketch.graph.kept import kept
from sketch.graph.layer_file import read_layers
from sketch.graph.specs import STANDARD, LayerSpec, ParamSpec, PortSpec, freeze

CATEGORY = "Operators"
ZONES = "zones.yaml"
"""The file of a folder of operators that has the form of a layer file: the markers of control flow."""
_GRAPHS = ("graph", "graphs")
_PLAIN = ("int", "float", "str", "ints", "floats", "strs", "flag", "element")


class Operators:
    """Operators by `domain:Kind`. Nothing is read before the first is asked for."""

    def __init__(self, folder: Path | None = None, place: Path | None = None):
        """`folder` holds the files (None: there are none); what was read is kept in the file `place`."""
        self._folder, self._place = folder, place
        self._specs: dict[str, LayerSpec] = {}

    def find(self, name: str) -> LayerSpec | None:
        """The spec of an operator, None for one that no file describes."""
        if name not in self._specs:
            domain, _, kind = name.partition(":")
            record = self._records.get(domain, {}).get(kind)
            if record is None:
                return self._zones.get(name)
            self._specs[name] = _spec(domain, kind, record)
        return self._specs[name]

    def offered(self) -> Iterator[LayerSpec]:
        """Those that a person can add: none that the standard gave up, none that needs a graph of its own."""
        for domain, records in self._records.items():
            for kind, record in records.items():
                if not record.get("deprecated") and not _has_graph(record):
                    spec = self.find(f"{domain}:{kind}")
                    if spec is not None:
                        yield spec

    @property
    def is_read(self) -> bool:
        """True once the files were read, so that asking costs nothing more."""
        return "_records" in self.__dict__

    @cached_property
    def _records(self) -> Mapping[str, Mapping[str, Any]]:
        if self._folder is None or not self._folder.is_dir():
            return {}
        files = sorted(path for path in self._folder.glob("*.yaml") if path.name != ZONES)
        records: dict[str, dict[str, Any]] = {}
        for part in kept(files, self._place, lambda: [_parsed(path) for path in files]):
            records.setdefault(part["domain"], {}).update(part["operators"])
        return records

    @cached_property
    def _zones(self) -> Mapping[str, LayerSpec]:
        path = self._folder / ZONES if self._folder is not None else None
        if path is None or not path.is_file():
            return {}
        return {spec.name: spec for spec in read_layers(path)}


def _parsed(path: Path) -> Any:
    import yaml  # not needed when all is kept

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506


def _has_graph(record: Mapping[str, Any]) -> bool:
    return any(item["type"] in _GRAPHS for item in record.get("attributes", {}).values())


def _spec(domain: str, kind: str, record: Mapping[str, Any]) -> LayerSpec:
    types = {name: tuple(text.split()) for name, text in record.get("types", {}).items()}
    inputs = [_port(port, types) for port in record["inputs"]]
    if _has_graph(record) and not (inputs and inputs[-1].variadic):
        inputs.append(PortSpec("captured", optional=True, variadic=True, minimum=0))
    return LayerSpec(
        name=f"{domain}:{kind}",
        title=kind,
        category=CATEGORY,
        params={name: _param(name, item) for name, item in record.get("attributes", {}).items()},
        inputs=tuple(inputs),
        outputs=tuple(_port(port, types) for port in record["outputs"]),
        rule=STANDARD,
        prefix=kind.lower(),
        doc=record["doc"],
        search=(domain,),
        domain=domain,
        since=record["since"],
        function=bool(record.get("function")),
        random=bool(record.get("random")),
    )


def _port(raw: Mapping[str, Any], types: Mapping[str, tuple[str, ...]]) -> PortSpec:
    """A variadic port whose values may differ in type is of no word of its own."""
    kind = raw["type"]
    return PortSpec(
        name=raw["name"],
        optional=bool(raw.get("optional")),
        variadic="variadic" in raw,
        minimum=raw.get("variadic", 1),
        dtypes=types.get(kind, (kind,)),
        doc=raw.get("doc", ""),
        same=kind if kind in types and not raw.get("mixed") else "",
    )


def _param(name: str, raw: Mapping[str, Any]) -> ParamSpec:
    kind = raw["type"] if raw["type"] in _PLAIN else "record"
    return ParamSpec(
        name=name,
        type=kind,
        default=freeze(raw.get("default")),
        choices=tuple(raw.get("choices", ())),
        needed=bool(raw.get("required")),
        doc=raw.get("doc", ""),
    )
