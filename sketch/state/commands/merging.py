"""Two models become one: outputs of the present one feed inputs of the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from sketch.graph.draft import Draft
from sketch.graph.errors import GraphError
from sketch.graph.geometry import GAP_X, NODE_WIDTH
from sketch.graph.infer import Inference
from sketch.graph.library import LayerLibrary
from sketch.graph.rerouting import reroute
from sketch.graph.rows import Node, ValueType
from sketch.graph.tables import Tables, whole
from sketch.state.clip import Clip, adopt, put_down, take
from sketch.state.document import Document
from sketch.state.store import Store


class MergeError(GraphError):
    """Two models cannot be joined like this; the message says why and what to do."""


@dataclass(frozen=True)
class Other:
    """A model that is to be appended; `inputs` are its Inputs by id."""

    name: str
    tables: Tables
    inference: Inference
    store: Store

    @classmethod
    def of(cls, name: str, tables: Tables, library: LayerLibrary, store: Store) -> Other:
        """Rows that were read, as a model to append to a document."""
        inference = Inference(library)
        inference.follow(tables, whole(tables))
        return cls(name, tables, inference, store)

    @cached_property
    def inputs(self) -> dict[int, Node]:
        """Its Inputs at the top level."""
        return _ends(self.tables, "Input")


@dataclass(frozen=True)
class Proposal:
    """How another model may be merged: the Outputs with their types, wires that fit, and names that both have."""

    outputs: dict[int, tuple[str, ValueType | None]]
    pairs: dict[int, int | None]
    clashes: list[str]

    @classmethod
    def of(cls, document: Document, other: Other) -> Proposal:
        """Worked out for what a document is now."""
        outs = ends(document, "Output")
        types = {key: (node.name, output_type(document, key)) for key, node in outs.items()}
        return cls(types, propose(document, other), clashes(document, other))


def ends(document: Document, layer: str) -> dict[int, Node]:
    """The Inputs or Outputs of a document at the top level, oldest first."""
    return _ends(document.tables, layer)


def propose(document: Document, other: Other) -> dict[int, int | None]:
    """Input of the other -> Output of this one that fits: by name and type, then the only one left whose type fits."""
    outs = ends(document, "Output")
    given = {key: output_type(document, key) for key in outs}
    wanted = {key: other.inference.output(key) for key in other.inputs}
    found: dict[int, int | None] = dict.fromkeys(wanted)
    names = {node.name: key for key, node in outs.items()}
    for key, node in other.inputs.items():
        out = names.get(node.name)
        if out is not None and fits(given[out], wanted[key]):
            found[key] = out
    left = [key for key, out in found.items() if out is None]
    if len(left) == 1:
        free = given.keys() - set(found.values())
        fitting = [out for out in free if fits(given[out], wanted[left[0]])]
        found[left[0]] = fitting[0] if len(fitting) == 1 else None
    return found


def named_pairs(document: Document, other: Other, wires: Mapping[str, str]) -> dict[int, int | None]:
    """Output name -> input name as ids; MergeError names what is not there."""
    outs = {node.name: key for key, node in ends(document, "Output").items()}
    ins = {node.name: key for key, node in other.inputs.items()}
    for out, into in wires.items():
        if out not in outs:
            raise MergeError(f"There is no output '{out}'; there are {', '.join(outs) or 'none'}.")
        if into not in ins:
            raise MergeError(f"{other.name} has no input '{into}'; it has {', '.join(ins) or 'none'}.")
    return {ins[into]: outs[out] for out, into in wires.items()}


def clashes(document: Document, other: Other) -> list[str]:
    """Names at the top level that both have."""
    nodes, has = other.tables.nodes, document.tables.named
    return [name for key in other.tables.children(None) if has(None, name := nodes[key].name) is not None]


def merge(document: Document, other: Other, pairs: Mapping[int, int], prefix: str = "") -> list[int]:
    """Append the other model; the ids of its outermost parts.

    Args:
        pairs: input of the other -> Output of this document that feeds it; both are wired through and go.
        prefix: in front of names that are taken here; without one they get a number.
    """
    for into, out in pairs.items():
        _check(document, other, into, out)
    clip = take(other.tables, _everything(other.tables), other.store)
    try:
        tensors = adopt(clip, document.store)
    except Exception as error:  # noqa: BLE001 - the store belongs to the binder, and so do its errors
        raise MergeError(f"The weights of {other.name} cannot be read: {error}") from None
    clip = _prefixed(clip, set(clashes(document, other)), prefix)
    domains = _domains(document, other)

    def edit(draft: Draft) -> list[int]:
        made = put_down(draft, clip, tensors, _beside(document, clip), None)
        ids = dict(zip(clip.roots, made, strict=True))
        for into, out in pairs.items():
            _join(draft, ids[into], out)
        draft.remove(dict.fromkeys(pairs.values()))
        if domains:
            draft.put("meta", "onnx.domains", domains)
        return [
            key for key in made if draft.get("nodes", key) is not None or draft.get("notes", key) is not None
        ]

    return document.edit(f"Merge {other.name}", edit)


def output_type(document: Document, output: int) -> ValueType | None:
    """The type of what an Output shows."""
    wires = document.tables.node(output).prior
    return document.inference.output(wires[0].source, wires[0].out) if wires else None


def fits(given: ValueType | None, wanted: ValueType | None) -> bool:
    """True when a value may feed an input: same element type, same rank, no two sizes that contradict."""
    if given is None or wanted is None or given.shape is None or wanted.shape is None:
        return given is not None and wanted is not None and given.dtype == wanted.dtype
    if given.dtype != wanted.dtype or len(given.shape) != len(wanted.shape):
        return False
    pairs = zip(given.shape, wanted.shape, strict=True)
    return all(one == two for one, two in pairs if isinstance(one, int) and isinstance(two, int))


def _ends(tables: Tables, layer: str) -> dict[int, Node]:
    rows = (tables.nodes[key] for key in tables.children(None))
    return {node.id: node for node in rows if node.layer == layer}


def _check(document: Document, other: Other, into: int, out: int) -> None:
    given, wanted = output_type(document, out), other.inference.output(into)
    if not document.tables.node(out).prior:
        raise MergeError(f"The output '{document.tables.node(out).name}' has no wire; wire it first.")
    if not fits(given, wanted):
        one, two = document.tables.node(out).name, other.tables.node(into).name
        raise MergeError(
            f"Output '{one}' gives {given}, input '{two}' takes {wanted}; wire others, or leave it open."
        )


def _everything(tables: Tables) -> list[int]:
    notes = [note.id for note in tables.notes.values() if note.parent is None]
    return [*tables.children(None), *notes]


def _prefixed(clip: Clip, taken: set[str], prefix: str) -> Clip:
    if not prefix:
        return clip
    roots = set(clip.roots)
    nodes = {
        key: replace(node, name=prefix + node.name) if key in roots and node.name in taken else node
        for key, node in clip.nodes.items()
    }
    return replace(clip, nodes=nodes)


def _join(draft: Draft, entry: int, output: int) -> None:
    """What the Input fed is fed by what the Output showed; the Input goes."""
    feed = draft.node(output).prior[0]
    for edge in draft.node(entry).next:
        reroute(draft, edge, feed.source, feed.out)
    draft.remove([entry])


def _domains(document: Document, other: Other) -> dict[str, int]:
    mine = dict(document.tables.meta.get("onnx.domains", {}))
    theirs = dict(other.tables.meta.get("onnx.domains", {}))
    for domain in mine.keys() & theirs.keys():
        if mine[domain] != theirs[domain]:
            raise MergeError(
                f"{other.name} needs version {theirs[domain]} of the operators of {domain}, this network "
                f"{mine[domain]}; convert one of them first."
            )
    return {**theirs, **mine}


def _beside(document: Document, clip: Clip) -> tuple[float, float]:
    """Right of everything that is drawn, its middle at the same height."""
    places = [
        document.tables.places[k] for k in document.tables.children(None) if k in document.tables.places
    ]
    spread = [place.x for place in clip.places.values()]
    half = (max(spread) - min(spread)) / 2 if spread else 0.0
    right = max((place.x for place in places), default=0.0)
    y = sum(place.y for place in places) / len(places) if places else 0.0
    return right + half + NODE_WIDTH + GAP_X, y
