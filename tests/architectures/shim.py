"""timm, transformers and torchvision where torchvision's compiled operators are missing, as beside a CPU torch."""

from __future__ import annotations

import importlib
from functools import lru_cache
from types import ModuleType

import torch

_MISSING = ("nms", "qnms")


def imported(name: str) -> ModuleType:
    """A package that imports torchvision, or torchvision itself."""
    _operators()
    return importlib.import_module(name)


@lru_cache(maxsize=1)
def _operators() -> torch.library.Library:
    """torchvision fails at its import when these do not exist; no model here calls them."""
    library = torch.library.Library("torchvision", "DEF")
    for name in _MISSING:
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library
