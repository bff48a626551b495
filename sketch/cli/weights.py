"""`sketch weights ...`: list, load, resize, initialise, freeze, and set or save as `.npy` the weights of a model."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sketch.cli.parts import Parser, UsageError, answer, command, opened, show, write, writing_options
from sketch.graph.recipes import RESIZING

if TYPE_CHECKING:
    from sketch.graph.network import Network
    from sketch.graph.rows import TensorRow
    from sketch.state.commands.weights import Key, Report
    from sketch.state.document import Document

_MISFIT = ("skip", "keep", "tile")


def add_weights(commands: Any) -> None:
    """Declare `weights` with its own subcommands."""
    text = "list, load, resize, initialise, freeze, set and save the weights of a model"
    acts = commands.add_parser("weights", help=text, description=text).add_subparsers(
        dest="act", required=True, parser_class=Parser
    )
    listed = command(acts, "list", _list, "the weights by name, with their statistics", "SRC")
    command(acts, "save", _save, "write a weight as a .npy file", "SRC", "NAME", "FILE")
    init = command(acts, "init", _init, "start weights from a scheme", "SRC", "DST")
    freeze = command(acts, "freeze", _freeze, "training leaves these weights as they are", "SRC", "DST")
    freeze.add_argument("--undo", action="store_true", help="unfreeze")
    load = command(acts, "load", _load, "weights by name from another file", "SRC", "WEIGHTS", "DST")
    put = command(acts, "set", _set, "let a weight be the array of a .npy file", "SRC", "NAME", "FILE", "DST")
    resize = command(acts, "resize", _resize, "change sizes of layers, weights kept", "SRC", "DST")
    _options(init, load, resize)
    for parser in (listed, init, freeze):
        parser.add_argument(
            "--only",
            default="*",
            metavar="PATTERN",
            help="only weights whose name fits, such as 'layer1.*.weight'",
        )
    for parser in (load, put):
        parser.add_argument(
            "--misfit", default="skip", choices=_MISFIT, help="what becomes of a tensor of another shape"
        )
    for parser in (load, resize, init, freeze, put):
        writing_options(parser)


def _options(
    init: argparse.ArgumentParser, load: argparse.ArgumentParser, resize: argparse.ArgumentParser
) -> None:
    """What only one of the subcommands takes."""
    init.add_argument(
        "--scheme", required=True, help="kaiming_normal, xavier_uniform, orthogonal, zeros, ..."
    )
    init.add_argument(
        "--argument",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="of the scheme, such as gain=1.4",
    )
    init.add_argument("--seed", type=int, help="other random numbers than those of the document's seed")
    load.add_argument(
        "--map", action="append", default=[], metavar="WEIGHT=KEY",
        help="which tensor of WEIGHTS a weight takes; nothing behind the = for none",
    )  # fmt: skip
    resize.add_argument(
        "--set", action="append", default=[], metavar="LAYER.PARAMETER=N", help="such as fc.out_features=10"
    )
    resize.add_argument(
        "--how", default="keep", choices=RESIZING, help="keep the overlap (default), repeat, start anew"
    )


def _list(args: argparse.Namespace) -> int:
    from sketch import api
    from sketch.binder.surgery.weights_stats import statistics
    from sketch.graph.freezing import frozen_roles

    rows: list[dict[str, Any]] = []

    def read(document: Document) -> None:
        for name, key in _chosen(document, args.only).items():
            row = _row(document, key)
            found = statistics(document.store.get(row.digest, row.shape, row.dtype), row.dtype)
            rows.append(
                {
                    "name": name, "shape": list(row.shape), "dtype": row.dtype, "stored": bool(row.id),
                    "frozen": key[1] in frozen_roles(document.tables.meta, key[0]), **dict(_numbers(found)),
                }
            )  # fmt: skip

    api.edited(opened(args), read)
    show({"weights": rows} if args.json else "\n".join(map(_line, rows)) or "no weights")
    return 0


def _load(args: argparse.Namespace) -> int:
    from sketch.binder.surgery.weights_mapping import WeightMap
    from sketch.state.commands import weights

    network = opened(args)
    offers = _offers(Path(args.weights), args.trust)

    def run(document: Document) -> Report:
        keys, kinds = _chosen(document, "*"), weights.weights_in(document)
        mapping = WeightMap({name: kinds[key] for name, key in keys.items()}, *offers)
        for text in args.map:
            mapping.choose(*_pair(text, "--map", "WEIGHT=KEY"))
        given = {keys[name]: row for name, row in mapping.rows().items()}
        unused = [mapping.given[key] for key in mapping.unexpected]
        return weights.load_weights(document, given, args.misfit, "", unused, Path(args.weights).name)

    return _written(args, network, run)


def _resize(args: argparse.Namespace) -> int:
    from sketch.state import commands
    from sketch.state.commands.extracting import find

    if not args.set:
        raise UsageError("weights resize: say what changes with --set LAYER.PARAMETER=N")

    def run(document: Document) -> Report:
        document.resizing = args.how
        found: dict[tuple[int, str], Any] = {}
        document.subscribe(lambda update: found.update({(c.node, c.role): c for c in update.resized}))
        for text in args.set:
            name, value = _pair(text, "--set", "LAYER.PARAMETER=N")
            layer, _, parameter = name.rpartition(".")
            commands.set_param(document, [find(document, layer)], parameter, _value(value))
        return tuple(found.values())

    return _written(args, opened(args), run)


def _init(args: argparse.Namespace) -> int:
    from sketch.graph.schemes import scheme_of
    from sketch.state.commands import weights

    arguments = {
        name: _value(value) for name, value in (_pair(t, "--argument", "NAME=VALUE") for t in args.argument)
    }
    scheme_of(args.scheme, arguments)

    def run(document: Document) -> Report:
        kinds = weights.weights_in(document)
        keys = [key for key in _chosen(document, args.only).values() if kinds[key].trainable]
        return weights.initialise(document, keys, args.scheme, arguments, args.seed)

    return _written(args, opened(args), run)


def _freeze(args: argparse.Namespace) -> int:
    from sketch.state.commands import weights

    counts: dict[str, int] = {}

    def run(document: Document) -> Report:
        keys = _chosen(document, args.only).values()
        counts["changed"] = weights.freeze(document, keys, not args.undo)
        counts["parameters"], counts["frozen"] = weights.parameter_counts(document)
        return ()

    return _written(args, opened(args), run, counts)


def _set(args: argparse.Namespace) -> int:
    from sketch import api
    from sketch.binder.surgery.weights_source import read_array
    from sketch.state.commands import weights

    row = read_array(Path(args.file), api.workbench().store)

    def run(document: Document) -> Report:
        key = _named(document, args.name)
        return weights.load_weights(
            document, dict.fromkeys(weights.tied(document, key), row), args.misfit, f"Set {args.name}"
        )

    return _written(args, opened(args), run)


def _save(args: argparse.Namespace) -> int:
    from sketch import api
    from sketch.binder.surgery.weights_source import write_array

    notes: list[str] = []

    def run(document: Document) -> None:
        row = _row(document, _named(document, args.name))
        notes.append(write_array(Path(args.file), api.workbench().store, row))

    api.edited(opened(args), run)
    note = notes[0]
    show({"files": [args.file], "note": note} if args.json else f"{args.file}{f' ({note})' if note else ''}")
    return 0


def _written(
    args: argparse.Namespace,
    network: Network,
    run: Callable[[Document], Report],
    facts: dict[str, int] | None = None,
) -> int:
    """Edit, write, and tell which tensors were kept, changed, created and dropped."""
    from sketch import api
    from sketch.describe import report_facts as written_facts
    from sketch.describe import report_text as written_text
    from sketch.state.weight_changes import report_facts, report_text

    reports: list[Report] = []
    made = api.edited(network, lambda document: reports.append(run(document)))
    report, written = reports[0], write(made, args)
    if args.json:
        show({"tensors": report_facts(report), **(facts or {}), **written_facts(written)})
    else:
        counts = ", ".join(f"{count:,} {name}" for name, count in (facts or {}).items())
        show(f"{counts or report_text(report, 'weights')}\n{written_text(written)}")
    return answer(written)


def _offers(path: Path, trust: bool) -> Sequence[dict[str, TensorRow]]:
    """The tensors of a file by key, and by the names that the file gave them."""
    from sketch import api
    from sketch.binder.kernel import BinderError
    from sketch.binder.surgery.weights_source import SUFFIXES, read_arrays
    from sketch.state.weight_changes import stored_by_key

    if path.suffix.lower() in SUFFIXES:
        return [read_arrays(path, api.workbench().store)]
    tables = api.open(path, trust=trust).tables
    if tables is None:
        raise BinderError(f"{path}: holds no weights.")
    return stored_by_key(tables)


def _chosen(document: Document, pattern: str) -> dict[str, Key]:
    from sketch.state.commands import weights
    from sketch.state.weight_changes import weight_name

    names = {weight_name(document.tables, *key): key for key in weights.weights_in(document)}
    return {name: key for name, key in names.items() if fnmatchcase(name, pattern)}


def _named(document: Document, name: str) -> Key:
    from sketch.binder.kernel import BinderError

    names = _chosen(document, "*")
    if name not in names:
        raise BinderError(f"There is no weight {name!r}; `sketch weights list` names them.")
    return names[name]


def _row(document: Document, key: Key) -> TensorRow:
    from sketch.state.commands.weights import row_of

    return row_of(document, key)


def _numbers(found: Any) -> Iterable[tuple[str, Any]]:
    for name in ("minimum", "maximum", "mean", "std", "norm"):
        value = getattr(found, name)
        yield name, value if found.seen > found.nans + found.infinities else None
    yield from (("zeros", found.zeros), ("nans", found.nans), ("infinities", found.infinities))
    yield "sampled", found.is_sampled


def _line(row: dict[str, Any]) -> str:
    shape = "x".join(map(str, row["shape"])) or "scalar"
    state = ("" if row["stored"] else "  initial") + ("  frozen" if row["frozen"] else "")
    mean = "" if row["mean"] is None else f"  mean {row['mean']:.4g}  std {row['std']:.4g}"
    bad = f"  {row['nans']} NaN  {row['infinities']} infinite" if row["nans"] or row["infinities"] else ""
    return f"{row['name']}  {shape}  {row['dtype']}{mean}{bad}{state}"


def _pair(text: str, flag: str, form: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UsageError(f"{flag} {text}: write {form}")
    return name, value


def _value(text: str) -> Any:
    """A number, several with x between them, or the text itself."""
    parts = text.replace("×", "x").split("x")
    if all(part.lstrip("-").isdigit() for part in parts):
        return int(text) if len(parts) == 1 else tuple(map(int, parts))
    try:
        return float(text)
    except ValueError:
        return text
