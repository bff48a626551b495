"""Copy and paste with weights, within a document and between documents; and the person's own blocks."""

from dataclasses import replace

import numpy as np
import pytest

from sketch.binder.tensors import TensorStore
from sketch.graph import attachments
from sketch.graph.errors import GraphError
from sketch.graph.rows import ValueType
from sketch.state import blocks, commands
from sketch.state.blocks import BlockError, Blocks
from sketch.state.codec import CodecError
from sketch.state.commands import Clip, ClipError
from sketch.state.document import Document
from tests.graph.random_edits import laws, same_inference

WEIGHT = np.arange(64, dtype=np.float32)


@pytest.fixture
def drawn(document):
    """Input → Conv2d (with a stored bias, tied to a second one) → Add, the two convolutions in a group with a note."""
    first = commands.append_layer(document, "Input", [])
    one = commands.append_layer(document, "Conv2d", [first])
    two = commands.append_layer(document, "Conv2d", [first])
    add = commands.append_layer(document, "Add", [one, two])
    group = commands.group(document, [one, two])
    note = commands.add_note(document, "why", (1, 1), parent=group)
    digest = document.store.put(WEIGHT)

    def weigh(draft):
        tensor = attachments.add_tensor(draft, digest, (64,), "float32", "bias")
        for node in (one, two):
            attachments.set_weight(draft, node, "bias", tensor)

    document.edit("weigh", weigh)
    return {"first": first, "one": one, "two": two, "add": add, "group": group, "note": note}


@pytest.fixture
def other(library, tmp_path):
    made = Document(library, store=TensorStore(tmp_path / "other"), folder=None)
    yield made
    made.close()


def test_duplicate_copies_members_wires_and_keeps_ties_within_the_copy(document, drawn) -> None:
    (made,) = commands.duplicate(document, [drawn["group"]])
    tables = document.tables
    members = tables.children(made)
    assert [tables.nodes[n].name for n in members] == ["conv1", "conv2"]
    assert tables.nodes[made].name == "block2"
    assert [note.text for note in tables.notes.values()] == ["why", "why"]
    tensors = {tables.weights[n, "bias"] for n in members}
    assert len(tensors) == 1
    assert tensors.isdisjoint({tables.weights[drawn["one"], "bias"]})
    assert tables.places[made].x == tables.places[drawn["group"]].x + 24
    assert document.undo_label == "Duplicate 'block1'"
    laws(tables)
    same_inference(document.inference, tables)


def test_paste_into_another_document_brings_the_weights(document, drawn, other) -> None:
    clip = Clip.from_text(commands.copy(document, [drawn["group"], drawn["add"]]).to_text())
    made = commands.paste(other, clip, (100, 50))
    group, add = made
    assert other.undo_label == "Paste 2 items"
    assert [edge.into for edge in other.tables.nodes[add].prior] == [0, 1]
    row = other.tables.tensors[other.tables.weights[other.tables.children(group)[0], "bias"]]
    assert np.array_equal(other.store.get(row.digest, row.shape, row.dtype), WEIGHT)
    assert other.store.folder != document.store.folder
    middle = [
        (other.tables.places[group].x + other.tables.places[add].x) / 2,
        (other.tables.places[group].y + other.tables.places[add].y) / 2,
    ]
    assert middle == pytest.approx([100, 50])
    laws(other.tables)
    same_inference(other.inference, other.tables)


def test_a_wire_that_the_clip_lost_leaves_no_gap(document, drawn, other) -> None:
    clip = commands.copy(document, [drawn["two"], drawn["add"]])
    _, add = commands.paste(other, clip, (0, 0))
    assert [edge.into for edge in other.tables.nodes[add].prior] == [0]


def test_names_are_numbered_on(document) -> None:
    one = commands.add_layer(document, "ReLU", (0, 0))
    digits = commands.add_layer(document, "ReLU", (0, 0))
    commands.rename(document, digits, "42")
    made = [commands.duplicate(document, [n])[0] for n in (one, one, digits)]
    assert [document.tables.nodes[n].name for n in made] == ["relu2", "relu3", "layer1"]


def test_cut_and_paste_back(document, drawn) -> None:
    clip = commands.cut(document, [drawn["group"]])
    assert document.undo_label == "Cut 'block1'"
    assert set(document.tables.nodes) == {drawn["first"], drawn["add"]}
    assert not document.tables.notes
    (made,) = commands.paste(document, clip, (0, 0))
    assert document.tables.nodes[made].name == "block1"
    laws(document.tables)


def test_declared_types_come_along(document) -> None:
    thing = commands.add_layer(document, "x:Thing", (0, 0))
    document.edit("hint", lambda draft: attachments.set_hint(draft, thing, 0, ValueType("int8", (1, 2))))
    (made,) = commands.duplicate(document, [thing])
    assert document.inference.output(made) == ValueType("int8", (1, 2))


