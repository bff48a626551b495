"""Tiny configurations of the architectures of transformers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import nn

from tests.architectures.architecture import Architecture, Inputs
from tests.architectures.shim import imported

_TEXT = {
    "vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
    "max_position_embeddings": 64,
}  # fmt: skip
_RELATIVE = {**_TEXT, "relative_attention": True, "pos_att_type": "c2p|p2c"}
_DECODER = {**_TEXT, "use_cache": False, "pad_token_id": 0}
_GROUPED = {**_DECODER, "num_key_value_heads": 2}
_SEQ2SEQ = {
    "vocab_size": 99, "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
    "decoder_attention_heads": 4, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "use_cache": False,
}  # fmt: skip
_VISION = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "image_size": 32,
    "patch_size": 8,
}  # fmt: skip

_ENCODERS: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    "albert": ("AlbertConfig", "AlbertModel", {**_TEXT, "embedding_size": 16}),
    "bert": ("BertConfig", "BertForSequenceClassification", _TEXT),
    "camembert": ("CamembertConfig", "CamembertModel", _TEXT),
    "deberta": ("DebertaConfig", "DebertaModel", _RELATIVE),
    "deberta_v2": ("DebertaV2Config", "DebertaV2Model", _RELATIVE),
    "distilbert": ("DistilBertConfig", "DistilBertModel", {"vocab_size": 99, "dim": 32, "n_layers": 2, "n_heads": 4,
                                                           "hidden_dim": 64, "max_position_embeddings": 64}),
    "electra": ("ElectraConfig", "ElectraModel", {**_TEXT, "embedding_size": 16}),
    "mobilebert": ("MobileBertConfig", "MobileBertModel", {**_TEXT, "embedding_size": 16, "true_hidden_size": 16,
                                                           "intra_bottleneck_size": 16}),
    "modernbert": ("ModernBertConfig", "ModernBertModel", {**_TEXT, "pad_token_id": 0, "bos_token_id": 1,
                                                           "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2}),
    "mpnet": ("MPNetConfig", "MPNetModel", _TEXT),
    "roberta": ("RobertaConfig", "RobertaForMaskedLM", _TEXT),
    "roformer": ("RoFormerConfig", "RoFormerModel", {**_TEXT, "embedding_size": 32}),
    "squeezebert": ("SqueezeBertConfig", "SqueezeBertModel", {**_TEXT, "embedding_size": 32}),
    "fnet": ("FNetConfig", "FNetModel", {**_TEXT}),
}  # fmt: skip
_DECODERS: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    "bloom": ("BloomConfig", "BloomForCausalLM", {"vocab_size": 99, "hidden_size": 32, "n_layer": 2, "n_head": 4,
                                                  "use_cache": False}),
    "gemma": ("GemmaConfig", "GemmaForCausalLM", {**_GROUPED, "head_dim": 8}),
    "gpt2": ("GPT2Config", "GPT2LMHeadModel", {"vocab_size": 99, "n_embd": 32, "n_layer": 2, "n_head": 4,
                                               "n_positions": 64, "use_cache": False}),
    "gpt_neo": ("GPTNeoConfig", "GPTNeoForCausalLM", {
        "vocab_size": 99, "hidden_size": 32, "num_layers": 2, "num_heads": 4, "use_cache": False,
        "attention_types": [[["global", "local"], 1]], "max_position_embeddings": 64}),
    "gpt_neox": ("GPTNeoXConfig", "GPTNeoXForCausalLM", _DECODER),
    "llama": ("LlamaConfig", "LlamaForCausalLM", _GROUPED),
    "mistral": ("MistralConfig", "MistralForCausalLM", _GROUPED),
    "olmo": ("OlmoConfig", "OlmoForCausalLM", _DECODER),
    "opt": ("OPTConfig", "OPTForCausalLM", {**_DECODER, "ffn_dim": 64, "word_embed_proj_dim": 32}),
    "phi": ("PhiConfig", "PhiForCausalLM", _DECODER),
    "qwen2": ("Qwen2Config", "Qwen2ForCausalLM", _GROUPED),
    "qwen3": ("Qwen3Config", "Qwen3ForCausalLM", {**_GROUPED, "head_dim": 8}),
}  # fmt: skip
_PAIRS: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    "bart": ("BartConfig", "BartModel", {**_SEQ2SEQ, "max_position_embeddings": 64}),
    "t5": ("T5Config", "T5Model", {
        "vocab_size": 99, "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4, "use_cache": False}),
}  # fmt: skip
_IMAGES: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    "beit": ("BeitConfig", "BeitModel", _VISION),
    "convnext": ("ConvNextConfig", "ConvNextModel", {"hidden_sizes": [16, 32, 48, 64], "depths": [1, 1, 2, 1],
                                                     "image_size": 32}),
    "deit": ("DeiTConfig", "DeiTModel", _VISION),
    "dinov2": ("Dinov2Config", "Dinov2Model", {**_VISION}),
    "resnet": ("ResNetConfig", "ResNetModel", {"hidden_sizes": [16, 32, 48, 64], "depths": [1, 1, 1, 1],
                                               "embedding_size": 16}),
    "segformer": ("SegformerConfig", "SegformerForSemanticSegmentation", {
        "hidden_sizes": [16, 32, 48, 64], "depths": [1, 1, 1, 1], "decoder_hidden_size": 32}),
    "vit": ("ViTConfig", "ViTForImageClassification", _VISION),
}  # fmt: skip
_LENGTH = 12


def _build(config: str, model: str, given: Mapping[str, Any]) -> nn.Module:
    package = imported("transformers")
    made: nn.Module = getattr(package, model)(getattr(package, config)(**given, attn_implementation="eager"))
    return made


def _tokens(batch: int) -> Inputs:
    mask = torch.ones(batch, _LENGTH, dtype=torch.int64)
    mask[:, _LENGTH - 2 :] = 0
    return {"input_ids": torch.randint(3, 99, (batch, _LENGTH)), "attention_mask": mask}


def _alone(batch: int) -> Inputs:
    return {"input_ids": torch.randint(3, 99, (batch, _LENGTH))}


def _both(batch: int) -> Inputs:
    return {
        "input_ids": torch.randint(3, 99, (batch, _LENGTH)),
        "decoder_input_ids": torch.randint(3, 99, (batch, 8)),
    }


def _pixels(batch: int) -> Inputs:
    return {"pixel_values": torch.randn(batch, 3, 32, 32)}


def transformers_models() -> list[Architecture]:
    """All of them, by name."""
    kinds: list[tuple[Mapping[str, tuple[str, str, Mapping[str, Any]]], Callable[[int], Inputs]]] = [
        (_ENCODERS, _tokens), (_DECODERS, _alone), (_PAIRS, _both), (_IMAGES, _pixels),
    ]  # fmt: skip
    return [
        Architecture(name, "transformers", partial(_build, *rest), inputs, _kind(name))
        for rows, inputs in kinds
        for name, rest in rows.items()
    ]


def _kind(name: str) -> str:
    return "cnn" if name in ("resnet", "convnext") else "transformer"
