import ast
import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from countenance.contracts.errors import UsageError
from countenance.link.logs import FIELDS, WITHHELD, extra, hand_down, set_up, take_up

NAME = "Ana Planted-Person"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """All logs of the process, set up as the service does it, and put back afterwards."""
    root, ours, hook = logging.getLogger(), logging.getLogger("countenance"), threading.excepthook
    before = root.handlers[:], root.level, ours.level
    found = io.StringIO()
    set_up("json", "info", found)
    yield found
    root.handlers[:], root.level, ours.level = before
    logging.captureWarnings(False)
    threading.excepthook = hook


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_the_phrase_and_the_known_fields(stream: io.StringIO) -> None:
    logging.getLogger("countenance.server").info("request", extra=extra(route="/v1/calls/{call_id}", status=200))
    (line,) = lines(stream)
    assert line["event"] == "request"
    assert (line["route"], line["status"], line["level"]) == ("/v1/calls/{call_id}", 200, "info")
    assert line["at"].endswith("Z")


def test_a_field_that_nobody_knows_is_an_error_where_it_is_written() -> None:
    with pytest.raises(KeyError, match="no log field 'name'"):
        extra(name=NAME)


def test_a_field_of_a_strange_form_is_withheld(stream: io.StringIO) -> None:
    logging.getLogger("countenance.x").warning("odd", extra=extra(reason=NAME, count=3, attempt=None))
    (line,) = lines(stream)
    assert (line["reason"], line["count"], line["attempt"]) == (WITHHELD, 3, None)


def test_values_of_our_own_phrases_are_not_shown(stream: io.StringIO) -> None:
    logging.getLogger("countenance.x").warning("call of %s ended", NAME)
    assert [line["event"] for line in lines(stream)] == ["call of %s ended"]


def test_of_other_libraries_only_the_phrase_is_shown(stream: io.StringIO) -> None:
    other = logging.getLogger("elsewhere")
    other.error("bad packet from %s", NAME)
    other.error(f"bad packet from {NAME}")
    other.error(ValueError(NAME))
    phrase, *withheld = [line["event"] for line in lines(stream)]
    assert phrase == "bad packet from %s"
    assert all(one.startswith(f"{WITHHELD}: test_logs.py:") for one in withheld)


def test_of_an_error_only_type_and_place_are_shown(stream: io.StringIO) -> None:
    try:
        try:
            raise KeyError(NAME)
        except KeyError as fault:
            raise UsageError(f"unknown {NAME}", "") from fault
    except UsageError:
        logging.getLogger("countenance.x").exception("it broke")
    (line,) = lines(stream)
    assert line["error"] == "UsageError from KeyError"
    assert line["frames"][-1].startswith("test_logs.py:")
    assert NAME not in stream.getvalue()


def test_a_thread_that_breaks_says_no_more_than_that(stream: io.StringIO) -> None:
    nobody: dict[str, int] = {}
    thread = threading.Thread(target=lambda: nobody[NAME])
    thread.start()
    thread.join()
    (line,) = lines(stream)
    assert (line["event"], line["error"]) == ("a thread ended by an error", "KeyError")
    assert NAME not in stream.getvalue()


def test_lines_for_people_say_the_same(stream: io.StringIO) -> None:
    set_up("lines", "info", stream)
    logging.getLogger("countenance.x").warning("odd", extra=extra(reason="late", count=3))
    line = stream.getvalue()
    assert " warning odd " in line
    assert "reason=late" in line
    assert "count=3" in line


def test_less_than_the_level_is_not_written(stream: io.StringIO) -> None:
    logging.getLogger("countenance.x").debug("fine")
    logging.getLogger("elsewhere").info("fine %s", 1)
    assert stream.getvalue() == ""


def test_no_field_can_hide_what_logging_itself_keeps() -> None:
    record = logging.LogRecord("a", logging.INFO, "f", 1, "m", (), None)
    assert not set(FIELDS) & set(record.__dict__)


def test_every_phrase_of_the_source_is_fixed(root: Path) -> None:
    """A value inside a phrase would pass by the fields; the formatter trusts our own phrases."""
    found = 0
    for path in (root / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_log(node.func):
                found += 1
                phrase = node.args[1] if node.func.attr == "log" else node.args[0]
                assert isinstance(phrase, ast.Constant), f"{path}:{node.lineno}"
    assert found > 5


def _is_log(call: ast.Attribute) -> bool:
    named = isinstance(call.value, ast.Name) and call.value.id in ("log", "logger")
    return named and call.attr in ("debug", "info", "warning", "error", "exception", "critical", "log")


def test_the_usual_stream_is_stderr(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO) -> None:
    errors = io.StringIO()
    monkeypatch.setattr(sys, "stderr", errors)
    set_up("json", "info")
    logging.getLogger("countenance.x").info("here")
    assert "here" in errors.getvalue()
    assert stream.getvalue() == ""


def test_a_worker_logs_as_its_control_plane_does(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    errors = io.StringIO()
    monkeypatch.setattr(sys, "stderr", errors)
    environ: dict[str, str] = {}
    hand_down("lines", "error", environ)
    take_up(environ)
    logging.getLogger("countenance.x").warning("unheard")
    logging.getLogger("countenance.x").error("heard")
    take_up({})
    logging.getLogger("countenance.x").info("plain")
    first, second = errors.getvalue().splitlines()
    assert " error   heard" in first
    assert json.loads(second)["event"] == "plain"
