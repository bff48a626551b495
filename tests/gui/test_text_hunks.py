"""The places where two texts differ: whatever was edited, the other text comes out, and far places stay two."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sketch.gui import text_hunks
from sketch.gui.text_hunks import Hunk, hunks

LINES = [f"self.layer_{number} = conv({number})" for number in range(3000)]
texts = st.lists(st.sampled_from(["", "a", "b", "ab", "ba", "abc"]), max_size=30)


def applied(before: str, found: list[Hunk]) -> str:
    lines = before.split("\n")
    for hunk in reversed(found):
        lines[hunk.start : hunk.end] = hunk.lines
    return "\n".join(lines)


@pytest.fixture(params=[False, True], ids=["usual", "everything small"])
def sizes(request, monkeypatch):
    if request.param:  # so that short texts come to every border
        for name, value in {"NEAR": 1, "FAR": 2, "MOST": 2, "CHUNK": 4}.items():
            monkeypatch.setattr(text_hunks, name, value)


def test_the_places_make_one_text_of_the_other(sizes):
    @settings(max_examples=500)
    @given(texts, texts)
    def check(one: list[str], other: list[str]) -> None:
        before, after = "\n".join(one), "\n".join(other)
        found = hunks(before, after)
        assert applied(before, found) == after
        assert all(hunk.end > hunk.start or hunk.lines for hunk in found)
        assert all(one.end < other.start for one, other in pairwise(found))

    check()


@pytest.mark.parametrize("sizes", [True], indirect=True)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\nii\n", "\nii\n\naa\nhh\ne\n\nd\n"),
        ("a\njj\n\njj\nb", "a\njj\njj\nb"),
        ("", "a"),
        ("a", ""),
        ("x\na", "a"),
    ],
)
def test_ends_and_beginnings(sizes, before, after):
    assert applied(before, hunks(before, after)) == after


def test_the_same_text_has_no_place():
    assert hunks("\n".join(LINES), "\n".join(LINES)) == []


def test_lines_far_apart_are_places_of_their_own():
    lines = list(LINES)
    del lines[2500:2502]
    lines[40] = "changed"
    lines[7:7] = ["new", "too"]
    assert hunks("\n".join(LINES), "\n".join(lines)) == [
        Hunk(7, 7, ["new", "too"]),
        Hunk(40, 41, ["changed"]),
        Hunk(2500, 2502, []),
    ]


def test_what_was_prepared_is_for_these_texts_alone(monkeypatch):
    one, other, third = ("\n".join(map(str, range(n))) for n in (5, 7, 9))
    text_hunks.prepare(one, other)
    assert text_hunks.taken(one, third) == hunks(one, third)
    text_hunks.prepare(one, other)
    expected = hunks(one, other)
    monkeypatch.setattr(text_hunks, "hunks", None)
    assert text_hunks.taken(one, other) == expected


def test_a_change_everywhere_is_one_place():
    found = hunks("\n".join(LINES), "\n".join(f"{line}  # twice" for line in LINES))
    assert [(hunk.start, hunk.end, len(hunk.lines)) for hunk in found] == [(0, 3000, 3000)]
