"""The subcommands that operate on a model: extract, merge, fold, fuse, quantise. Weights are kept."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from sketch.cli.parts import UsageError, answer, command, opened, show, write, writing_options

if TYPE_CHECKING:
    from sketch.binder.kernel import ExportReport
    from sketch.graph.network import Network


def add_commands(commands: Any) -> None:
    """Declare the subcommands."""
    extract = command(commands, "extract", _extract, "a part of a model as a model of its own", "SRC", "DST")
    for flag, text in (("--from", "where the part begins"), ("--to", "where it ends")):
        extract.add_argument(
            flag, nargs="+", default=[], dest=flag[2:] + "_", metavar="NAME",
            help=f"{text}: full names of layers or values, such as layer1.conv2",
        )  # fmt: skip
    merge = command(
        commands, "merge", _merge, "two models as one: outputs of A feed inputs of B", "A", "B", "DST"
    )
    merge.add_argument(
        "--wire", action="append", default=[], metavar="OUT=IN",
        help="output of A that feeds an input of B; what fits by name and type otherwise",
    )  # fmt: skip
    merge.add_argument("--prefix", default="", help="in front of names in B that A has too")
    fold = command(
        commands, "fold", _fold, "compute what depends on constants only, once and for all", "SRC", "DST"
    )
    fuse = command(
        commands,
        "fuse",
        _fuse,
        "put each BatchNorm into the layer before it, where that is exact",
        "SRC",
        "DST",
    )
    quantise = command(commands, "quantise", _quantise, "weights as int8 or float16", "SRC", "DST")
    quantise.add_argument(
        "--to", default="int8", choices=("int8", "float16"), help="int8 (default) or float16"
    )
    quantise.add_argument(
        "--per-tensor", action="store_true", help="one scale a weight; one for each output channel otherwise"
    )
    quantise.add_argument(
        "--only", default="*", metavar="PATTERN", help="only layers whose full name fits, such as 'layer1.*'"
    )
    for parser in (extract, merge, fold, fuse, quantise):
        writing_options(parser)


def _extract(args: argparse.Namespace) -> int:
    from sketch import api

    if not args.from_ and not args.to_:
        raise UsageError("extract: name where the part begins with --from, where it ends with --to, or both")
    part = api.extract(opened(args), args.from_, args.to_)
    model = _model(part)
    text = f"{model['nodes']} nodes: {', '.join(model['inputs'])} to {', '.join(model['outputs'])}"
    return _told(args, write(part, args), text, {"model": model})


def _merge(args: argparse.Namespace) -> int:
    from sketch import api

    wires = dict(_pair(text) for text in args.wire) if args.wire else None
    first, second = (api.open(path, trust=args.trust) for path in (args.a, args.b))
    made = api.merge(first, second, wires, args.prefix)
    wired = len(first.inputs) + len(second.inputs) - len(made.inputs)
    model = _model(made)
    text = f"{wired} wired; {model['nodes']} nodes"
    return _told(args, write(made, args), text, {"model": model, "wired": wired})


def _model(network: Network) -> dict[str, Any]:
    """What a network takes and gives, by name, and how large it is."""
    return {
        "inputs": [step.name for step in network.inputs],
        "outputs": [step.name for step in network.outputs],
        "nodes": len(network.steps),
    }


def _fold(args: argparse.Namespace) -> int:
    from sketch import api

    made, found = api.fold(opened(args))
    facts = {
        "nodes_before": found.nodes_before, "nodes_after": found.nodes_after,
        "bytes_before": found.bytes_before, "bytes_after": found.bytes_after,
    }  # fmt: skip
    return _told(args, write(made, args), str(found), facts)


def _fuse(args: argparse.Namespace) -> int:
    from sketch import api

    made, plan = api.fuse(opened(args))
    kept = [{"where": name, "reason": reason} for name, reason in plan.kept]
    lines = [f"{len(plan.fusions)} BatchNorms fused"]
    lines += [f"kept: {name}: {reason}" for name, reason in plan.kept]
    return _told(args, write(made, args), "\n".join(lines), {"fused": len(plan.fusions), "kept": kept})


def _quantise(args: argparse.Namespace) -> int:
    from sketch import api
    from sketch.binder.surgery.quantising import totals

    network = opened(args)
    made, rows = api.quantise(network, args.to, not args.per_tensor, args.only)
    if all(choice.mode == "keep" for _, choice, _ in rows):
        reason = rows[0][0].reason if rows else f"no layer with a weight fits {args.only!r}"
        raise ValueError(f"nothing to quantise: {reason}")
    weights = [
        {
            "name": weight.name, "to": choice.mode, "max_abs_error": found.max_abs_error,
            "bytes_before": found.bytes_before, "bytes_after": found.bytes_after, "reason": weight.reason,
        }
        for weight, choice, found in rows
    ]  # fmt: skip
    lines = [
        f"{w['name']}: {w['to']}, {w['bytes_before']:,} to {w['bytes_after']:,} bytes, error {w['max_abs_error']:.2g}"
        if not w["reason"] else f"{w['name']}: kept, {w['reason']}"
        for w in weights
    ]  # fmt: skip
    total = totals(rows)
    lines.append(f"total: {total['bytes_before']:,} to {total['bytes_after']:,} bytes")
    effect = api.agreement(network, made) if not args.no_verify else None
    if effect is not None:
        error = f"{effect.max_abs_error:.3g}, relative {effect.max_rel_error:.3g}"
        lines.append(f"largest change of an output: {error}")
    changed = {"max_abs": effect.max_abs_error, "max_rel": effect.max_rel_error} if effect else None
    return _told(
        args, write(made, args), "\n".join(lines), {"weights": weights, **total, "output_change": changed}
    )


def _told(args: argparse.Namespace, report: ExportReport, text: str, facts: dict[str, Any]) -> int:
    """Say what was done and what was written, for people or as one object."""
    from sketch.describe import report_facts, report_text

    show({**facts, **report_facts(report)} if args.json else f"{text}\n{report_text(report)}")
    return answer(report)


def _pair(text: str) -> tuple[str, str]:
    out, equals, into = text.partition("=")
    if not out or not equals or not into:
        raise UsageError(f"--wire {text}: write OUT=IN")
    return out, into
