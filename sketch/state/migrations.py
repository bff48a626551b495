"""Bringing `.sketch` files of earlier versions up to date: one function a step, forward only."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

VERSION = 1
"""The version of `.sketch` files that this Sketch writes (SQLite's user_version)."""

Step = Callable[[sqlite3.Connection], None]

STEPS: Mapping[int, Step] = {}
"""version -> the step that makes the next version of it; version 1 is the first there is."""


class VersionError(ValueError):
    """The file is of a version that cannot be read; the message says what to do."""


def bring_up(connection: sqlite3.Connection, steps: Mapping[int, Step] = STEPS, goal: int = VERSION) -> int:
    """Take an open database (a copy, never the person's file) to the version `goal`; the version it had."""
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > goal:
        raise VersionError(
            f"written by a newer Sketch (file version {found}, this one reads {goal}); update Sketch"
        )
    if found < 1:
        raise VersionError("no Sketch document, or one that was not finished")
    connection.execute("BEGIN")
    for version in range(found, goal):
        steps[version](connection)
        connection.execute(f"PRAGMA user_version={version + 1}")
    connection.execute("COMMIT")
    return found
