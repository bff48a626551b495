"""Memory: what the process of the window keeps resident with a 10,000-node model open and every panel shown.

Run it with the project's Python: python benchmarks/memory.py [NODES]. A fresh process opens an ONNX file through the
worker, lets everything settle and counts. Exit 1 above 250 MB.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
MOST_MB = 250.0
SETTLE_SECONDS = 8.0
PROGRAM = """
import json, memory, os, pathlib, sys
print(json.dumps(memory.measure(pathlib.Path(sys.argv[1]))), flush=True)
os._exit(0)
"""


def resident() -> dict[str, float]:
    """Megabytes of this process: resident, and of that what is its own."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines[1:]}
    return {"resident_mb": round(sizes["Rss"], 1), "anonymous_mb": round(sizes["Anonymous"], 1)}


def show_all(window: Any) -> None:
    """Bring every panel to the front once, so that it has filled itself."""
    from stalls import rest

    for dock in window.docks.values():
        dock.raise_()
        rest(0.3)


def measure(path: Path) -> dict[str, Any]:
    """What a window weighs empty, and with this file."""
    from stalls import open_window, rest

    window = open_window()
    show_all(window)
    rest(1.0)
    found: dict[str, Any] = {"empty": resident()}
    window.opener.open_file(path)
    while window.desk.tab is None:
        rest(0.1)
    rest(SETTLE_SECONDS)
    show_all(window)
    tab = window.desk.tab
    tab.view.frame_all()
    rest(1.0)
    return {**found, "open": resident(), "nodes": len(tab.document.tables.nodes)}


def main() -> int:
    """Measure in a process of its own, print JSON; 1 when the promise is broken."""
    import models

    nodes = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory(prefix="sketch-bench-") as folder:
        path = models.write(Path(folder), "branching", nodes)
        users = {f"XDG_{name}_HOME": f"{folder}/{name}" for name in ("CONFIG", "DATA", "STATE", "CACHE")}
        env = {**os.environ, **users, "PYTHONPATH": str(ROOT / "benchmarks")}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(path)], env=env, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        sys.exit(done.stderr)
    found = json.loads(done.stdout.splitlines()[-1])
    sys.stdout.write(json.dumps(found) + "\n")
    return int(found["open"]["resident_mb"] > MOST_MB)


if __name__ == "__main__":
    sys.exit(main())
