"""README keeps its word: its two commands are what CI runs, and its examples run as printed."""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.source_tree import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)(?: (tested))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, whether it is run, and its text."""

    language: str
    tested: bool
    text: str


@dataclass(frozen=True)
class Step:
    """One command of a console block and the lines it promises to print."""

    command: str
    promised: tuple[str, ...]


BLOCKS = [Block(m[1], m[2] == "tested", m[3]) for m in BLOCK.finditer(README)]


def steps(text: str) -> list[Step]:
    """Split a console block into commands and what they print."""
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    return [Step(lines[0], tuple(lines[1:])) for lines in (part.splitlines() for part in parts)]


def opening_commands() -> list[str]:
    """Return the commands of the first block of README: install and start, install and test."""
    lines = (line.split("#")[0].strip() for line in BLOCKS[0].text.splitlines())
    return [line for line in lines if line.startswith("scripts/")]


def test_readme_opens_with_two_commands() -> None:
    assert opening_commands() == ["scripts/start", "scripts/test"]
    before = README[: BLOCK.search(README).start()]  # type: ignore[union-attr]
    assert "docs/screenshot-light.png" in before
    assert len(README[: README.index("docs/screenshot-light.png")].splitlines()) < 15


def test_ci_runs_exactly_the_commands_of_readme() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    start, test = opening_commands()
    assert test in lines
    assert [line for line in lines if line.endswith(f".ci/window-opens {start}")]


def test_every_script_and_file_that_readme_names_exists() -> None:
    links = [target for target in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in target]
    names = re.findall(r"\b(?:scripts|docs|resources|sketch|tests)/[\w./-]*\w", README)
    assert links
    made = {"docs/screenshot-light.png"} & set(names)
    assert [name for name in {*links, *names} | made if not (ROOT / name).exists()] == []


def test_scripts_can_be_run() -> None:
    for name in ("scripts/start", "scripts/test", "scripts/install", "scripts/install-system", ".ci/run"):
        assert os.access(ROOT / name, os.X_OK), name


def run(command: list[str], folder: Path) -> str:
    """Run a command as a person would, with this interpreter's scripts first; return what it prints."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


def check_console(text: str, folder: Path) -> None:
    """Run each command; every line it promises is printed, whatever the spacing."""
    for step in steps(text):
        printed = [line.split() for line in run(shlex.split(step.command), folder).splitlines()]
        missing = [line for line in step.promised if line.strip() != "..." and line.split() not in printed]
        assert missing == [], f"{step.command}: {printed}"


def check_python(text: str, folder: Path) -> None:
    """Run a script as it stands."""
    script = folder / "example.py"
    script.write_text(text)
    run([sys.executable, "-W", "error::DeprecationWarning:__main__", str(script)], folder)


def test_the_examples_run_one_after_the_other(tmp_path: Path) -> None:
    checks = {"python": check_python, "console": check_console}
    run_blocks = [block for block in BLOCKS if block.tested]
    assert {block.language for block in run_blocks} == set(checks)
    for block in run_blocks:
        checks[block.language](block.text, tmp_path)
