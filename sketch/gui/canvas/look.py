"""What a node says about itself on the canvas: title, subtitle, badge, hover summary. Text only, no Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sketch.binder.torch_calls import argument_text, call_text, is_torch, mark
from sketch.graph.evaluate import applies
from sketch.graph.freezing import frozen_among
from sketch.graph.infer import Inference, Known
from sketch.graph.lifting import descendants, inside
from sketch.graph.linking.series import mark as link_mark
from sketch.graph.operator_types import param_label
from sketch.graph.problems import Problem
from sketch.graph.rows import Edge, Node, ValueType, shape_text
from sketch.graph.specs import LayerSpec
from sketch.graph.tables import Tables

QUIET_WORDS = ("size", "features", "channels", "or")
MOST_SUMMARY_PARAMS = 14
SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class NodeLook:
    """Everything that is painted of a node besides its box and ports."""

    title: str
    layer: str
    subtitle: str
    category: str
    is_group: bool
    severity: str | None


def node_look(tables: Tables, inference: Known, node_id: int, refusals: Sequence[Problem] = ()) -> NodeLook:
    """The look of a node or closed group now; `refusals` is what the chosen kernel cannot express."""
    node = tables.nodes[node_id]
    spec = inference.library[node.layer]
    subtitle = group_text(tables, node_id) if spec.group else params_text(node, spec)
    members = _with_members(tables, inference, node_id)
    held = frozen_text(tables, inference, members)
    linked = link_mark(tables, node_id) if spec.group else ""
    subtitle = " · ".join(filter(None, (linked, held, subtitle)))
    faults = (problem for member in inference.faulty(members) for problem in inference.problems_of(member))
    refused = (problem for problem in refusals if problem.node in members)
    severity = worst((*faults, *refused))
    return NodeLook(node.name, layer_name(spec), subtitle, spec.category, spec.group, severity)


def layer_name(spec: LayerSpec) -> str:
    """The name to show: `Conv2d`; of an operator without its domain: `TopK`."""
    return spec.title if spec.is_operator else spec.name


def frozen_text(tables: Tables, inference: Known, members: Collection[int]) -> str:
    """`frozen` where training changes no weight of some nodes, `partly frozen` where some, else empty."""
    frozen = frozen_among(tables.meta, members)

    def roles(member: int) -> set[str]:
        weights = inference.of(member).weights.items() if member in inference else ()
        return {role for role, kind in weights if kind is not None and kind.trainable}

    if not any(roles(member) & held for member, held in frozen.items()):
        return ""
    free = any(roles(member) - frozen.get(member, frozenset()) for member in members)
    return "partly frozen" if free else "frozen"


def problems_at(
    tables: Tables, inference: Known, node_id: int, refusals: Sequence[Problem] = ()
) -> list[Problem]:
    """Problems of a node and refusals of the kernel; for a group, those of everything inside."""
    members = _with_members(tables, inference, node_id)
    faulty = inference.faulty(members) if len(members) > 1 else [node_id]
    if len(faulty) > 1:
        wrong = set(faulty)
        faulty = [member for member in (node_id, *descendants(tables, node_id)) if member in wrong]
    found = [problem for member in faulty for problem in inference.problems_of(member)]
    return [*found, *(problem for problem in refusals if problem.node in members)]


def worst(problems: Iterable[Problem]) -> str | None:
    """The highest severity among problems, None when there is none."""
    found = {problem.severity for problem in problems}
    return next((severity for severity in SEVERITIES if severity in found), None)


def params_text(node: Node, spec: LayerSpec) -> str:
    """`out 64 · kernel 3×3 · stride 2`: what was set on this node, in the order of its layer."""
    if is_torch(node.layer):
        return short_text(call_text(node.params))
    names = spec.params if not spec.is_operator else said_params(node.params)
    return " · ".join(
        _param_text(param_label(spec, name), node.params[name]) for name in names if name in node.params
    )


def said_params(params: Mapping[str, Any]) -> list[str]:
    """What to show of an operator: attributes that are plain values, and small constant inputs."""
    return [
        name for name, value in params.items()
        if ("data" in value if isinstance(value, dict) else not name.startswith("$"))
    ]  # fmt: skip


def group_text(tables: Tables, group: int) -> str:
    """`12 layers`, counting what lies deeper too."""
    members = inside(tables, group)
    count = len(members) - sum(1 for member in tables.holders & members if tables.children(member))
    return f"{count} layer" if count == 1 else f"{count:,} layers"


def value_text(value: Any) -> str:
    """A parameter's value, short: `3×3`, `yes`, `1e-05`."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, dict) and mark(value):
        return short_text(argument_text(value))
    if isinstance(value, dict):  # a constant input
        return value_text(tuple(value.get("data", ())))
    if isinstance(value, tuple):
        text = "×".join(value_text(item) for item in value[:6])
        return f"{text}…" if len(value) > 6 else text or "()"
    return short_text("none" if value is None else str(value))


