"""A seeded sample of the architectures through Sketch and back; all of them by scripts/conformance-torch."""

import random
import warnings

import pytest

from tests.architectures.catalogue import architectures
from tests.architectures.conformance import WAYS, check

SEED = 20
QUICK = (
    "timm/efficientvit_m0", "timm/lcnet_035", "timm/regnetx_002", "timm/repvit_m1", "timm/starnet_s050",
    "timm/test_vit_relpos", "torchvision/mobilenet_v3_small", "torchvision/shufflenet_v2_x0_5",
    "torchvision/squeezenet1_1", "torchvision/vit_b_16", "transformers/bert", "transformers/bloom",
    "transformers/convnext", "transformers/deit", "transformers/gpt_neo", "transformers/llama",
    "transformers/mobilebert", "transformers/mpnet", "transformers/olmo", "transformers/phi", "transformers/qwen3",
    "transformers/segformer", "transformers/t5",
)  # fmt: skip
"""Those that take a few seconds."""
SAMPLE = random.Random(SEED).sample(QUICK, 6)
LEAST = {"cnn": 0.90, "transformer": 0.85}
"""Share of the nodes that must be layers or named functions."""


@pytest.mark.parametrize("name", SAMPLE)
def test_a_model_comes_back_with_its_numbers_its_keys_and_its_source(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the packages of models
        result = check(architectures()[name])
    assert result.verdicts == dict.fromkeys(WAYS, "equal")
    assert result.share >= LEAST[result.kind]


def test_the_catalogue_is_as_large_as_promised():
    sources = [item.source for item in architectures().values()]
    assert sources.count("timm") >= 80
    assert sources.count("transformers") >= 30
    assert sources.count("torchvision") >= 20
    assert set(QUICK) <= set(architectures())
