"""What ONNX cannot say of each layer, for lists; the node itself gets the full reason from `refusal`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_NUMBERS = "at a size that is no number"
_ADAPTIVE = {f"Adaptive{kind}Pool{rank}d": _NUMBERS for kind in ("Avg", "Max") for rank in (1, 2, 3)}

LIMITS: Mapping[str, str] = MappingProxyType(
    {
        **_ADAPTIVE,
        "CTCLoss": "at all: it is a search over alignments",
        "Interpolate": "with antialias and align_corners together, or mode area at a size that is no number",
        "LSTM": "with proj_size",
        "ScaledDotProductAttention": "with dropout_p above 0",
        "TripletMarginLoss": "with p = 0",
        "Upsample": "with recompute_scale_factor, at a size that is no number",
    }
)
