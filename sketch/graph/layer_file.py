"""Layer files: YAML to LayerSpec, with errors that name file, line and column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from sketch.graph.errors import ExpressionError, LayerFileError, ParameterError
from sketch.graph.expressions import names_in
from sketch.graph.rows import FrozenDict
from sketch.graph.specs import PARAM_TYPES, CheckSpec, LayerSpec, ParamSpec, PortSpec, WeightSpec, freeze

_TOP = {
    "name", "title", "category", "params", "inputs", "outputs", "shape", "weights", "checks",
    "prefix", "doc", "search", "group", "hidden",
}  # fmt: skip
_PARAM = {"type", "default", "rank", "min", "max", "choices", "optional", "derive", "applies", "doc"}
_PORT = {"name", "optional", "variadic", "minimum", "dtypes", "count", "doc"}
_WEIGHT = {"shape", "when", "trainable", "dtype", "init", "each"}
_CHECK = {"require", "message", "cure", "param", "port"}


class _Marked(dict[str, Any]):
    """A YAML mapping that remembers where it and its keys stand."""

    where: str
    keys_at: dict[str, str]


def read_layers(path: Path) -> list[LayerSpec]:
    """All layers of one file (one YAML document each); LayerFileError on the first fault."""
    loader = _loader(path)
    try:
        documents = list(yaml.load_all(path.read_text(encoding="utf-8"), Loader=loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{path.name}:{mark.line + 1}:{mark.column + 1}" if mark else path.name
        raise LayerFileError(f"{place}: {error.problem}") from None
    return [_layer(path, document) for document in documents if document is not None]


def _loader(path: Path) -> Any:
    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader: Any = type("LayerLoader", (base,), {})

    def mapping(self: Any, node: yaml.MappingNode) -> _Marked:
        result = _Marked()
        result.where = f"{path.name}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"
        result.keys_at = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            place = f"{path.name}:{key_node.start_mark.line + 1}:{key_node.start_mark.column + 1}"
            if key in result:
                raise LayerFileError(f"{place}: {key!r} stands twice")
            result[key] = self.construct_object(value_node, deep=True)
            result.keys_at[key] = place
        return result

    loader.add_constructor("tag:yaml.org,2002:map", mapping)
    return loader


def _layer(path: Path, raw: Any) -> LayerSpec:
    if not isinstance(raw, _Marked):
        raise LayerFileError(f"{path.name}: a layer is a mapping with name, category, inputs, outputs, shape")
    _only(raw, _TOP, {"name", "category", "outputs", "shape"})
    shape = raw["shape"] if isinstance(raw["shape"], dict) else {"rule": raw["shape"]}
    params = {name: _param(name, value) for name, value in (raw.get("params") or {}).items()}
    spec = LayerSpec(
        name=raw["name"],
        title=raw.get("title", raw["name"]),
        category=raw["category"],
        params=params,
        inputs=tuple(_port(port) for port in raw.get("inputs") or ()),
        outputs=tuple(_port(port) for port in raw["outputs"] or ()),
        rule=shape["rule"],
        rule_args=FrozenDict({key: freeze(value) for key, value in shape.items() if key != "rule"}),
        weights={name: _weight(name, value) for name, value in (raw.get("weights") or {}).items()},
        checks=tuple(_check(check) for check in raw.get("checks") or ()),
        prefix=raw.get("prefix", raw["name"].lower()),
        doc=raw.get("doc", "").strip(),
        search=tuple(raw.get("search") or ()),
        group=raw.get("group", False),
        hidden=raw.get("hidden", False),
    )
    _check_expressions(raw, spec)
    return spec


def _param(name: str, raw: _Marked) -> ParamSpec:
    _only(raw, _PARAM, {"type"})
    if raw["type"] not in PARAM_TYPES:
        raise LayerFileError(
            f"{raw.keys_at['type']}: {raw['type']!r} is no parameter type; {', '.join(PARAM_TYPES)}"
        )
    fields = {key: freeze(value) for key, value in raw.items()}
    spec = ParamSpec(name=name, **fields)
    if spec.default is None:
        return spec
    try:
        return ParamSpec(name=name, **{**fields, "default": spec.clean(spec.default)})
    except ParameterError as error:
        raise LayerFileError(f"{raw.where}: the default of {name} does not fit: {error}") from None


def _port(raw: Any) -> PortSpec:
    if isinstance(raw, str):
        return PortSpec(raw)
    _only(raw, _PORT, {"name"})
    return PortSpec(**{key: freeze(value) for key, value in raw.items()})


def _weight(name: str, raw: Any) -> WeightSpec:
    if not isinstance(raw, dict):
        return WeightSpec(name, str(raw))
    _only(raw, _WEIGHT, {"shape"})
    fields = dict(raw)
    init = fields.pop("init", "zeros")
    init = FrozenDict(init if isinstance(init, dict) else {"scheme": init})
    each = freeze(fields.pop("each", FrozenDict()))
    return WeightSpec(name, init=init, each=each, **{**fields, "shape": str(fields["shape"])})


def _check(raw: _Marked) -> CheckSpec:
    _only(raw, _CHECK, {"require", "message"})
    return CheckSpec(**raw)


def _only(raw: Any, allowed: set[str], needed: set[str]) -> None:
    if not isinstance(raw, _Marked):
        raise LayerFileError(f"expected a mapping, found {raw!r}")
    for key in raw:
        if key not in allowed:
            raise LayerFileError(
                f"{raw.keys_at[key]}: {key!r} is not known here; use {', '.join(sorted(allowed))}"
            )
    for key in sorted(needed - raw.keys()):
        raise LayerFileError(f"{raw.where}: {key!r} is missing")


def _check_expressions(raw: _Marked, spec: LayerSpec) -> None:
    """Expressions may only read names that exist, so a typing error fails at load and not at an edit."""
    known = spec.params.keys() | {port.name for port in spec.inputs}
    texts = [p.derive for p in spec.params.values()] + [p.applies for p in spec.params.values()]
    loops = {name for weight in spec.weights.values() for name in weight.each}
    texts += [text for w in spec.weights.values() for text in (w.shape, w.when, *w.each.values())]
    texts += [check.require for check in spec.checks] + [port.count for port in spec.outputs]
    for text in texts:
        try:
            unknown = names_in(text) - known - loops
        except ExpressionError as error:
            raise LayerFileError(f"{raw.where}: in {spec.name}: {error}") from None
        if unknown:
            raise LayerFileError(
                f"{raw.where}: {spec.name} reads {', '.join(sorted(unknown))}, which does not exist"
            )