def short_text(text: str) -> str:
    """The beginning of a long text."""
    return text if len(text) <= 40 else f"{text[:39]}…"


def wire_text(inference: Known, edge: Edge) -> str:
    """The shape on a wire, empty when it is not known."""
    value = inference.output(edge.source, edge.out)
    return "" if value is None or value.shape is None else shape_text(value.shape)


def summary(tables: Tables, inference: Inference, node_id: int, refusals: Sequence[Problem] = ()) -> str:
    """The hover summary, plain text: layer, parameters, shapes, parameter count, problems and cures."""
    node = tables.nodes[node_id]
    spec = inference.library[node.layer]
    lines = _group_lines(tables, inference, node_id) if spec.group else _layer_lines(inference, node, spec)
    head = [f"{node.name}  ({layer_name(spec)})"]
    problems = problems_at(tables, inference, node_id, refusals)
    faults = [_problem_text(tables, problem, node_id) for problem in problems[:5]]
    if len(problems) > 5:
        faults.append(f"… and {len(problems) - 5} more")
    return "\n".join([*head, *lines, *([""] if faults else []), *faults])


def group_facts(tables: Tables, inference: Inference, group: int) -> list[tuple[str, str, str]]:
    """What a block holds, for the node editor: layers, parameters, and how many of each kind; [] for a layer."""
    if not inference.library[tables.nodes[group].layer].group:
        return []
    layers, parameters, *kinds = _group_lines(tables, inference, group)
    return [
        ("layers", layers.split()[0], ""),
        ("parameters", parameters.removeprefix("parameters: "), ""),
        *(("", kind, "") for kind in kinds),
    ]


def _layer_lines(inference: Inference, node: Node, spec: LayerSpec) -> list[str]:
    resolved = inference.of(node.id)
    lines = [f"in    {_type_text(value)}" for value in resolved.inputs if value is not None]
    lines += [f"out  {_type_text(value)}" for value in resolved.outputs]
    count = resolved.parameters
    if count != 0:
        lines.append("parameters: not known yet" if count is None else f"parameters: {count:,}")
    shown = _shown_params(spec, resolved.params, resolved.inputs)
    rows = [
        f"{param_label(spec, name)} = {value_text(resolved.params[name])}"
        for name in shown[:MOST_SUMMARY_PARAMS]
    ]
    if len(shown) > MOST_SUMMARY_PARAMS:
        rows.append(f"… {len(shown) - MOST_SUMMARY_PARAMS} more parameters")
    return [*lines, *([""] if rows else []), *rows]


def _shown_params(
    spec: LayerSpec, params: Mapping[str, Any], inputs: tuple[ValueType | None, ...]
) -> list[str]:
    if spec.is_operator:
        return said_params(params)
    return [name for name in spec.params if name in params and applies(spec, name, params, inputs)]


def _group_lines(tables: Tables, inference: Inference, group: int) -> list[str]:
    members = [member for member in descendants(tables, group) if member in inference]
    kinds = Counter([tables.nodes[member].layer for member in members])
    counts = [inference.of(member).parameters for member in members]
    known = sum(count for count in counts if count is not None)
    lines = [group_text(tables, group), f"parameters: {known:,}" + (" or more" if None in counts else "")]
    lines += [f"{count:,} × {layer}" for layer, count in kinds.most_common(8)]
    return lines


def _with_members(tables: Tables, inference: Known, node_id: int) -> set[int]:
    """A node, and of a group everything inside."""
    group = inference.library[tables.nodes[node_id].layer].group
    return {node_id} | inside(tables, node_id) if group else {node_id}


def _type_text(value: ValueType | None) -> str:
    if value is None:
        return "not known"
    return f"{shape_text(value.shape)}  {value.dtype}" if value.is_tensor else value.dtype


def _problem_text(tables: Tables, problem: Problem, node_id: int) -> str:
    elsewhere = problem.node is not None and problem.node != node_id
    where = f"{tables.nodes[problem.node].name}: " if elsewhere and problem.node is not None else ""
    return f"{problem.severity.capitalize()}: {where}{problem}"


def _param_text(name: str, value: Any) -> str:
    words = [word for word in name.split("_") if word not in QUIET_WORDS] or [name]
    return f"{' '.join(words)} {value_text(value)}"
