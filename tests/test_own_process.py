"""A module of this Sketch is found by a process of its own, wherever that runs and whatever else is on the path."""

import os
import subprocess
from pathlib import Path

import sketch
from sketch.own_process import module_command, module_environment


def test_the_module_is_the_one_beside_this(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    found = module_environment()["PYTHONPATH"].split(os.pathsep)
    assert found == [str(Path(sketch.__file__).parents[1]), str(tmp_path)]
    asked = subprocess.run(
        module_command("sketch.gui.text_reading"), input='["class A(B): ...", "x = (", false]',
        capture_output=True, text=True, check=True, cwd=tmp_path, env=module_environment(),
    )  # fmt: skip
    assert '"fault": [1, ' in asked.stdout
    assert '["A", [], [], [1, 1]]' in asked.stdout
