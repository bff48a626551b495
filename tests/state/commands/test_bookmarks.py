"""Bookmarks are rows of the drawing: set, replaced, undone, read without trust."""

import pytest

from sketch.graph.errors import GraphError
from sketch.graph.rows import FrozenDict
from sketch.state import codec, commands
from sketch.state.commands import Bookmark, bookmarks


def test_a_bookmark_is_set_replaced_and_undone(document) -> None:
    first, second = Bookmark("Stem", None, 1.0, 2.0, 0.5), Bookmark("Head", None, 3.0, 4.0, 1.0)
    commands.set_bookmark(document, 3, first)
    commands.set_bookmark(document, 3, second)
    assert bookmarks(document.tables) == {3: second}
    document.undo()
    assert bookmarks(document.tables) == {3: first}
    commands.clear_bookmarks(document)
    assert bookmarks(document.tables) == {}
    document.undo()
    row = document.tables.meta["bookmark.3"]
    assert codec.decode_row("meta", codec.encode_row("meta", row)) == row


def test_what_is_no_bookmark_is_left_out(document) -> None:
    group = commands.add_layer(document, "Group", (0, 0))
    commands.set_bookmark(document, 1, Bookmark("inside", group, 0.0, 0.0, 1.0))
    assert list(bookmarks(document.tables)) == [1]
    commands.remove(document, [group])
    assert bookmarks(document.tables) == {}
    for row in (5, FrozenDict(name="x"), FrozenDict(name=1, group=None, x=0, y=0, zoom=1),
                FrozenDict(name="x", group=None, x=float("inf"), y=0, zoom=1)):  # fmt: skip
        document.edit("damage", lambda draft, row=row: draft.put("meta", "bookmark.2", row))
        assert bookmarks(document.tables) == {}


def test_only_nine_numbers(document) -> None:
    with pytest.raises(GraphError, match="1 to 9"):
        commands.set_bookmark(document, 10, Bookmark("x", None, 0.0, 0.0, 1.0))
    with pytest.raises(GraphError, match="no bookmarks"):
        commands.clear_bookmarks(document)
