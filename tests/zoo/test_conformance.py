"""A seeded sample of the zoo: real exports open, convert to PyTorch and to ONNX, raised and not, with the same numbers.

`scripts/conformance-zoo` runs all of it; docs/raising.md has its table.
"""

import random

import pytest

from tests.zoo.conformance import check
from tests.zoo.exports import EXPORTERS
from tests.zoo.networks import NETWORKS

_CHEAP = (
    "autoencoder",
    "deepsets",
    "gan",
    "gcn",
    "highway",
    "lenet",
    "lstm",
    "mlp",
    "recommender",
    "resnet",
    "ssd",
    "tabnet",
)
_SAMPLE = [(name, place % 2) for place, name in enumerate(random.Random(20).sample(_CHEAP, 3))]
_SHARES = {"resnet": 1.0, "gpt": 0.95}


def test_there_are_fifty_networks_and_a_hundred_files():
    assert len(NETWORKS) >= 50
    assert len(NETWORKS) * len(EXPORTERS) >= 100


@pytest.mark.parametrize(("name", "exporter"), _SAMPLE)
def test_a_sampled_export_agrees_in_every_way(name, exporter):
    result = check(NETWORKS[name], tuple(EXPORTERS)[exporter])
    assert {way: verdict for way, verdict in result.verdicts.items() if verdict != "equal"} == {}


@pytest.mark.parametrize("name", _SHARES)
def test_layers_are_nearly_all_of_an_export(name):
    result = check(NETWORKS[name], "script", ways=("raised",))
    assert result.share >= _SHARES[name]
    assert result.agrees
