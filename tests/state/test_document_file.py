"""`.sketch` files: everything comes back; damage, strangers and full disks are one line each."""

import errno
import random
import sqlite3
from contextlib import closing, suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sketch import durable
from sketch.binder.tensors import FileSlice, TensorStore
from sketch.graph import attachments
from sketch.graph.errors import GraphError
from sketch.graph.rows import FRAME, Note, Place, Way
from sketch.graph.tables import snapshot
from sketch.state import commands, document_file, file_tensors, migrations
from sketch.state.document import Document
from sketch.state.document_file import DocumentFileError, load_document, save_document
from sketch.state.migrations import VersionError, bring_up
from tests.graph.random_edits import SESSIONS, act, same_inference
from tests.graph.random_edits import library as real
from tests.state.drawing import NoStore

WEIGHT = np.random.default_rng(0).normal(size=(64, 3, 3, 3)).astype(np.float32)


@pytest.fixture
def drawn(document, tmp_path):
    """A small network with a weight in the store, one left in its file, and a branch in its history."""
    first = commands.append_layer(document, "Input", [])
    conv = commands.append_layer(document, "Conv2d", [first])
    commands.add_note(document, "why \ud800", (1, 2))
    (tmp_path / "big.bin").write_bytes(b"head" + np.arange(64, dtype=np.float32).tobytes())
    place = FileSlice(str(tmp_path / "big.bin"), 4, 256)
    digests = document.store.put(WEIGHT), document.store.put_slice(place, "float32", (64,))

    def weigh(draft):
        weight = attachments.add_tensor(draft, digests[0], (64, 3, 3, 3), "float32", "w")
        bias = attachments.add_tensor(draft, digests[1], (64,), "float32")
        attachments.set_weight(draft, conv, "weight", weight)
        attachments.set_weight(draft, conv, "bias", bias)

    document.edit("Give weights", weigh)
    commands.append_layer(document, "GELU", [conv])
    document.undo()
    commands.append_layer(document, "ReLU", [conv])
    document.kernel = "onnx"
    return document


@pytest.fixture
def file(drawn, tmp_path):
    return save_document(drawn, tmp_path / "net.sketch")


def loaded(file, library, tmp_path, name="other"):
    return load_document(file, library, store=TensorStore(tmp_path / name), folder=None)


def test_everything_comes_back(drawn, file, library, tmp_path) -> None:
    assert not drawn.is_modified
    assert (drawn.path, drawn.name) == (file, "net")
    (tmp_path / "big.bin").unlink()
    made = loaded(file, library, tmp_path)
    before, after = snapshot(drawn.tables), snapshot(made.tables)
    tensors = before.pop("tensors"), after.pop("tensors")
    assert after == before
    weight, bias = tensors[1].values()
    assert np.array_equal(made.store.get(weight.digest, weight.shape, weight.dtype), WEIGHT)
    assert np.array_equal(made.store.get(bias.digest, bias.shape, bias.dtype), np.arange(64))
    assert not bias.digest.startswith("at-")
    assert [e[:2] for e in ((e.sequence, e.label) for e in made.history.entries()[1:])] == [
        (e.sequence, e.label) for e in drawn.history.entries()[1:]
    ]
    assert (made.kernel, made.is_modified, made.path, made.changed_outside()) == ("onnx", False, file, False)
    same_inference(made.inference, made.tables)
    while made.undo():
        drawn.undo()
    assert not any(snapshot(made.tables).values())
    made.jump(4)
    assert made.network().tensors[weight.id].digest == weight.digest
    made.close()


def test_a_loaded_document_survives_a_restart_with_its_history(drawn, file, library, tmp_path) -> None:
    made = load_document(file, library, store=TensorStore(tmp_path / "o"), folder=tmp_path / "journal")
    commands.add_layer(made, "Tanh", (0, 0))
    made.close()
    again = Document(library, store=made.store, folder=tmp_path / "journal")
    assert snapshot(again.tables) == snapshot(made.tables)
    assert again.history.checkpoints == made.history.checkpoints
    assert (again.path, again.is_modified) == (file, True)
    again.close()
    with pytest.raises(DocumentFileError, match="already holds another document"):
        load_document(file, library, store=made.store, folder=tmp_path / "journal")


