"""Converting ONNX to .pth: 500 MB of weights, against torch.save of the same tensors.

Run it with the project's Python: python benchmarks/converting.py [MEGABYTES]. Each side runs in a fresh process:
weights that lie as PyTorch keeps them, weights that must be transposed, and torch.save of tensors in memory. Seconds
are what a person waits, CPU seconds stand beside; memory is the peak of resident memory above what the imports take.
Exit 1 when converting takes more than 2 times the seconds or 1.3 times the memory of torch.save. The best of seven runs
counts, and all write over the same file: a busy disk, and pages that a virtual machine must first get from its host,
cost more time than either side.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LAYERS, RUNS = 30, 7
MOST_TIME, MOST_MEMORY = 2.0, 1.3
FIGURES = ("seconds", "cpu", "mb")

PEAK = """
import json, sys, time
from pathlib import Path

def memory(kind):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(kind)) / 1024

def clocks():
    return time.perf_counter(), time.process_time()

def say(start, before):
    seconds, cpu = (now - then for now, then in zip(clocks(), start))
    peak = memory("VmHWM")
    print(json.dumps({"seconds": round(seconds, 3), "cpu": round(cpu, 3), "mb": round(peak - before, 1)}))

target = sys.argv[1]
"""

SAVER = """
import torch
size, layers = int(sys.argv[2]), int(sys.argv[3])
torch.save({"first": torch.rand(8)}, target)
before = memory("VmRSS")
tensors = {str(n): torch.rand(size, size) for n in range(layers)}
start = clocks()
torch.save(tensors, target)
say(start, before)
"""

CONVERTER = """
from types import SimpleNamespace
sys.path.insert(0, sys.argv[4])
from sketch.binder.tensors import TensorStore
from sketch.graph.library import LayerLibrary
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.kernels.onnx import KERNEL as ONNX
from sketch.kernels.pytorch import KERNEL as PYTORCH
from sketch.resources_root import resource_root

library = LayerLibrary.load(resource_root() / "layers")
store = TensorStore(Path(sys.argv[3]))
task = SimpleNamespace(store=store, scratch=Path(sys.argv[3]), trusted=False, step=lambda *_: None)

def convert(source, target):
    tables = Tables()
    tables.apply(ONNX.import_model(Path(source), {}, task).delta)
    network = build_network(tables, library, name="heavy", store=store)
    return PYTORCH.export_model(network, Path(target), {}, task)

convert(sys.argv[5], target + ".small")
before, start = memory("VmRSS"), clocks()
convert(sys.argv[2], target)
say(start, before)
"""


def heavy(path: Path, size: int, *, transposed: bool) -> Path:
    """30 Gemm operators in a row, each with a square weight."""
    import numpy as np
    import onnx
    from onnx import helper, numpy_helper

    nodes, weights = [], []
    random = np.random.default_rng(0)
    for index in range(LAYERS):
        ends = [f"x{index}", f"w{index}", f"b{index}"], [f"x{index + 1}"]
        nodes.append(helper.make_node("Gemm", *ends, f"fc{index}", transB=int(not transposed)))
        weights.append(numpy_helper.from_array(random.random((size, size), np.float32), f"w{index}"))
        weights.append(numpy_helper.from_array(np.zeros(size, np.float32), f"b{index}"))
    values = [helper.make_tensor_value_info(name, 1, ["N", size]) for name in ("x0", f"x{LAYERS}")]
    graph = helper.make_graph(nodes, "heavy", values[:1], values[1:], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)
    return path


def measured(script: str, target: Path, *arguments: object) -> dict[str, float]:
    """Seconds, CPU seconds and peak of resident memory (MB) of a fresh process that writes a file anew."""
    command = [sys.executable, "-c", PEAK + script, *map(str, (target, *arguments))]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


def compared(size: int) -> dict[str, dict[str, float]]:
    """torch.save and both conversions by turns; the least of each."""
    with tempfile.TemporaryDirectory(prefix="sketch-bench-") as name:
        folder = Path(name)
        more = folder / "store", ROOT, heavy(folder / "small.onnx", 8, transposed=True)
        lying = heavy(folder / "lying.onnx", size, transposed=False)
        turned = heavy(folder / "turned.onnx", size, transposed=True)
        sides = {
            "torch_save": (SAVER, size, LAYERS),
            "as_they_lie": (CONVERTER, lying, *more),
            "transposed": (CONVERTER, turned, *more),
        }
        runs = [
            {kind: measured(script, folder / "out.pth", *rest) for kind, (script, *rest) in sides.items()}
            for _ in range(RUNS)
        ]
    return {kind: {key: min(run[kind][key] for run in runs) for key in FIGURES} for kind in sides}


def main() -> int:
    """Print the measurement as JSON; 1 when a promise is broken."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    found = compared(math.isqrt(megabytes * 1_000_000 // (4 * LAYERS)))
    base = found["torch_save"]
    worst = {
        key: round(max(found[kind][key] / base[key] for kind in found if kind != "torch_save"), 2)
        for key in base
    }
    sys.stdout.write(json.dumps({**found, "times": worst}) + "\n")
    return int(worst["seconds"] > MOST_TIME or worst["mb"] > MOST_MEMORY)


if __name__ == "__main__":
    sys.exit(main())
