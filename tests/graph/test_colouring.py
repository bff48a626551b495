"""Colours as numbers: against the network's own totals, networkx and numpy; and after edits as if counted anew."""

from collections import Counter

import networkx as nx
import numpy as np
import pytest

from sketch.binder.surgery.weights_sums import PIECE, weight_sums
from sketch.graph import colour_values, examples, shading
from sketch.graph.colour_rules import RULES, Facts, WeightSums
from sketch.graph.colour_scale import STEPS, Scale, mixture
from sketch.graph.colour_values import ColourValues
from sketch.graph.colouring import OTHER, Colouring
from sketch.graph.cost import flops
from sketch.graph.dims import substitute
from sketch.graph.draft import Draft
from sketch.graph.infer import Inference
from sketch.graph.network import build_network
from sketch.graph.rows import edges_of
from sketch.graph.shading import SERIES
from sketch.graph.tables import Tables
from tests.graph.random_edits import library as real_library


class Drawing:
    """Rows with what is inferred of them, and edits."""

    def __init__(self, library, key=None):
        self.library, self.tables, self.inference = library, Tables(), Inference(library)
        self.edit(lambda draft: examples.build(key, draft) if key else None)

    def edit(self, change):
        """Apply what `change(draft)` draws; the Delta and what inference says of it."""
        draft = Draft(self.tables, self.library)
        change(draft)
        return self.apply(draft.delta())

    def apply(self, delta):
        self.tables.apply(delta)
        return delta, self.inference.follow(self.tables, delta).changed

    def named(self, *path):
        found = None
        for name in path:
            found = self.tables.named(found, name)
        return found

    @property
    def facts(self):
        return Facts(self.tables, self.inference)

    def colouring(self, key):
        return Colouring(RULES[key], self.facts)

    def groups(self):
        return [n for n, node in self.tables.nodes.items() if self.library[node.layer].group]

    def inside(self, group):
        for child in self.tables.children(group):
            yield child
            yield from self.inside(child)


@pytest.fixture
def library():
    return real_library()


@pytest.fixture
def resnet(library):
    return Drawing(library, "resnet18")


def leaves(drawing, parent=None):
    groups = set(drawing.groups())
    return [n for n in drawing.inside(parent) if n not in groups]


def test_parameters_of_groups_are_the_sums_of_their_members(resnet):
    found = resnet.colouring("parameters")
    for group in resnet.groups():
        assert found.number(group) == sum(resnet.inference.of(n).parameters for n in leaves(resnet, group))
    top = [n for n in resnet.tables.children(None) if found.number(n)]
    assert sum(found.number(n) for n in top) == 11_689_512  # as torchvision counts


def test_operations_add_up_to_those_of_the_network(resnet):
    found = resnet.colouring("flops")
    network = build_network(resnet.tables, resnet.library)
    total = substitute(flops(network), {"N": 1})
    assert sum(found.number(n) or 0 for n in leaves(resnet)) == total


def test_memory_is_the_bytes_of_the_outputs(resnet):
    found = resnet.colouring("memory")
    assert found.number(resnet.named("conv1")) == 64 * 112 * 112 * 4
    assert found.number(resnet.named("image")) == 3 * 224 * 224 * 4


def test_depth_is_the_longest_way_from_an_input(resnet):
    graph = nx.DiGraph([(edge.source, edge.target) for edge in edges_of(resnet.tables.nodes)])
    found = resnet.colouring("depth")
    start = resnet.named("image")
    for node_id in leaves(resnet):
        ways = nx.descendants(graph, start) | {start}
        assert (found.number(node_id) is not None) == (node_id in ways)
    longest = nx.dag_longest_path_length(graph)
    assert found.scale == Scale(0.0, longest)
    joins = [n for n in leaves(resnet) if len(resnet.tables.nodes[n].prior) > 1]
    for node_id in joins:
        before = [found.number(edge.source) for edge in resnet.tables.nodes[node_id].prior]
        assert found.number(node_id) == max(before) + 1


def test_a_group_begins_where_its_first_layer_does(resnet):
    found = resnet.colouring("depth")
    for group in resnet.groups():
        assert found.number(group) == min(found.number(n) for n in leaves(resnet, group))


def test_kinds_are_counted_and_the_most_frequent_come_first(resnet):
    kinds = resnet.colouring("layer").kinds()
    layers = [resnet.tables.nodes[n].layer for n in leaves(resnet)]
    assert {kind.name: kind.count for kind in kinds} == {layer: layers.count(layer) for layer in set(layers)}
    assert [kind.count for kind in kinds] == sorted((kind.count for kind in kinds), reverse=True)
    assert [kind.shade for kind in kinds] == list(range(len(kinds)))


