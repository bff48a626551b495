"""Readable PyTorch source of a network, as a person would write it; needs no framework."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sketch.binder.kernel import SourceText
from sketch.graph.network import Network
from sketch.kernels.pytorch.classes import camel, families
from sketch.kernels.pytorch.demo import demo
from sketch.kernels.pytorch.drafting import Drafting, make
from sketch.kernels.pytorch.plan import Plan
from sketch.kernels.pytorch.writing import ClassWriter, Lines

_EMPTY = "# Nothing to write yet: drop layers on the canvas and connect them.\n"


def source_text(network: Network, weights: str = "") -> SourceText:
    """The network as one runnable Python file, and which lines belong to which node.

    With the name of a safetensors file beside it, the demonstration loads the weights from there.
    """
    plan = Plan(network, as_text=True)
    root = plan.root()
    name = camel(network.name) if re.search(r"[A-Za-z]", network.name) else "Network"
    if not root.units and not plan.results:
        return SourceText(_EMPTY + _open_nodes(plan), {})
    drafts = Drafting(plan).drafts(root)
    found = families(drafts[:-1], name)
    lines = Lines()
    _functions(plan, lines)
    for family in found:
        ClassWriter(lines).family(family)
        lines.blank(2)
    if plan.kept.alone is None:
        ClassWriter(lines).root(drafts[-1], name, _about(network, plan))
    else:
        ClassWriter(lines).alone(make(plan.network.step(plan.kept.alone)), name, _about(network, plan))
    lines.blank(2)
    lines.add(demo(plan, drafts[-1], name, weights))
    head = [*_imports(lines.texts), "", ""]
    text = "\n".join((*head, *lines.texts)) + "\n"
    return SourceText(text, lines.ranges(len(head), plan.owner))


def _functions(plan: Plan, lines: Lines) -> None:
    """The functions of operators that torch has no call for, and the constants that they use."""
    for place, definition in enumerate(plan.sources):
        lines.add(definition.text.splitlines())
        function = definition.text.startswith("def ")
        last = place + 1 == len(plan.sources)
        lines.blank(2 if function or last or plan.sources[place + 1].text.startswith("def ") else 0)


def _about(network: Network, plan: Plan) -> list[str]:
    layers = sum(1 for step in network.steps if step.id in plan.calls and step.id in plan.live)
    count = f"{layers} layer{'s' if layers != 1 else ''}, {network.parameters:,} trainable parameters."
    return [f'    """{count}"""', *(f"    {line}" for line in _open_nodes(plan).splitlines())]


def _open_nodes(plan: Plan) -> str:
    """A comment with the nodes that cannot be written, and why."""
    steps = [plan.network.step(node) for node in plan.broken]
    told = [step for step in steps if not plan.broken[step.id].startswith("it follows")]
    lines = [f"# '{step.name}' is left out: {plan.broken[step.id]}".replace("\n", " ") for step in told]
    return "".join(f"{line[:95]}\n" for line in lines)


def _imports(texts: Iterable[str]) -> list[str]:
    code = "\n".join(texts)
    head = ["from collections import OrderedDict"] if re.search(r"(?<![\w.])OrderedDict\(", code) else []
    if re.search(r"(?<![\w.])math\.", code):
        head.insert(0, "import math")
    if re.search(r"(?<![\w.])Callable\[", code):
        head.append("from collections.abc import Callable")
    head.sort(key=lambda line: (line.startswith("from"), line))
    if "Path(" in code:
        head.append("from pathlib import Path")
    if re.search(r"(?<![\w.\"])Any(?![\w\"])", code):
        head.append("from typing import Any")
    if head:
        head.append("")
    head.append("import torch")
    if re.search(r"(?<![\w.])F\.", code):
        head.append("import torch.nn.functional as F")
    if "load_file(" in code:
        head.append("from safetensors.torch import load_file")
    head.append("from torch import Tensor, nn")
    return head
