"""One model of each family of torchvision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import nn

from tests.architectures.architecture import Architecture
from tests.architectures.shim import imported

_SIZES: Mapping[str, int] = {
    "alexnet": 128, "convnext_tiny": 64, "densenet121": 64, "efficientnet_b0": 64, "efficientnet_v2_s": 64,
    "googlenet": 64, "inception_v3": 107, "maxvit_t": 224, "mnasnet0_5": 64, "mobilenet_v2": 64,
    "mobilenet_v3_small": 64, "regnet_x_400mf": 64, "regnet_y_400mf": 64, "resnet18": 64, "resnet50": 64,
    "resnext50_32x4d": 64, "shufflenet_v2_x0_5": 64, "squeezenet1_1": 64, "swin_t": 64, "swin_v2_t": 64,
    "vgg11_bn": 64, "lraspp_mobilenet_v3_large": 64, "fcn_resnet50": 64, "deeplabv3_mobilenet_v3_large": 64,
    "vit_b_16": 64,
}  # fmt: skip
_TRANSFORMERS = ("maxvit_t", "swin_t", "swin_v2_t", "vit_b_16")
_CLASSIFIERS = ("googlenet", "inception_v3")


def _build(name: str) -> nn.Module:
    models = imported("torchvision.models")
    more: dict[str, object] = {"init_weights": True} if name in _CLASSIFIERS else {}
    if name in ("lraspp_mobilenet_v3_large", "fcn_resnet50", "deeplabv3_mobilenet_v3_large"):
        more["weights_backbone"] = None
    if name == "vit_b_16":
        vit = imported("torchvision.models.vision_transformer").VisionTransformer
        made: nn.Module = vit(64, 16, num_layers=2, num_heads=4, hidden_dim=64, mlp_dim=128)
        return made
    module: nn.Module = models.get_model(name, weights=None, **more)
    return module


def _image(size: int) -> Callable[[int], tuple[torch.Tensor, ...]]:
    return lambda batch: (torch.randn(batch, 3, size, size),)


def torchvision_models() -> list[Architecture]:
    """All of them, by name."""
    return [
        Architecture(name, "torchvision", partial(_build, name), _image(size), _kind(name))
        for name, size in _SIZES.items()
    ]


def _kind(name: str) -> str:
    return "transformer" if name in _TRANSFORMERS else "cnn"
