"""Repeated blocks are found in networks that are drawn flat, with the right number and the right layers."""

from collections import Counter

import pytest

from benchmarks import layout_graphs
from sketch.graph import examples, grouping
from sketch.graph.draft import Draft
from sketch.graph.linking.structure import match
from sketch.graph.repeats import Repeat, block_name, find_repeats
from sketch.graph.tables import Tables
from tests.graph.linking.blocks import chain
from tests.graph.random_edits import library


def example(key: str) -> Tables:
    """An example network without groups."""
    tables = Tables()
    draft = Draft(tables, library())
    examples.build(key, draft)
    tables.apply(draft.delta())
    return flat(tables)


def flat(tables: Tables) -> Tables:
    while groups := [n for n in tables.nodes if library()[tables.nodes[n].layer].group]:
        draft = Draft(tables, library())
        for group in groups:
            if draft.get("nodes", group) is not None:
                grouping.ungroup(draft, group)
        tables.apply(draft.delta())
    return tables


def found(tables: Tables) -> list[tuple[int, int]]:
    """(how many, layers of one) of all that is found; every find is checked for what it says."""
    repeats = find_repeats(tables, library())
    for repeat in repeats:
        sound(tables, repeat)
    return [(len(repeat.parts), repeat.size) for repeat in repeats]


def sound(tables: Tables, repeat: Repeat) -> None:
    """Parts do not overlap, are alike, hang together, and are convex: no way leaves one and comes back."""
    ids = [n for part in repeat.parts for n in part]
    assert len(set(ids)) == len(ids)
    for part in repeat.parts if not repeat.are_groups else ():
        assert match(tables, repeat.parts[0], part) is not None
        after: set[int] = set()
        stack = [e.target for n in part for e in tables.nodes[n].next if e.target not in part]
        while stack:
            node = stack.pop()
            if node not in after:
                after.add(node)
                stack.extend(e.target for e in tables.nodes[node].next)
        assert after.isdisjoint(part)


def test_the_equal_blocks_of_a_resnet():
    tables = example("resnet18")
    repeats = find_repeats(tables, library())

    assert found(tables) == [(2, 7)]
    assert Counter(tables.nodes[n].layer for n in repeats[0].parts[0]) == {
        "Conv2d": 2, "BatchNorm2d": 2, "ReLU": 2, "Add": 1,
    }  # fmt: skip
    assert [tables.nodes[part[0]].layer for part in repeats[0].parts] == ["Conv2d"] * 2


def test_the_blocks_of_a_deep_resnet_not_its_stages():
    tables = layout_graphs.resnet200()
    sizes = found(tables)
    assert sizes == [(23, 7)]


@pytest.mark.parametrize(
    ("layers", "shared"), [(2, "sources"), (3, "computed"), (12, "computed"), (12, "sources")]
)
def test_the_layers_of_a_transformer_with_one_shared_mask(layers, shared):
    assert (layers, 35) in found(layout_graphs.transformer(layers, shared=shared))


def test_the_layers_of_a_decoder_as_an_exporter_writes_it():
    assert found(layout_graphs.operators(3, 4))[0][0] == 3


def test_the_pairs_of_convolutions_of_a_unet():
    tables = Tables()
    draft = Draft(tables, library())
    x = draft.add("Input", "image", {"shape": ("N", 3, 64, 64)})
    skips = []

    def double(x: int, channels: int) -> int:
        for _ in range(2):
            for layer, params in (("Conv2d", {"out_channels": channels}), ("BatchNorm2d", {}), ("ReLU", {})):
                made = draft.add(layer, None, params)
                draft.connect(x, 0, made, 0)
                x = made
        return x

    for channels in (16, 32, 64):
        skips.append(x := double(x, channels))
        pool = draft.add("MaxPool2d")
        draft.connect(x, 0, pool, 0)
        x = pool
    x = double(x, 128)
    for channels, skip in zip((64, 32, 16), reversed(skips), strict=True):
        up, both = draft.add("Upsample"), draft.add("Concat")
        draft.connect(x, 0, up, 0)
        draft.connect(up, 0, both, 0)
        draft.connect(skip, 0, both, 1)
        x = double(both, channels)
    tables.apply(draft.delta())

    assert sorted(found(tables)) == [(2, 3), (4, 3), (4, 3), (4, 3)]


def test_groups_that_are_equal_are_found_unless_they_are_linked_already():
    tables = chain(3)
    assert found(tables) == []
    draft = Draft(tables, library())
    for group in tables.linked("block"):
        draft.put("meta", f"link.{group}", None)
    tables.apply(draft.delta())

    (repeat,) = find_repeats(tables, library())
    assert repeat.are_groups
    assert len(repeat.parts) == 3
    assert repeat.size == 4


def test_nothing_is_found_where_nothing_repeats():
    assert found(example("lenet5")) == []


def test_names_come_from_what_the_layers_are_called():
    tables = chain(1)
    draft = Draft(tables, library())
    ids = [draft.add("ReLU", f"/encoder/layer.3/{name}") for name in ("act", "act_1")]
    tables.apply(draft.delta())
    assert block_name(tables, ids) == "encoder/layer.3"
    assert block_name(tables, [tables.named(None, "image")]) == "block"


def test_looking_can_be_cancelled_and_tells_how_far_it_is():
    told = []

    class Task:
        def step(self, done, total, text):
            told.append((done, total, text))

    find_repeats(layout_graphs.transformer(2), library(), Task())
    assert told == [(0, 1, "Looking for repeated blocks")]
