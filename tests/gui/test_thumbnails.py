"""Small pictures of graphs: rows by the longest way, and nothing is painted twice where thousands share a pixel."""

import networkx
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRectF, QSize

from sketch.graph.tables import Tables
from sketch.gui import thumbnails
from sketch.gui.theme import load_theme

WIRES = st.sets(st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda ends: ends[0] < ends[1]))


@given(WIRES)
def test_rows_are_the_longest_ways(wires) -> None:
    graph = networkx.DiGraph(wires)
    graph.add_nodes_from(range(12))
    wanted = dict.fromkeys(range(12), 0)
    for item in networkx.topological_sort(graph):
        for reader in graph.successors(item):
            wanted[reader] = max(wanted[reader], wanted[item] + 1)
    found = thumbnails._depths(range(12), wires)
    assert found == wanted
    assert list(found) == list(range(12))


def test_a_loop_is_left_out() -> None:
    assert thumbnails._depths([1, 2, 3], {(1, 2), (2, 1)}) == {3: 0}


def test_one_bar_for_each_pixel() -> None:
    spots = {number: QRectF(0.0, number / 10, 5.0, 2.0) for number in range(100)}
    assert len(thumbnails._seen(spots)) == 11


def test_a_picture_needs_no_screen(library) -> None:
    image = thumbnails.graph_image(Tables(), library, QSize(30, 20), load_theme("dark"), 2.0)
    assert (image.width(), image.height(), image.devicePixelRatio()) == (60, 40, 2.0)
    assert image.pixelColor(10, 10).alpha() == 0