def test_groups_are_mixtures_of_their_members(resnet):
    found = resnet.colouring("layer")
    names = found.names
    for group in resnet.groups():
        layers = [resnet.tables.nodes[n].layer for n in leaves(resnet, group)]
        for shade, share in found.shades[group]:
            assert share == pytest.approx(layers.count(names[shade]) / len(layers), abs=1 / 16)


def test_kinds_beyond_the_palette_share_one_colour(library):
    drawing = Drawing(library)
    many = (
        "ReLU",
        "GELU",
        "Tanh",
        "Sigmoid",
        "SiLU",
        "ELU",
        "SELU",
        "Softplus",
        "Mish",
        "Hardtanh",
        "Softsign",
    )
    drawing.edit(lambda draft: [draft.add(layer) for layer in many])
    found = drawing.colouring("layer")
    *own, other = found.kinds()
    assert len(own) == SERIES
    assert (other.name, other.shade, other.count) == (OTHER, SERIES, len(many) - SERIES)
    assert len(found.of_kind(OTHER)) == other.count
    assert {found.shades[n] for n in found.of_kind(OTHER)} == {SERIES}


def test_a_kind_keeps_its_colour_when_others_come_and_go(library):
    lenet = Drawing(library, "lenet5")
    found = lenet.colouring("layer")
    before = {kind.name: kind.shade for kind in found.kinds()}
    delta, changed = lenet.edit(lambda draft: [draft.add("GELU") for _ in range(60)])
    found.follow(delta, changed)
    after = {kind.name: kind.shade for kind in found.kinds()}
    assert before.items() <= after.items()
    assert after["GELU"] == len(before)
    found.restart()
    assert {kind.name: kind.shade for kind in found.kinds()} == after


def test_layers_that_a_rule_says_nothing_of_are_missing(resnet):
    found = resnet.colouring("parameters")
    rest = set(found.rest())
    assert rest == {n for n in leaves(resnet) if not resnet.inference.of(n).parameters}
    assert not rest & found.shades.keys()


@pytest.mark.parametrize("key", ["parameters", "flops", "type", "frozen"])
def test_what_is_counted_for_a_legend_is_what_would_be_chosen(resnet, key):
    found = resnet.colouring(key)
    assert found.count_rest() == len(found.rest())
    steps = found.steps()
    layers = [found.shades[n] for n in leaves(resnet) if n in found.shades]
    assert {shade: count for shade, count in steps.items() if count} == Counter(layers)
    if found.rule.scale:
        for low in range(STEPS):
            assert len(found.between(low, STEPS - 1)) == sum(steps[shade] for shade in range(low, STEPS))


def test_groups_are_told_apart_at_the_outermost_level_with_more_than_one(resnet):
    names = [kind.name for kind in resnet.colouring("group").kinds()]
    assert names == ["layer1", "layer2", "layer3", "layer4"]
    outer = Drawing(resnet.library, "resnet18")
    from sketch.graph.grouping import group

    outer.edit(lambda draft: group(draft, outer.tables.children(None), name="model"))
    found = [kind.name for kind in outer.colouring("group").kinds()]
    assert found == ["model", *(f"model.{name}" for name in names)]


def test_frozen_and_problems(resnet):
    from sketch.graph.freezing import set_frozen

    conv = resnet.named("conv1")
    found = resnet.colouring("frozen")
    assert [kind.name for kind in found.kinds()] == ["Trained"]
    delta, changed = resnet.edit(lambda draft: set_frozen(draft, conv, ("weight",)))
    assert conv in found.follow(delta, changed)
    assert next((kind.name, kind.count) for kind in found.kinds()) == ("Frozen", 1)
    faults = resnet.colouring("problems")
    assert not faults.shades
    delta, changed = resnet.edit(lambda draft: draft.set_param(conv, "in_channels", 5))
    faults.follow(delta, changed)
    assert faults.of_kind("Errors") == [conv]


# --- edits -----------------------------------------------------------------------------------------


def counted(rule, facts) -> ColourValues:
    values = ColourValues(rule, facts)
    for _ in values.go_on():
        pass
    return values


