"""`python -m sketch` and the `sketch` command: the editor, or a command without a window."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

SUBCOMMANDS = (
    "convert", "info", "check", "code", "render", "diff", "kernels", "layers",
    "extract", "merge", "fold", "fuse", "quantise", "weights", "run",
)  # fmt: skip
"""What `sketch.cli` runs, said here so that the start of the editor need not load it; a test compares."""


def main(argv: Sequence[str] | None = None) -> int:
    """Start what the arguments ask for; the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments == ["--version"]:
        from sketch.app import version_text

        sys.stdout.write(f"sketch {version_text()}\n")
        return 0
    if arguments and (arguments[0] in SUBCOMMANDS or arguments[0].startswith("-")):
        from sketch.cli import main as run_command

        return run_command(arguments)
    missing = [name for name in arguments if not Path(name).exists()]
    if missing:
        sys.stderr.write(f"sketch: {missing[0]}: there is no such file; see sketch --help\n")
        return 2
    from sketch.app import run_editor

    return run_editor([Path(name) for name in arguments])


if __name__ == "__main__":
    sys.exit(main())
