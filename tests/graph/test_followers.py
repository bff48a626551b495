"""What usually follows: counted in networks, and used to rank what a person may add."""

from itertools import islice

import pytest

from sketch.graph import examples
from sketch.graph.dims import symbol
from sketch.graph.evaluate import resolve
from sketch.graph.followers import Followers, counted, pairs_in
from sketch.graph.network import build_network
from sketch.graph.rows import Edge, Node, ValueType
from sketch.graph.suggest import Spot, misfit, suggestions
from sketch.resources_root import resource_root
from tests.graph.random_edits import library

IMAGE = ValueType("float32", (symbol("N"), 64, 56, 56))
VECTOR = ValueType("float32", (symbol("N"), 512))
WORDS = ValueType("int64", (symbol("N"), 16))


@pytest.fixture(scope="module")
def followers() -> Followers:
    """The table that the project ships."""
    return Followers.load(resource_root() / "followers.yaml")


def first(found, count: int) -> list[str]:
    return list(islice(found, count))


def test_pairs_are_the_wires_of_a_network(board) -> None:
    board.edit(lambda draft: examples.build("lenet5", draft))
    pairs = pairs_in(build_network(board.tables, board.library))
    nodes = board.tables.nodes
    assert pairs == {(nodes[e.source].layer, nodes[e.target].layer) for n in nodes.values() for e in n.next}
    assert ("Conv2d", "Tanh") in pairs


def test_a_pair_counts_once_a_network() -> None:
    one, other = frozenset({("a", "b"), ("b", "c")}), frozenset({("a", "b"), ("a", "a")})
    assert counted([one, other]) == {"a": {"b": 2, "a": 1}, "b": {"c": 1}}
    table = Followers(counted([one, other]))
    assert table.after("a") == {"b": 1.0, "a": 0.5}
    assert table.before("b") == {"a": 1.0}
    assert table.after("unheard of") == {}


def test_the_table_names_layers_that_there_are(followers) -> None:
    names = {layer for layer, readers in followers._after.items() for layer in (layer, *readers)}
    assert {name for name in names if name not in library()} == set()
    assert len(names) > 60


def test_after_a_convolution_come_norm_and_activation(followers) -> None:
    found = suggestions(library(), followers, Spot("Conv2d", IMAGE))
    assert set(first(found, 2)) == {"BatchNorm2d", "ReLU"}
    assert found["BatchNorm2d"].is_usual
    assert not found["LSTM"].is_usual


def test_what_does_not_fit_comes_last(followers) -> None:
    for kind in (IMAGE, VECTOR, WORDS):
        found = suggestions(library(), followers, Spot("Conv2d", kind))
        fits = [not one.misfit for one in found.values()]
        assert fits == sorted(fits, reverse=True)
    assert "2-D" in suggestions(library(), followers, Spot("Conv2d", IMAGE))["MaxPool1d"].misfit
    assert suggestions(library(), followers, Spot("Flatten", VECTOR))["Conv2d"].misfit
    assert suggestions(library(), followers, Spot("Input", WORDS))["Embedding"].misfit == ""
    assert first(suggestions(library(), followers, Spot("Input", WORDS)), 1) == ["Embedding"]


@pytest.mark.parametrize("kind", [IMAGE, VECTOR, WORDS], ids=["image", "vector", "words"])
def test_a_misfit_is_what_inference_would_say(kind) -> None:
    for spec in library():
        if spec.group or len(spec.inputs) != 1:
            continue
        node = Node(0, spec.name, "x", prior=(Edge(-1, 0, 0, 0),))
        problems = resolve(node, spec, (kind,), {}, ()).problems
        errors = [p.message for p in problems if p.severity == "error" and p.code != "input-missing"]
        assert misfit(spec, kind) == (errors[0] if errors else "")


def test_in_front_of_a_layer_and_into_a_wire(followers) -> None:
    before = suggestions(library(), followers, Spot(before="BatchNorm2d"))
    assert first(before, 1) == ["Conv2d"]
    assert "Output" not in before
    between = suggestions(library(), followers, Spot("Conv2d", IMAGE, "ReLU"))
    assert first(between, 1) == ["BatchNorm2d"]
    assert "Input" not in between


def test_what_was_used_last_goes_up_and_the_usual_stays_first(followers) -> None:
    spot = Spot("Conv2d", IMAGE)
    plain = suggestions(library(), followers, spot)
    recent = suggestions(library(), followers, spot, ["Mish", "Hardswish"])
    assert recent["Mish"].rank < plain["Mish"].rank
    assert recent["Mish"].rank < 6
    assert first(recent, 1) == first(plain, 1)
    assert first(suggestions(library(), followers, Spot()), 2) == ["Input", "Conv2d"]
    assert first(suggestions(library(), followers, Spot(), ["GELU"]), 1) == ["GELU"]
