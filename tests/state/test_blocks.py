"""Blocks of the person's own: described, renamed, given to others, linked where that was asked for."""

import zipfile

import pytest

from sketch.graph.geometry import NODE_HEIGHT, NODE_WIDTH
from sketch.graph.linking.rows import instances
from sketch.state import commands
from sketch.state.blocks import BlockError, Blocks
from tests.graph.linking.blocks import member


@pytest.fixture
def kept(document, tmp_path):
    """Blocks in a folder with one block `cell` (Linear → ReLU), the document and its group."""
    linear = commands.add_layer(document, "Linear", (0, 0), params={"out_features": 4})
    relu = commands.append_layer(document, "ReLU", [linear])
    group = commands.group(document, [linear, relu])
    made = Blocks(tmp_path / "blocks")
    made.save(document, group, "cell", "Linear and ReLU", linked=True, picture=b"png")
    return made, document, group


def test_what_is_said_of_a_block_is_kept(kept):
    blocks, _, _ = kept
    found = blocks.about("cell")
    assert (found.description, found.linked, found.picture.read_bytes()) == ("Linear and ReLU", True, b"png")


def test_copies_of_a_linked_block_are_linked_as_long_as_they_are_like_it(kept):
    blocks, document, _ = kept
    first, second = (blocks.insert(document, "cell", (x, 300)) for x in (0, 300))
    assert instances(document.tables, first) == (first, second)

    commands.set_param(document, [member(document.tables, first, "fc1")], "out_features", 9)
    assert document.tables.nodes[member(document.tables, second, "fc1")].params["out_features"] == 9

    third = blocks.insert(document, "cell", (600, 300))
    assert instances(document.tables, third) == ()


@pytest.mark.parametrize("linked", [True, False])
def test_a_copy_that_would_cover_something_is_put_beside_it(kept, linked):
    made, document, group = kept
    made.save(document, group, "other", linked=linked)
    here = document.tables.places[group]
    steps = len(document.history)
    copy = document.tables.places[made.insert(document, "other", (here.x, here.y))]
    assert abs(copy.x - here.x) >= NODE_WIDTH or abs(copy.y - here.y) >= NODE_HEIGHT
    assert len(document.history) == steps + 1
    far = document.tables.places[made.insert(document, "other", (5000.0, 0.0))]
    assert (far.x, far.y) == (5000.0, 0.0)


def test_a_block_gets_another_name(kept):
    blocks, document, group = kept
    blocks.save(document, group, "other")
    with pytest.raises(BlockError, match="already"):
        blocks.rename("cell", "other")
    blocks.rename("cell", "a/b.c")
    assert blocks.names() == ("a/b.c", "other")
    assert blocks.about("a/b.c").linked


def test_a_block_goes_out_as_a_file_and_comes_in_elsewhere(kept, tmp_path):
    blocks, document, _ = kept
    path = tmp_path / "cell.sketchblock"
    blocks.export("cell", path)
    there = Blocks(tmp_path / "there")

    assert there.take_in(path) == "cell"
    assert there.take_in(path) == "cell 2"
    assert there.about("cell 2").description == "Linear and ReLU"
    assert member(document.tables, there.insert(document, "cell", (0, 0)), "fc1")


@pytest.mark.parametrize("name", ["../out", "/out", "a/../../out", "c:out", "..\\out"])
def test_a_file_that_reaches_outside_is_refused(kept, tmp_path, name):
    blocks, _, _ = kept
    path = tmp_path / "bad.sketchblock"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(name, b"x")
    with pytest.raises(BlockError, match="outside of itself"):
        blocks.take_in(path)
    assert not (tmp_path / "out").exists()
    assert blocks.names() == ("cell",)


@pytest.mark.parametrize("content", [b"", b"no zip", None])
def test_what_is_no_block_is_refused_in_one_line(kept, tmp_path, content):
    blocks, _, _ = kept
    path = tmp_path / "bad.sketchblock"
    if content is None:
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("block.json", b"{}")
    else:
        path.write_bytes(content)
    with pytest.raises(BlockError, match="cannot be read as a block"):
        blocks.take_in(path)
    assert blocks.names() == ("cell",)


def test_a_file_that_grows_beyond_reason_is_refused(kept, tmp_path):
    blocks, _, _ = kept
    path = tmp_path / "bomb.sketchblock"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("block.json", bytes(1 << 20))
    with pytest.raises(BlockError, match="claims to hold more"):
        blocks.take_in(path)
