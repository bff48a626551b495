"""Looking at a drawing and its source loads no framework."""

import subprocess
import sys

CODE = """
import sys
from sketch.kernels.pytorch import KERNEL
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.graph.library import LayerLibrary
KERNEL.text(build_network(Tables(), LayerLibrary([])))
loaded = {name.split(".")[0] for name in sys.modules}
assert not loaded & {"torch", "onnx", "onnxruntime", "networkx", "scipy", "PySide6"}, loaded
"""


def test_the_text_needs_no_torch():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
