"""kill -9 in the middle of edits and of saving: nothing acknowledged is lost, nothing is torn."""

import random
import subprocess
import sys
import time
from pathlib import Path

from sketch.binder.tensors import TensorStore
from sketch.state.document_file import load_document
from tests.source_tree import ROOT
from tests.state.drawing import Reference, real_library

KILLS = 30


def start(module: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", f"tests.state.{module}", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def run_and_kill(folder: Path, dice: random.Random) -> tuple[list[str], int]:
    """Let the victim edit for a random while, kill it; what it found, and the last edit it was told is safe."""
    with start("crash_victim", folder) as victim:
        found = victim.stdout.readline().split()
        for _ in range(dice.randrange(12)):
            victim.stdout.readline()
        time.sleep(dice.random() * 0.02)
        victim.kill()
        kept = [line.split() for line in victim.stdout.read().splitlines() if line.startswith("kept")]
        complete = [int(words[1]) for words in kept if len(words) == 2]
    return found, max(complete, default=int(found[1]))


def test_nothing_acknowledged_is_lost_in_any_kill(tmp_path: Path) -> None:
    dice, reference = random.Random(5), Reference()
    acknowledged = 0
    for _ in range(KILLS):
        (_, number, found, damaged), safe = run_and_kill(tmp_path, dice)
        assert int(number) >= acknowledged
        assert found == reference.after(int(number))
        assert damaged == "None"
        acknowledged = safe
    assert acknowledged > 100


def test_a_file_is_old_or_new_when_saving_is_killed(tmp_path: Path) -> None:
    dice, library, target = random.Random(6), real_library(), tmp_path / "net.sketch"
    sizes = []
    for turn in range(12):
        with start("save_victim", target) as victim:
            assert victim.stdout.readline() == "saved\n"
            time.sleep(dice.random() * 0.1)
            victim.kill()
            victim.stdout.read()
        document = load_document(target, library, store=TensorStore(tmp_path / f"store{turn}"), folder=None)
        sizes.append(len(document.tables.nodes))
        row = next(iter(document.tables.tensors.values()))
        assert document.store.get(row.digest, row.shape, row.dtype).sum() == 64 * 63 / 2
        document.close()
    assert min(sizes) >= 1
