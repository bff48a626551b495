"""Versions of `.sketch` files, and the steps that bring older ones up to date: forward only."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

VERSION = 2
"""The newest version of `.sketch` files (SQLite's user_version) that this Sketch reads.

A file is of the first version that has all its rows (see `codec.first_version`), so that an older Sketch opens what it
understands and says of the rest that it is newer.
"""

Step = Callable[[sqlite3.Connection], None]

STEPS: Mapping[int, Step] = {}
"""version -> the step that makes the next version of it, for versions whose rows the next one reads otherwise.

Version 1 is the first there is; 2 only has more kinds of rows.
"""


class VersionError(ValueError):
    """The file is of a version that cannot be read; the message says what to do."""


def is_current(version: int) -> bool:
    """True for files that are read as they are."""
    return 1 <= version <= VERSION and not any(step >= version for step in STEPS)


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
        if version in steps:
            steps[version](connection)
        connection.execute(f"PRAGMA user_version={version + 1}")
    connection.execute("COMMIT")
    return found
