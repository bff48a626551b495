"""What a layer is: parameters, ports, shape rule, weights; read from one YAML file each (see layer_file)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isnan
from typing import Any

from sketch.graph.dims import parse_dim
from sketch.graph.element_types import ELEMENT_TYPES, TYPE_NAMES
from sketch.graph.errors import ExpressionError, ParameterError, UnknownPortError
from sketch.graph.rows import DTYPES, FrozenDict

PARAM_TYPES = (
    "int", "float", "bool", "str", "choice", "dtype", "ints", "floats", "shape", "value",
    "strs", "flag", "element", "record",
)  # fmt: skip
"""int with `rank: n` is a tuple of n ints (a single int is repeated). ints/floats: a tuple of any length.
shape: a tuple of ints and dimension names. value: a number or a nested tuple of numbers (Constant).
Of operators: strs, a tuple of texts; flag, 0 or 1; element, the standard's number of an element type;
record, what is no plain value (a tensor, a graph) and names the stored bytes."""

STANDARD = "operator"
"""The shape rule of operators that the standard defines; `operator_rules` has one for each."""


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """One parameter of a layer.

    `derive` is an expression over the inputs' types (`dim(x, 1)`): the value follows the input until the
    person pins it. `applies` is an expression over the parameters: when false the field is greyed and the
    value ignored. `optional` allows None, as a whole and (rank) item by item. `rank` > 0 makes an int (float)
    a tuple of that many. `needed` (operators only) says that the standard gives no default and asks for it.
    """

    name: str
    type: str
    default: Any = None
    rank: int = 0
    min: float | None = None
    max: float | None = None
    choices: tuple[Any, ...] = ()
    optional: bool = False
    derive: str = ""
    applies: str = ""
    doc: str = ""
    needed: bool = False

    def clean(self, value: Any) -> Any:
        """The value in its one stored form; ParameterError names the parameter, the range and the value."""
        if value is None:
            if self.optional:
                return None
            raise ParameterError(f"{self.name} needs a value.")
        if (
            self.choices
            and value in self.choices
            and (self.type in ("choice", "str") or isinstance(value, str))
        ):
            return value
        cleaned = _CLEANERS[self.type](self, value)
        self._check_range(cleaned)
        return cleaned

    def _check_range(self, value: Any) -> None:
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, (int, float)) and not isinstance(item, bool):
                if self.min is not None and item < self.min:
                    raise ParameterError(f"{self.name} must be at least {self.min:g}, not {item}.")
                if self.max is not None and item > self.max:
                    raise ParameterError(f"{self.name} must be at most {self.max:g}, not {item}.")


@dataclass(frozen=True, slots=True)
class PortSpec:
    """One input or output. `variadic` (only the last) takes any number; `dtypes` is a kind or empty for any.

    `count` (outputs only) is an expression for how many ports a variadic output has (Split, Chunk).
    `same` (operators only): ports with the same word have one element type; `dtypes` are then all that it may be.
    """

    name: str
    optional: bool = False
    variadic: bool = False
    minimum: int = 1
    dtypes: tuple[str, ...] = ()
    count: str = ""
    doc: str = ""
    same: str = ""


@dataclass(frozen=True, slots=True)
class WeightSpec:
    """One weight or buffer: `shape` and `when` are expressions over the parameters; `init` is a scheme + arguments.

    `each` repeats it: loop variable -> expression of its values; `name` is then a format string over them
    (`weight_ih_l{layer}{direction}`), and `shape` and `when` may read them.
    """

    name: str
    shape: str
    when: str = ""
    trainable: bool = True
    dtype: str = "float32"
    init: FrozenDict = field(default_factory=lambda: FrozenDict(scheme="zeros"))
    each: FrozenDict = field(default_factory=FrozenDict)


@dataclass(frozen=True, slots=True)
class CheckSpec:
    """A condition over parameters and inputs; `message` and `cure` are format strings over the same names."""

    require: str
    message: str
    cure: str = ""
    param: str | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """Everything Sketch knows about a kind of node.

    Of operators: `since` is the version of the standard that it has this meaning since, `function` says that the
    standard defines it by other operators, `random` that its result differs from run to run.
    """

    name: str
    title: str
    category: str
    params: Mapping[str, ParamSpec]
    inputs: tuple[PortSpec, ...]
    outputs: tuple[PortSpec, ...]
    rule: str
    rule_args: FrozenDict = field(default_factory=FrozenDict)
    weights: Mapping[str, WeightSpec] = field(default_factory=dict)
    checks: tuple[CheckSpec, ...] = ()
    prefix: str = ""
    doc: str = ""
    search: tuple[str, ...] = ()
    group: bool = False
    hidden: bool = False
    domain: str = ""
    since: int = 0
    function: bool = False
    random: bool = False

    @property
    def is_operator(self) -> bool:
        """True for a node that is no layer of its own: an operator of the standard or of another domain."""
        return bool(self.domain)

    @property
    def is_standard(self) -> bool:
        """True for an operator whose ports, attributes and meaning the standard defines."""
        return self.rule == STANDARD

    def input_port(self, index: int) -> PortSpec:
        """The port at a wire's index; indexes past a variadic port belong to it.

        A node of a file may have more wires than its operator has inputs: values that its graphs read, and mistakes,
        which inference names.
        """
        if self.is_standard and index >= len(self.inputs) and not (self.inputs and self.inputs[-1].variadic):
            return PortSpec(f"input{index + 1}", optional=True)
        return _port(self.name, "input", self.inputs, index)

    def output_port(self, index: int) -> PortSpec:
        """The output port at an index."""
        return _port(self.name, "output", self.outputs, index)

    def clean_param(self, name: str, value: Any) -> Any:
        """The value of a parameter in its stored form; ParameterError for unknown names too."""
        if self.is_operator and (name not in self.params or _as_it_is(value)):
            return freeze(value)
        if name not in self.params:
            raise ParameterError(f"{self.name} has no parameter {name!r}.")
        return self.params[name].clean(value)

    def defaults(self) -> dict[str, Any]:
        """Defaults of all parameters; those that follow the input, or that an operator lacks, are left out."""
        return {
            name: spec.default
            for name, spec in self.params.items()
            if spec.default is not None or not (spec.derive or self.is_standard)
        }


def _as_it_is(value: Any) -> bool:
    """True for what a file may say and nobody can type: a record, a number that is none."""
    items = value if isinstance(value, (list, tuple)) else (value,)
    return isinstance(value, dict) or any(_is_nan(item) for item in items)


def freeze(value: Any) -> Any:
    """Lists become tuples and mappings FrozenDicts, at every depth."""
    if isinstance(value, dict):
        return FrozenDict({key: freeze(item) for key, item in value.items()})
    return tuple(freeze(item) for item in value) if isinstance(value, (list, tuple)) else value


def _port(layer: str, kind: str, ports: tuple[PortSpec, ...], index: int) -> PortSpec:
    if 0 <= index < len(ports):
        return ports[index]
    if index >= 0 and ports and ports[-1].variadic:
        return ports[-1]
    raise UnknownPortError(f"{layer} has no {kind} {index + 1}; it has {len(ports)}.")


def _clean_int(spec: ParamSpec, value: Any) -> Any:
    if spec.rank:
        items = value if isinstance(value, (list, tuple)) else (value,) * spec.rank
        if len(items) != spec.rank:
            raise ParameterError(f"{spec.name} needs {spec.rank} numbers, not {len(items)}.")
        return tuple(None if item is None and spec.optional else _one_int(spec, item) for item in items)
    return _one_int(spec, value)


def _one_int(spec: ParamSpec, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or _has_fraction(value):
        raise ParameterError(f"{spec.name} must be a whole number, not {value!r}.")
    return int(value)


def _has_fraction(value: float) -> bool:
    return isinstance(value, float) and not value.is_integer()


def _is_nan(value: float) -> bool:
    """NaN equals nothing, so a row that held it would never match its own copy."""
    return isinstance(value, float) and isnan(value)


def _clean_float(spec: ParamSpec, value: Any) -> Any:
    if spec.rank:
        items = value if isinstance(value, (list, tuple)) else (value,) * spec.rank
        if len(items) != spec.rank:
            raise ParameterError(f"{spec.name} needs {spec.rank} numbers, not {len(items)}.")
        return tuple(_one_float(spec, item) for item in items)
    return _one_float(spec, value)


def _one_float(spec: ParamSpec, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or _is_nan(value):
        raise ParameterError(f"{spec.name} must be a number, not {value!r}.")
    return float(value)


def _clean_strs(spec: ParamSpec, value: Any) -> tuple[str, ...]:
    items = value if isinstance(value, (list, tuple)) else (value,)
    return tuple(_clean_str(spec, item) for item in items)


def _clean_flag(spec: ParamSpec, value: Any) -> int:
    if not isinstance(value, (bool, int)):
        raise ParameterError(f"{spec.name} must be 0 or 1, not {value!r}.")
    return int(value)


def _clean_element(spec: ParamSpec, value: Any) -> int:
    """The number of an element type; its name is taken too."""
    if isinstance(value, str) and value in ELEMENT_TYPES:
        return ELEMENT_TYPES[value]
    if isinstance(value, bool) or not isinstance(value, int) or (value and value not in TYPE_NAMES):
        raise ParameterError(f"{spec.name} must be an element type such as float32, not {value!r}.")
    return value


def _clean_record(spec: ParamSpec, value: Any) -> Any:
    raise ParameterError(f"{spec.name} is kept as it was stored; it cannot be {value!r}.")


def _clean_bool(spec: ParamSpec, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ParameterError(f"{spec.name} must be true or false, not {value!r}.")
    return value


def _clean_str(spec: ParamSpec, value: Any) -> str:
    if not isinstance(value, str):
        raise ParameterError(f"{spec.name} must be text, not {value!r}.")
    return value


def _clean_choice(spec: ParamSpec, value: Any) -> Any:
    raise ParameterError(f"{spec.name} must be one of {', '.join(map(str, spec.choices))}, not {value!r}.")


def _clean_dtype(spec: ParamSpec, value: Any) -> str:
    if not isinstance(value, str) or value not in DTYPES:
        raise ParameterError(f"{spec.name} must be an element type such as float32, not {value!r}.")
    return str(value)


def _clean_ints(spec: ParamSpec, value: Any) -> tuple[int, ...]:
    items = value if isinstance(value, (list, tuple)) else (value,)
    return tuple(_one_int(spec, item) for item in items)


def _clean_floats(spec: ParamSpec, value: Any) -> tuple[float, ...]:
    items = value if isinstance(value, (list, tuple)) else (value,)
    return tuple(_one_float(spec, item) for item in items)


def _clean_shape(spec: ParamSpec, value: Any) -> tuple[Any, ...]:
    items = value if isinstance(value, (list, tuple)) else (value,)
    return tuple(_one_dim(spec, item) for item in items)


def _one_dim(spec: ParamSpec, item: Any) -> int | str:
    if isinstance(item, bool) or not isinstance(item, (int, str)):
        raise ParameterError(f"{spec.name} takes numbers and names such as N, not {item!r}.")
    try:
        dim = parse_dim(item)
    except ExpressionError:
        raise ParameterError(f"{spec.name} takes numbers and names such as N, not {item!r}.") from None
    return dim if isinstance(dim, int) else str(dim)


def _clean_value(spec: ParamSpec, value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(_clean_value(spec, item) for item in value)
    if not isinstance(value, (int, float, bool)) or _is_nan(value):
        raise ParameterError(f"{spec.name} must be a number or nested lists of numbers, not {value!r}.")
    return value


_CLEANERS: Mapping[str, Any] = {
    "int": _clean_int,
    "float": _clean_float,
    "bool": _clean_bool,
    "str": _clean_str,
    "choice": _clean_choice,
    "dtype": _clean_dtype,
    "ints": _clean_ints,
    "floats": _clean_floats,
    "shape": _clean_shape,
    "value": _clean_value,
    "strs": _clean_strs,
    "flag": _clean_flag,
    "element": _clean_element,
    "record": _clean_record,
}
