"""Typing narrows a list: every word must be found, and the best title comes first."""

from sketch.gui.choices import Choice, matching

LAYERS = [
    Choice("Conv2d", "Conv 2D", words=("Conv2d", "Convolution", "cnn")),
    Choice("ConvTranspose2d", "Transposed Conv 2D", words=("deconvolution",)),
    Choice("Linear", "Linear", words=("dense", "fully connected"), rank=1),
    Choice("Bilinear", "Bilinear", rank=0),
]


def keys(typed: str) -> list[str]:
    return [choice.key for choice in matching(LAYERS, typed)]


def test_nothing_typed_shows_all_by_rank():
    assert keys("")[-1] == "Linear"
    assert len(keys("")) == 4


def test_a_title_that_starts_so_comes_before_one_that_holds_it():
    assert keys("conv") == ["Conv2d", "ConvTranspose2d"]
    assert keys("linear") == ["Linear", "Bilinear"]


def test_search_words_count_and_all_words_must_match():
    assert keys("dense") == ["Linear"]
    assert keys("conv trans") == ["ConvTranspose2d"]
    assert keys("dense conv") == []


COMMANDS = [
    Choice(title, title)
    for title in (
        "Frame around the selection",
        "Frame selection",
        "Frame everything",
        "Arrange the selection",
        "Select all",
        "Save as",
    )
]


def commands(typed: str) -> list[str]:
    return [choice.key for choice in matching(COMMANDS, typed)]


def test_beginnings_of_words_in_their_order_find_a_title():
    assert commands("fs") == ["Frame selection", "Frame around the selection"]  # without a word between
    assert commands("frsel")[0] == "Frame selection"
    assert commands("sa") == ["Save as", "Select all"]  # a title that begins so comes first
    assert [choice.key for choice in matching(LAYERS, "c2")] == ["Conv2d", "ConvTranspose2d"]


def test_letters_in_their_order_find_a_title_when_nothing_better_does():
    assert commands("frevng") == ["Frame everything"]
    assert commands("xq") == []
    assert "Arrange the selection" in commands("selection")
