"""One model of each family of timm, small ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import nn

from tests.architectures.architecture import Architecture
from tests.architectures.shim import imported

_CNN: Mapping[str, int] = {
    "eca_resnext26ts": 64, "convmixer_768_32": 64, "convnext_atto_rms": 64, "cs3darknet_focus_s": 64,
    "cspnext_tiny": 64, "densenet121": 64, "dla46x_c": 64, "dpn48b": 64, "efficientnet_b0": 64, "fasternet_t0": 64,
    "ghostnet_050": 64, "hardcorenas_b": 64, "hgnetv2_b0": 64, "hrnet_w18_small": 64, "inception_next_atto": 64,
    "inception_resnet_v2": 107, "inception_v3": 107, "inception_v4": 107, "lcnetv2_small": 64, "mambaout_femto": 64,
    "lcnet_035": 64, "rdnet_tiny": 64, "regnetx_002": 64, "repghostnet_050": 64, "repvit_m1": 64,
    "res2net50_14w_8s": 64, "resnest14d": 64, "ecaresnet26t": 64, "resnetv2_18": 64, "rexnet_100": 64,
    "selecsls42": 64, "legacy_seresnet18": 64, "skresnet18": 64, "starnet_s050": 64, "tresnet_m": 64, "vgg11": 64,
    "ese_vovnet19b_slim_dw": 64, "legacy_xception": 96, "xception41p": 64, "cpubone_b0_bfrobust": 64, "dm_nfnet_f0": 64,
    "mobilenetv3_small_050": 64, "mobilenetv4_conv_small_035": 64, "pnasnet5large": 96,
}  # fmt: skip
"""Convolutional networks, and the image size that they are run with."""

_SMALL: Mapping[str, Mapping[str, Any]] = {
    "beit_base_patch16_224": {"depth": 3, "embed_dim": 96, "num_heads": 4},
    "davit_base": {"embed_dims": (32, 64, 96, 128), "num_heads": (2, 4, 6, 8), "depths": (1, 1, 2, 1)},
    "eva02_base_patch14_224": {"depth": 3, "embed_dim": 96, "num_heads": 4},
    "naflexvit_base_patch16_parfac_gap": {"depth": 2, "embed_dim": 96, "num_heads": 4},
    "swinv2_base_window12to16_192to256": {"depths": (2, 2, 2, 2), "embed_dim": 32, "num_heads": (2, 4, 8, 16)},
    "swinv2_cr_base_224": {"depths": (2, 2, 2, 2), "embed_dim": 32, "num_heads": (2, 4, 8, 16)},
    "vit_base_mci_224": {"depth": 2},
    "samvit_base_patch16_224": {"depth": 2, "embed_dim": 96, "num_heads": 4, "global_attn_indexes": (1,)},
    "xcit_medium_24_p8_224": {"depth": 2, "embed_dim": 64, "num_heads": 4},
    "deit3_medium_patch16_224": {"depth": 3, "embed_dim": 96, "num_heads": 4},
}  # fmt: skip

_ATTENTION: Mapping[str, int] = {
    "eca_botnext26ts_256": 256, "cait_xs24_384": 384, "coat_lite_tiny": 224, "convit_tiny": 224, "crossvit_9_240": 240,
    "csatv2": 512, "deit3_medium_patch16_224": 224, "edgenext_xx_small": 256, "efficientformer_l1": 224,
    "efficientformerv2_s0": 224, "efficientvim_m1": 224, "efficientvit_b0": 224, "efficientvit_m0": 224,
    "fastvit_mci0": 256, "gcvit_xxtiny": 224, "hiera_small_224": 224, "iformer_m": 224,
    "levit_128s": 224, "lowformer_b0": 224, "coatnet_0_224": 224, "caformer_s18": 224, "gmlp_ti16_224": 224,
    "mobilevit_xxs": 256, "mvitv2_small": 224, "nest_tiny": 224, "nextvit_small": 224, "pit_ti_224": 224,
    "pvt_v2_b0": 224, "sequencer2d_s": 224, "shvit_s1": 224, "swiftformer_xs": 224, "swin_s3_small_224": 224,
    "tiny_vit_5m_224": 224, "tnt_s_legacy_patch16_224": 224, "twins_svt_small": 224, "visformer_tiny": 224,
    "test_vit_relpos": 160, "volo_d1_224": 224, "beit_base_patch16_224": 224, "davit_base": 224,
    "eva02_base_patch14_224": 224, "focalnet_tiny_srf": 224, "swinv2_base_window12to16_192to256": 256,
    "swinv2_cr_base_224": 224, "samvit_base_patch16_224": 224, "xcit_medium_24_p8_224": 224,
}  # fmt: skip
"""Networks with attention or of tokens, and their image size."""


def _build(name: str) -> nn.Module:
    timm = imported("timm")
    module: nn.Module = timm.create_model(name, **_SMALL.get(name, {}))
    return module


def _image(size: int) -> Callable[[int], tuple[torch.Tensor, ...]]:
    return lambda batch: (torch.randn(batch, 3, size, size),)


def timm_models() -> list[Architecture]:
    """All of them, by name."""
    kinds = [(_CNN, "cnn"), (_ATTENTION, "transformer")]
    found = [
        Architecture(name, "timm", partial(_build, name), _image(size), kind)
        for sizes, kind in kinds for name, size in sizes.items()
    ]  # fmt: skip
    return sorted(found, key=lambda item: item.name)