@pytest.mark.parametrize("key", RULES)
def test_following_edits_gives_what_counting_anew_gives(library, key):
    drawing = Drawing(library, "resnet18")
    found = drawing.colouring(key)
    rng = np.random.default_rng(3)
    for step in range(25):
        delta, changed = drawing.edit(lambda draft, step=step: _edit(drawing, draft, rng, step))
        before = dict(found.shades)
        said = found.follow(delta, changed)
        fresh = counted(RULES[key], drawing.facts)
        assert found._values.values == fresh.values
        assert found._values.numbers == fresh.numbers
        differ = {n for n in before.keys() | found.shades.keys() if before.get(n) != found.shades.get(n)}
        assert said is None or differ <= said
        if RULES[key].scale:
            assert found.shades == drawing.colouring(key).shades


@pytest.mark.parametrize("key", RULES)
def test_edits_that_are_noted_between_portions_give_what_counting_anew_gives(library, key, monkeypatch):
    monkeypatch.setattr(colour_values, "PORTION", 3)
    monkeypatch.setattr(shading, "MANY", 4)
    drawing = Drawing(library, "resnet18")
    found, rng = drawing.colouring(key), np.random.default_rng(5)
    before, work = dict(found.shades), None
    for step in range(40):
        delta, changed = drawing.edit(lambda draft, step=step: _edit(drawing, draft, rng, step))
        if step % 13 == 12:
            found.note_all()
        else:
            found.note(delta, changed)
        work = work or found.go_on()
        for _ in range(int(rng.integers(0, 9))):
            work = None if work is None or next(work, found) is found else work
    told = found.finish()
    fresh = counted(RULES[key], drawing.facts)
    assert found.left == 0
    assert found._values.values == fresh.values
    assert found._values.numbers == fresh.numbers
    differ = {n for n in before.keys() | found.shades.keys() if before.get(n) != found.shades.get(n)}
    assert told is None or differ <= told
    assert found.shades.keys() == drawing.colouring(key).shades.keys()
    if RULES[key].scale:
        assert found.shades == drawing.colouring(key).shades


@pytest.mark.parametrize("key", RULES)
def test_what_is_counted_beside_is_what_is_counted_at_once(library, key, monkeypatch):
    monkeypatch.setattr(colour_values, "PORTION", 3)
    drawing = Drawing(library, "resnet18")
    begun = Colouring(RULES[key], drawing.facts, at_once=False)
    assert (begun.is_counted, begun.shades) == (False, {})
    work, steps = begun.go_on(), 0
    while next(work, begun) is not begun:
        steps += 1
        assert begun.is_counted == bool(begun.shades)
        if steps == 7:
            delta, changed = drawing.edit(lambda draft: draft.remove([drawing.named("layer2", "0", "conv1")]))
            begun.note(delta, changed)
    assert steps > 20
    assert begun.taken() is None
    assert begun.shades == drawing.colouring(key).shades
    assert begun.kinds() == drawing.colouring(key).kinds()


def _edit(drawing, draft, rng, step):
    from sketch.graph.grouping import group, ungroup

    nodes = drawing.tables.nodes
    plain = [n for n in nodes if n not in drawing.groups()]
    one = int(rng.choice(plain))
    match step % 5:
        case 0:
            draft.add("Linear", params={"out_features": 7}, parent=nodes[one].parent)
        case 1:
            draft.remove([one])
        case 2:
            convs = [n for n in plain if nodes[n].layer == "Conv2d"]
            draft.set_param(int(rng.choice(convs)), "out_channels", int(rng.integers(1, 40)))
        case 3:
            beside = drawing.tables.children(nodes[one].parent)
            group(draft, beside[:3])
        case 4:
            ungroup(draft, int(rng.choice(drawing.groups())))


def test_an_edit_names_only_what_it_changed(resnet):
    found = resnet.colouring("parameters")
    conv = resnet.named("layer2", "0", "conv1")
    delta, changed = resnet.edit(lambda draft: draft.set_param(conv, "bias", True))
    said = found.follow(delta, changed)
    assert said is not None
    assert len(said) <= 3  # the layer and the groups around it


# --- scales ----------------------------------------------------------------------------------------


def test_a_scale_over_decades_is_logarithmic():
    wide, narrow = Scale(1.0, 1e6), Scale(1.0, 50.0)
    assert wide.is_log
    assert not narrow.is_log
    assert wide.shade(1e3) == (STEPS - 1) / 2
    assert wide.value(0.5) == pytest.approx(1e3)
    assert narrow.shade(25.5) == (STEPS - 1) / 2
    assert [scale.shade(scale.low) for scale in (wide, narrow)] == [0, 0]
    assert [scale.shade(scale.high) for scale in (wide, narrow)] == [STEPS - 1] * 2


