"""Deltas: the inverse takes back, composition has the effect of both."""

from hypothesis import given
from hypothesis import strategies as st

from sketch.graph.delta import Change, compose, inverse
from sketch.graph.tables import Tables, snapshot

writes = st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.integers(0, 3)), max_size=6)


def delta_of(tables: Tables, rows):
    """Write rows one after the other; the Delta of it."""
    made = []
    for key, value in rows:
        if tables.meta.get(key) != value:
            change = (Change("meta", key, tables.meta.get(key), value),)
            tables.apply(change)
            made.extend(change)
    return tuple(made)


@given(writes, writes)
def test_composing_has_the_effect_of_both_and_its_inverse_takes_both_back(first, second) -> None:
    live = Tables()
    deltas = delta_of(live, first), delta_of(live, second)
    whole = compose(*deltas)
    assert len({change.key for change in whole}) == len(whole)
    assert all(change.before != change.after for change in whole)
    other = Tables()
    other.apply(whole)
    assert snapshot(other) == snapshot(live)
    other.apply(inverse(whole))
    assert not any(snapshot(other).values())


def test_what_ends_as_it_began_drops_out() -> None:
    there = (Change("meta", "x", None, 1),)
    assert compose(there, inverse(there)) == ()
    assert compose() == ()
    assert inverse((*there, Change("meta", "y", 1, 2))) == (
        Change("meta", "y", 2, 1),
        Change("meta", "x", 1, None),
    )
