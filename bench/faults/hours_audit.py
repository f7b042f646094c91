"""What ran, held against the log minute by minute and let go, so that a harness of hours remembers nothing itself."""

import resource
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.faults.service import MODALITIES
from bench.faults.truth import Teller
from countenance.audit.log import Log
from countenance.contracts.call import Modality
from countenance.contracts.errors import StorageError
from countenance.contracts.trust import LogEntry
from countenance.testing.clocks import ManualClock

ENDS, SAYING = ("RESULT", "LEASE_CLOSE", "RECOVERY"), ("RESULT", "CONSENT")


class Short(Teller):
    """Hears what was told since the last look, and no more."""

    def __init__(self) -> None:
        super().__init__(-1)
        self.durable: dict[int, str] = {}
        self.out: list[int] = []
        self.said_no: set[tuple[str, Modality]] = set()

    def acked(self, entries: object) -> None:
        """These entries were called durable."""
        self.durable.update(entries)  # type: ignore[call-overload]

    def emitted(self, event: str, seq: int) -> None:  # noqa: ARG002 - the id is looked at elsewhere
        """An output left."""
        self.out.append(seq)

    def stopped(self, subject: str, modality: str) -> None:
        """A person was told that a modality has ended."""
        self.said_no.add((subject, modality))

    def resumed(self, subject: str, modality: str) -> None:
        """A person has said yes again."""
        self.said_no.discard((subject, modality))


@dataclass(slots=True)
class Fate:
    """The hook under the store: it refuses until a time."""

    clock: ManualClock
    point: str = ""
    until_us: int = 0

    def __call__(self, name: str) -> None:
        """A point was reached."""
        if name == self.point and self.clock.mono_us() < self.until_us:
            raise StorageError("the disk refuses", "")


@dataclass(slots=True)
class Audit:
    """What ran, held against the log minute by minute, and let go."""

    ran: Counter[tuple[str, Modality]] = field(default_factory=Counter)
    """Model calls by lease and modality, of leases that have not ended."""
    open: dict[str, Sequence[str]] = field(default_factory=dict)
    figures: Counter[str] = field(default_factory=Counter)
    misses: list[str] = field(default_factory=list)
    until: int = 0

    def look(self, log: Log, told: Short) -> None:
        """Take in what the log says since the last look."""
        entries = log.entries(self.until)
        for entry in entries:
            if told.durable.pop(entry.seq, entry.hash) != entry.hash:
                self.misses.append(f"acknowledged entry {entry.seq} is another one")
            self._heed(entry)
        self.misses += [f"acknowledged entry {seq} is lost" for seq in told.durable]
        for seq in told.out:
            if (entries[seq - self.until] if seq >= self.until else log.entries(seq, seq + 1)[0]).kind not in SAYING:
                self.misses.append(f"an output left without a result at {seq}")
        self.misses += [f"{n} of {m} ran without the lease {name}" for (name, m), n in self._unleased()]
        self.figures["outputs"] += len(told.out)
        self.until += len(entries)
        told.durable.clear()
        told.out.clear()

    def _unleased(self) -> Iterator[tuple[tuple[str, Modality], int]]:
        for place in [(name, m) for name, m in self.ran if m not in self.open.get(name, ())]:
            yield place, self.ran.pop(place)

    def _heed(self, entry: LogEntry) -> None:
        body, lease = entry.body, str(entry.body.get("lease"))
        if entry.kind == "LEASE":
            self.open[lease] = list(body["modalities"])  # type: ignore[call-overload]
        elif entry.kind in ENDS and "lease" in body:
            covered = self.open.pop(lease, ())
            ran = {m: n for m in MODALITIES if (n := self.ran.pop((lease, m), 0))}
            if not ran.keys() <= set(covered):
                self.misses.append(f"{ran} ran under {lease}, which covers {covered}")
            if entry.kind == "RESULT":
                self.figures["windows"] += 1
                if {m: n for m, n in body["counts"].items() if n} != ran:  # type: ignore[attr-defined]
                    self.misses.append(f"RESULT {entry.seq} {lease} counts {body['counts']}, {ran} ran")
            self.figures["leases that ended without a result"] += entry.kind != "RESULT"


def resident_mib() -> float:
    """What this process holds in memory, as Linux counts it."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20
