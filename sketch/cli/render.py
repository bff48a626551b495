"""`sketch render`: the canvas, a group or some layers as a picture."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from sketch.cli.parts import UsageError, command, input_option, opened, shapes, show


def add_render(commands: Any) -> None:
    """Declare the command."""
    render = command(commands, "render", _render, "the canvas as a picture", "SRC", "DST")
    input_option(render, "shape of an input with which a module is run to be drawn")
    what = render.add_argument_group("what is drawn")
    what.add_argument(
        "--group", default="", metavar="PATH", help="the canvas of this group, such as layer1.0"
    )
    what.add_argument(
        "--nodes", nargs="+", default=[], metavar="QUERY",
        help="only these layers with the wires between them: names, or queries as the search takes them",
    )  # fmt: skip
    folds = what.add_mutually_exclusive_group()
    folds.add_argument("--fold", action="store_true", help="with every group closed")
    folds.add_argument("--unfold", action="store_true", help="with every group open")
    how = render.add_argument_group("how it is drawn")
    how.add_argument("--theme", default="light", choices=("light", "dark"))
    how.add_argument(
        "--colour", "--color", default="", metavar="RULE", help="colour by parameters, flops, ..."
    )
    how.add_argument(
        "--direction", default="", choices=("down", "right"), help="arrange it anew in this direction"
    )
    how.add_argument("--wires", default="curved", choices=("curved", "straight", "square"))
    how.add_argument("--scale", type=_scale, default=2.0, help="pixels for a unit of a PNG; 2 otherwise")
    how.add_argument("--transparent", action="store_true", help="no background")
    how.add_argument("--no-shapes", action="store_true", help="leave out the shapes on wires")
    how.add_argument("--no-parameters", action="store_true", help="leave out the parameters of layers")
    how.add_argument("--no-legend", action="store_true", help="leave out what the colours mean")


def _scale(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.01 <= value <= 20:
        raise UsageError(f"--scale {text}: write a number from 0.01 to 20")
    return value


def _render(args: argparse.Namespace) -> int:
    from sketch import api

    network = opened(args, shapes(args.input))
    from sketch.gui.picture_files import Request, render_file

    request = Request(
        args.theme, args.group, tuple(args.nodes), args.colour, args.direction,
        True if args.fold else False if args.unfold else None, args.scale, args.transparent, not args.no_shapes,
        not args.no_parameters, not args.no_legend, args.wires,
    )  # fmt: skip
    found = render_file(network, api.workbench().library, Path(args.dst), request)
    if args.json:
        show(found)
    elif found["note"]:
        show(found["note"])
    return 0
