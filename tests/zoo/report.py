"""The page of docs that scripts/conformance-zoo writes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from tests.zoo.catalogue import Share
from tests.zoo.conformance import Classic, Result

_HEAD = """# Raising

Written by `scripts/conformance-zoo --table`. Opening an ONNX file turns operators into layers where the match is
exact; what has no layer stays an operator with its attributes and tensors. A *layer* below is a node of the drawing
that is no operator; Inputs, Outputs and constants are not counted.
"""


def page(
    results: Sequence[Result], shares: Sequence[Result], classics: Sequence[Classic], layers: Sequence[Share]
) -> str:
    """docs/raising.md."""
    parts = [
        _HEAD,
        _summary(results),
        _families(results, shares),
        _catalogue(layers),
        _light(classics),
        _left(results),
        _networks(results),
    ]
    return "\n".join(parts)


def _summary(results: Sequence[Result]) -> str:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for result in results:
        for way, verdict in result.verdicts.items():
            counts[way][verdict.partition(":")[0]] += 1
    lines = [
        "## Real networks",
        "",
        f"{len({result.name for result in results})} networks, {len(results)} files: torch.onnx dynamo at opset 20 and",
        "TorchScript at opset 17, seeded random weights and statistics. Wanted: onnxruntime on the file, rtol 1e-3,",
        "atol 1e-4, also with another batch size where the file has a dynamic batch.",
        "",
        "| way | equal | refused by name | wrong |",
        "| --- | ---: | ---: | ---: |",
    ]
    for way, count in counts.items():
        lines.append(f"| {way} | {count['equal']} | {count['refused']} | {count['WRONG']} |")
    return "\n".join(lines) + "\n"


def _families(results: Sequence[Result], shares: Sequence[Result]) -> str:
    names = {result.name for result in shares}
    rows = sorted(
        (result for result in (*results, *shares) if result.name in names),
        key=lambda result: (result.name, result.exporter, result.opset),
    )
    lines = [
        "## Share of layers",
        "",
        "| network | exporter | opset | operators in the file | layers | left as operators | share |",
        "| --- | --- | ---: | ---: | ---: | --- | ---: |",
    ]
    lines += [
        f"| {row.name} | {row.exporter} | {row.opset} | {row.file_nodes} | {row.layers} | {_kinds(row)} "
        f"| {row.share:.1%} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def _kinds(row: Result) -> str:
    return (
        ", ".join(f"{count} {kind.rpartition(':')[2]}" for kind, count in sorted(row.operators.items()))
        or "0"
    )


def _catalogue(layers: Sequence[Share]) -> str:
    lines = [
        "## Layers of the catalogue, exported by torch (dynamo) one by one",
        "",
        "Losses and layers that torch does not export are left out.",
        "",
        "| opset | exported | wholly layers again | share of nodes | left as operators |",
        "| ---: | ---: | ---: | ---: | --- |",
    ]
    for row in layers:
        left = ", ".join(f"{count} {kind.rpartition(':')[2]}" for kind, count in row.operators.most_common())
        lines.append(f"| {row.opset} | {row.exported} | {row.whole} | {row.share:.1%} | {left or '0'} |")
    return "\n".join(lines) + "\n"


def _light(classics: Sequence[Classic]) -> str:
    lines = [
        "## The nine light models of the onnx package",
        "",
        "| model | layers | left as operators |",
        "| --- | ---: | ---: |",
    ]
    lines += [f"| {name} | {layers} | {operators} |" for name, layers, operators in classics]
    return "\n".join(lines) + "\n"


def _left(results: Sequence[Result]) -> str:
    total: Counter[str] = Counter()
    files: dict[str, set[str]] = defaultdict(set)
    for result in results:
        for kind, count in result.operators.items():
            total[kind] += count
            files[kind].add(f"{result.name} {result.exporter}")
    layers = sum(result.layers for result in results)
    share = layers / max(1, layers + total.total())
    lines = [
        "## What stays an operator",
        "",
        f"{layers} layers and {total.total()} operators in all files ({share:.1%} layers).",
        "",
        "| operator | times | files |",
        "| --- | ---: | ---: |",
    ]
    lines += [
        f"| {kind.rpartition(':')[2]} | {count} | {len(files[kind])} |" for kind, count in total.most_common()
    ]
    return "\n".join(lines) + "\n"


def _networks(results: Sequence[Result]) -> str:
    lines = [
        "## Every file",
        "",
        "| network | exporter | layers | operators | verdict |",
        "| --- | --- | ---: | ---: | --- |",
    ]
    for row in results:
        bad = [f"{way}: {verdict}" for way, verdict in row.verdicts.items() if verdict != "equal"]
        verdict = "; ".join(bad).replace("|", "/")[:200] or "equal"
        lines.append(f"| {row.name} | {row.exporter} | {row.layers} | {row.operators_left} | {verdict} |")
    return "\n".join(lines) + "\n"
