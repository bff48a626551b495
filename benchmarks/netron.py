"""Opening to the first complete picture: Sketch against Netron's own page in headless Chromium, in turns, in one run.

Run it with the project's Python: python benchmarks/netron.py [--only KIND-NODES ...] [--peer-only | --sketch-only].
It needs the extra `bench` of pyproject.toml and Chromium (Debian's package `chromium`). For each file of models.py, one
side after the other: Netron opens it in a browser that is running already, from the navigation until its page shows the
finished drawing. Sketch opens it in a window that is running, from the choice of the file until its first complete
picture: every operator and every wire in view, by name, with its layer's colour, laid out, painted, to be moved about
in. Shapes, weights and editing come with the exact document, which takes the picture's place; its time, from the same
beginning, is in columns of its own and is not what is compared. Both are taken with no worker running (cold) and with
a running one (warm); the first picture needs none.

Numbers are CPU seconds of all processes concerned (browser with its children and Netron's server; window and worker)
and wall seconds, those of the best of three openings on either side (one of what takes Netron more than 20 s of CPU).
Netron is stopped after 150 s of CPU, which then count. Exit 1 when the first picture is not 10 times faster on every
file, in CPU and wall time, or when the shared mask costs more than half of the plain transformer on top.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import models  # noqa: E402

MOST_CPU, MOST_WALL = 150.0, 900.0
TIMES, MASK_TIMES = 10.0, 1.5
POLL, BUSY_SECONDS = 0.1, 5.0
REPEATS, LONG_CPU = 3, 20.0
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--mute-audio",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1600,1000",
    "--remote-debugging-port=0", "--remote-allow-origins=*",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
SERVER = """
import sys, netron
netron.serve(sys.argv[1], None, ("127.0.0.1", int(sys.argv[2])), browse=False)
netron.wait()
"""
DRAWN = """
(() => { const nodes = document.querySelectorAll('#canvas g.node, #canvas .graph-node').length;
         return [document.body.className, nodes]; })()
"""
PAINTED = "new Promise(then => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(then, 0))))"


def cpu(*roots: int) -> float:
    """CPU seconds of processes and all that they started, as far as it lives or was waited for."""
    parents, spent = {}, {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(entry.name)] = int(fields[1])
        spent[int(entry.name)] = sum(map(int, fields[11:15]))
    total = 0.0
    for pid, ticks in spent.items():
        at: int | None = pid
        while at is not None and at not in roots:
            at = parents.get(at)
        total += ticks if at is not None else 0
    return total / os.sysconf("SC_CLK_TCK")


class Page:
    """A page of a headless browser, driven over its DevTools."""

    def __init__(self, folder: Path):
        self.process = subprocess.Popen(
            ["chromium", *FLAGS, f"--user-data-dir={folder}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        place = folder / "DevToolsActivePort"
        while not place.exists():
            time.sleep(POLL)
        time.sleep(2)
        port = place.read_text().split()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
            target = next(page for page in json.load(answer) if page["type"] == "page")
        import websocket

        self._socket = websocket.create_connection(target["webSocketDebuggerUrl"], timeout=BUSY_SECONDS)
        self._last = 0

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the DevTools protocol and its answer."""
        self._last += 1
        self._socket.send(json.dumps({"id": self._last, "method": method, "params": parameters}))
        while True:
            answer: dict[str, Any] = json.loads(self._received())
            if answer.get("id") == self._last:
                return dict(answer.get("result", {}))

    def _received(self) -> str:
        """The next message, {} when the page has been busy for long."""
        import websocket

        try:
            return str(self._socket.recv())
        except websocket.WebSocketTimeoutException:
            return json.dumps({"id": self._last})

    def ask(self, expression: str) -> Any:
        """The value of an expression in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return result.get("result", {}).get("value")

    def close(self) -> None:
        """End the browser."""
        self.process.kill()
        self.process.wait()


@contextmanager
def browser() -> Iterator[Page]:
    """A browser with an empty profile."""
    folder = Path(tempfile.mkdtemp(prefix="sketch-bench-browser-"))
    page = Page(folder)
    try:
        yield page
    finally:
        page.close()
        shutil.rmtree(folder, ignore_errors=True)


def netron(path: Path, port: int, picture: Path | None = None) -> dict[str, Any]:
    """What Netron takes: CPU and wall seconds, drawn nodes; `finished` is False when it was stopped."""
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(path), str(port)], stdout=subprocess.DEVNULL)
    try:
        _await(port)
        with browser() as page:
            page.call(
                "Network.setCookie", name="consent", value="1", url=f"http://127.0.0.1:{port}/"
            )  # no question
            roots = (page.process.pid, server.pid)
            before, begun = cpu(*roots), time.monotonic()
            page.call("Page.navigate", url=f"http://127.0.0.1:{port}/")
            while True:
                state, nodes = page.ask(DRAWN) or ("", 0)
                spent, wall = cpu(*roots) - before, time.monotonic() - begun
                done = state == "default" and nodes > 0
                if done:  # in the page; what counts is on the screen
                    page.call("Runtime.evaluate", expression=PAINTED, awaitPromise=True)
                    spent, wall = cpu(*roots) - before, time.monotonic() - begun
                if done or spent > MOST_CPU or wall > MOST_WALL:
                    break
                time.sleep(POLL)
            if picture is not None:
                import base64

                picture.write_bytes(base64.b64decode(page.call("Page.captureScreenshot")["data"]))
            return {"cpu": round(spent, 2), "wall": round(wall, 2), "nodes": nodes, "finished": done}
    finally:
        server.kill()
        server.wait()


def best_of_netron(path: Path, picture: Path | None = None) -> dict[str, Any]:
    """The opening that took the least CPU, of some; a file that takes long is opened once."""
    found = [netron(path, _free_port(), picture)]
    while len(found) < REPEATS and found[0]["cpu"] < LONG_CPU:
        found.append(netron(path, _free_port()))
    return min(found, key=lambda taken: (not taken["finished"], taken["cpu"]))


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _await(port: int) -> None:
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/"):
                return
        except OSError:
            time.sleep(POLL)


def sketch(path: Path) -> dict[str, Any]:
    """What Sketch takes, cold and warm: CPU and wall seconds of window and worker, and of the window's thread.

    Each until the first picture, and under `exact` until the document.
    """
    with tempfile.TemporaryDirectory(prefix="sketch-bench-") as folder:
        users = {f"XDG_{name}_HOME": f"{folder}/{name}" for name in ("CONFIG", "DATA", "STATE", "CACHE")}
        env = {"QT_QPA_PLATFORM": "offscreen", **os.environ, **users, "PYTHONPATH": str(ROOT / "benchmarks")}
        done = subprocess.run(
            [sys.executable, str(ROOT / "benchmarks" / "picture.py"), str(path)],
            env=env, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def judge(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What is not as promised."""
    faults = []
    for name, row in found.items():
        for unit in ("cpu", "wall"):
            if "netron" in row and "sketch" in row:
                ratio = row["netron"][unit] / row["sketch"]["warm"][unit]
                if ratio < TIMES:
                    faults.append(f"{name}: {ratio:.1f} times in {unit}")
        plain = found.get(name.replace("masked", "transformer"))
        if name.startswith("masked") and plain and "sketch" in row:
            ratio = row["sketch"]["warm"]["cpu"] / plain["sketch"]["warm"]["cpu"]
            if ratio > MASK_TIMES:
                faults.append(f"{name}: the mask takes {ratio:.2f} times the plain one")
    return faults


