"""A first look at an .onnx file: its operators under their names, in their modules, and its wires. No shapes.

It needs no framework and a hundredth of the time of an import, which then says exactly what this only supposes: an
operator is shown as the layer that it will most likely be, one that holds graphs or stands for a function as one node.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from sketch.graph.collection import paused_collection
from sketch.graph.rows import Edge, FrozenDict, Node
from sketch.kernels.onnx.claims import LAYER_KEY, read_claim
from sketch.kernels.onnx.glance_file import Operator, Outline, outline
from sketch.kernels.onnx.glance_layers import is_matrix, layer_of
from sketch.kernels.onnx.naming import SCOPES_KEY, STEP_NAMES, Drawn, clean, own_path, paths, scopes_beside
from sketch.kernels.onnx.wire_format import WireError

_log = logging.getLogger(__name__)
MOST = 40_000
"""A file of more operators than this is not looked at: that would take a person's patience too."""
_NO_PARAMS = FrozenDict()
_CLAIM, _SCOPES = LAYER_KEY.encode(), SCOPES_KEY.encode()
_Wires = dict[int, list[Edge]]
_new = tuple.__new__
"""Makes a named tuple in half the time; tens of thousands are made."""


@dataclass(slots=True)
class _Sight:
    """A node to be: its layer and path, the values at its ports (empty for none), and those that it makes."""

    layer: str
    path: tuple[str, ...]
    reads: Sequence[bytes]
    makes: Sequence[bytes]


def glance(path: Path) -> list[Node] | None:
    """The nodes of a first picture; None for a file that gives none, whatever is wrong with it."""
    try:
        with paused_collection():
            found = outline(path)
            if not 0 < len(found.operators) <= MOST:
                return None
            return _Rows().made([*_ends(found), *_operators(found)])
    except (WireError, OSError, RecursionError) as error:
        _log.info("glance.none path=%s %s", path, error)
        return None


def _ends(found: Outline) -> Iterator[_Sight]:
    for name in found.inputs:
        yield _Sight("Input", (clean(name or "input"),), (), (name,))
    for name in found.outputs:
        yield _Sight("Output", (clean(name or "output"),), (name,), ())


def _operators(found: Outline) -> Iterator[_Sight]:
    """The operators as nodes; constants are weights, a product and the vector added to it are one layer."""
    weights = found.weights
    constant = {
        id(made) for made in found.operators if made.kind[:8] == b"Constant" and _is_constant(made, weights)
    }
    for made in found.operators if constant else ():
        if id(made) in constant:
            weights.update(dict.fromkeys(made.outputs, 1 if made.kind == b"Constant" else 0))
    products = _products(found)
    gone = constant.union(id(product) for product in products.values())
    kept = [made for made in found.operators if id(made) not in gone]
    for made, path in zip(kept, _paths(kept, products), strict=True):
        product = products.get(id(made))
        if product is not None:
            yield _Sight("Linear", path, product.inputs[:1], made.outputs)
            continue
        layer, ports = layer_of(made, weights)
        given = [*made.inputs, *made.reads]
        sight = _Sight(layer, path, [given[place] for place in ports], made.outputs)
        yield _claimed(made, sight) if _CLAIM in made.meta else sight


def _claimed(made: Operator, sight: _Sight) -> _Sight:
    """What Sketch wrote beside an operator of its own."""
    claim = read_claim(_text(made.meta[_CLAIM]), None)
    if claim is None or claim.layer == "Output":
        return sight
    reads = [b""] * len(made.inputs)
    for value, port in zip(made.inputs, claim.inputs, strict=False):
        if isinstance(port, int) and 0 <= port < len(reads):
            reads[port] = value
    return _Sight(claim.layer, claim.path or sight.path, reads, made.outputs)


def _is_constant(made: Operator, weights: Container[bytes]) -> bool:
    """True for what holds a tensor, or fills one whose shape the file holds."""
    if made.kind == b"Constant":
        return not made.inputs
    return made.kind == b"ConstantOfShape" and made.inputs[:1] != [] and made.inputs[0] in weights


def _products(found: Outline) -> dict[int, Operator]:
    """The sum (by its identity) -> the product with a stored matrix that nothing else reads."""
    by_value = {
        made.outputs[0]: made for made in found.operators if is_matrix(made, found.weights) and made.outputs
    }
    if not by_value:
        return {}
    read = chain.from_iterable(chain(made.inputs, made.reads) for made in found.operators)
    uses = Counter(filter(by_value.__contains__, chain(read, found.outputs)))
    sums = {}
    for made in found.operators:
        if made.kind == b"Add" and len(made.inputs) == 2:
            for value, other in (made.inputs, reversed(made.inputs)):
                if value in by_value and uses[value] == 1 and found.weights.get(other) == 1:
                    sums[id(made)] = by_value[value]
                    break
    return sums


