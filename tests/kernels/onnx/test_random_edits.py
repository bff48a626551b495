"""Random edits of real graphs, a seeded sample: `scripts/conformance-onnx --random-edits` does all of them."""

import random

import pytest

from tests.kernels.onnx.edits import Opened
from tests.kernels.onnx.job import described, task_in
from tests.kernels.onnx.random_edits import EXPORTS, check, classic, edit, is_sound
from tests.kernels.onnx.test_whole import network_file
from tests.zoo.exports import exported
from tests.zoo.networks import NETWORKS

LIGHT = ("test_bvlc_alexnet", "test_squeezenet", "test_shufflenet")
SAMPLE = random.Random(3).sample([item for item in EXPORTS if item[1] == "script"], 3)
EDITS = 6


@pytest.mark.parametrize("name", LIGHT)
def test_unrelated_bytes_of_a_classic_do_not_change(name, tmp_path):
    assert check(classic(name, tmp_path), name, tmp_path, EDITS)


def test_unrelated_bytes_of_our_own_graph_do_not_change(tmp_path):
    assert check(network_file(tmp_path)[1], "own", tmp_path, 4 * EDITS)


@pytest.mark.parametrize(("name", "exporter"), SAMPLE)
def test_unrelated_bytes_of_an_export_do_not_change(name, exporter, tmp_path):
    assert check(exported(NETWORKS[name], exporter), name, tmp_path, 2 * EDITS)


def test_there_are_twenty_exports():
    assert len(set(EXPORTS)) == 20


def test_a_saved_edit_opens_as_it_was_drawn(tmp_path):
    dice = random.Random(1)
    for seed in range(4):
        folder = tmp_path / str(seed)
        folder.mkdir()
        task = task_in(folder)
        document = Opened(network_file(folder)[1], task)
        for _ in range(3):
            edit(document, dice)
        if not is_sound(document):
            continue
        document.save()
        assert described(Opened(folder / "again.onnx", task).network) == described(document.network)
