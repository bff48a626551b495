"""Which tensor of a file belongs to which of a network, and what is said about the rest."""

import numpy as np
import pytest

from sketch.binder.matching import MatchReport, Pair, match


def kinds(**shapes):
    return {key.replace("__", "."): (shape, "float32") for key, shape in shapes.items()}


NET = kinds(
    stem__weight=(8, 3),
    stem__bias=(8,),
    blocks__0__weight=(8, 8),
    blocks__1__weight=(8, 8),
    head__weight=(10, 8),
)


def renamed(change):
    return {change(key): kind for key, kind in NET.items()}


def test_the_same_keys_are_all_matched():
    report = match(NET, NET)
    assert report.complete
    assert report.summary == "5 matched"
    assert {pair.how for pair in report.pairs} == {"key"}


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "model.", "module._orig_mod.", "net.backbone."])
def test_a_prefix_of_either_side_is_seen_through(prefix):
    longer = renamed(lambda key: prefix + key)
    for wanted, given in ((NET, longer), (longer, NET)):
        report = match(wanted, given)
        assert report.complete, report
        strip = lambda key: key.removeprefix(prefix)  # noqa: E731
        assert all(strip(pair.wanted) == strip(pair.given) and pair.how == "prefix" for pair in report.pairs)


def test_a_wrapper_in_the_middle_is_seen_through():
    report = match(NET, renamed(lambda key: key.replace("blocks.", "blocks._orig_mod.")))
    assert report.complete


def test_two_prefixes_in_one_file():
    given = renamed(lambda key: ("cls." if key.startswith("head") else "backbone.") + key)
    assert match(NET, given).complete


def test_shapes_that_differ_are_named_and_not_taken():
    given = {**NET, "head.weight": ((1000, 8), "float32")}
    report = match(NET, given)
    assert len(report.pairs) == 4
    assert not report.missing
    assert not report.unexpected
    assert str(report.misfit[0]) == "head.weight: needs 10×8, the file has 1000×8"


def test_missing_and_unexpected_are_named_in_order():
    given = {key: kind for key, kind in NET.items() if key != "stem.bias"} | kinds(fc__scale=(4,))
    report = match(NET, given)
    assert report.missing == ("stem.bias",)
    assert report.unexpected == ("fc.scale",)
    assert dict(report.lines()) == {"missing in the file": "stem.bias", "not used": "fc.scale"}
    assert report.summary == "4 matched, 1 missing, 1 unexpected"


def test_another_name_of_a_group_is_matched_by_its_end_and_shape():
    wanted = kinds(classifier__fc__weight=(10, 8), classifier__fc__bias=(10,), other__fc__bias=(3,))
    report = match(wanted, kinds(top__fc__weight=(10, 8), top__fc__bias=(10,)))
    assert {(pair.wanted, pair.given, pair.how) for pair in report.pairs} == {
        ("classifier.fc.weight", "top.fc.weight", "suffix"),
        ("classifier.fc.bias", "top.fc.bias", "suffix"),
    }
    assert report.missing == ("other.fc.bias",)


def test_a_name_that_says_nothing_is_no_match():
    report = match(kinds(conv1__bias=(6,)), kinds(stem__bn__bias=(6,)))
    assert not report.pairs


def test_what_could_be_two_is_not_guessed():
    report = match(kinds(a__weight=(4,), b__weight=(4,)), kinds(c__weight=(4,)))
    assert not report.pairs
    assert len(report.missing) == 2


def test_a_change_of_element_type_is_said():
    report = match(NET, {key: (kind[0], "float16") for key, kind in NET.items()})
    assert report.pairs[0] == Pair("stem.weight", "stem.weight", "key", "float16 to float32")
    assert next(iter(report.lines()))[0] == "of another element type"


def test_no_tensor_is_used_twice_whatever_the_keys():
    draw = np.random.default_rng(0)
    parts = ["a", "b", "module", "weight", "bias", "0", "1"]
    for _ in range(200):
        wanted, given = (
            {
                ".".join(draw.choice(parts, draw.integers(1, 5))): ((int(draw.integers(1, 3)),), "float32")
                for _ in range(8)
            }
            for _ in range(2)
        )
        report = match(wanted, given)
        used = [pair.given for pair in report.pairs] + [item.given for item in report.misfit]
        met = [pair.wanted for pair in report.pairs] + [item.wanted for item in report.misfit]
        assert sorted([*used, *report.unexpected]) == sorted(given)
        assert sorted([*met, *report.missing]) == sorted(wanted)
        assert all(wanted[pair.wanted][0] == given[pair.given][0] for pair in report.pairs)
        assert all(item.wanted_kind[0] != item.given_kind[0] for item in report.misfit)


def test_nothing_matches_nothing():
    assert match({}, {}) == MatchReport()
