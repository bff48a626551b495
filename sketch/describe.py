"""Facts about a network for people and for scripts: what `sketch info`, `check` and `layers` print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sketch.binder.kernel import ExportReport, Loss
from sketch.binder.proof_report import number, output_records
from sketch.graph.cost import flops
from sketch.graph.network import Network
from sketch.graph.problems import Problem
from sketch.graph.rows import ValueType
from sketch.graph.specs import LayerSpec, ParamSpec, PortSpec

_SHOWN = 3
"""Places that a line names before it counts the rest."""


def facts(network: Network) -> dict[str, Any]:
    """The object that `sketch info --json` prints."""
    return {
        "format": network.meta.get("format", "sketch"),
        "name": network.name,
        "inputs": [_value(step.name, step.types[0]) for step in network.inputs],
        "outputs": [_value(step.name, step.input_types[0]) for step in network.outputs],
        "nodes": len(network.steps),
        "layers": dict(sorted(Counter(step.layer for step in network.steps).items())),
        "parameters": network.parameters,
        "frozen": network.frozen_parameters,
        "flops": _plain(flops(network)),
        "shapes": {network.qualified(s): [_type(kind) for kind in s.types] for s in network.steps if s.types},
        "problems": [problem_fact(network, problem) for problem in network.problems],
        "details": {key: _plain(value) for key, value in dict(network.meta.get("details", {})).items()},
        "losses": [f"{loss.where}: {loss.what}" for loss in network.meta.get("losses", ())],
    }


def problem_fact(network: Network, problem: Problem) -> dict[str, Any]:
    """One problem as plain values."""
    where = network.qualified(network.step(problem.node)) if problem.node in network.by_id else ""
    return {
        "where": where,
        "severity": problem.severity,
        "code": problem.code,
        "message": problem.message,
        "cure": problem.cure,
    }


def problem_line(network: Network, problem: Problem) -> str:
    """One problem as a line: `error: conv1: what is wrong. What to do.`"""
    fact = problem_fact(network, problem)
    where = f"{fact['where']}: " if fact["where"] else ""
    return f"{fact['severity']}: {where}{problem}"


def info_text(network: Network) -> str:
    """What `sketch info` prints for people."""
    found = facts(network)
    lines = [f"{found['name']} ({found['format']})"]
    for kind in ("inputs", "outputs"):
        lines += [
            f"{kind[:-1]:>11}  {v['name']}: {v['dtype']} {_shape_text(v['shape'])}" for v in found[kind]
        ]
    frozen = f" ({found['frozen']:,} frozen)" if found["frozen"] else ""
    lines.append(f"{'parameters':>11}  {found['parameters']:,}{frozen}")
    cost = found["flops"]
    lines.append(f"{'operations':>11}  {cost:,}" if isinstance(cost, int) else f"{'operations':>11}  {cost}")
    lines.append(f"{'nodes':>11}  {found['nodes']}")
    lines += [f"{count:>11}  {layer}" for layer, count in found["layers"].items()]
    lines += [f"{'opened with':>11}  {text}" for text in found["losses"]]
    lines += [problem_line(network, problem) for problem in network.problems]
    return "\n".join(lines)


def report_facts(report: ExportReport) -> dict[str, Any]:
    """The object that `sketch convert --json` prints."""
    proof = report.verification
    return {
        "files": [str(path) for path in report.files],
        "verified": bool(proof and proof.agrees),
        "against": proof.against if proof else None,
        "max_abs_error": number(proof.max_abs_error) if proof else None,
        "max_rel_error": number(proof.max_rel_error) if proof else None,
        "first_difference": proof.first_difference if proof else "",
        "first_node": proof.first_node if proof else "",
        "outputs": output_records(proof) if proof else [],
        "losses": [f"{loss.where}: {loss.what}" for loss in report.losses],
        "notes": list(report.notes),
    }


def report_text(report: ExportReport) -> str:
    """What a compile says to people."""
    lines = [f"wrote {path}" for path in report.files]
    proof = report.verification
    if proof and proof.agrees:
        lines.append(f"verified against {proof.against}: largest error {proof.max_abs_error:.2g}")
    elif proof:
        lines.append(
            f"NOT EQUAL to {proof.against}: output {proof.first_difference} differs, "
            f"largest error {proof.max_abs_error:.3g}"
        )
        if proof.first_node:
            lines.append(f"the first node that differs is {proof.first_node}")
    lines += list(proof.remarks) if proof else []
    lines += [f"lost: {where}: {what}" for what, where in _places(report.losses).items()]
    return "\n".join([*lines, *report.notes])


def _places(losses: Iterable[Loss]) -> dict[str, str]:
    """What was lost -> where; several places in one line."""
    found: dict[str, list[str]] = {}
    for loss in losses:
        found.setdefault(loss.what, []).append(loss.where)
    return {
        what: ", ".join(places[:_SHOWN])
        + (f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else "")
        for what, places in found.items()
    }


def layer_text(spec: LayerSpec) -> str:
    """One layer for people: what it does, ports, parameters, weights; of an operator its version and types too."""
    lines = [f"{spec.name}: {spec.doc or spec.title}", f"category: {spec.category}"]
    if spec.is_standard:
        lines.append(f"since:    version {spec.since} of {spec.domain}{_nature(spec)}")
    lines += [_port_line("input  ", port) for port in spec.inputs]
    lines += [_port_line("output ", port) for port in spec.outputs]
    lines += [_param_line(param) for param in spec.params.values()]
    lines += [f"weight  {weight.name}: {weight.shape or 'scalar'}" for weight in spec.weights.values()]
    return "\n".join(lines)


def _nature(spec: LayerSpec) -> str:
    return f"{', made of other operators' if spec.function else ''}{', random' if spec.random else ''}"


def _port_line(kind: str, port: PortSpec) -> str:
    marks = [word for word, holds in (("optional", port.optional), ("any number", port.variadic)) if holds]
    types = f" [{' '.join(port.dtypes)}]" if port.dtypes else ""
    listed = f" ({', '.join(marks)})" if marks else ""
    return f"{kind} {port.name}{listed}{types}: {port.doc}".rstrip(" :")


def _param_line(param: ParamSpec) -> str:
    default = "follows the input" if param.derive else f"default {param.default}"
    if param.default is None and not (param.derive or param.optional):
        default = "must be given" if param.needed else "may be left out"
    choices = f" of {', '.join(map(str, param.choices))}" if param.choices else ""
    return f"param   {param.name}: {param.type}{choices}, {default}. {param.doc}".rstrip()


def _value(name: str, kind: ValueType | None) -> dict[str, Any]:
    return {"name": name, **_type(kind)}


def _type(kind: ValueType | None) -> dict[str, Any]:
    if kind is None:
        return {"dtype": None, "shape": None}
    return {"dtype": kind.dtype, "shape": None if kind.shape is None else [_plain(dim) for dim in kind.shape]}


def _plain(value: Any) -> Any:
    return value if isinstance(value, (int, float, str, bool)) or value is None else str(value)


def _shape_text(shape: list[Any] | None) -> str:
    return "?" if shape is None else "×".join(map(str, shape)) or "scalar"
