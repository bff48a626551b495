"""A file that a thread writes: the newest text arrives, whoever waits has it, failures are said and got over."""

import subprocess
import sys
import threading

import pytest

from sketch.state import late_file
from sketch.state.late_file import LateFile
from tests.source_tree import ROOT


def test_what_was_touched_is_there_after_a_flush(tmp_path) -> None:
    texts = ["one"]
    file = LateFile(tmp_path / "deep" / "kept.txt", lambda: texts[-1])
    file.flush()
    assert not file.path.exists()
    file.touch()
    file.flush()
    assert file.path.read_text() == "one"
    texts.append("two")
    file.touch()
    file.flush()
    assert file.path.read_text() == "two"


def test_what_is_overtaken_while_the_disk_is_slow_is_left_out(tmp_path, monkeypatch) -> None:
    go, begun, written = threading.Event(), threading.Event(), []

    def slow(_path, text) -> None:
        begun.set()
        assert go.wait(30)
        written.append(text)

    monkeypatch.setattr(late_file, "write_text", slow)
    texts = [0]
    file = LateFile(tmp_path / "kept.txt", lambda: str(texts[0]))
    file.touch()
    assert begun.wait(30)
    for texts[0] in range(1, 50):
        file.touch()
    go.set()
    file.flush()
    assert written == ["0", "49"]


def test_many_touches_from_many_threads_end_with_the_newest_text(tmp_path) -> None:
    lock, count = threading.Lock(), [0]

    def text() -> str:
        with lock:
            return str(count[0])

    file = LateFile(tmp_path / "kept.txt", text)

    def work() -> None:
        for _ in range(40):
            with lock:
                count[0] += 1
            file.touch()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    file.flush()
    assert file.path.read_text() == "160"


def test_a_failure_is_told_once_and_the_next_touch_gets_over_it(tmp_path, monkeypatch) -> None:
    heard = []
    file = LateFile(tmp_path / "kept.txt", lambda: "text", lambda: heard.append(file.failing))

    def fail(*_arguments) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(late_file, "write_text", fail)
        for _ in range(2):
            file.touch()
            file.flush()
    assert len(heard) == 1
    assert "No space left" in heard[0]
    file.touch()
    file.flush()
    assert heard[1:] == [None]
    assert file.path.read_text() == "text"


def test_what_may_wait_is_written_with_what_may_not_or_by_a_flush(tmp_path) -> None:
    texts = ["one"]
    file = LateFile(tmp_path / "kept.txt", lambda: texts[-1])
    file.touch(3600)
    file.flush()
    assert file.path.read_text() == "one"
    texts.append("two")
    file.touch(3600)
    file.touch()
    file.touch(3600)
    file.flush()
    assert file.path.read_text() == "two"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_text_that_cannot_be_made_blocks_nobody(tmp_path) -> None:
    wrong = [True]

    def text() -> str:
        if wrong[0]:
            raise TypeError("no JSON")
        return "text"

    file = LateFile(tmp_path / "kept.txt", text)
    file.touch()
    file.flush()
    wrong[0] = False
    file.touch()
    file.flush()
    assert file.path.read_text() == "text"


def test_a_program_that_ends_waits_for_what_was_touched(tmp_path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from sketch.state.late_file import LateFile\n"
        "LateFile(Path(sys.argv[1]), lambda: time.sleep(0.05) or 'all of it').touch()"
    )
    path = tmp_path / "kept.txt"
    subprocess.run([sys.executable, "-c", program, str(path)], cwd=ROOT, check=True)
    assert path.read_text() == "all of it"
