"""How long an export of everything about one person takes, and whether it is complete (goal R24).

python -m bench.subject_export --hours 10

A person with so many hours of calls, one reading a second, sealed, among others'. The export is compared with the store
row by row.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.faults.outcome import Outcome
from countenance.control.consents import Consents
from countenance.control.erasure import Eraser
from countenance.control.opening import Tenant, open_tenant
from countenance.control.subject import Subject
from countenance.storage.calls import CallRow, SubjectRow, add_subjects, open_call
from countenance.storage.clocks import micros
from countenance.storage.outbox import random_id
from countenance.storage.tables import payloads

PERSON, OTHER = "person-1", "person-2"
AT_ONCE = 500
LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """What is put into the store."""

    hours: int
    a_second: bytes = json.dumps({"label": "engaged", "evidence": ["x" * 40] * 8}).encode()


def fill(tenant: Tenant, sizes: Sizes) -> int:
    """An hour-long call per hour, two people in each; returns how many readings one of them has."""
    now = micros(tenant.clock.utc())
    for _ in range(sizes.hours):
        call, seats = random_id(), {person: random_id() for person in (PERSON, OTHER)}
        with tenant.store.transaction() as tx:
            open_call(tx, CallRow(call, "support_qa", now))
            for person, seat in seats.items():
                tenant.vault.enrol(tx, seat)
                tags = tenant.vault.name(tx, "seat", call, person), tenant.vault.name(tx, "person", person)
                add_subjects(tx, [SubjectRow(seat, call, *tags)])
        for start in range(0, 3600, AT_ONCE):
            with tenant.store.transaction() as tx:
                for second in range(start, min(start + AT_ONCE, 3600)):
                    for seat in seats.values():
                        tenant.vault.seal(tx, seat, sizes.a_second, "result", call, second, now)
    return sizes.hours * 3600


def run(hours: int, scratch: Path | None = None) -> Outcome:
    """Fill a store, export, compare."""
    with tempfile.TemporaryDirectory(dir=scratch) as folder, open_tenant(Path(folder) / "store") as tenant:
        wanted = fill(tenant, Sizes(hours))
        consents = Consents(tenant.log, tenant.vault, tenant.clock)
        subject = Subject(tenant.log, tenant.vault, consents, Eraser(tenant.log, tenant.vault, tenant.clock))
        begun = time.monotonic()
        exported = subject.export(PERSON)
        text = json.dumps(exported)
        seconds = time.monotonic() - begun
        seats = {call["subject_ref"] for call in exported["calls"]}
        with tenant.store.reading() as tx:
            rows = tx.rows(tx.select(payloads, payloads.c.payload_id).where(payloads.c.subject_ref.in_(seats)))
    held, given = {row.payload_id for row in rows}, {one["payload_id"] for one in exported["readings"]}
    misses = [f"{len(held ^ given)} rows differ between store and export"] if held ^ given else []
    misses += [] if len(given) == wanted else [f"{wanted} readings were put in, {len(given)} came out"]
    misses += [f"the export took {seconds:.1f} s"] if seconds > LIMIT_S else []
    figures = {"hours": hours, "readings": len(given), "differ": len(held ^ given), "seconds": round(seconds, 2)}
    command = f"python -m bench.subject_export --hours {hours}"
    return Outcome("export", "R24", command, {**figures, "megabytes": round(len(text) / 1e6, 1)}, misses)


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=int, default=10)
    parser.add_argument("--scratch", type=Path, help="where the store is made")
    parser.add_argument("--save", action="store_true", help="keep the figures for the page of faults")
    asked = parser.parse_args()
    return run(asked.hours, asked.scratch).conclude(save=asked.save)


if __name__ == "__main__":
    sys.exit(main())
