"""The append-only log: one JSON line per entry, chained by hashes, on the disk before it counts."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from countenance.audit.chain_entries import FIRST, digest, entry_of, line_of, seal
from countenance.audit.chain_file import DiskFile, LogFile
from countenance.contracts.errors import AuditError
from countenance.contracts.trust import AuditEntry

Clock = Callable[[], datetime]
Draft = tuple[str, Mapping[str, object]]
"""Kind and body of an entry to be."""


def utc_now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


class AuditLog:
    """One writer, one chain. What `append` has returned is durable."""

    def __init__(self, file: LogFile, clock: Clock = utc_now) -> None:
        self._file = file
        self._clock = clock
        with _disk("read"):
            data = file.read()
        entries, whole = parse(data)
        self.recovered = tuple(entries)
        """What stood in the log when it was opened."""
        self._head = entries[-1].hash if entries else FIRST
        self._next = len(entries)
        self._size = whole
        if tail := data[whole:]:
            # The note takes the place of the torn line in one step: a crash in between leaves a torn line again.
            self.append("RECOVERY", {"cut_bytes": len(tail), "cut_sha256": hashlib.sha256(tail).hexdigest()})

    @classmethod
    def open(cls, path: Path, clock: Clock = utc_now) -> "AuditLog":
        """Open or begin the log in a file; a torn last line is cut and the cut is logged; raises AuditError."""
        try:
            file = DiskFile(path)
        except BlockingIOError as fault:
            raise AuditError(f"another process writes the audit log {path}", "Stop it, or use another file.") from fault
        except OSError as fault:
            raise AuditError(
                f"the audit log {path} cannot be opened: {fault.strerror}", "Check folder and rights."
            ) from fault
        try:
            return cls(file, clock)
        except AuditError:
            file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def head(self) -> str:
        """The hash of the last entry: kept elsewhere, it shows that nothing was cut off the end."""
        return self._head

    @property
    def count(self) -> int:
        """How many entries there are."""
        return self._next

    def append(self, kind: str, body: Mapping[str, object]) -> AuditEntry:
        """Add one entry; on the disk when this returns; raises AuditError."""
        return self.append_all([(kind, body)])[0]

    def append_all(self, drafts: Iterable[Draft]) -> Sequence[AuditEntry]:
        """Add entries with one wait for the disk: when this raises AuditError, none of them counts."""
        at = self._now()
        head, entries = self._head, []
        for place, (kind, body) in enumerate(drafts):
            entry = seal(self._next + place, kind, at, body, head)
            head = entry.hash
            entries.append(entry)
        data = b"".join(line_of(entry) for entry in entries)
        with _disk("written"):
            self._file.put(self._size, data)
        self._head, self._next, self._size = head, self._next + len(entries), self._size + len(data)
        return tuple(entries)

    def close(self) -> None:
        """Let go of the file; everything is on the disk already."""
        self._file.close()

    def _now(self) -> str:
        now = self._clock()
        if now.tzinfo is None:
            raise AuditError("the clock of the audit log has no time zone", "Give a clock in UTC.")
        return now.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse(data: bytes) -> tuple[Sequence[AuditEntry], int]:
    """The entries in a file and the size of its whole lines; raises AuditError at the first wrong one."""
    whole = data.rfind(b"\n") + 1
    entries: list[AuditEntry] = []
    head = FIRST
    for seq, line in enumerate(data[:whole].splitlines(keepends=True)):
        entry = entry_of(line)
        if entry is None or entry.seq != seq or entry.previous != head or digest(entry) != entry.hash:
            raise AuditError(f"the audit log is damaged at entry {seq}", "Keep the file as evidence; restore a copy.")
        entries.append(entry)
        head = entry.hash
    return entries, whole


@contextmanager
def _disk(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise AuditError(
            f"the audit log cannot be {what}: {fault.strerror}", "Inference stops until the disk has space and works."
        ) from fault
