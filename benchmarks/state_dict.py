"""Opening 1 GB of weights: a state_dict of torch.save, zipped and in the old format, and safetensors.

Run it with the project's Python: python benchmarks/state_dict.py. Each file is opened in a fresh process, and loaded
by torch.load(mmap=True) or safetensors in another. Exit 1 when opening, with the tree of its tensors laid out and
inferred, takes more than 100 MB of anonymous memory above the same tree of small tensors.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LAYERS, SIZE = 256, 1024
MOST_MB = 100.0
PEAK = """
import json, sys, time
from pathlib import Path

def anonymous():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) / 1024

def told(before, start):
    seconds, grown = time.perf_counter() - start, anonymous() - before
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
    print(json.dumps({"seconds": seconds, "mb": grown, "peak_mb": peak}))
"""
OPENER = (
    PEAK
    + """
from types import SimpleNamespace
sys.path.insert(0, sys.argv[2])
from sketch.binder.tensors import TensorStore
from sketch.graph.library import LayerLibrary
from sketch.graph.network import build_network
from sketch.graph.placing import placed
from sketch.graph.tables import Tables
from sketch.kernels.pytorch.files import opening
from sketch.kernels.pytorch.files import weights_only
from sketch.resources_root import resource_root
import numpy
library = LayerLibrary.load(resource_root() / "layers")
task = SimpleNamespace(store=TensorStore(Path(sys.argv[3])), trusted=False, step=lambda *_: None)
tables = Tables()
before, start = anonymous(), time.perf_counter()
tables.apply(placed(opening.import_model(Path(sys.argv[1]), {}, task).delta, library))
network = build_network(tables, library)
told(before, start)
"""
)
LOADER = (
    PEAK
    + """
import torch
from safetensors.torch import load_file
before, start = anonymous(), time.perf_counter()
safe = sys.argv[1].endswith(".safetensors")
state = load_file(sys.argv[1]) if safe else torch.load(sys.argv[1], mmap="old" not in sys.argv[1], weights_only=True)
told(before, start)
"""
)


def write(folder: Path, size: int) -> list[Path]:
    """The three files; each has 256 square matrices of this size and as many vectors."""
    import safetensors.torch
    import torch

    state = {}
    for index in range(LAYERS):
        state[f"blocks.{index}.fc.weight"] = torch.full((size, size), float(index))
        state[f"blocks.{index}.fc.bias"] = torch.full((size,), float(index))
    paths = [folder / name for name in (f"zip{size}.pth", f"old{size}.pth", f"safe{size}.safetensors")]
    torch.save(state, paths[0])
    torch.save(state, paths[1], _use_new_zipfile_serialization=False)
    safetensors.torch.save_file(state, paths[2])
    return paths


def run(code: str, *arguments: str | Path) -> dict[str, float]:
    """What one process says."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> int:
    """Measure, print a table, and say whether the goal is met."""
    met = True
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        for large, small in zip(write(folder, SIZE), write(folder, 4), strict=True):
            ours = run(OPENER, large, ROOT, folder / f"store-{large.stem}")
            base = run(OPENER, small, ROOT, folder / f"store-{small.stem}")
            theirs = run(LOADER, large)
            above = ours["mb"] - base["mb"]
            met = met and above <= MOST_MB
            sys.stdout.write(
                f"{large.name:20} {large.stat().st_size / 2**20:5.0f} MB: {ours['seconds']:5.2f} s, "
                f"{ours['mb']:7.1f} MB ({above:+.1f} above the tree alone), peak {ours['peak_mb']:5.0f} MB;   "
                f"loaded: {theirs['seconds']:5.2f} s, {theirs['mb']:7.1f} MB, peak {theirs['peak_mb']:5.0f} MB\n"
            )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
