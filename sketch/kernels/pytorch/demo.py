"""The demonstration at the end of a source file: make the network, feed it, print the shapes of the results."""

from __future__ import annotations

from typing import Any

from sketch.graph.dims import parse_dim, substitute, symbols_in
from sketch.graph.network import Network, Source, Step
from sketch.kernels.pytorch.calls import TORCH_TYPES
from sketch.kernels.pytorch.classes import ClassDraft
from sketch.kernels.pytorch.plan import Plan
from sketch.kernels.pytorch.printing import literal

_BATCH, _OTHER = 2, 16
_PICKING = frozenset({"Gather", "GatherElements", "Scatter", "ScatterAdd"})
"""Layers whose second input holds numbers of entries along `dim`."""


def demo(plan: Plan, draft: ClassDraft, name: str, weights: str = "") -> list[str]:
    """The lines of the demonstration."""
    lines = ['if __name__ == "__main__":', f"    model = {name}().eval()"]
    if weights:
        lines.append(f"    weights = Path(__file__).with_name({literal(weights)})")
        lines.append("    model.load_state_dict(load_file(weights))")
    known: dict[str, int] = {}
    for step, argument in zip(plan.network.inputs, draft.arguments, strict=True):
        lines.append(f"    {argument} = {_example(plan.network, step, known)}")
    call = f"model({', '.join(draft.arguments)})"
    lines.append("    with torch.no_grad():")
    if draft.returned:
        return [*lines, f"        print({call})"]
    if len(draft.results) == 1:
        return [*lines, f"        print(tuple({call}.shape))"]
    return [*lines, f"        for result in {call}:", "            print(tuple(result.shape))"]


def _example(network: Network, step: Step, known: dict[str, int]) -> str:
    sizes = tuple(_number(item, known) for item in step.params["shape"])
    dtype = step.params["dtype"]
    text = ", ".join(map(str, sizes))
    kind = f", dtype=torch.{TORCH_TYPES[dtype]}"
    if dtype == "bool":
        return f"torch.rand({text or '()'}) < 0.5"
    if dtype.startswith(("int", "uint")):
        lengths = _label_lengths(network, step)
        if lengths:
            return f"torch.tensor({literal(lengths)}{kind if dtype != 'int64' else ''})"
        low, high = _bounds(network, step, sizes)
        shape = f"({text}{',' if len(sizes) == 1 else ''})"
        return f"torch.randint({low}, {high}, {shape}{'' if dtype == 'int64' else kind})"
    if any(user.layer == "BCELoss" for user in network.steps if Source(step.id, 0) in user.inputs):
        return f"torch.rand({text or '()'}{'' if dtype == 'float32' else kind})"
    if dtype.startswith("float8"):
        return f"torch.randn({text or '()'}).to(torch.{TORCH_TYPES[dtype]})"
    return f"torch.randn({text or '()'}{'' if dtype == 'float32' else kind})"


def _number(item: Any, known: dict[str, int]) -> int:
    dim = parse_dim(item)
    for name in sorted(symbols_in(dim)):
        known.setdefault(name, _OTHER if known else _BATCH)
    value = substitute(dim, known)
    return value if isinstance(value, int) else _OTHER


def _bounds(network: Network, step: Step, sizes: tuple[int, ...]) -> tuple[int, int]:
    """The range of whole numbers that all users of an input can take."""
    low, high = 0, 10
    for user in network.steps:
        for index, source in enumerate(user.inputs):
            if source == Source(step.id, 0):
                least, most = _limit(user, index)
                low, high = max(low, least), most if most > 10 else min(high, most)
    return low, max(high, low + 1)


def _limit(user: Step, index: int) -> tuple[int, int]:
    first = user.input_types[0]
    shape = first.shape if first is not None and first.shape is not None else ()
    numbers = [size if isinstance(size, int) else _BATCH for size in shape]
    if user.layer == "Embedding":
        return 0, int(user.params["num_embeddings"])
    if user.layer in ("CrossEntropyLoss", "NLLLoss") and index == 1 and numbers:
        return 0, numbers[1] if len(numbers) > 1 else numbers[0]
    if user.layer in _PICKING and index == 1 and numbers:
        return 0, numbers[user.params["dim"]]
    if user.layer == "OneHot":
        return 0, int(user.params["num_classes"])
    if user.layer in ("FloorDivide", "Remainder") and index == 1:
        return 1, 10
    if user.layer == "CTCLoss" and numbers:
        return _ctc_limit(user, index, numbers)
    return 0, 10


def _ctc_limit(user: Step, index: int, numbers: list[int]) -> tuple[int, int]:
    """Labels are classes but the blank; lengths are all steps, and an even share of the labels."""
    if index == 1:
        return 1, max(2, numbers[-1])
    if index == 2:
        return numbers[0], numbers[0] + 1
    return 1, 2


def _label_lengths(network: Network, step: Step) -> list[int]:
    """Lengths of the examples whose labels stand one after the other: they share them as evenly as can be."""
    user = next(
        (u for u in network.steps if u.layer == "CTCLoss" and Source(step.id, 0) in u.inputs[3:]), None
    )
    labels = user.input_types[1] if user is not None else None
    if (
        labels is None
        or labels.shape is None
        or len(labels.shape) != 1
        or not isinstance(labels.shape[0], int)
    ):
        return []
    examples = step.types[0].shape[0] if step.types[0] is not None and step.types[0].shape else 1
    if not isinstance(examples, int):
        return []
    share, rest = divmod(labels.shape[0], examples)
    return [share + (index < rest) for index in range(examples)]
