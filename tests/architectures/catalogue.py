"""All architectures there are."""

from __future__ import annotations

from functools import lru_cache

from tests.architectures.architecture import Architecture
from tests.architectures.hard_cases import hard_cases
from tests.architectures.timm_models import timm_models
from tests.architectures.torchvision_models import torchvision_models
from tests.architectures.transformers_models import transformers_models


@lru_cache(maxsize=1)
def architectures() -> dict[str, Architecture]:
    """Every architecture by `source/name`."""
    found = (*hard_cases(), *timm_models(), *torchvision_models(), *transformers_models())
    return {f"{item.source}/{item.name}": item for item in found}
