"""A wheel built from the project is complete: it starts, and brings its resources and kernels."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

import sketch
from tests.source_tree import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@dataclass(frozen=True)
class Installed:
    """A wheel, unpacked the way pip does it, beside the packages of this interpreter."""

    wheel: Path
    folder: Path

    def run(self, *command: str) -> str:
        """Run a command that sees the wheel before the checkout; return its output."""
        environment = {**os.environ, "PYTHONPATH": str(self.folder)}
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def sketch(self, *arguments: str) -> str:
        """Run the console script."""
        return self.run(sys.executable, str(self.folder / "bin" / "sketch"), *arguments)

    def python(self, code: str) -> str:
        """Run a piece of Python."""
        return self.run(sys.executable, "-c", code).strip()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Build the source archive, from that the wheel, and install it into a folder of its own."""
    out, folder = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = out.glob("*.whl")
    install = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--no-index", "--target"]
    subprocess.run([*install, str(folder), str(wheel)], check=True, capture_output=True)
    return Installed(wheel, folder)


def tracked_files(folder: Path) -> set[str]:
    """Return the files of a folder that belong to the project, by their path below the root."""
    files = (p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return {p.relative_to(ROOT).as_posix() for p in files}


def test_the_wheel_holds_every_source_and_resource(installed: Installed) -> None:
    names = set(zipfile.ZipFile(installed.wheel).namelist())
    assert tracked_files(ROOT / "sketch") <= names
    assert {f"sketch/{name}" for name in tracked_files(ROOT / "resources")} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_installed_package_is_the_one_from_the_wheel(installed: Installed) -> None:
    assert Path(installed.python("import sketch; print(sketch.__file__)")).is_relative_to(installed.folder)
    root = installed.python("from sketch.resources_root import resource_root; print(resource_root())")
    assert Path(root) == installed.folder / "sketch" / "resources"


def test_the_version_is_that_of_the_project(installed: Installed) -> None:
    assert installed.sketch("--version").strip() == f"sketch {sketch.__version__}"
    assert installed.wheel.name.split("-")[1] == sketch.__version__


def visible_layers() -> set[str]:
    """Return the names of all layers that a person can draw, read from the layer files."""
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "resources" / "layers").glob("*.yaml"))
    found = (layer for text in texts for layer in yaml.safe_load_all(text) if layer)
    return {layer["name"] for layer in found if not layer.get("hidden")}


def test_every_layer_is_listed(installed: Installed) -> None:
    layers = visible_layers()
    assert len(layers) > 120
    assert {"Conv2d", "Linear", "LSTM", "MultiheadAttention", "CrossEntropyLoss"} <= layers
    assert layers - set(re.findall(r"\w+", installed.sketch("layers"))) == set()


def test_the_kernels_are_found(installed: Installed) -> None:
    assert {"pytorch", "onnx"} <= set(re.findall(r"\w+", installed.sketch("kernels")))


@pytest.mark.xvfb
def test_the_window_opens_from_the_wheel(installed: Installed) -> None:
    command = [str(ROOT / ".ci" / "window-opens"), sys.executable, str(installed.folder / "bin" / "sketch")]
    assert "the window is there" in installed.run(*command)


def pins() -> dict[str, Version]:
    """Return name -> exact version of constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {name.lower().replace("_", "-"): Version(version) for name, version in pairs}


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_every_requirement_is_pinned_to_a_version_in_its_range(python: str) -> None:
    pinned = pins()
    texts = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    for wanted in map(Requirement, texts):
        if wanted.marker is None or wanted.marker.evaluate({"python_version": python}):
            assert pinned[wanted.name.lower().replace("_", "-")] in wanted.specifier, str(wanted)


def test_torch_is_pinned_to_the_tested_release() -> None:
    assert pins()["torch"] == Version("2.13.0")
