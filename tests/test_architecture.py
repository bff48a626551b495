"""The rules of ARCHITECTURE.md, checked: who imports whom, what stays unloaded, how big things get."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from PySide6 import QtCore, QtGui, QtWidgets

from tests.source_tree import PACKAGE, ROOT, Function, SourceFile, lines_of, public_methods, source_files

LONGEST_FILE, LONGEST_CLASS, LONGEST_FUNCTION, MOST_METHODS = 400, 200, 40, 20

# What a layer may import besides the standard library and Sketch; what is not listed is not restricted here.
THIRD_PARTY = {
    "graph": {"networkx", "numpy", "yaml"},
    "state": {"appdirs", "numpy", "yaml"},
    "binder": {"numpy"},
    "durable": set(),
    "own_process": set(),
    "resources_root": set(),
}
VAGUE_NAME = re.compile(r"(?i)(^|_)(utils?|helpers?|managers?|misc|common|base)(_|$)")
VAGUE_CLASS = re.compile(r"(Utils?|Helpers?|Managers?|Misc)$|^Base[A-Z]")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError")

LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


# Methods that the standard library calls by a camelCase name.
STANDARD_LIBRARY_OVERRIDES = {"handleError"}


def listed(found: Iterable[object]) -> str:
    """Put each finding on a line of its own."""
    return "\n" + "\n".join(map(str, found))


def run_lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the import contracts of the package that lies in a folder."""
    command = [
        sys.executable,
        "-c",
        f"import sys; sys.path.insert(0, '.'); {LINT}",
        "--no-cache",
        "--no-logo",
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_import_contracts_are_kept() -> None:
    done = run_lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    """Return a folder with the modules of Sketch, all empty, and the real contracts."""
    for path in PACKAGE.rglob("*.py"):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.touch()
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    return tmp_path


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("graph/rows.py", "import PySide6.QtCore", "graph, state, binder and kernels know no Qt"),
        ("kernels/onnx/__init__.py", "import PySide6", "graph, state, binder and kernels know no Qt"),
        ("gui/main_window.py", "import torch", "graph, state, binder, gui and app know no framework"),
        ("app.py", "import onnxruntime", "graph, state, binder, gui and app know no framework"),
        (
            "kernels/onnx/__init__.py",
            "import sketch.state",
            "kernels know neither the window nor the document",
        ),
        ("kernels/onnx/__init__.py", "import sketch.kernels.pytorch", "kernels do not know each other"),
        ("gui/main_window.py", "import sketch.kernels.onnx", "nothing imports a kernel by name"),
        ("graph/rows.py", "import sketch.state", "Imports point down"),
        ("binder/__init__.py", "import sketch.state", "Imports point down"),
        ("stray.py", "", "Imports point down"),
    ],
)
def test_a_planted_violation_is_found(skeleton: Path, module: str, line: str, broken: str) -> None:
    (skeleton / "sketch" / module).write_text(line + "\n")
    done = run_lint(skeleton)
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(rf"^{broken}.* BROKEN$", done.stdout, re.MULTILINE), done.stdout


def top_level_imports(file: SourceFile) -> Iterator[str]:
    """Yield the first part of everything a file imports, at its top or inside a function."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name}:{node.lineno}: relative import"
            yield (node.module or "").split(".")[0]


def test_each_layer_imports_only_the_packages_it_is_allowed() -> None:
    known = sys.stdlib_module_names | {"sketch"}
    strays = [
        f"{file.name}: {name}"
        for file in source_files()
        if file.layer in THIRD_PARTY
        for name in set(top_level_imports(file)) - known - THIRD_PARTY[file.layer]
    ]
    assert strays == [], listed(strays)


def test_only_the_window_uses_qt() -> None:
    users = {file.layer for file in source_files() if "PySide6" in set(top_level_imports(file))}
    assert users <= {"gui"}


WINDOW_WITH_TEXT = """
import json, sys, time
from PySide6.QtWidgets import QApplication
from sketch.app import make_services
from sketch.gui.main_window import MainWindow

application = QApplication([])
window = MainWindow(make_services())
window.show()
window.start()
tab = window.opener.example("lenet5")
texts = {}
for row in range(window.kernel.count()):
    window.kernel.setCurrentIndex(row)
    window.kernel.activated.emit(row)
    name, end = window.kernel.currentData(), time.monotonic() + 20
    while time.monotonic() < end and not (window.mirror.picture.kernel == name and window.mirror.picture.text):
        application.processEvents()
    texts[name] = window.panels.source.code.toPlainText()