@settings(max_examples=25)
@given(SESSIONS)
def test_any_drawing_comes_back(tmp_path_factory, session) -> None:
    folder = tmp_path_factory.mktemp("file")
    document = Document(real(), store=NoStore(), folder=None)
    for numbers in session:
        try:
            document.edit("edit", lambda draft, numbers=numbers: act(draft, numbers))
        except GraphError:
            continue
    document.edit(
        "no tensors",
        lambda draft: [
            draft.put(t, k, None) for t in ("weights", "tensors") for k in document.tables.table(t)
        ],
    )
    save_document(document, folder / "a.sketch", with_history=False)
    made = load_document(folder / "a.sketch", real(), store=NoStore(), folder=None)
    assert snapshot(made.tables) == snapshot(document.tables)
    assert not made.can_undo
    save_document(made, folder / "b.sketch")
    assert loaded(folder / "b.sketch", real(), folder).tables.nodes == document.tables.nodes


def test_saving_over_a_file_keeps_the_old_one_when_it_fails(drawn, file, tmp_path, monkeypatch) -> None:
    old = file.read_bytes()
    commands.add_layer(drawn, "Tanh", (0, 0))

    def no_space(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    for where, name in ((durable, "_sync"), (document_file, "_write_rows"), (document_file, "_verify")):
        with monkeypatch.context() as patch:
            patch.setattr(where, name, no_space)
            with pytest.raises(
                DocumentFileError, match=r"not saved: No space left on device.*is as it was"
            ) as caught:
                save_document(drawn, file)
        assert "\n" not in str(caught.value)
        assert file.read_bytes() == old
        assert drawn.is_modified
        assert [path.name for path in tmp_path.glob(".*")] == []
    save_document(drawn, file)
    assert file.read_bytes() != old


def test_what_does_not_read_back_is_not_put_in_place(drawn, file, monkeypatch) -> None:
    old = file.read_bytes()
    commands.add_layer(drawn, "Tanh", (0, 0))
    real_write = document_file._write_rows

    def forgetful(connection, tables):
        real_write(connection, tables)
        connection.execute("DELETE FROM row WHERE kind = 'places'")

    monkeypatch.setattr(document_file, "_write_rows", forgetful)
    with pytest.raises(DocumentFileError, match="does not read back"):
        save_document(drawn, file)

    def damaged(connection, tables):
        real_write(connection, tables)
        connection.execute("UPDATE row SET json = '[' WHERE kind = 'places'")

    monkeypatch.setattr(document_file, "_write_rows", damaged)
    with pytest.raises(DocumentFileError, match="does not read back"):
        save_document(drawn, file)
    assert file.read_bytes() == old


def test_weights_that_are_gone_stop_the_save_unless_only_the_past_needs_them(drawn, tmp_path) -> None:
    (tmp_path / "big.bin").unlink()
    with pytest.raises(DocumentFileError, match=r"weights of .* cannot be read"):
        save_document(drawn, tmp_path / "x.sketch")
    drawn.edit(
        "drop",
        lambda draft: [
            draft.put(table, key, None)
            for table in ("weights", "tensors")
            for key in drawn.tables.table(table)
        ],
    )
    save_document(drawn, tmp_path / "x.sketch")
    assert (tmp_path / "x.sketch").exists()


def change(file, statement):
    """Change a file as somebody would who knows how to make its hash right again."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(statement)
        if connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'step'").fetchone()[0]:
            found = f'"{document_file.content_hash(connection)}"'
            connection.execute("UPDATE value SET json = ? WHERE name = 'sha256'", (found,))


def test_a_changed_row_is_noticed_by_the_hash(file, library, tmp_path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("UPDATE row SET json = '[5.0,5.0]' WHERE kind = 'places'")
    with pytest.raises(DocumentFileError, match="not as it was written"):
        loaded(file, library, tmp_path)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("PRAGMA user_version=7", "newer Sketch"),
        ("PRAGMA user_version=0", "no Sketch document"),
        ("PRAGMA application_id=1", "no Sketch document"),
        ("DROP TABLE step", "tables of a Sketch document"),
        ("CREATE VIEW v AS SELECT 1", "tables of a Sketch document"),
        ("CREATE TRIGGER t AFTER INSERT ON row BEGIN SELECT 1; END", "tables of a Sketch document"),
        ("UPDATE row SET kind = 'odd' WHERE id = 1", "is no table"),
        ("INSERT INTO row SELECT 1000, kind, key, json FROM row WHERE id = 1", "stands twice"),
        ("UPDATE row SET json = '[1]' WHERE kind = 'nodes'", "expected a list of 7"),
        ("UPDATE row SET json = x'00ff' WHERE kind = 'nodes'", "JSON"),
        ("DELETE FROM row WHERE kind = 'places'", "stands nowhere"),
        ("UPDATE row SET json = '[{\"f\":\"nan\"},0]' WHERE kind = 'places'", "stands nowhere"),
        ("UPDATE row SET json = replace(json, 'Conv2d', 'NoLayer')", "does not know"),
        ("UPDATE row SET json = replace(json, '\"conv1\"', '\"input1\"')", "two nodes are called 'input1'"),
        ("UPDATE row SET json = replace(json, '\"conv1\"', '\"\"')", "no usable name"),
        ("UPDATE row SET json = replace(json, '[[1,0,2,0]]', '[]') WHERE key = '2'", "one end only"),
        ("UPDATE row SET json = replace(json, '[[1,0,2,0]]', '[]') WHERE key = '1'", "one end only"),
        ("UPDATE row SET json = replace(json, '1,0,2,0', '1,0,2,5')", "no input 6"),
        ("UPDATE row SET json = replace(json, '1,0,2,0', '1,4,2,0')", "no output 5"),
        ("UPDATE row SET json = replace(json, '[1,0,2,0]', '[1,0,2,0],[1,0,2,0]')", "two wires on one input"),
        (
            "UPDATE row SET json = replace(json, 'null]', '77]') WHERE kind = 'nodes'",
            "in 77, which is no group",
        ),
        ("UPDATE row SET json = replace(json, 'null]', '1]') WHERE kind = 'nodes' AND key = '2'", "no group"),
        (
            'UPDATE row SET json = replace(json, \'{"d":{}}\', \'{"d":{"stride":"x"}}\') WHERE key = \'2\'',
            "stride",
        ),
        (
            "UPDATE row SET json = replace(json, '[2,', '[3,') WHERE kind = 'nodes' AND key = '2'",
            "has the number 3",
        ),
        ("UPDATE row SET json = replace(json, '[3,', '[4,') WHERE kind = 'notes'", "has the number 4"),
        ("UPDATE row SET json = '1' WHERE kind = 'meta'", "next number"),
        ("UPDATE row SET key = '[88,\"bias\"]' WHERE key LIKE '%bias%'", "belongs to nothing"),
        ("INSERT INTO row VALUES (99, 'hints', '[88,0]', '[\"int8\",null]')", "belongs to node 88"),
        ("UPDATE value SET json = '[]' WHERE name = 'history'", "history is damaged"),
        ("UPDATE value SET json = '[\"a\",1.0,77]' WHERE name = 'history'", "no step 77"),
        ("DELETE FROM step WHERE sequence = 2", "out of order"),
        ("UPDATE step SET json = '[]'", "expected a list of 5"),
        ("DELETE FROM blob", "has 0 bytes"),
        ("UPDATE blob SET bytes = zeroblob(length(bytes))", "not as it was written"),
        ("UPDATE tensor SET kind = 'O'", "element type"),
        ("UPDATE tensor SET kind = 'what'", "element type"),
    ],
)
def test_a_damaged_file_is_one_line(file, library, tmp_path, statement, message) -> None:
    change(file, statement)
    before = file.read_bytes()
    with pytest.raises(DocumentFileError, match=message) as caught:
        loaded(file, library, tmp_path)
    text = str(caught.value)
    assert text.startswith(f"{file}: ")
    assert len(text.splitlines()) == 1
    assert file.read_bytes() == before


def test_groups_that_hold_each_other_and_loops_of_wires_are_found(document, library, tmp_path) -> None:
    one = commands.add_layer(document, "ReLU", (0, 0))
    group = commands.group(document, [one])
    outer = commands.group(document, [group])
    two = commands.append_layer(document, "ReLU", [one])
    file = save_document(document, tmp_path / "a.sketch", with_history=False)
    whole = file.read_bytes()
    change(
        file,
        f"UPDATE row SET json = replace(json, 'null]', '{group}]') WHERE kind = 'nodes' AND key = '{outer}'",
    )
    with pytest.raises(DocumentFileError, match="holds itself"):
        loaded(file, library, tmp_path)
    file.write_bytes(whole)
    back = f"[{two},0,{one},0]"
    for key, old, new in ((one, '{"d":{}},[],', f'{{"d":{{}}}},[{back}],'), (two, "],[],", f"],[{back}],")):
        change(
            file,
            f"UPDATE row SET json = replace(json, '{old}', '{new}') WHERE kind = 'nodes' AND key = '{key}'",
        )
    with pytest.raises(DocumentFileError, match="loop"):
        load_document(file, library, store=NoStore(), folder=tmp_path / "j")


def test_strangers_are_said_what_they_are(library, tmp_path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "text").write_text("hello")
    (tmp_path / "sqlite").write_bytes(b"SQLite format 3\0" + bytes(200))
    for name, message in (
        ("empty", "is empty"),
        ("text", "no Sketch document"),
        ("sqlite", "no Sketch document"),
        ("missing", "no such file"),
        (".", "this is no file"),
    ):
        with pytest.raises(DocumentFileError, match=message):
            loaded(tmp_path / name, library, tmp_path)


def test_any_damaged_byte_is_refused_or_harmless(drawn, file, library, tmp_path) -> None:
    whole, dice, refused = file.read_bytes(), random.Random(9), []
    rows = snapshot(drawn.tables)
    for _ in range(120):
        damaged = bytearray(whole)
        damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
        file.write_bytes(damaged)
        try:
            made = loaded(file, library, tmp_path, str(dice.random()))
        except DocumentFileError as error:
            refused.append(str(error))
        else:
            assert (made.tables.nodes, made.tables.places) == (rows["nodes"], rows["places"])
            assert made.history.checkpoints[0] == drawn.history.checkpoints[0]
            made.close()
    assert len(refused) > 20
    assert [message for message in refused if len(message.splitlines()) != 1] == []


def test_too_many_rows_are_refused(file, library, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(document_file, "MOST_ROWS", 3)
    with pytest.raises(DocumentFileError, match="more than 3 rows"):
        loaded(file, library, tmp_path)


def test_big_tensors_go_in_pieces_and_equal_ones_once(document, library, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(file_tensors, "PIECE", 100)
    digests = [document.store.put(np.zeros(shape, np.float32)) for shape in ((8, 8), (64,), (0,))]
    shapes = ((8, 8), (64,), (0,))
    document.edit(
        "add",
        lambda draft: [
            attachments.add_tensor(draft, d, s, "float32") for d, s in zip(digests, shapes, strict=False)
        ],
    )
    file = save_document(document, tmp_path / "a.sketch")
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*), count(DISTINCT sha256) FROM blob").fetchone() == (4, 2)
    made = loaded(file, library, tmp_path)
    assert [made.store.get(r.digest, r.shape, r.dtype).shape for r in made.tables.tensors.values()] == list(
        shapes
    )


def test_older_files_are_brought_up_in_a_copy(tmp_path) -> None:
    with closing(sqlite3.connect(tmp_path / "old", isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version=1")
        steps = {
            1: lambda c: c.execute("CREATE TABLE one (x)"),
            2: lambda c: c.execute("CREATE TABLE two (x)"),
        }
        assert bring_up(connection, steps, 3) == 1
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (2,)
        with pytest.raises(VersionError, match="newer"):
            bring_up(connection)


def test_an_older_file_stays_as_it_is(file, library, tmp_path, monkeypatch) -> None:
    def step(connection):
        connection.execute("UPDATE value SET json = '\"older\"' WHERE name = 'kernel'")
        new = f'"{document_file.content_hash(connection)}"'
        connection.execute("UPDATE value SET json = ? WHERE name = 'sha256'", (new,))

    monkeypatch.setitem(migrations.STEPS, 1, step)
    before = file.read_bytes()
    assert loaded(file, library, tmp_path).kernel == "older"
    assert file.read_bytes() == before


WAYS = Place(0.0, 1.0, (Way(0, 2, 0, ((0.0, 1.0), (2.0, 3.5))),))


def new_rows(node: int, note: int) -> dict[str, tuple]:
    """Rows that a Sketch that knows version 1 alone refuses, or does not obey."""
    return {
        "ways": ("places", node, WAYS),
        "frame": ("notes", note, Note(note, "stem", kind=FRAME)),
        "colour": ("notes", note, Note(note, "stem", colour="blue")),
        "link": ("meta", f"link.{node}", "block"),
    }


def version_of(path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


@settings(max_examples=20)
@given(SESSIONS, st.none() | st.sampled_from(sorted(new_rows(1, 2))), st.booleans())
def test_a_file_is_of_the_first_version_that_has_its_rows(tmp_path_factory, session, new, taken_back) -> None:
    path = tmp_path_factory.mktemp("file") / "a.sketch"
    document = Document(real(), store=NoStore(), folder=None)
    for numbers in session:
        with suppress(GraphError):
            document.edit("edit", lambda draft, numbers=numbers: act_without_tensors(draft, numbers))
    node, note = commands.add_layer(document, "ReLU", (0, 0)), commands.add_note(document, "stem", (1, 2))
    if new:
        document.edit("new", lambda draft: draft.put(*new_rows(node, note)[new]))
    if new and taken_back:
        document.undo()
    save_document(document, path)
    assert version_of(path) == (2 if new else 1)
    made = load_document(path, real(), store=NoStore(), folder=None)
    assert snapshot(made.tables) == snapshot(document.tables)
    assert made.history.checkpoints == document.history.checkpoints
    save_document(made, path, with_history=False)
    assert version_of(path) == (2 if new and not taken_back else 1)
    again = load_document(path, real(), store=NoStore(), folder=None)
    assert snapshot(again.tables) == snapshot(document.tables)


def act_without_tensors(draft, numbers) -> None:
    """No tensor is anywhere: the history is saved too."""
    act(draft, numbers)
    if any(True for _ in draft.changed("tensors")):
        raise GraphError("no tensors")


def test_version_2_is_newer_for_a_sketch_that_knows_1(drawn, tmp_path) -> None:
    commands.add_frame(drawn, list(drawn.tables.nodes))
    file = save_document(drawn, tmp_path / "a.sketch")
    with closing(sqlite3.connect(file)) as connection, pytest.raises(VersionError, match="update Sketch"):
        bring_up(connection, goal=1)


def test_what_a_sketch_of_before_writes_opens_without_a_copy(
    drawn, file, library, tmp_path, monkeypatch
) -> None:
    assert version_of(file) == 1
    monkeypatch.setattr(document_file, "bring_up", None)
    assert loaded(file, library, tmp_path).tables.nodes == drawn.tables.nodes
