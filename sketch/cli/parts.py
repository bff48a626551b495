"""What all subcommands share: how they are declared, what they print, and how they write a result."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from sketch.binder.kernel import ExportReport
    from sketch.graph.network import Network


class UsageError(Exception):
    """The command line itself is wrong."""


class Parser(argparse.ArgumentParser):
    """Reports a wrong command line as one line, like every other bad input."""

    def error(self, message: str) -> NoReturn:
        """UsageError instead of a page of usage."""
        raise UsageError(f"{message}; `{self.prog} --help` shows how to call it")


def command(
    commands: Any,
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
    *files: str,
    json_option: bool = True,
) -> argparse.ArgumentParser:
    """Declare a subcommand with its files, and `--trust` and `--json` where they mean something."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    for file in files:
        parser.add_argument(file.lower(), metavar=file)
    if files:
        parser.add_argument("--trust", action="store_true", help="your word that code in the file may run")
    if "SRC" in files:
        opening_options(parser)
    if json_option:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)
    return parser


def opening_options(parser: argparse.ArgumentParser) -> None:
    """What a file that is no drawing yet may need to become one."""
    group = parser.add_argument_group("opening files of PyTorch")
    group.add_argument("--class", dest="class_", metavar="NAME", help="the class in Python source")
    group.add_argument("--arguments", metavar="TEXT", help="of its call, such as 'width=64, depth=2'")
    group.add_argument(
        "--folder", action="append", default=[], metavar="FOLDER",
        help="where classes of a pickled module are found; a .py file is the script that saved it",
    )  # fmt: skip
    group.add_argument(
        "--source", metavar="FILE",
        help="the network that a file of weights belongs to: Python source, another model, or example:KEY",
    )  # fmt: skip
    group.add_argument(
        "--weights-only",
        action="store_true",
        help="show a pickled module's tensors; nothing in the file runs",
    )


def opened(args: argparse.Namespace, inputs: Mapping[str, Sequence[int | str]] | None = None) -> Network:
    """The network in SRC, opened as the options say."""
    from sketch import api

    said: dict[str, Any] = {
        "class_": args.class_, "arguments": args.arguments, "folders": tuple(args.folder), "source": args.source,
        "weights_only": args.weights_only, "inputs": dict(inputs or {}),
    }  # fmt: skip
    return api.open(args.src, trust=args.trust, **{name: value for name, value in said.items() if value})


def input_option(parser: argparse.ArgumentParser, text: str) -> None:
    """`--input NAME=SHAPE`, as often as there are inputs."""
    parser.add_argument("--input", action="append", default=[], metavar="NAME=1x3x224x224", help=text)


def writing_options(parser: argparse.ArgumentParser) -> None:
    """How a result is written and proved."""
    parser.add_argument("--kernel", help="the kernel that writes DST; by its suffix otherwise")
    parser.add_argument(
        "--opset", type=int, help="ONNX operator set; the newest that onnxruntime runs otherwise"
    )
    parser.add_argument(
        "--no-verify", action="store_true", help="do not run source and result on the same inputs"
    )
    parser.add_argument(
        "--report",
        nargs="?",
        const="",
        metavar="FILE",
        help="save the proof as JSON; beside DST without FILE",
    )


def write(network: Network, args: argparse.Namespace, sizes: Any = None) -> ExportReport:
    """Write a network to DST: a drawing when it ends in .sketch, else a model with its proof."""
    from sketch import api
    from sketch.binder.kernel import ExportReport
    from sketch.binder.proof_report import save_report

    target = Path(args.dst)
    if target.suffix.lower() == api.SKETCH_SUFFIX:
        report = ExportReport((api.save(network, target),))
    else:
        kernel = args.kernel or api.workbench().registry.for_suffix(target).info.name
        report = api.compile(network, target, kernel, args.opset, not args.no_verify, sizes=sizes)
    if args.report is not None:
        save_report(report, Path(args.report) if args.report else None)
    return report


def answer(report: ExportReport) -> int:
    """The exit code: 1 when the numbers were compared and differ."""
    return 1 if report.verification is not None and not report.verification.agrees else 0


def show(found: dict[str, Any] | str) -> None:
    """Print a text, or one JSON object."""
    text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    sys.stdout.write(text + "\n")


def shapes(texts: Sequence[str]) -> dict[str, tuple[int | str, ...]]:
    """`--input NAME=Nx3x224x224` as name -> sizes, numbers or names; UsageError otherwise.

    Commas may stand for the x, so that a name may hold one: `NAME=max_len,64`.
    """
    found: dict[str, tuple[int | str, ...]] = {}
    for text in texts:
        name, equals, shape = text.partition("=")
        parts = shape.replace(" ", "").split("," if "," in shape else "x")
        sizes = tuple(int(part) if part.isdigit() else part for part in parts)
        if not name or not equals or not all(isinstance(s, int) or s.isidentifier() for s in sizes):
            raise UsageError(f"--input {text}: write NAME=1x3x224x224, with names such as N for any size")
        found[name] = sizes
    return found
