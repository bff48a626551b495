"""Opening ONNX models, with inference: 500 MB of weights, embedded and beside the model, and 10,000 operators.

Run it with the project's Python: python benchmarks/opening.py. Each model is opened in a fresh process. Exit 1 when
opening takes more than 100 MB of anonymous memory above the same graph without weights, when external weights take more
than 1.5 times as long as onnx_ir.load plus that graph, or when 10,000 operators take more than 3 s of CPU.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LAYERS, SIZE = 30, 2048
BLOCKS = 2000
MOST_MB, MOST_RATIO, MOST_SECONDS = 100.0, 1.5, 3.0
SLACK = 0.05
"""Seconds that a clock may be off: both sides of the ratio are a few hundredths."""

OPENER = """
import json, sys, time
from pathlib import Path
from types import SimpleNamespace
sys.path.insert(0, sys.argv[2])
from sketch.binder.tensors import TensorStore
from sketch.kernels.onnx import KERNEL
import onnx_ir
from sketch.graph.library import LayerLibrary
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.resources_root import resource_root
from sketch.kernels.onnx.layer_library import library as known
known()["ai.onnx:Shape"]
library = LayerLibrary.load(resource_root() / "layers")
library["ai.onnx:Shape"]

def anonymous():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) / 1024

store = TensorStore(Path(sys.argv[3]))
task = SimpleNamespace(store=store, scratch=Path(sys.argv[3]), trusted=False, step=lambda *_: None)
tables = Tables()
before = anonymous()
start = time.process_time()
model = KERNEL.import_model(Path(sys.argv[1]), {}, task)
tables.apply(model.delta)
network = build_network(tables, library)
seconds = time.process_time() - start
grown = anonymous() - before
start = time.process_time()
loaded = onnx_ir.load(sys.argv[1]) if len(sys.argv) > 4 else None
print(json.dumps({"seconds": seconds, "mb": grown, "ir": time.process_time() - start, "changes": len(model.delta)}))
"""


def heavy(path: Path, size: int, *, external: bool = False) -> Path:
    """30 Gemm operators in a row, each with a square weight."""
    import numpy as np
    import onnx
    from onnx import helper, numpy_helper

    nodes, weights = [], []
    random = np.random.default_rng(0)
    for index in range(LAYERS):
        nodes.append(
            helper.make_node("Gemm", [f"x{index}", f"w{index}", f"b{index}"], [f"x{index + 1}"], f"fc{index}")
        )
        weights.append(numpy_helper.from_array(random.random((size, size), np.float32), f"w{index}"))
        weights.append(numpy_helper.from_array(np.zeros(size, np.float32), f"b{index}"))
    ends = [helper.make_tensor_value_info(name, 1, ["N", size]) for name in ("x0", f"x{LAYERS}")]
    graph = helper.make_graph(nodes, "heavy", ends[:1], ends[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.save(model, path, save_as_external_data=external, location=f"{path.name}.data", size_threshold=0)
    return path


def long(path: Path) -> Path:
    """10,000 operators: convolution, activation, shape, reshape, sum."""
    import numpy as np
    import onnx
    from onnx import helper, numpy_helper

    nodes, last = [], "x"
    for index in range(BLOCKS):
        names = [f"{kind}{index}" for kind in ("c", "r", "s", "t", "y")]
        nodes += [
            helper.make_node("Conv", [last, "w"], names[:1], f"conv{index}", pads=[1, 1, 1, 1]),
            helper.make_node("Relu", names[:1], names[1:2]),
            helper.make_node("Shape", names[1:2], names[2:3]),
            helper.make_node("Reshape", [names[1], names[2]], names[3:4]),
            helper.make_node("Add", [names[3], last], names[4:]),
        ]
        last = names[4]
    ends = [helper.make_tensor_value_info(name, 1, ["N", 4, 8, 8]) for name in ("x", last)]
    weight = numpy_helper.from_array(np.ones((4, 4, 3, 3), np.float32), "w")
    graph = helper.make_graph(nodes, "long", ends[:1], ends[1:], [weight])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)
    return path


def measured(path: Path, *more: str) -> dict[str, float]:
    """CPU seconds and growth of anonymous memory (MB) of opening a file in a fresh process."""
    with tempfile.TemporaryDirectory() as store:
        arguments = [sys.executable, "-c", OPENER, str(path), str(ROOT), store, *more]
        found: dict[str, float] = json.loads(
            subprocess.run(arguments, check=True, capture_output=True).stdout
        )
    return found


def main() -> int:
    """Measure, print, judge."""
    with tempfile.TemporaryDirectory() as folder:
        light = measured(heavy(Path(folder, "light.onnx"), 8))
        embedded = measured(heavy(Path(folder, "embedded.onnx"), SIZE))
        external = measured(heavy(Path(folder, "external.onnx"), SIZE, external=True), "ir")
        many = measured(long(Path(folder, "long.onnx")))
    ratio = external["seconds"] / (light["seconds"] + external["ir"] + SLACK)
    above = max(embedded["mb"], external["mb"]) - light["mb"]
    found = {
        "without_weights": light, "embedded": embedded, "external": external, "operators": many,
        "mb_above": above, "times_onnx_ir": ratio,
    }  # fmt: skip
    sys.stdout.write(json.dumps(found) + "\n")
    return int(above > MOST_MB or ratio > MOST_RATIO or many["seconds"] > MOST_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
