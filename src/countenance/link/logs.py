"""Structured logs of both planes in which nobody stands: a fixed phrase, and known fields of a harmless form.

What other libraries say is shown as their phrase without its values; an exception as its type and place, never its
message: each may hold what somebody said, a name or a key.
"""

import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TextIO

OURS = "countenance"
FIELDS = (
    "correlation_id", "tenant", "actor", "call_id", "method", "route", "status", "duration_ms", "worker", "pid",
    "signal", "host", "port", "count", "version", "model", "reason", "attempt", "endpoint_id", "event_id", "seconds",
    "codec",
)  # fmt: skip
"""All that a log line can say beside its phrase."""
HARMLESS = re.compile(r"[A-Za-z0-9_.:/{}\[\]-]{0,120}")
WITHHELD = "withheld"
FRAMES = 12
HANDED_DOWN = "COUNTENANCE_LOG"
"""The variable by which a worker learns how its control plane logs."""


class Formatter(logging.Formatter):
    """One line per event, as JSON or for people."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._lines = form == "lines"

    def format(self, record: logging.LogRecord) -> str:
        """The line; it ends in no newline."""
        said = dict(_said(record))
        if not self._lines:
            return json.dumps(said)
        rest = " ".join(f"{name}={value}" for name, value in said.items() if name not in ("at", "level", "event"))
        return f"{said['at']} {said['level']:7} {said['event']} {rest}".rstrip()


def set_up(form: str, level: str, stream: TextIO | None = None) -> None:
    """Send every log of this process through the formatter, unhandled exceptions included."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Formatter(form))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(level.upper())
    logging.captureWarnings(True)
    threading.excepthook = _of_thread


def hand_down(form: str, level: str, environ: MutableMapping[str, str]) -> None:
    """Let the processes that are started from here log in the same way."""
    environ[HANDED_DOWN] = f"{form}:{level}"


def take_up(environ: Mapping[str, str]) -> None:
    """Log as the process does that started this one."""
    form, _, level = environ.get(HANDED_DOWN, "json:info").partition(":")
    set_up(form, level)


def _said(record: logging.LogRecord) -> Iterator[tuple[str, object]]:
    moment = datetime.fromtimestamp(record.created, UTC)
    yield "at", moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    yield "level", record.levelname.lower()
    yield "event", _phrase(record)
    yield "logger", record.name
    for name in FIELDS:
        if name in record.__dict__:
            yield name, harmless(record.__dict__[name])
    if record.exc_info and record.exc_info[1] is not None:
        yield "error", _names(record.exc_info[1])
        yield "frames", _frames(record.exc_info[2])


def _phrase(record: logging.LogRecord) -> str:
    """The phrase as it stands in the source, without values."""
    template = isinstance(record.msg, str) and (bool(record.args) or record.name.split(".")[0] == OURS)
    # Without arguments, what another library says may have its values in it already.
    return str(record.msg) if template else f"{WITHHELD}: {Path(record.pathname).name}:{record.lineno}"


def harmless(value: object) -> object:
    """A value that may stand in a log, or the word that it may not."""
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if HARMLESS.fullmatch(text) else WITHHELD


def _names(fault: BaseException) -> str:
    names: list[str] = []
    found: BaseException | None = fault
    while found is not None and len(names) < FRAMES:
        names.append(type(found).__name__)
        found = found.__cause__
    return " from ".join(names)


def _frames(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-FRAMES:]
    return [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in frames]


def _of_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        fault = (args.exc_type, args.exc_value, args.exc_traceback)
        logging.getLogger(OURS).error("a thread ended by an error", exc_info=fault)


def extra(**fields: object) -> Mapping[str, object]:
    """Fields of a log line; a name that is not known here is an error, not a silence."""
    if strange := fields.keys() - set(FIELDS):
        raise KeyError(f"no log field {min(strange)!r}; name it in FIELDS")
    return fields
