"""What the network's own class says at the end: weights that training leaves alone, results nested as they were."""

from __future__ import annotations

from collections.abc import Iterator

from sketch.graph.network import GroupBox
from sketch.kernels.pytorch.classes import Build, ClassDraft, Raw
from sketch.kernels.pytorch.keeping import nested
from sketch.kernels.pytorch.plan import Plan
from sketch.kernels.pytorch.printing import Phrase, Word, literal


def frozen_lines(plan: Plan) -> Iterator[tuple[str, Build]]:
    """`self.stem.requires_grad_(False)`: what training leaves as it is, whole groups in one line."""
    trained = {
        step.id: {role for role, kind in step.weights.items() if kind.trainable}
        for step in plan.network.steps
    }
    whole = {step.id for step in plan.network.steps if trained[step.id] and trained[step.id] <= step.frozen}
    if not any(step.frozen for step in plan.network.steps):
        return

    def walk(group: int | None) -> Iterator[tuple[str, tuple[int, ...]]]:
        for item in plan.children(group):
            if isinstance(item, GroupBox):
                inside = {node for node in plan.inside(item.id) if trained.get(node)}
                if inside and inside <= whole and item.id in plan.names.attribute:
                    yield plan.spell(item), (item.id,)
                else:
                    yield from walk(item.id)
            elif item.id in whole and item.id in plan.names.attribute:
                yield plan.spell(item), (item.id,)
            elif item.id in plan.names.attribute:
                for role in sorted(trained[item.id] & item.frozen):
                    yield f"{plan.spell(item)}.{role}", (item.id,)

    for owner, ids in walk(None):
        yield "", Raw(Phrase(f"{owner}.requires_grad_(False)"), ids, keep=True)


def version_lines(plan: Plan) -> Iterator[tuple[str, Build]]:
    """`self._version = 2`: modules that ask a state_dict for its version find theirs."""
    boxes = (box for box in plan.network.groups.values() if box.id in plan.names.attribute)
    paths = {plan.names.target(box): box for box in boxes}
    for path, version in plan.kept.versions.items():
        if not path or path in paths:
            owner = plan.spell(paths[path]) if path else "self"
            ids = (paths[path].id,) if path else ()
            yield "", Raw(Phrase(f"{owner}._version = {version}"), ids, keep=True)


def nest(plan: Plan, draft: ClassDraft) -> None:
    """Let the network's own forward give back its results nested as they were."""
    template = plan.kept.outputs
    if template is None:
        return
    draft.returned = literal(nested(template, [Word(name) for name in draft.results]))
    kinds: dict[type, str] = {dict: "dict[str, Any]", list: "list[Any]"}
    draft.hinted = kinds.get(type(nested(template, draft.results)), "tuple[Any, ...]")
