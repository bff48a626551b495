"""The log goes to a file and to the panel; user folders are asked for in one place."""

import logging

import pytest

from sketch.state import log, paths
from sketch.state.log import LogRing, set_up_logging, tear_down_logging


@pytest.fixture
def quiet():
    yield
    tear_down_logging()
    logging.getLogger("sketch").setLevel(logging.NOTSET)


def test_records_reach_file_ring_and_listeners(tmp_path, quiet) -> None:
    ring = set_up_logging(tmp_path)
    heard = []
    leave = ring.subscribe(lambda record: heard.append(record.getMessage()))
    logger = logging.getLogger("sketch.state.test")
    logger.info("document.saved path=%s", "x")
    logger.debug("not kept")
    try:
        raise ValueError("boom")
    except ValueError:
        logger.exception("job.failed")
    leave()
    leave()
    logger.warning("last")
    assert heard == ["document.saved path=x", "job.failed"]
    assert [record.getMessage() for record in ring.records()] == [*heard, "last"]
    assert "ValueError: boom" in ring.text(ring.records()[1])
    text = (tmp_path / "sketch.log").read_text(encoding="utf-8")
    assert "INFO MainProcess sketch.state.test document.saved path=x\n" in text
    assert "ValueError: boom" in text
    assert "not kept" not in text


def test_a_name_that_is_no_text_is_escaped_in_the_file(tmp_path, quiet) -> None:
    """Given to the handlers themselves: pytest-xdist cannot carry a report with such a record."""
    ring = set_up_logging(tmp_path)
    record = logging.LogRecord("sketch.test", logging.INFO, "test", 1, "path=%s", ("x\ud800",), None)
    for handler in logging.getLogger("sketch").handlers:
        if type(handler).__module__.startswith("sketch."):
            handler.handle(record)
    assert [each.getMessage() for each in ring.records()] == ["path=x\ud800"]
    assert "path=x\\ud800" in (tmp_path / "sketch.log").read_text(encoding="utf-8")


def test_setting_up_again_replaces_the_first(tmp_path, quiet) -> None:
    first = set_up_logging(tmp_path / "one")
    second = set_up_logging(tmp_path / "two", "debug")
    logging.getLogger("sketch.x").debug("only the second")
    assert first.records() == []
    assert len(second.records()) == 1
    assert (tmp_path / "one" / "sketch.log").read_text() == ""


def test_the_file_rotates_and_the_ring_forgets_the_oldest(tmp_path, quiet, monkeypatch) -> None:
    monkeypatch.setattr(log, "FILE_BYTES", 300)
    ring = set_up_logging(tmp_path)
    for number in range(40):
        logging.getLogger("sketch.x").info("line %d", number)
    assert {path.name for path in tmp_path.iterdir()} == {
        "sketch.log",
        *(f"sketch.log.{n}" for n in (1, 2, 3)),
    }
    short = LogRing(2)
    for record in ring.records():
        short.emit(record)
    assert [record.getMessage() for record in short.records()] == ["line 38", "line 39"]


def test_a_listener_that_logs_or_fails_does_no_harm(tmp_path, quiet, capsys) -> None:
    ring = set_up_logging(tmp_path)
    logger = logging.getLogger("sketch.x")
    leave = ring.subscribe(lambda record: logger.info("heard %s", record.getMessage()))
    logger.info("one")
    leave()
    assert [record.getMessage() for record in ring.records()] == ["one", "heard one"]
    ring.subscribe(lambda record: 1 / 0)
    logger.info("two")
    assert len(ring.records()) == 3
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_without_a_folder_the_ring_says_so(tmp_path, quiet) -> None:
    (tmp_path / "file").write_text("")
    ring = set_up_logging(tmp_path / "file" / "logs")
    assert "log.no_file" in ring.records()[0].getMessage()


def test_a_file_that_cannot_be_written_loses_lines_only(tmp_path, quiet, capsys, monkeypatch) -> None:
    ring = set_up_logging(tmp_path)
    handler = next(h for h in logging.getLogger("sketch").handlers if h is not ring)

    def no_space(_text):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(handler, "format", no_space)
        logging.getLogger("sketch.x").info("still here")
    assert ring.records()[-1].getMessage() == "still here"
    assert capsys.readouterr().err == ""


def test_folders_are_made_below_the_users(user_folders) -> None:
    made = {
        paths.config_folder(),
        paths.data_folder(),
        paths.log_folder(),
        paths.state_folder(),
        paths.cache_folder(),
    }
    assert len(made) == 5
    for folder in made:
        assert folder.is_dir()
        assert user_folders in folder.parents
