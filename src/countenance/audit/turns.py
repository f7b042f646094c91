"""Callers in several threads take turns at the disk: one writes for all who wait, so that they share one commit."""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from countenance.contracts.errors import AuditError, CountenanceError, StorageError
from countenance.contracts.trust import LogEntry
from countenance.storage.store import Transaction

Draft = tuple[str, Mapping[str, object]]
"""Kind and body of an entry to be."""
Also = Callable[[Transaction, Sequence[LogEntry]], None]
"""Writes further rows in the transaction of the entries."""


@dataclass(slots=True, eq=False)
class Job:
    """What one caller wants to be logged."""

    drafts: Sequence[Draft]
    also: Also | None
    entries: Sequence[LogEntry] = ()
    settled: bool = False
    alone: bool = False
    """It shared a transaction in which something was refused."""
    fault: CountenanceError | None = None
    """What kept all who shared the transaction from the disk."""


class Turns:
    """Who writes, and who waits."""

    def __init__(self, write: Callable[[Sequence[Job]], None]) -> None:
        self.waiting: deque[Job] = deque()
        self._write = write
        self._lock = threading.Lock()
        self._turn = threading.Condition(self._lock)
        self._asleep = 0
        self._writer: int | None = None

    def settle(self, job: Job) -> None:
        """Have a job written, by this thread or by one that writes anyway; raises what kept it from the disk."""
        with self._lock:
            if self._writer == threading.get_ident():
                raise AuditError("an entry is asked for while one is being written", "Put it among the drafts.")
            self.waiting.append(job)
            while self._writer is not None and not job.settled:
                self._asleep += 1
                self._turn.wait()
                self._asleep -= 1
            group = () if job.settled else self._take(job)
            if group:
                self._writer = threading.get_ident()
        if group:
            try:
                self._serve(group)
            finally:
                with self._lock:
                    self._writer = None
                    if self._asleep:
                        self._turn.notify_all()
        if job.fault is not None:
            raise AuditError(job.fault.problem, job.fault.remedy) from job.fault

    def _serve(self, group: Sequence[Job]) -> None:
        """Write for a group at once; where one of several is at fault, each is left to its own thread."""
        try:
            self._write(group)
        except CountenanceError as fault:
            if isinstance(fault.__cause__, StorageError):
                for job in group:
                    job.settled, job.fault = True, fault
            elif len(group) == 1:
                raise
            else:
                for job in group:
                    job.alone = True
                self._serve(group[:1])

    def _take(self, first: Job) -> Sequence[Job]:
        """The callers to be served with this one; nobody is, where it must be alone."""
        group = [first]
        while self.waiting:
            job = self.waiting.popleft()
            if job is not first and not (first.alone or job.alone):
                group.append(job)
        return group