def test_what_cannot_be_copied_or_pasted(document, drawn, other, tmp_path) -> None:
    with pytest.raises(ClipError, match="Select"):
        commands.copy(document, [])
    clip = commands.copy(document, [drawn["group"]])
    with pytest.raises(ClipError, match="weights of the copy cannot be read"):
        commands.paste(other, replace(clip, store=str(tmp_path / "gone")), (0, 0))
    group = clip.nodes[drawn["group"]]
    looped = replace(clip, nodes={**clip.nodes, group.id: replace(group, parent=group.id)})
    with pytest.raises(ClipError, match="holds itself"):
        commands.paste(document, looped, (0, 0))
    for text in (
        "",
        "{}",
        "[1]",
        '{"sketch-clip":1,"store":"x"}',
        clip.to_text().replace('"notes":[[', '"notes":[[null,'),
        clip.to_text()[:-40],
        (
            '{"sketch-clip":1,"store":"","nodes":[[1,null]],"notes":[],"places":[],'
            '"tensors":[],"weights":[],"hints":[]}'
        ),
    ):
        with pytest.raises(CodecError):
            Clip.from_text(text)


def test_a_clip_says_which_sketch_can_read_it(document, drawn) -> None:
    assert commands.copy(document, [drawn["group"]]).to_text().startswith('{"sketch-clip":1,')
    commands.duplicate_linked(document, [drawn["group"]])
    text = commands.copy(document, [drawn["group"]]).to_text()
    assert text.startswith('{"sketch-clip":2,')
    assert Clip.from_text(text).groups[drawn["group"]][0]
    with pytest.raises(CodecError, match="newer Sketch; update"):
        Clip.from_text(text.replace('{"sketch-clip":2,', '{"sketch-clip":3,'))


def test_a_clip_with_a_loop_is_refused(document) -> None:
    one = commands.append_layer(document, "ReLU", [])
    two = commands.append_layer(document, "ReLU", [one])
    clip = commands.copy(document, [one, two])
    edge = clip.nodes[two].prior[0]
    back = edge._replace(source=two, target=one)
    nodes = {one: replace(clip.nodes[one], prior=(back,)), two: clip.nodes[two]}
    with pytest.raises(GraphError, match="loop"):
        commands.paste(document, replace(clip, nodes=nodes), (0, 0))
    assert set(document.tables.nodes) == {one, two}
    same_inference(document.inference, document.tables)


def test_a_block_keeps_its_weights_and_is_inserted_elsewhere(document, drawn, other, tmp_path) -> None:
    own = Blocks(tmp_path / "blocks")
    assert own.names() == ()
    saved = own.save(document, drawn["group"], "Twin / conv.")
    assert saved.name == "Twin / conv."
    assert own.save(document, drawn["group"], "Twin / conv.") == saved
    assert own.names() == ("Twin / conv.",)
    group = own.insert(other, "Twin / conv.", (7, 8))
    assert other.undo_label == "Add block 'Twin / conv.'"
    row = next(iter(other.tables.tensors.values()))
    assert np.array_equal(other.store.get(row.digest, row.shape, row.dtype), WEIGHT)
    assert len(other.tables.children(group)) == 2
    own.remove("Twin / conv.")
    assert list((tmp_path / "blocks").iterdir()) == []


def test_blocks_that_cannot_be(document, drawn, tmp_path) -> None:
    own = Blocks(tmp_path / "blocks")
    for name in ("", "  ", "a" * 61, "a\nb"):
        with pytest.raises(BlockError, match="needs a name"):
            own.save(document, drawn["group"], name)
    with pytest.raises(BlockError, match="is no group"):
        own.save(document, drawn["one"], "x")
    with pytest.raises(BlockError, match="no block 'x'"):
        own.insert(document, "x", (0, 0))
    own.save(document, drawn["group"], "x")
    (tmp_path / "blocks" / "x" / blocks.FILE_NAME).write_text("{")
    with pytest.raises(BlockError, match="cannot be read"):
        own.insert(document, "x", (0, 0))
    clip = commands.copy(document, [drawn["first"], drawn["add"]])
    (tmp_path / "blocks" / "x" / blocks.FILE_NAME).write_text(clip.to_text())
    with pytest.raises(BlockError, match="not one group"):
        own.export("x", tmp_path / "x.sketchblock")
    own.remove("x")
    with pytest.raises(BlockError, match="no block 'x'"):
        own.remove("x")
    (tmp_path / "file").write_text("")
    with pytest.raises(BlockError, match="could not be kept"):
        Blocks(tmp_path / "file").save(document, drawn["group"], "x")


def test_the_persons_own_blocks_are_in_the_data_folder(document, drawn, user_folders) -> None:
    blocks.save(document, drawn["group"], "mine")
    assert blocks.names() == ("mine",)
    assert (user_folders / "data" / "sketch" / "blocks" / "mine").is_dir()
    made = blocks.insert(document, "mine", (0, 0))
    assert document.tables.nodes[made].name == "block2"
    blocks.remove("mine")
    assert blocks.names() == ()
