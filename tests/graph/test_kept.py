"""What is kept for a quick start equals what is read, is read again when its files change, and can be lost."""

import json
import os

import pytest

from sketch.graph.errors import LayerFileError
from sketch.graph.kept import kept, kept_yaml
from sketch.graph.library import LayerLibrary
from sketch.resources_root import resource_root

LAYERS = resource_root() / "layers"


def test_kept_layers_equal_those_that_were_read(tmp_path):
    place = tmp_path / "layers.json"
    read = list(LayerLibrary.load(LAYERS))
    assert list(LayerLibrary.later(LAYERS, place)) == read
    assert place.exists()
    assert list(LayerLibrary.later(LAYERS, place)) == read


def test_a_fault_shows_at_the_first_use_and_nothing_is_kept(tmp_path):
    (tmp_path / "bad.yaml").write_text("name: [\n")
    library = LayerLibrary.later(tmp_path, tmp_path / "layers.json")
    with pytest.raises(LayerFileError):
        len(library)
    assert not (tmp_path / "layers.json").exists()


def test_a_changed_file_is_read_again(tmp_path):
    source = tmp_path / "some.yaml"
    source.write_text("a: 1\n")
    assert kept_yaml(source, tmp_path) == {"a": 1}
    stat = source.stat()
    source.write_text("a: 2\n")
    os.utime(source, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert kept_yaml(source, tmp_path) == {"a": 2}


def test_what_is_kept_is_not_read_again(tmp_path):
    source = tmp_path / "source"
    source.write_text("x")
    assert kept([source], tmp_path / "place", lambda: [1, "two"]) == [1, "two"]
    assert kept([source], tmp_path / "place", lambda: pytest.fail("read again")) == [1, "two"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", json.dumps({"stamp": [0], "data": 5})])
def test_a_damaged_place_costs_only_the_reading(tmp_path, text):
    source, place = tmp_path / "source", tmp_path / "place"
    source.write_text("x")
    place.write_text(text)
    assert kept([source], place, lambda: {"b": None}) == {"b": None}
    assert json.loads(place.read_text())["data"] == {"b": None}


def test_a_place_that_cannot_be_written_costs_only_the_time(tmp_path):
    source = tmp_path / "source"
    source.write_text("x")
    assert kept([source], tmp_path / "nowhere" / "place", lambda: 3) == 3
