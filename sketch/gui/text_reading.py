"""Reads edited source without running it, long text in a process of its own: Python's parser stops all other threads.

python -m sketch.gui.text_reading < request.json > answer.json
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
from typing import IO, Any, NamedTuple

from sketch.gui.text_syntax import (
    ClassInText,
    Fault,
    Ranges,
    classes,
    fault,
    moved,
    moved_ranges,
    same_program,
)
from sketch.own_process import module_command, module_environment

FEW = 100
"""Text of up to so many lines is read at once, in some milliseconds."""
KIN = 0.5
"""Text that keeps this share of its lines is an edit of the drawing; with less it is another model."""
LOOK_SECONDS = 0.1
Check = Callable[[], object]


class Question(NamedTuple):
    """What is edited and what it began as; `compares`: whether both are the same program is asked, too."""

    base: str
    text: str
    lines: Ranges
    compares: bool = False

    @property
    def is_short(self) -> bool:
        """True when it is answered before anybody sees it."""
        return max(self.base.count("\n"), self.text.count("\n")) <= FEW


@dataclass(frozen=True)
class Answer:
    """What was found of `text`. `lines` are those of the drawing's nodes where they are now."""

    text: str
    fault: Fault | None
    classes: Sequence[ClassInText]
    base_classes: Sequence[ClassInText]
    lines: Ranges
    is_kin: bool
    is_same: bool


class _Read(NamedTuple):
    fault: Fault | None
    classes: list[ClassInText]
    base_classes: list[ClassInText]
    is_same: bool


def answer(question: Question, check: Check = lambda: None) -> Answer:
    """Any thread may ask. `check` raises when nobody wants the answer any more; it is called ten times a second."""
    read = _read(question) if question.is_short else _read_apart(question, check)
    places = moved(question.base, question.text)
    check()
    return Answer(
        question.text, read.fault, read.classes, read.base_classes, moved_ranges(question.lines, places),
        len(places) >= KIN * len(question.base.splitlines()), read.is_same,
    )  # fmt: skip


def _read(question: Question) -> _Read:
    wrong, base, text = fault(question.text), question.base, question.text
    found = [] if wrong is not None else classes(text)
    is_same = question.compares and wrong is None and same_program(base, text)
    return _Read(wrong, found, classes(base), is_same)


def _read_apart(question: Question, check: Check) -> _Read:
    request = json.dumps([question.base, question.text, question.compares]).encode()
    check()  # who accepts a text asks anew, just after a pause of typing has asked
    with (
        tempfile.TemporaryFile() as sent,  # a pipe that is not read at once would have to be written in turns
        subprocess.Popen(
            module_command("sketch.gui.text_reading"),
            stdin=_filled(sent, request), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=module_environment(),
        ) as process,
    ):  # fmt: skip
        out = None
        try:
            while out is None:
                with suppress(subprocess.TimeoutExpired):
                    out, _ = process.communicate(timeout=LOOK_SECONDS)
                check()
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:  # Python's own parser ended: text can be nested too deep for it
        return _Read(Fault(0, "The text cannot be read as Python."), [], [], False)
    return _from_json(json.loads(out))


def _filled(file: IO[bytes], data: bytes) -> IO[bytes]:
    file.write(data)
    file.seek(0)
    return file


def _from_json(found: Mapping[str, Any]) -> _Read:
    wrong = found["fault"]

    def known(key: str) -> list[ClassInText]:
        return [
            ClassInText(name, tuple(needs), tuple(inputs), (first, last))
            for name, needs, inputs, (first, last) in found[key]
        ]

    return _Read(
        None if wrong is None else Fault(*wrong), known("classes"), known("base_classes"), found["is_same"]
    )


def _to_json(read: _Read) -> Mapping[str, Any]:
    wrong = read.fault
    return {
        "fault": None if wrong is None else (wrong.line, wrong.text),
        "classes": [astuple(found) for found in read.classes],
        "base_classes": [astuple(found) for found in read.base_classes],
        "is_same": read.is_same,
    }


def main() -> None:
    """Answer the request of the standard input."""
    base, text, compares = json.load(sys.stdin)
    json.dump(_to_json(_read(Question(base, text, {}, compares))), sys.stdout)


if __name__ == "__main__":
    main()
