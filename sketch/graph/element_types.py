"""The standard's numbers of the element types: what an attribute such as Cast's `to` holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from sketch.graph.rows import DTYPES

ELEMENT_TYPES: Mapping[str, int] = {
    "float32": 1, "uint8": 2, "int8": 3, "uint16": 4, "int16": 5, "int32": 6, "int64": 7, "string": 8, "bool": 9,
    "float16": 10, "float64": 11, "uint32": 12, "uint64": 13, "complex64": 14, "complex128": 15, "bfloat16": 16,
    "float8e4m3fn": 17, "float8e4m3fnuz": 18, "float8e5m2": 19, "float8e5m2fnuz": 20, "uint4": 21, "int4": 22,
    "float4e2m1": 23, "float8e8m0": 24, "uint2": 25, "int2": 26, "float6e2m3": 27, "float6e3m2": 28,
}  # fmt: skip
"""Name -> number."""

TYPE_NAMES: Mapping[int, str] = {number: name for name, number in ELEMENT_TYPES.items()}
"""Number -> name."""

HELD_TYPES: Mapping[str, int] = {name: number for name, number in ELEMENT_TYPES.items() if name in DTYPES}
"""Those that a tensor of a drawing can have: name -> number."""

HELD_NAMES: Mapping[int, str] = {number: name for name, number in HELD_TYPES.items()}
"""Number -> name."""


@lru_cache(maxsize=64)
def bits_of(dtype: str) -> int:
    """How many bits an element takes; 0 where that is not fixed (text, sequences)."""
    if dtype == "bool":
        return 8
    found = re.match(r"[a-z]+(\d+)", dtype) if dtype in DTYPES else None
    return int(found[1]) if found else 0