def _paths(kept: Sequence[Operator], products: Mapping[int, Operator]) -> list[tuple[str, ...]]:
    """Where each node is: its groups and its name."""
    if any(made.name[:1] == b"/" or _SCOPES in made.meta for made in kept):
        return _paths_in_modules(kept, products)
    return [_own_path(made) for made in kept]


def _own_path(made: Operator) -> tuple[str, ...]:
    """The path of an operator that is in no module."""
    name = clean(_text(made.name))
    return (name,) if name else own_path("", _text(made.kind), _first(made))


def _paths_in_modules(kept: Sequence[Operator], products: Mapping[int, Operator]) -> list[tuple[str, ...]]:
    near = _neighbours(kept)
    drawn = []
    for number, made in enumerate(kept):
        kind, scopes = _text(made.kind), _text(made.meta.get(_SCOPES, b""))
        weight = clean(made.inputs[1]) if scopes and len(made.inputs) > 1 else ""
        layer = "Linear" if id(made) in products else STEP_NAMES.get(kind, kind)
        scopes = scopes_beside(scopes, kind, weight)
        drawn.append(Drawn(_text(made.name), kind, _first(made), scopes, layer, near.get(number, ())))
    return paths(drawn)


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def _first(made: Operator) -> str:
    """The first output that has a name."""
    return next((_text(name) for name in made.outputs if name), "")


def _neighbours(kept: Sequence[Operator]) -> dict[int, tuple[int, ...]]:
    """Numbers of the operators that one reads from and that read it."""
    maker = {name: number for number, made in enumerate(kept) for name in made.outputs if name}
    found: dict[int, dict[int, None]] = {}
    for number, made in enumerate(kept):
        for name in made.inputs:
            source = maker.get(name, number)
            if source != number:
                found.setdefault(number, {})[source] = None
                found.setdefault(source, {})[number] = None
    return {number: tuple(others) for number, others in found.items()}


class _Rows:
    """Nodes with ids, free names and wires."""

    def __init__(self) -> None:
        self._next = 1
        self._taken: dict[tuple[int | None, str], int] = {}
        self._groups: dict[tuple[str, ...], int | None] = {(): None}
        self._numbers: dict[tuple[int | None, str], int] = {}
        self._nodes: list[Node] = []
        self._sources: dict[bytes, tuple[int, int]] = {}

    def made(self, sights: Sequence[_Sight]) -> list[Node]:
        """All rows."""
        homes, taken, sources = [], self._taken, self._sources
        for sight in sights:
            *groups, name = sight.path
            parent = self._group(tuple(groups)) if groups else None
            name = name or sight.layer.lower()
            if (parent, name) in taken:
                name = self._free(parent, name)
            node_id = self._id(parent, name)
            homes.append((node_id, name, parent))
            for out, value in enumerate(sight.makes):
                if value:
                    sources[value] = node_id, out
        prior, after = self._wires(sights, [home[0] for home in homes])
        for sight, (node_id, name, parent) in zip(sights, homes, strict=True):
            wires = tuple(prior.get(node_id, ())), tuple(after.get(node_id, ()))
            self._nodes.append(Node(node_id, sight.layer, name, _NO_PARAMS, *wires, parent))
        return self._nodes

    def _wires(self, sights: Sequence[_Sight], ids: Sequence[int]) -> tuple[_Wires, _Wires]:
        prior: _Wires = {}
        after: _Wires = {}
        sources = self._sources
        for sight, target in zip(sights, ids, strict=True):
            found = []
            for into, value in enumerate(sight.reads):
                source = sources.get(value)
                if source is not None and source[0] != target:
                    edge = _new(Edge, (*source, target, into))
                    found.append(edge)
                    after.setdefault(source[0], []).append(edge)
            prior[target] = found
        return prior, after

    def _id(self, parent: int | None, name: str) -> int:
        self._taken[parent, name] = node_id = self._next
        self._next += 1
        return node_id

    def _free(self, parent: int | None, name: str) -> str:
        """A name that nothing in the group has."""
        wanted, key = name, (parent, name)
        while (parent, wanted) in self._taken:
            number = self._numbers[key] = self._numbers.get(key, 0) + 1
            wanted = f"{name}_{number}"
        return wanted

    def _group(self, path: tuple[str, ...]) -> int | None:
        if path not in self._groups:
            parent = self._group(path[:-1])
            name = self._free(parent, clean(path[-1]))
            self._groups[path] = node_id = self._id(parent, name)
            self._nodes.append(Node(node_id, "Group", name, parent=parent))
        return self._groups[path]
