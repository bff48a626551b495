"""Which line of the model a call comes from."""

from __future__ import annotations

import linecache
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType, TracebackType

import torch

_INTERNAL = (str(Path(torch.__file__).parent) + "/", str(Path(__file__).parent) + "/")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of source and the function that it is in."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{Path(self.file).name}:{self.line}"

    @property
    def where(self) -> str:
        """`model.py:12 in forward`."""
        return f"{self} in {self.function}"

    @property
    def source(self) -> str:
        """`model.py:12: x = x + 1`; without the text where the source cannot be had."""
        text = linecache.getline(self.file, self.line).strip()
        return f"{self}: {text}" if text else str(self)


NOWHERE = Place("", 0, "")


@lru_cache(maxsize=4096)
def _is_internal(file: str) -> bool:
    return file.startswith((*_INTERNAL, "<frozen"))


def here(border: CodeType | None = None) -> Place:
    """The innermost frame outside torch and this package; NOWHERE when the frame `border` comes first."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code is border:
            return NOWHERE
        if not _is_internal(code.co_filename):
            return Place(code.co_filename, frame.f_lineno, code.co_name)
        frame = frame.f_back
    return NOWHERE


def raised_at(error: BaseException) -> Place:
    """The innermost line outside torch that an error passed through."""
    found = NOWHERE
    step: TracebackType | None = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        if not _is_internal(code.co_filename):
            found = Place(code.co_filename, step.tb_lineno, code.co_name)
        step = step.tb_next
    return found
