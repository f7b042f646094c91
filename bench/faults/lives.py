"""Child processes that are killed: forked, so that a life costs milliseconds, and told about by a pipe."""

import contextlib
import fcntl
import os
import signal
import termios
import time
import traceback
from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from bench.faults.truth import PIPE_BYTES, Teller

F_SETPIPE_SZ = getattr(fcntl, "F_SETPIPE_SZ", None)
POLL_S = 0.0002
FAILED = 70
"""The exit status of a child whose own code raised."""


@dataclass(frozen=True, slots=True)
class Life:
    """How one child ended, and what it told."""

    told: bytes
    killed: bool
    status: int


@dataclass(frozen=True, slots=True)
class After:
    """When to kill: so many seconds after the child has told so many bytes, however slow the machine is."""

    told_bytes: int
    seconds: float


def live(work: Callable[[Teller], None], kill: After | None) -> Life:
    """Run `work` in a child; kill -9 it at a moment, or let it end (or kill itself) when None."""
    reading, writing = os.pipe()
    if F_SETPIPE_SZ is not None:
        fcntl.fcntl(writing, F_SETPIPE_SZ, PIPE_BYTES)
    child = os.fork()
    if child == 0:
        os.close(reading)
        _work(work, writing)
    os.close(writing)
    if kill is not None:
        _await(reading, kill.told_bytes, child)
        time.sleep(kill.seconds)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    told = _drain(reading)
    _, status = os.waitpid(child, 0)
    return Life(told, os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, status)


class KillAt:
    """A hook for named points that kills the process when a name is reached for the n-th time."""

    def __init__(self, name: str, turn: int) -> None:
        self._name = name
        self._left = turn

    def __call__(self, name: str) -> None:
        """A point was reached."""
        if name == self._name:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class CountPoints:
    """A hook that only counts which points a life passes, and how often."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()

    def __call__(self, name: str) -> None:
        """A point was reached."""
        self.seen[name] += 1


def _work(work: Callable[[Teller], None], writing: int) -> None:
    """The child: it never returns into the parent's code."""
    status = FAILED
    try:
        work(Teller(writing))
        status = 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(status)


def _await(reading: int, told_bytes: int, child: int) -> None:
    """Until so much was told, or the child has ended."""
    waiting = array("i", [0])
    while waiting[0] < told_bytes and os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        time.sleep(POLL_S)
        fcntl.ioctl(reading, termios.FIONREAD, waiting)


def _drain(reading: int) -> bytes:
    parts = []
    while part := os.read(reading, PIPE_BYTES):
        parts.append(part)
    os.close(reading)
    return b"".join(parts)
