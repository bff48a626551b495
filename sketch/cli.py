"""The command line. Exit 0: done. 1: done, but the answer is no. 2: bad input, one line on standard error."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

log = logging.getLogger(__name__)


class UsageError(Exception):
    """The command line itself is wrong."""


class _Parser(argparse.ArgumentParser):
    """Reports a wrong command line as one line, like every other bad input."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; `{self.prog} --help` shows how to call it")


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
    parser = _Parser(
        prog="sketch",
        description="Draw, open, convert and check neural networks.",
        epilog="Without a command, `sketch [FILE ...]` opens the editor.",
    )
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    convert = _command(
        commands, "convert", _convert, "write a model in another format, and prove it", "SRC", "DST"
    )
    convert.add_argument("--kernel", help="the kernel that writes DST; by its suffix otherwise")
    convert.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="NAME=1x3x224x224",
        help="shape of an input for the proof",
    )
    convert.add_argument(
        "--opset", type=int, help="ONNX operator set; the newest that onnxruntime runs otherwise"
    )
    convert.add_argument(
        "--no-verify", action="store_true", help="do not run source and result on the same inputs"
    )
    _command(
        commands, "info", _info, "format, inputs, outputs, layers, parameters, operations, problems", "SRC"
    )
    _command(commands, "check", _check, "problems; exit 1 when there are errors", "SRC")
    code = _command(commands, "code", _code, "source text on standard output", "SRC", json_option=False)
    code.add_argument("--kernel", default="pytorch", help="pytorch (default), onnx, ...")
    render = _command(commands, "render", _render, "the canvas as a picture", "SRC", "DST", json_option=False)
    render.add_argument("--theme", default="light", choices=("light", "dark"))
    _command(
        commands, "diff", _diff, "structural and weight differences; exit 1 when there are any", "A", "B"
    )
    _command(commands, "kernels", _kernels, "the kernels there are, and what they read and write")
    layers = _command(commands, "layers", _layers, "the layers there are, or one of them")
    layers.add_argument("name", nargs="?", help="show this layer")
    return parser


def _command(
    commands: Any,
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
    *files: str,
    json_option: bool = True,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    for file in files:
        parser.add_argument(file.lower(), metavar=file)
    if files:
        parser.add_argument("--trust", action="store_true", help="your word that code in the file may run")
    if json_option:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)
    return parser


def _convert(args: argparse.Namespace) -> int:
    from sketch import api
    from sketch.describe import report_facts, report_text

    sizes = _sizes(args.input)
    kernel = args.kernel or api.workbench().registry.for_suffix(Path(args.dst)).info.name
    network = api.open(args.src, trust=args.trust)
    report = api.compile(network, args.dst, kernel, args.opset, not args.no_verify, sizes=sizes)
    _print(report_facts(report) if args.json else report_text(report))
    return 1 if report.verification is not None and not report.verification.agrees else 0


def _info(args: argparse.Namespace) -> int:
    from sketch import api
    from sketch.describe import facts, info_text

    network = api.open(args.src, trust=args.trust)
    _print(facts(network) if args.json else info_text(network))
    return 0


def _check(args: argparse.Namespace) -> int:
    from sketch import api
    from sketch.describe import problem_fact, problem_line

    network = api.open(args.src, trust=args.trust)
    if args.json:
        _print({"problems": [problem_fact(network, problem) for problem in network.problems]})
    else:
        lines = [problem_line(network, problem) for problem in network.problems]
        _print("\n".join(lines) or "no problems")
    return 1 if network.errors else 0


def _code(args: argparse.Namespace) -> int:
    from sketch import api

    _print(api.code(api.open(args.src, trust=args.trust), args.kernel).rstrip("\n"))
    return 0


def _render(args: argparse.Namespace) -> int:
    from sketch import api

    network = api.open(args.src, trust=args.trust)
    from sketch.gui.picture import render_file

    render_file(network, api.workbench().library, Path(args.dst), args.theme)
    return 0


def _diff(args: argparse.Namespace) -> int:
    from sketch import api

    found = api.diff(api.open(args.a, trust=args.trust), api.open(args.b, trust=args.trust))
    if args.json:
        rows = [{"kind": each.kind, "where": each.where, "what": each.what} for each in found]
        _print({"equal": not found, "differences": rows})
    else:
        _print("\n".join(f"{each.kind}: {each.where}: {each.what}" for each in found) or "no differences")
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
    _print(
        {"kernels": rows} if args.json else "\n".join(_kernel_line(name, row) for name, row in rows.items())
    )
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
        _print({"layers": rows})
        return 0
    lines = (
        [layer_text(specs[0])] if args.name else [f"{s.name:<28} {s.category:<18} {s.title}" for s in specs]
    )
    lines += [
        f"not in {kernel}: {name} {how}" for name, found in limits.items() for kernel, how in found.items()
    ]
    _print("\n".join(lines))
    return 0


def _sizes(texts: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """`--input NAME=1x3x224x224` as name -> shape; UsageError otherwise."""
    sizes = {}
    for text in texts:
        name, equals, shape = text.partition("=")
        parts = shape.split("x")
        if not name or not equals or not all(part.isdigit() for part in parts):
            raise UsageError(f"--input {text}: write NAME=1x3x224x224")
        sizes[name] = tuple(int(part) for part in parts)
    return sizes


def _print(answer: dict[str, Any] | str) -> None:
    text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
    sys.stdout.write(text + "\n")


def _fail(message: str) -> int:
    sys.stderr.write(f"sketch: {message}\n")
    return 2


def _one_line(error: Exception, args: argparse.Namespace) -> str:
    """`FILE: what is wrong; what to do`, on one line."""
    log.info("command.failed command=%s", args.command, exc_info=error)
    text = " ".join(str(error).split()) or type(error).__name__
    files = [str(getattr(args, name)) for name in ("src", "a", "b", "dst") if hasattr(args, name)]
    if files and not any(text.startswith(file) or file in text for file in files):
        text = f"{files[0]}: {text}"
    return text
