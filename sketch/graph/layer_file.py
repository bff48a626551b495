"""Layer files: YAML to LayerSpec, with errors that name file, line and column."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sketch.graph.errors import ExpressionError, LayerFileError, ParameterError
from sketch.graph.kept import kept
from sketch.graph.rows import FrozenDict
from sketch.graph.specs import PARAM_TYPES, CheckSpec, LayerSpec, ParamSpec, PortSpec, WeightSpec, freeze

if TYPE_CHECKING:
    import yaml

_Table = Mapping[str, tuple[type, ...]]
"""Keys that a mapping may have, with the types of their values; () takes anything."""

_NUMBER = (int, float)
_TOP: _Table = {
    "name": (str,), "title": (str,), "category": (str,), "params": (dict,), "inputs": (list,), "outputs": (list,),
    "shape": (str, dict), "weights": (dict,), "checks": (list,), "prefix": (str,), "doc": (str,), "search": (list,),
    "group": (bool,), "hidden": (bool,), "domain": (str,),
}  # fmt: skip
_PARAM: _Table = {
    "type": (str,), "default": (), "rank": (int,), "min": _NUMBER, "max": _NUMBER, "choices": (list,),
    "optional": (bool,), "derive": (str,), "applies": (str,), "doc": (str,),
}  # fmt: skip
_PORT: _Table = {
    "name": (str,), "optional": (bool,), "variadic": (bool,), "minimum": (int,), "dtypes": (list,),
    "count": (str,), "doc": (str,),
}  # fmt: skip
_WEIGHT: _Table = {
    "shape": (str, int), "when": (str,), "trainable": (bool,), "dtype": (str,), "init": (str, dict), "each": (dict,),
}  # fmt: skip
_CHECK: _Table = {"require": (str,), "message": (str,), "cure": (str,), "param": (str,), "port": (int,)}
_WORDS: Mapping[type, str] = {
    str: "text", dict: "a mapping", list: "a list", bool: "true or false", int: "a number", float: "a number",
}  # fmt: skip


class _Marked(dict[str, Any]):
    """A YAML mapping that remembers where it and its keys stand."""

    where: str
    keys_at: dict[str, str]


def read_folder(folder: Path, place: Path | None = None) -> list[LayerSpec]:
    """All layers below a folder, in the order of the files' names; LayerFileError on the first fault.

    What was read and checked is kept in the file `place`, if one is given.
    """
    files = sorted(folder.rglob("*.yaml"))
    if place is None:
        return [spec for path in files for spec in read_layers(path)]
    found = kept(files, place, lambda: [raw for path in files for raw in _checked(path)])
    return [_spec(_marked(raw)) for raw in found]


def read_layers(path: Path) -> list[LayerSpec]:
    """All layers of one file (one YAML document each); LayerFileError on the first fault."""
    return [_layer(path, raw) for raw in _documents(path)]


def _checked(path: Path) -> list[Any]:
    """The documents of a file, each without a fault."""
    documents = _documents(path)
    for raw in documents:
        _layer(path, raw)
    return documents


def _documents(path: Path) -> list[Any]:
    import yaml  # not needed when all is kept

    loader = _loader(path)
    try:
        documents = list(yaml.load_all(path.read_text(encoding="utf-8"), Loader=loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{path.name}:{mark.line + 1}:{mark.column + 1}" if mark else path.name
        raise LayerFileError(f"{place}: {error.problem}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise LayerFileError(f"{path.name}:1:1: this is no text") from None
    return [document for document in documents if document is not None]


def _marked(value: Any) -> Any:
    """What was kept, as `_documents` gave it; where it stood in its file is not known any more."""
    if isinstance(value, list):
        return [_marked(item) for item in value]
    if not isinstance(value, dict):
        return value
    result = _Marked({key: _marked(item) for key, item in value.items()})
    result.where, result.keys_at = "", dict.fromkeys(result, "")
    return result


def _loader(path: Path) -> Any:
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader: Any = type("LayerLoader", (base,), {})

    def mapping(self: Any, node: yaml.MappingNode) -> _Marked:
        result = _Marked()
        result.where = f"{path.name}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"
        result.keys_at = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            place = f"{path.name}:{key_node.start_mark.line + 1}:{key_node.start_mark.column + 1}"
            if not isinstance(key, str):
                raise LayerFileError(f"{place}: a key is text, not {key!r}; put it in quotes")
            if key in result:
                raise LayerFileError(f"{place}: {key!r} stands twice")
            result[key] = self.construct_object(value_node, deep=True)
            result.keys_at[key] = place
        return result

    loader.add_constructor("tag:yaml.org,2002:map", mapping)
    return loader


def _layer(path: Path, raw: Any) -> LayerSpec:
    if not isinstance(raw, _Marked):
        raise LayerFileError(
            f"{path.name}:1:1: a layer is a mapping with name, category, inputs, outputs, shape"
        )
    spec = _spec(raw)
    _check_expressions(raw, spec)
    return spec


def _spec(raw: _Marked) -> LayerSpec:
    _only(raw, _TOP, {"name", "category", "outputs", "shape"}, raw.where)
    shape = raw["shape"] if isinstance(raw["shape"], dict) else {"rule": raw["shape"]}
    if not isinstance(shape.get("rule"), str):
        raise LayerFileError(f"{raw.keys_at['shape']}: 'shape' needs the name of a rule")
    return LayerSpec(
        name=raw["name"],
        title=raw.get("title", raw["name"]),
        category=raw["category"],
        params={name: _param(name, value, place) for name, value, place in _entries(raw, "params")},
        inputs=tuple(_port(port, raw.keys_at["inputs"]) for port in raw.get("inputs") or ()),
        outputs=tuple(_port(port, raw.keys_at["outputs"]) for port in raw["outputs"] or ()),
        rule=shape["rule"],
        rule_args=FrozenDict({key: freeze(value) for key, value in shape.items() if key != "rule"}),
        weights={name: _weight(name, value, place) for name, value, place in _entries(raw, "weights")},
        checks=tuple(_check(check, raw.keys_at["checks"]) for check in raw.get("checks") or ()),
        prefix=raw.get("prefix", raw["name"].lower()),
        doc=raw.get("doc", "").strip(),
        search=tuple(raw.get("search") or ()),
        group=raw.get("group", False),
        hidden=raw.get("hidden", False),
        domain=raw.get("domain", ""),
    )


def _entries(raw: _Marked, key: str) -> list[tuple[str, Any, str]]:
    """(name, value, place) of what stands below a key."""
    inner = raw.get(key)
    return [(name, inner[name], inner.keys_at[name]) for name in inner] if inner else []


def _param(name: str, raw: Any, place: str) -> ParamSpec:
    _only(raw, _PARAM, {"type"}, place)
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


def _port(raw: Any, place: str) -> PortSpec:
    if isinstance(raw, str):
        return PortSpec(raw)
    _only(raw, _PORT, {"name"}, place)
    return PortSpec(**{key: freeze(value) for key, value in raw.items()})


def _weight(name: str, raw: Any, place: str) -> WeightSpec:
    if isinstance(raw, (str, int)):
        return WeightSpec(name, str(raw))
    _only(raw, _WEIGHT, {"shape"}, place)
    fields = dict(raw)
    init = fields.pop("init", "zeros")
    init = FrozenDict(init if isinstance(init, dict) else {"scheme": init})
    each = freeze(fields.pop("each", FrozenDict()))
    return WeightSpec(name, init=init, each=each, **{**fields, "shape": str(fields["shape"])})


def _check(raw: Any, place: str) -> CheckSpec:
    _only(raw, _CHECK, {"require", "message"}, place)
    return CheckSpec(**raw)


def _only(raw: Any, allowed: _Table, needed: set[str], place: str) -> None:
    if not isinstance(raw, _Marked):
        raise LayerFileError(f"{place}: expected a mapping, found {raw!r}")
    for key, value in raw.items():
        if key not in allowed:
            raise LayerFileError(
                f"{raw.keys_at[key]}: {key!r} is not known here; use {', '.join(sorted(allowed))}"
            )
        if allowed[key] and value is not None and not isinstance(value, allowed[key]):
            words = " or ".join(dict.fromkeys(_WORDS[kind] for kind in allowed[key]))
            raise LayerFileError(f"{raw.keys_at[key]}: {key!r} must be {words}, not {value!r}")
    for key in sorted(needed):
        if key not in raw or (raw[key] is None and allowed[key] != (list,)):
            raise LayerFileError(f"{raw.where}: {key!r} is missing")


def _check_expressions(raw: _Marked, spec: LayerSpec) -> None:
    """Expressions may only read names that exist, so a typing error fails at load and not at an edit."""
    from sketch.graph.expressions import names_in

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
    for check, place in zip(spec.checks, raw.get("checks") or (), strict=True):
        _check_message(check, place.where, spec, known)


def _check_message(check: CheckSpec, place: str, spec: LayerSpec, known: set[str]) -> None:
    """A message may only show what is known when its check ran: what it read, and what needs no input."""
    from string import Formatter

    from sketch.graph.expressions import names_in

    try:
        shown = {
            name for text in (check.message, check.cure) for _, name, _, _ in Formatter().parse(text) if name
        }
    except ValueError as error:
        raise LayerFileError(f"{place}: the message cannot be filled in: {error}") from None
    derived = {param.name for param in spec.params.values() if param.derive}
    lost = shown - names_in(check.require) - (known - derived)
    if lost:
        raise LayerFileError(
            f"{place}: the message shows {', '.join(sorted(lost))}, which the check does not read"
        )