def test_equal_values_all_have_the_last_shade():
    assert Scale(3.0, 3.0).shade(3.0) == STEPS - 1


def test_shares_of_a_mixture_add_up():
    assert mixture({2: 5}) == 2
    assert mixture({2: 1, 5: 1}) == ((2, 0.5), (5, 0.5))
    assert mixture({1: 1000, 3: 1}) == 1  # one in a thousand is not seen
    assert sum(share for _, share in mixture({0: 3, 1: 5, 2: 7})) == pytest.approx(1.0)


# --- weights ---------------------------------------------------------------------------------------


def test_sums_of_tensors_are_those_of_all_their_numbers_together():
    rng = np.random.default_rng(0)
    tensors = [
        (rng.normal(size=(31, 7)) * 3 + 100).astype(np.float32),
        rng.normal(size=400).astype(np.float32),
    ]
    tensors[1][::4] = 0.0
    joined = sum((weight_sums(t, "float32") for t in tensors[1:]), weight_sums(tensors[0], "float32"))
    flat = np.concatenate([t.reshape(-1) for t in tensors]).astype(np.float64)
    reads = {key: RULES[key].read(joined) for key in RULES if RULES[key].needs_sums}
    assert reads["weight_mean"] == pytest.approx(np.abs(flat).mean())
    assert reads["weight_std"] == pytest.approx(flat.std(), rel=1e-12)
    assert reads["weight_largest"] == np.abs(flat).max()
    assert reads["weight_zeros"] == pytest.approx(100 * (flat == 0).mean())


def test_sums_leave_out_what_is_no_number_and_work_in_pieces():
    array = np.full(PIECE + 5, 2.0, np.float32)
    array[0], array[1] = np.nan, np.inf
    checks = []
    assert weight_sums(array, "float32", lambda: checks.append(1)) == WeightSums(
        PIECE + 3, 2.0, 0.0, 2.0 * (PIECE + 3), 2.0, 0
    )
    assert len(checks) == 2


def test_an_empty_tensor_counts_nothing():
    nothing = weight_sums(np.zeros((0, 4), np.float32), "float32")
    assert nothing.count == 0
    assert RULES["weight_mean"].read(nothing) is None
    assert nothing + WeightSums(1, 5.0, 0.0, 5.0, 5.0, 0) == WeightSums(1, 5.0, 0.0, 5.0, 5.0, 0)


def test_weights_are_unknown_until_they_are_measured(resnet):
    assert resnet.colouring("weight_std").shades == {}


def test_rules_look_at_the_weights_that_training_changes(resnet):
    from sketch.graph.colour_rules import digests_of
    from sketch.graph.rows import TensorRow

    bn = resnet.named("bn1")

    def store(draft):
        for number, role in enumerate(("weight", "running_mean")):
            row = draft.new_id()
            draft.put("tensors", row, TensorRow(row, f"d{number}", (64,), "float32"))
            draft.put("weights", (bn, role), row)

    found = resnet.colouring("weight_largest")
    delta, changed = resnet.edit(store)
    assert digests_of(resnet.tables, resnet.inference, bn) == ["d0"]
    found.follow(delta, changed)
    facts = Facts(resnet.tables, resnet.inference, {"d0": WeightSums(64, 1.0, 0.0, 64.0, 1.5, 0)})
    found.restart(facts)
    assert found.number(bn) == 1.5
    assert set(found.shades) == {bn}


def test_other_stands_for_the_kinds_without_a_colour(library):
    drawing = Drawing(library, "resnet18")
    drawing.edit(lambda draft: draft.add("GELU"))
    found = drawing.colouring("layer")
    assert found.expanded("Conv2d") == ["Conv2d"]
    assert set(found.expanded(OTHER)) == {"Output", "GELU"}


def test_a_legend_can_count_some_layers_only(resnet):
    found = resnet.colouring("layer")
    inside = list(resnet.inside(resnet.named("layer1")))
    assert {kind.name: kind.count for kind in found.kinds(inside)} == {
        "Conv2d": 4,
        "BatchNorm2d": 4,
        "ReLU": 4,
        "Add": 2,
    }
    assert resnet.colouring("parameters").rest(inside) == [
        n for n in inside if resnet.tables.nodes[n].layer in ("ReLU", "Add")
    ]
