"""The query language: what is written is read back, mistakes are marked, and a drawing answers by its own numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sketch.graph import examples
from sketch.graph.freezing import set_frozen
from sketch.graph.query import (
    FIELDS,
    NUMBERS,
    STATES,
    Either,
    Every,
    Not,
    QueryError,
    Term,
    Word,
    parse,
    write,
)
from sketch.graph.query_match import in_order, matcher
from tests.graph.conftest import Board

BARE = st.text("abcxyzABC0123456789_*?.,×/-", min_size=1, max_size=8).filter(
    lambda text: text[0] not in "-|" and text not in ("or", "OR", "and", "AND")
)
QUOTED = st.text(max_size=12)
WORDS = st.one_of(BARE.map(Word), QUOTED.map(lambda text: Word(text, literal=True)))
TEXT_FIELDS = st.sampled_from(sorted(set(FIELDS) - {"is", "id"}))
TERMS = st.one_of(
    st.builds(Term, TEXT_FIELDS, st.sampled_from((":", "=", "!=")), BARE),
    st.builds(Term, TEXT_FIELDS, st.sampled_from((":", "=")), QUOTED, st.just(True)),
    st.builds(Term, st.sampled_from(sorted(NUMBERS)), st.sampled_from(("=", "<", ">=")), st.just("1e6")),
    st.builds(Term, st.sampled_from(("kernel_size", "p", "Eps")), st.sampled_from(("=", "!=", ":")), BARE),
    st.builds(Term, st.just("is"), st.just(":"), st.sampled_from(sorted(STATES))),
    st.builds(Term, st.just("id"), st.just(":"), st.integers(0, 99).map(str)),
)


def _deeper(inner):
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(inner.map(Not), several.map(Every), several.map(Either))


QUERIES = st.one_of(st.just(Every()), st.recursive(st.one_of(WORDS, TERMS), _deeper, max_leaves=8))


@given(QUERIES)
def test_what_is_written_is_read_back(query) -> None:
    assert parse(write(query)) == query


@given(st.one_of(st.text(max_size=30), st.text('ab:=<>-()"* or\\', max_size=20)))
def test_any_text_is_a_query_or_has_its_mistake_marked(text) -> None:
    mistake = _mistake(text)
    if mistake is not None:
        assert 0 <= mistake.start < mistake.end <= len(text)
        assert "\n" not in str(mistake).replace(text, "")


def _mistake(text: str) -> QueryError | None:
    try:
        parse(text)
    except QueryError as mistake:
        return mistake
    return None


@pytest.mark.parametrize(
    ("text", "marked", "said"),
    [
        ("conv (a b", "(", "not closed"),
        ("conv )", ")", "no '('"),
        ('name:"a b', '"a b', "quotes"),
        ("relu or", "or", "after 'or'"),
        ("or relu", "or", "before 'or'"),
        ("relu -", "-", "after '-'"),
        ("relu type:", "type:", "type:Conv2d"),
        ("params:3", "params:3", "params>1e6"),
        ("params>many", "params>many", "number"),
        ("kernel_size>x", "kernel_size>x", "number"),
        ("name>3", "name>3", "name:conv1"),
        ("is:broken", "is:broken", "error, warning"),
        ("id:x", "id:x", "whole number"),
        ("()", "()", "nothing between"),
        ("-" * 60 + "a", "-", "nested"),
    ],
)
def test_a_mistake_is_said_where_it_is(text, marked, said) -> None:
    with pytest.raises(QueryError, match=said.replace("(", r"\(").replace(")", r"\)")) as caught:
        parse(text)
    assert text[caught.value.start : caught.value.end] == marked


@pytest.fixture
def lenet(board):
    """LeNet-5 as the welcome page draws it."""
    board.edit(lambda draft: examples.build("lenet5", draft))
    return board


@pytest.fixture
def resnet(board):
    """ResNet-18 with its groups."""
    board.edit(lambda draft: examples.build("resnet18", draft))
    return board


def found(board, text: str, selected=()) -> list[str]:
    """Names of what a query finds, in the order of the network."""
    test = matcher(parse(text), board.tables, board.inference, selected)
    return [node.name for node in in_order(board.tables, board.inference) if test(node)]


def count(board, text: str) -> int:
    return len(found(board, text))


def layers(board, layer: str) -> int:
    return sum(node.layer == layer for node in board.tables.nodes.values())


def test_words_look_at_names_and_types_without_capitals(resnet) -> None:
    assert count(resnet, "CONV2D") == layers(resnet, "Conv2d") == 20
    assert count(resnet, "conv1") >= 9
    assert found(resnet, "layer2.0.conv1") == ["conv1"]
    assert count(resnet, '"conv 2d"') == 20  # the title
    assert count(resnet, "bn?") == sum(n.name in ("bn1", "bn2") for n in resnet.tables.nodes.values())
    assert found(resnet, '"bn?"') == []


def test_a_type_is_that_type_when_there_is_one(board) -> None:
    board.chain("Input", "ReLU", "ReLU6", "Linear", "Bilinear")
    assert found(board, "type:ReLU") == [n.name for n in board.tables.nodes.values() if n.layer == "ReLU"]
    assert count(board, "type:relu*") == 2
    assert count(board, "type:line") == 2
    assert count(board, "type!=ReLU") == 4


def test_a_group_is_all_that_is_inside(resnet) -> None:
    tables = resnet.tables
    stage = tables.named(None, "layer1")
    inside = [n for n in tables.nodes.values() if any(p == stage for p in _above(tables, n))]
    assert count(resnet, "group:layer1") == len(inside) > 10
    assert count(resnet, "group:layer1.0") + count(resnet, "group:layer1.1") == len(inside) - 2
    assert count(resnet, "-group:*") == len(tables.children(None))


def _above(tables, node):
    while node.parent is not None:
        yield node.parent
        node = tables.nodes[node.parent]


def test_parameters_are_compared(resnet) -> None:
    nodes, of = resnet.tables.nodes.values(), resnet.inference.of
    convolutions = [n for n in nodes if n.layer == "Conv2d"]
    pools = [n for n in nodes if "kernel_size" in of(n.id).params and n.layer != "Conv2d"]
    big = [n for n in convolutions + pools if max(of(n.id).params["kernel_size"]) > 3]
    assert count(resnet, "kernel_size>3") == len(big) == 1
    assert count(resnet, "type:Conv2d kernel_size=3") == 16
    assert count(resnet, "type:Conv2d kernel_size=3x3") == 16
    assert count(resnet, "type:Conv2d kernel_size!=3") == 4
    assert count(resnet, "out_channels>=512") == sum(
        of(n.id).params["out_channels"] >= 512 for n in convolutions
    )
    assert count(resnet, "type:Conv2d bias=false") == 20
    assert count(resnet, "type:Conv2d bias:true") == 0
    assert count(resnet, "padding_mode:zer padding_mode=zeros") == 20


def test_an_unknown_name_is_said_with_the_nearest(lenet) -> None:
    with pytest.raises(QueryError, match="did you mean kernel_size") as caught:
        found(lenet, "conv kernal_size>3")
    assert (caught.value.start, caught.value.end) == (5, 18)
    with pytest.raises(QueryError, match="did you mean type"):
        found(lenet, "tipe:Conv2d")


def test_shapes_with_wildcards_and_in_part(resnet) -> None:
    assert count(resnet, "out:*x512x7x7") == count(resnet, "out:512x7x7") > 5
    assert count(resnet, "out:512") == count(resnet, "out:*x512x*") + count(resnet, "out:*x512")
    assert count(resnet, "out:51") == 0
    assert found(resnet, "out=Nx1000") == found(resnet, "out:N×1000") != []
    assert set(found(resnet, "shape:*x512*")) >= set(found(resnet, "in:*x512*"))


def test_numbers_of_a_layer(lenet) -> None:
    of = lenet.inference.of
    nodes = lenet.tables.nodes.values()
    assert count(lenet, "params>10k") == sum((of(n.id).parameters or 0) > 10_000 for n in nodes) == 2
    first = next(n for n in nodes if n.layer == "Conv2d")
    macs = 6 * 28 * 28 * 25  # one image through the first convolution
    assert first.name in found(lenet, f"flops={2 * macs}")
    assert first.name not in found(lenet, f"flops>{2 * macs}")
    assert first.name in found(lenet, f"memory={6 * 28 * 28 * 4}")


def test_states(lenet) -> None:
    tables = lenet.tables
    conv = next(n.id for n in tables.nodes.values() if n.layer == "Conv2d")
    lenet.edit(lambda draft: set_frozen(draft, conv, ["weight"]))
    lonely = lenet.edit(lambda draft: draft.add("Linear", "lonely"))
    assert found(lenet, "is:frozen") == [tables.nodes[conv].name]
    assert found(lenet, "is:unconnected") == ["lonely"]
    assert found(lenet, "is:selected", [lonely]) == ["lonely"]
    assert found(lenet, "is:input or is:output") == [
        n.name for n in in_order(tables, lenet.inference) if n.layer in ("Input", "Output")
    ]
    assert found(lenet, f"id:{conv}") == [tables.nodes[conv].name]
    errors = {problem.node for problem in lenet.inference.problems() if problem.severity == "error"}
    assert count(lenet, "is:error") == len(errors)


def test_tensors_by_role_and_path(resnet) -> None:
    norms = layers(resnet, "BatchNorm2d")
    assert count(resnet, "tensor:running_mean") == norms == 20
    assert count(resnet, "tensor:*.running_mean") == norms
    assert found(resnet, "weight:layer4.1.bn2.running_var") == ["bn2"]
    assert count(resnet, "dtype:float32") > 20
    assert count(resnet, "dtype:float") == 0


@given(first=QUERIES, second=QUERIES)
def test_and_or_not_are_sets(first, second) -> None:
    board = _drawn()
    everything = {node.id for node in board[0].nodes.values()}

    def ids(query):
        test = matcher(query, *board)
        return {node.id for node in board[0].nodes.values() if test(node)}

    assert ids(Every((first, second))) == ids(first) & ids(second)
    assert ids(Either((first, second))) == ids(first) | ids(second)
    assert ids(Not(first)) == everything - ids(first)


def _drawn(kept: list = []):  # noqa: B006 - drawn once
    if not kept:
        board = Board()
        board.edit(lambda draft: examples.build("lenet5", draft))
        kept.append((board.tables, board.inference))
    return kept[0]
