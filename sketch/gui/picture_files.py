"""Pictures without a window: a network drawn into a file as the command line asks."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QApplication

from sketch.graph.colour_rules import RULES, Facts, WeightSums, digests_of
from sketch.graph.colouring import Colouring
from sketch.graph.tables import whole
from sketch.gui.canvas.options import CanvasOptions
from sketch.gui.picture import SUFFIXES, Picture
from sketch.gui.picture_painting import Colours, Painting, PictureOptions
from sketch.gui.theme import load_theme
from sketch.state import commands
from sketch.state.document import Document

if TYPE_CHECKING:
    from sketch.graph.library import LayerLibrary
    from sketch.graph.network import Network


@dataclass(frozen=True)
class Request:
    """What to draw and how; left out, what the drawing itself says.

    `group` is a path of names with dots. `nodes` are queries as the search takes them, and names. `fold` closes every
    group, False opens them all. `direction` is down or right. `colour` is a key of RULES.
    """

    theme: str = "light"
    group: str = ""
    nodes: Sequence[str] = ()
    colour: str = ""
    direction: str = ""
    fold: bool | None = None
    scale: float = 2.0
    transparent: bool = False
    shapes: bool = True
    parameters: bool = True
    legend: bool = True
    wires: str = "curved"


def render_file(network: Network, library: LayerLibrary, target: Path, request: Request) -> dict[str, Any]:
    """Draw a network into a file, without a screen; what was made. ValueError says what is wrong in one line."""
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"{target}: pictures end in {', '.join(SUFFIXES)}.")
    if not target.parent.is_dir():
        raise ValueError(f"{target}: the folder {target.parent} does not exist; create it or choose another.")
    if network.tables is None:
        raise ValueError(f"{target}: this network has no drawing.")
    application = _application()
    document = Document(library, store=network.store, folder=None, name=network.name)
    document.load(whole(network.tables), "Open")
    try:
        painting = _painting(document, request)
        picture = Picture(painting, suffix).paint()
        painting.close()
        picture.save(target)
        width, height = picture.size
        facts = {"file": str(target), "width": width, "height": height, "scale": picture.scale}
        return {**facts, "nodes": len(picture.painting.ids), "note": picture.note}
    finally:
        document.close()
        application.processEvents()


def _application() -> QApplication:
    if sys.platform == "linux" and not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    found = QApplication.instance()
    return found if isinstance(found, QApplication) else QApplication(["sketch"])


def _painting(document: Document, request: Request) -> Painting:
    if request.direction:
        commands.turn(document, request.direction)
    if request.fold is not None:
        commands.fold_all(document, not request.fold)
    group = group_at(document, request.group) if request.group else None
    only = nodes_at(document, request.nodes, group) if request.nodes else None
    options = PictureOptions(
        load_theme(request.theme), request.transparent, request.shapes, request.parameters,
        bool(request.colour) and request.legend, request.scale,
    )  # fmt: skip
    colours = colours_of(document, request.colour) if request.colour else None
    look = CanvasOptions(wires=request.wires)
    return Painting(document, group, options, look=look, only=only, colours=colours)


def group_at(document: Document, path: str) -> int:
    """The group at a dotted path of names; ValueError names the first that is not there."""
    found: int | None = None
    for step in _steps(document, path):
        found = step
    if found is None or not document.library[document.tables.nodes[found].layer].group:
        raise ValueError(f"{path} is a layer, not a group.")
    return found


def _steps(document: Document, path: str) -> list[int]:
    """The nodes along a dotted path; names may hold dots themselves."""
    tables, rest, parent = document.tables, path, None
    found: list[int] = []
    while rest:
        names = [tables.nodes[child].name for child in tables.children(parent)]
        fitting = [name for name in names if rest == name or rest.startswith(f"{name}.")]
        if not fitting:
            inside = (
                f"in {'.'.join(tables.nodes[key].name for key in found)}" if found else "at the top level"
            )
            raise ValueError(f"There is no {rest!r} {inside}.")
        name = max(fitting, key=len)
        parent = tables.named(parent, name)
        if parent is None:
            raise ValueError(f"There is no {path!r}.")
        found.append(parent)
        rest = rest[len(name) + 1 :]
    return found


def nodes_at(document: Document, texts: Sequence[str], group: int | None) -> list[int]:
    """The nodes that names or queries say, on the canvas of a group or inside of it; ValueError when one finds none."""
    found: dict[int, None] = {}
    for text in texts:
        some = _named(document, text) or _asked(document, text)
        inside = [node_id for node_id in some if _is_inside(document, node_id, group)]
        if not inside:
            raise ValueError(f"No layer fits {text!r}.")
        found.update(dict.fromkeys(inside))
    return list(found)


def _named(document: Document, text: str) -> list[int]:
    try:
        return _steps(document, text)[-1:]
    except ValueError:
        return []


def _asked(document: Document, text: str) -> list[int]:
    from sketch.graph.query import parse
    from sketch.graph.query_match import in_order, matcher

    test = matcher(parse(text), document.tables, document.inference)
    return [node.id for node in in_order(document.tables, document.inference) if test(node)]


def _is_inside(document: Document, node_id: int, group: int | None) -> bool:
    nodes = document.tables.nodes
    parent = nodes[node_id].parent
    while parent is not None and parent != group:
        parent = nodes[parent].parent
    return parent == group


def colours_of(document: Document, key: str) -> Colours:
    """The colours of a rule; weights that it needs are measured. ValueError names the rules there are."""
    if key not in RULES:
        raise ValueError(f"There is no colour rule {key!r}; rules are {', '.join(RULES)}.")
    rule = RULES[key]
    sums = _measured(document) if rule.needs_sums else {}
    return Colours(rule, Colouring(rule, Facts(document.tables, document.inference, sums)))


def _measured(document: Document) -> dict[str, WeightSums]:
    from sketch.binder.surgery.weights_sums import weight_sums

    tables, inference = document.tables, document.inference
    wanted = {digest for node_id in tables.nodes for digest in digests_of(tables, inference, node_id)}
    rows = {row.digest: row for row in tables.tensors.values() if row.digest in wanted}
    store = document.store
    return {
        digest: weight_sums(store.get(digest, row.shape, row.dtype), row.dtype)
        for digest, row in rows.items()
    }
