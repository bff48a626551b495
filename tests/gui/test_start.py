"""Starting the program as a person does: a whole process, a window, files from the command line, a clean end."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
QUIT_SOON = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from sketch.gui import application

after_paint = application.after_paint

def then_quit(window, files=()):
    after_paint(window, files)
    looking = QTimer(window, interval=20)

    def look():
        names = [tab.document.name for tab in window.area]
        if names:
            print(names, flush=True)
            looking.stop()
            window.close()

    looking.timeout.connect(look)
    looking.start()

application.after_paint = then_quit
from sketch.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def run(
    *arguments: str, code: str = "from sketch.__main__ import main; import sys; sys.exit(main(sys.argv[1:]))"
):
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_editor_opens_files_and_ends_with_0(tmp_path, library):
    from sketch.state.document import Document
    from sketch.state.document_file import save_document
    from tests.gui.conftest import FolderStore

    path = tmp_path / "drawn.sketch"
    document = Document(library, store=FolderStore(tmp_path), folder=None)
    save_document(document, path)
    done = run(str(path), code=QUIT_SOON)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['drawn']"


def test_a_missing_file_is_one_line_and_exit_2():
    done = run("no-such-file.onnx")
    assert done.returncode == 2
    assert done.stderr == "sketch: no-such-file.onnx: there is no such file; see sketch --help\n"
    assert done.stdout == ""


def test_the_version():
    assert run("--version").stdout.startswith("sketch ")


@pytest.mark.parametrize("command", ["kernels", "layers"])
def test_a_command_loads_no_qt(command):
    code = (
        "from sketch.__main__ import main; import sys; main(sys.argv[1:]); sys.exit('PySide6' in sys.modules)"
    )
    done = run(command, code=code)
    assert done.returncode == 0, done.stderr
    assert done.stdout
