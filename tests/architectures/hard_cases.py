"""The hand-written hard cases of the recorder's tests, as architectures."""

from __future__ import annotations

from tests.architectures.architecture import Architecture
from tests.kernels.pytorch.capture.hard_cases import CASES


def hard_cases() -> list[Architecture]:
    """All of them, by name."""
    return [
        Architecture(
            case.name,
            "hand",
            case.build,
            case.inputs,
            dynamic=case.dynamic,
            refused=case.refused,
            shaken=False,
        )
        for case in CASES
    ]