def _both(taken: Mapping[str, Any]) -> str:
    return f"{taken['cpu']} / {taken['wall']}"


def table(found: Mapping[str, Mapping[str, Any]]) -> str:
    """The numbers as a table in Markdown: CPU / wall."""
    lines = [
        "| file | Netron, s | picture warm, s | cold, s | its window, s | document warm, s | cold, s | times |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in found.items():
        peer, own = row.get("netron"), row.get("sketch")
        cells = [name]
        cells.append(f"{'' if peer['finished'] else '> '}{peer['cpu']} / {peer['wall']}" if peer else "-")
        cells += [_both(own[state]) if own else "-" for state in ("warm", "cold")]
        cells.append(f"{own['warm']['window']}" if own else "-")
        cells += [_both(own[state]["exact"]) if own else "-" for state in ("warm", "cold")]
        both = peer and own
        ratios = [peer[unit] / own["warm"][unit] for unit in ("cpu", "wall")] if both else []
        cells.append(" / ".join(f"{ratio:.0f}" for ratio in ratios) or "-")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> int:
    """Measure in turns, print the table, judge."""
    words = argparse.ArgumentParser()
    words.add_argument(
        "--only", nargs="*", default=[f"{kind}-{size}" for size in models.SIZES for kind in models.KINDS]
    )
    words.add_argument("--peer-only", action="store_true")
    words.add_argument("--sketch-only", action="store_true")
    words.add_argument("--pictures", type=Path)
    words.add_argument(
        "--keep", type=Path, help="a file that holds what was found; what is in it is not measured anew"
    )
    chosen = words.parse_args()
    found: dict[str, dict[str, Any]] = {}
    if chosen.keep and chosen.keep.exists():
        found = json.loads(chosen.keep.read_text())
    with tempfile.TemporaryDirectory(prefix="sketch-bench-") as folder:
        for name in chosen.only:
            kind, _, size = name.partition("-")
            path, row = models.write(Path(folder), kind, int(size)), found.setdefault(name, {})
            if not chosen.sketch_only and "netron" not in row:
                picture = chosen.pictures / f"netron-{name}.png" if chosen.pictures else None
                row["netron"] = best_of_netron(path, picture)
            if not chosen.peer_only:
                row["sketch"] = sketch(path)
            sys.stderr.write(f"{name}: {json.dumps(row)}\n")
            if chosen.keep:
                chosen.keep.write_text(json.dumps(found, indent=1))
    sys.stdout.write(table(found) + "\n")
    faults = judge(found)
    sys.stdout.write("\n".join(faults) + "\n" if faults else "")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
