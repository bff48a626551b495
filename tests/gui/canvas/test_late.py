"""Rows that are worked out when somebody asks for them are those that were put in, for everybody who asks."""

from sketch.gui.canvas.late import Late


def late(asked: list[str]) -> Late[str, int]:
    rows: Late[str, int] = Late()
    rows.update({"one": 1, "two": 2, "three": 3})

    def make(key: str) -> int:
        asked.append(key)
        return len(key) * 10

    rows.delay(["one", "three", "absent"], make)
    return rows


def test_a_late_row_is_worked_out_once():
    asked: list[str] = []
    rows = late(asked)
    assert asked == []
    assert (rows["one"], rows.get("one"), rows["two"]) == (30, 30, 2)
    assert asked == ["one"]


def test_every_way_to_ask_gives_the_same():
    there = {"one": 30, "two": 2, "three": 50}
    assert dict(late([])) == there
    assert {**late([])} == there
    assert late([]) == there
    assert there == late([])
    assert late([]) != {}
    assert sorted(late([]).values()) == [2, 30, 50]
    assert dict(late([]).items()) == there
    assert [late([]).get(key) for key in ("three", "absent")] == [50, None]
    assert late([]).pop("three", None) is not None


def test_what_is_put_in_is_late_no_more():
    asked: list[str] = []
    rows = late(asked)
    rows["one"] = 1
    rows.update({"three": 3})
    assert dict(rows) == {"one": 1, "two": 2, "three": 3}
    del rows["one"]
    rows["absent"] = 0
    assert rows["absent"] == 0
    assert asked == []


def test_cleared_rows_stay_away():
    rows = late([])
    rows.clear()
    assert rows == {}
    assert rows.get("one") is None
    rows["one"] = 1
    assert rows["one"] == 1
