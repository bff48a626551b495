"""The table of docs/capture.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tests.architectures.conformance import WAYS, Result

_HEAD = """# PyTorch models

Written by `scripts/conformance-torch --table`. Each architecture gets seeded random weights in which no constant is
left to hide an error, and goes through `from_torch`. Then `to_torch` must give the model's numbers (rtol 1e-4,
atol 1e-5) for the example inputs, for other values and for another batch size; the keys of both state_dicts must be
the same; the printed source must load the original's weights and give the same numbers, and captured again give the
same drawing; the ONNX file must agree in onnxruntime.

"""
_ASKED = {
    "same values": "`to_torch`, the example inputs",
    "other values": "`to_torch`, other values",
    "other batch": "`to_torch`, another batch size",
    "keys": "`load_state_dict(strict=True)` both ways",
    "source": "printed source with the original's weights",
    "again": "source captured again is the same drawing",
    "onnx": "ONNX in onnxruntime",
    "onnx other batch": "ONNX, another batch size",
}


def page(results: Sequence[Result]) -> str:
    """The whole page, Markdown."""
    return _HEAD + "\n".join([*_totals(results), "", *_shares(results), "", *_failures(results), ""])


def _totals(everything: Sequence[Result]) -> Iterable[str]:
    results = [result for result in everything if "refusal" not in result.verdicts]
    refused = [result for result in everything if "refusal" in result.verdicts]
    sources = Counter(result.source for result in results)
    yield f"{len(results)} architectures: " + ", ".join(f"{n} {name}" for name, n in sources.items()) + "."
    yield ""
    yield "| asked | equal | refused by name | wrong |"
    yield "| --- | ---: | ---: | ---: |"
    for way in WAYS:
        words = [result.verdicts.get(way, "refused").partition(":")[0] for result in results]
        yield f"| {_ASKED[way]} | {words.count('equal')} | {words.count('refused')} | {words.count('WRONG')} |"
    yield ""
    yield f"{len(refused)} more are modules that no drawing can express; each is refused with the line that is why:"
    yield ""
    yield from (
        f"- {result.name}: {result.verdicts['refusal'].removeprefix('equal: ')}" for result in refused
    )


def _shares(results: Sequence[Result]) -> Iterable[str]:
    yield "## What the nodes are"
    yield ""
    yield "Inputs, Outputs, parameters and constants are not counted."
    yield ""
    yield "| networks | layers | named functions | operators | layers and functions | least of one network |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for title, kind in (("convolutional", "cnn"), ("transformers", "transformer"), ("others", "")):
        found = [result for result in results if result.kind == kind and result.layers]
        if found:
            yield _share_row(title, found)


def _share_row(title: str, found: Sequence[Result]) -> str:
    layers = sum(result.layers for result in found)
    functions = sum(sum(result.functions.values()) for result in found)
    operators = sum(sum(result.operators.values()) for result in found)
    named = (layers + functions) / max(1, layers + functions + operators)
    least = min(result.share for result in found)
    return f"| {title}, {len(found)} | {layers} | {functions} | {operators} | {named:.1%} | {least:.1%} |"


def _failures(results: Sequence[Result]) -> Iterable[str]:
    yield "## What did not come out equal"
    yield ""
    rows = [
        (result, way, result.verdicts[way])
        for result in results for way in WAYS if result.verdicts.get(way, "equal") != "equal"
    ]  # fmt: skip
    if not rows:
        yield "Nothing."
        return
    yield "| architecture | asked | verdict |"
    yield "| --- | --- | --- |"
    for result, way, verdict in rows:
        text = verdict.replace("|", "\\|")
        yield f"| {result.source}/{result.name} | {_ASKED[way]} | {text} |"
