"""The command line. Exit 0: done. 1: done, but the answer is no. 2: bad input, one line on standard error."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from typing import Any

from sketch.cli.parts import (
    Parser,
    UsageError,
    answer,
    command,
    input_option,
    opened,
    shapes,
    show,
    write,
    writing_options,
)
from sketch.cli.render import add_render
from sketch.cli.running import add_run
from sketch.cli.surgery import add_commands
from sketch.cli.weights import add_weights

log = logging.getLogger(__name__)


def main(argv: Sequence[str]) -> int:
    """Run one subcommand and return its exit code."""
    try:
        args = build_parser().parse_args(argv)
        code: int = args.run(args)
    except UsageError as error:
        return _fail(str(error))
    except Exception as error:  # noqa: BLE001 - the border of the command line: one line out, the trace to the log
        return _fail(_one_line(error, args))
    return code


def build_parser() -> argparse.ArgumentParser:
    """The parser of all subcommands."""
    parser = Parser(
        prog="sketch",
        description="Draw, open, convert and check neural networks.",
        epilog="Without a command, `sketch [FILE ...]` opens the editor.",
    )
    commands = parser.add_subparsers(dest="command", required=True, parser_class=Parser)
    convert = command(
        commands, "convert", _convert, "write a model in another format, and prove it", "SRC", "DST"
    )
    input_option(
        convert, "shape of an input for the proof; with names such as Nx3xHxW it becomes the shape in DST"
    )
    writing_options(convert)
    info = command(
        commands, "info", _info, "format, inputs, outputs, layers, parameters, operations, problems", "SRC"
    )
    check = command(commands, "check", _check, "problems; exit 1 when there are errors", "SRC")
    code = command(commands, "code", _code, "source text on standard output", "SRC", json_option=False)
    code.add_argument("--kernel", default="pytorch", help="pytorch (default), onnx, ...")
    for each in (info, check, code):
        input_option(each, "shape of an input with which a module is run to be drawn")
    add_render(commands)
    command(commands, "diff", _diff, "structural and weight differences; exit 1 when there are any", "A", "B")
    command(commands, "kernels", _kernels, "the kernels there are, and what they read and write")
    add_run(commands)
    add_commands(commands)
    add_weights(commands)
    layers = command(commands, "layers", _layers, "the layers there are, or one of them")
    layers.add_argument("name", nargs="?", help="show this layer")
    return parser


def _convert(args: argparse.Namespace) -> int:
    from sketch import api
    from sketch.describe import report_facts, report_text

    wanted = shapes(args.input)
    network = opened(args, wanted)
    named = {name: shape for name, shape in wanted.items() if not all(isinstance(s, int) for s in shape)}
    if named:
        network = api.reshaped(network, named)
    sizes = {name: shape for name, shape in wanted.items() if name not in named}
    report = write(network, args, sizes)
    show(report_facts(report) if args.json else report_text(report))
    return answer(report)


def _info(args: argparse.Namespace) -> int:
    from sketch.describe import facts, info_text

    network = opened(args, shapes(args.input))
    show(facts(network) if args.json else info_text(network))
    return 0


def _check(args: argparse.Namespace) -> int:
    from sketch.describe import problem_fact, problem_line

    network = opened(args, shapes(args.input))
    if args.json:
        show({"problems": [problem_fact(network, problem) for problem in network.problems]})
    else:
        lines = [problem_line(network, problem) for problem in network.problems]
        show("\n".join(lines) or "no problems")
    return 1 if network.errors else 0


def _code(args: argparse.Namespace) -> int:
    from sketch import api

    show(api.code(opened(args, shapes(args.input)), args.kernel).rstrip("\n"))
    return 0


def _diff(args: argparse.Namespace) -> int:
    from sketch import api

    found = api.diff(api.open(args.a, trust=args.trust), api.open(args.b, trust=args.trust))
    if args.json:
        rows = [{"kind": each.kind, "where": each.where, "what": each.what} for each in found]
        show({"equal": not found, "differences": rows})
    else:
        show("\n".join(f"{each.kind}: {each.where}: {each.what}" for each in found) or "no differences")
    return 1 if found else 0


def _kernels(args: argparse.Namespace) -> int:
    from sketch import api

    registry = api.workbench().registry
    rows: dict[str, Any] = {
        kernel.info.name: {
            "title": kernel.info.title, "reads": list(kernel.info.reads), "writes": list(kernel.info.writes),
            "available": kernel.available() or True,
        }
        for kernel in registry
    }  # fmt: skip
    rows.update({name: {"failed": reason} for name, reason in registry.failures.items()})
    show({"kernels": rows} if args.json else "\n".join(_kernel_line(name, row) for name, row in rows.items()))
    return 0


def _kernel_line(name: str, row: dict[str, Any]) -> str:
    if "failed" in row:
        return f"{name}: failed to load: {row['failed']}"
    state = "" if row["available"] is True else f" ({row['available']})"
    return f"{name}: {row['title']}, reads {' '.join(row['reads'])}, writes {' '.join(row['writes'])}{state}"


def _layers(args: argparse.Namespace) -> int:
    from sketch import api
    from sketch.describe import layer_text

    bench = api.workbench()
    specs = [bench.library[args.name]] if args.name else list(bench.library)
    kernels = [kernel.info for kernel in bench.registry]
    limits = {
        s.name: {info.name: info.limits[s.name] for info in kernels if s.name in info.limits} for s in specs
    }
    if args.json:
        rows = {s.name: {"category": s.category, "doc": s.doc, "limits": limits[s.name]} for s in specs}
        show({"layers": rows})
        return 0
    lines = (
        [layer_text(specs[0])] if args.name else [f"{s.name:<28} {s.category:<18} {s.title}" for s in specs]
    )
    lines += [
        f"not in {kernel}: {name} {how}" for name, found in limits.items() for kernel, how in found.items()
    ]
    show("\n".join(lines))
    return 0


def _fail(message: str) -> int:
    sys.stderr.write(f"sketch: {message}\n")
    return 2


def _one_line(error: Exception, args: argparse.Namespace) -> str:
    """`FILE: what is wrong; what to do`, on one line."""
    log.info("command.failed command=%s", args.command, exc_info=error)
    said = (
        f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)
    )
    text = " ".join(said.split()) or type(error).__name__
    files = [str(getattr(args, name)) for name in ("src", "a", "b", "dst") if hasattr(args, name)]
    if files and not any(text.startswith(file) or file in text for file in files):
        text = f"{files[0]}: {text}"
    return text