shown = window.grab().size().width()
modules = sorted(sys.modules)
window.close()
print(json.dumps({"modules": modules, "texts": texts, "nodes": len(tab.document.tables.nodes), "width": shown}))
"""


def test_the_window_with_a_network_and_its_text_loads_no_framework() -> None:
    command = [sys.executable, "-c", WINDOW_WITH_TEXT]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    heavy = {
        "torch",
        "onnx",
        "onnx_ir",
        "onnxscript",
        "onnxruntime",
        "tensorflow",
        "keras",
        "scipy",
        "networkx",
    }
    assert heavy.intersection(found["modules"]) == set()
    assert found["nodes"] > 10
    assert found["width"] > 800
    assert "nn.Conv2d(1, 6, " in found["texts"]["pytorch"]
    assert "Conv" in found["texts"]["onnx"]


def test_files_stay_short() -> None:
    long = {f.name: n for f in source_files() if (n := len(f.text.splitlines())) > LONGEST_FILE}
    assert long == {}, listed(long.items())


def test_functions_stay_short() -> None:
    found = ((f, d) for f in source_files() for d in f.definitions() if isinstance(d, Function))
    long = {f"{f.name}:{d.name}": n for f, d in found if (n := lines_of(d)) > LONGEST_FUNCTION}
    assert long == {}, listed(long.items())


def test_classes_stay_small() -> None:
    classes = [(f, d) for f in source_files() for d in f.definitions() if isinstance(d, ast.ClassDef)]
    long = {f"{f.name}:{d.name}": n for f, d in classes if (n := lines_of(d)) > LONGEST_CLASS}
    assert long == {}, listed(long.items())
    counts = {f"{f.name}:{d.name}": len(list(public_methods(d))) for f, d in classes}
    wide = {name: count for name, count in counts.items() if count > MOST_METHODS}
    assert wide == {}, listed(wide.items())


def is_qt_name(name: str) -> bool:
    """Tell whether a name is camelCase, which only Qt's own methods may be."""
    return re.fullmatch(r"[a-z]+([A-Z][a-z0-9]*)+", name) is not None


def qt_methods() -> set[str]:
    """Return the names that the window's classes may override; Qt documents those."""
    bases = (
        QtCore.QAbstractItemModel,
        QtGui.QSyntaxHighlighter,
        QtWidgets.QGraphicsItem,
        QtWidgets.QGraphicsView,
        QtWidgets.QStyledItemDelegate,
    )
    return {name for base in bases for name in dir(base)}


def test_every_module_and_public_name_says_what_it_is() -> None:
    files, of_qt = source_files(), qt_methods()
    bare = [f.name for f in files if not ast.get_docstring(f.tree)]
    for file in files:
        known = of_qt if file.layer == "gui" else STANDARD_LIBRARY_OVERRIDES
        named = [(name, node) for name, node in file.public() if "." not in name or node.name not in known]
        bare += [f"{file.name}:{name}" for name, node in named if not ast.get_docstring(node)]
    assert bare == [], listed(bare)


def test_only_qt_overrides_are_camel_case() -> None:
    odd = [
        f"{file.name}:{node.name}"
        for file in source_files()
        for node in file.definitions()
        if isinstance(node, Function) and is_qt_name(node.name)
        if file.layer != "gui" and node.name not in STANDARD_LIBRARY_OVERRIDES
    ]
    assert odd == [], listed(odd)


def test_names_say_something() -> None:
    modules = [f.name for f in source_files() if VAGUE_NAME.search(f.path.stem)]
    folders = [p.name for p in PACKAGE.rglob("*") if p.is_dir() and VAGUE_NAME.search(p.name)]
    classes = [
        f"{f.name}:{d.name}"
        for f in source_files()
        for d in f.definitions()
        if isinstance(d, ast.ClassDef) and VAGUE_CLASS.search(d.name)
    ]
    vague = modules + folders + classes
    assert vague == [], listed(vague)


def test_nothing_is_left_unfinished() -> None:
    found = [
        f"{file.name}:{number}: {line.strip()}"
        for file in source_files()
        for number, line in enumerate(file.text.splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert found == [], listed(found)


COUNT_REFERENCES = """
import gc, json, sys
from PySide6.QtCore import QRectF
from PySide6.QtGui import QBrush, QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication, QGraphicsItem, QGraphicsRectItem, QGraphicsScene

class Box(QGraphicsItem):
    def boundingRect(self): return QRectF(0, 0, 10, 10)
    def paint(self, painter, option, widget=None): painter.drawRect(self.boundingRect())

app = QApplication([])
scene, brush = QGraphicsScene(0, 0, 100, 100), QBrush(QColor("red"))
image = QImage(100, 100, QImage.Format_RGB32)
rect, boxes = QGraphicsRectItem(0, 0, 5, 5), [Box() for _ in range(50)]
scene.addItem(rect)
for box in boxes: scene.addItem(box)

def paint(index):
    painter = QPainter(image)
    scene.render(painter)
    painter.end()

calls = {
    "setBrush": (2000, lambda i: rect.setBrush(brush)),
    "setPos": (2000, lambda i: rect.setPos(i, i)),
    "paint": (40, paint),                                # 50 boxes each
    "processEvents": (1000, lambda i: app.processEvents()),
}
lost = {}
for name, (times, call) in calls.items():
    call(0)
    gc.collect()
    before = sys.getrefcount(None)
    for index in range(times): call(index)
    gc.collect()
    lost[name] = sys.getrefcount(None) - before
print(json.dumps(lost), flush=True)
"""


def test_qt_calls_do_not_lose_references_to_none() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COUNT_REFERENCES], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    drift = json.loads(done.stdout)
    assert {name: lost for name, lost in drift.items() if abs(lost) > 20} == {}


def test_the_version_of_pyside_that_loses_references_is_shut_out() -> None:
    assert sys.version_info >= (3, 12) or version("PySide6") != "6.12.0"
    wanted = [Requirement(text) for text in requires("sketch-editor") or ()]
    qt = [
        r
        for r in wanted
        if r.name.lower() == "pyside6" and r.marker and r.marker.evaluate({"python_version": "3.11"})
    ]
    assert len(qt) == 1
    assert not qt[0].specifier.contains("6.12.0")
    assert qt[0].specifier.contains("6.11.3")
