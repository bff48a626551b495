"""The subcommand `run`: a network on numbers, files or pictures, and what came out."""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sketch.cli.parts import UsageError, command, opened, shapes, show

if TYPE_CHECKING:
    from sketch.binder.feeding import Array
    from sketch.binder.run_facts import Key, RunFacts, ValueFacts
    from sketch.graph.network import Network


def add_run(commands: Any) -> None:
    """Declare the subcommand."""
    run = command(
        commands, "run", _run, "run a model and say what comes out; exit 1 when a node fails", "SRC"
    )
    run.add_argument(
        "--input", action="append", default=[], metavar="NAME=FILE|SHAPE",
        help="a .npy or .npz file, a picture, or a shape such as 1x3x224x224 of random numbers",
    )  # fmt: skip
    run.add_argument("--seed", type=int, default=0, help="of all random numbers (default 0)")
    run.add_argument(
        "--scale", default="unit", choices=("unit", "signed", "imagenet", "raw"),
        help="pictures as 0 to 1 (default), -1 to 1, by ImageNet's mean and deviation, or 0 to 255",
    )  # fmt: skip
    run.add_argument("--train", action="store_true", help="as in training: dropout drops")
    run.add_argument("--all", action="store_true", help="every node, not the outputs alone")
    run.add_argument("--save", metavar="FILE.npz", help="write the outputs as arrays by their names")


def _run(args: argparse.Namespace) -> int:
    from sketch import api

    if args.save and Path(args.save).suffix.lower() != ".npz":
        raise UsageError(f"--save {args.save}: arrays are written to a file that ends in .npz")
    files, sizes = _inputs(args.input)
    network = opened(args, sizes)
    arrays = _arrays(network, files, sizes, args)
    with tempfile.TemporaryDirectory(prefix="sketch-run-", dir=api.workbench().folder) as folder:
        facts = _observed(network, arrays, Path(folder), args)
        if args.save:
            _save(network, facts, Path(folder), Path(args.save))
    show(_report(network, facts, args) if args.json else _text(network, facts, args))
    return 1 if facts.failures else 0


def _inputs(texts: Sequence[str]) -> tuple[dict[str, Path], dict[str, tuple[int, ...]]]:
    """What `--input` says: files by name, and shapes in numbers by name."""
    from sketch.binder.feeding import ARRAY_SUFFIXES, IMAGE_SUFFIXES

    files, sized = {}, []
    for text in texts:
        name, equals, value = text.partition("=")
        if equals and Path(value).suffix.lower() in (*ARRAY_SUFFIXES, *IMAGE_SUFFIXES):
            files[name] = Path(value)
        else:
            sized.append(text)
    found = {}
    for name, shape in shapes(sized).items():
        if not all(isinstance(size, int) for size in shape):
            raise UsageError(f"--input {name}: give numbers for all sizes")
        found[name] = tuple(int(size) for size in shape)
    return files, found


def _arrays(
    network: Network,
    files: Mapping[str, Path],
    sizes: Mapping[str, tuple[int, ...]],
    args: argparse.Namespace,
) -> Mapping[str, Array]:
    """An array for every input, from files and shapes and by seed."""
    import numpy as np

    from sketch.binder.feeding import feed, read_feeds, symbols_of
    from sketch.binder.samples import draw_samples

    given = dict(read_feeds(network, files, _picture, args.scale, symbols_of(network)))
    drawn = draw_samples(network, args.seed, sizes).arrays
    for name, shape in sizes.items():
        given[name] = drawn[name] if name in drawn else np.zeros(shape)
    return feed(network, given, seed=args.seed)


def _picture(path: Path, size: Any) -> Array:
    """A picture is decoded by Qt, which a run without pictures does not load."""
    from sketch.gui.look_image import read_picture

    return read_picture(path, size)


def _observed(
    network: Network, arrays: Mapping[str, Array], folder: Path, args: argparse.Namespace
) -> RunFacts:
    from sketch import api
    from sketch.binder.kernel import BinderError
    from sketch.binder.looking import INPUTS, run_look
    from sketch.binder.run_facts import Look

    wanted = tuple(_sources(network).values()) if args.save else ()
    look = Look(folder / INPUTS, folder, 0, wanted, train=args.train, seed=args.seed)
    bench = api.workbench()
    job = bench.binder.job(
        "Run", lambda _job, runs: run_look(runs, network, arrays, look), network.store.folder
    ).wait()
    if job.state != "done":
        raise BinderError(job.error)
    found: RunFacts = job.result
    return found


def _sources(network: Network) -> dict[str, Key]:
    """Name of each output -> the value that it shows."""
    return {
        step.name: (step.inputs[0].node, step.inputs[0].out)
        for step in network.outputs
        if step.inputs and step.inputs[0] is not None
    }


def _save(network: Network, facts: RunFacts, folder: Path, target: Path) -> None:
    import numpy as np

    from sketch.durable import write_file

    arrays = {
        name: np.load(folder / facts.kept[key], allow_pickle=False)
        for name, key in _sources(network).items()
        if key in facts.kept
    }

    def write(place: Path) -> None:
        with place.open("wb") as file:
            np.savez(file, **arrays)

    write_file(target, write)


def _rows(network: Network, facts: RunFacts, *, everything: bool) -> list[tuple[str, ValueFacts]]:
    """Name and facts of the outputs, or of every value."""
    if not everything:
        return [(name, facts.values[key]) for name, key in _sources(network).items() if key in facts.values]
    return [
        (network.qualified(step) + (f":{out}" if out else ""), facts.values[step.id, out])
        for step in network.steps
        for out in range(max(1, len(step.types)))
        if (step.id, out) in facts.values
    ]


def _report(network: Network, facts: RunFacts, args: argparse.Namespace) -> dict[str, Any]:
    found = {
        "outputs": [_fact(name, value) for name, value in _rows(network, facts, everything=False)],
        "failures": [
            {"where": network.qualified(network.step(key)), "what": text}
            for key, text in facts.failures.items()
        ],
        "origin": _origin(network, facts) or None,
        "seed": args.seed,
    }
    if args.all:
        found["nodes"] = [_fact(name, value) for name, value in _rows(network, facts, everything=True)]
    if args.save:
        found["files"] = [args.save]
    return found


def _fact(name: str, value: ValueFacts) -> dict[str, Any]:
    numbers = {"min": value.low, "max": value.high, "mean": value.mean, "std": value.std}
    return {
        "name": name, "shape": list(value.shape), "dtype": value.dtype,
        **{key: number if math.isfinite(number) else None for key, number in numbers.items()},
        "zeros": value.zeros, "nan": value.nans, "inf": value.infs,
    }  # fmt: skip


def _text(network: Network, facts: RunFacts, args: argparse.Namespace) -> str:
    from sketch.binder.run_facts import value_text

    rows = _rows(network, facts, everything=args.all)
    width = max((len(name) for name, _ in rows), default=0)
    lines = [f"{name:<{width}}  {value_text(value)}" for name, value in rows]
    lines += [
        f"failed: {network.qualified(network.step(key))}: {text}" for key, text in facts.failures.items()
    ]
    lines += [text for text in [_origin(network, facts)] if text]
    return "\n".join(lines) or "nothing came out"


def _origin(network: Network, facts: RunFacts) -> str:
    from sketch.binder.run_facts import first_origin, origin_text

    origin = first_origin(network, facts)
    return "" if origin is None else origin_text(network, facts, origin)
