"""How the program starts: which commands there are, and what it says where it cannot open a window."""

import argparse
import os
import subprocess
import sys

from sketch.__main__ import SUBCOMMANDS
from sketch.cli import build_parser


def test_the_start_knows_every_command_of_the_command_line():
    actions = build_parser()._actions
    commands = next(action for action in actions if isinstance(action, argparse._SubParsersAction))
    assert set(commands.choices) == set(SUBCOMMANDS)


def test_without_a_screen_it_says_so_in_one_line():
    environment = {
        k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    done = subprocess.run(
        [sys.executable, "-m", "sketch"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("sketch: there is no screen")
