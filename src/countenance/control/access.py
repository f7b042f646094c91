"""The one way to what was read of a person: who looks, and why, is in the log before they see anything."""

import base64
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from countenance.audit.log import Draft, Log
from countenance.contracts.errors import AuditError
from countenance.storage.holdings import Holding, holdings
from countenance.storage.vault import Vault
from countenance.storage.wiping import Seat, seats_of

SCORES = ("result", "event")
"""The contexts in which readings of a single person are sealed."""
READINGS = "readings"
STREAM, SUMMARY = "stream", "summary"


@dataclass(frozen=True, slots=True)
class Reading:
    """Something that was read of a person, opened."""

    payload_id: str
    call_ref: str | None
    context: str
    seq: int | None
    delete_due_utc_us: int | None
    data: Any
    """JSON as it was sealed, or base64 text where it is not JSON."""


class Access:
    """Opens individual readings of one tenant, and leaves a trace of each time."""

    def __init__(self, log: Log, vault: Vault) -> None:
        self._log = log
        self._vault = vault

    def read(self, person: str, actor: str, reason: str, call_ref: str | None = None) -> Sequence[Reading]:
        """The readings of a person, of all calls or of one; `actor` and `reason` are words that name nobody."""
        with self._vault.store.reading() as tx:
            seats = seats_of(self._vault, tx, person, call_ref)
            found = [one for one in holdings(tx, [seat.subject_ref for seat in seats]) if one.context in SCORES]
        return self.open(found, seats, actor, reason)

    def page(
        self, person: str, actor: str, reason: str, call_ref: str, start: int, most: int
    ) -> tuple[Sequence[Reading], bool]:
        """Some of the readings of a person in a call, and whether more follow; only those are opened and logged."""
        with self._vault.store.reading() as tx:
            seats = seats_of(self._vault, tx, person, call_ref)
            found = [one for one in holdings(tx, [seat.subject_ref for seat in seats]) if one.context in SCORES]
        chosen = found[start : start + most]
        return self.open(chosen, seats, actor, reason), len(found) > start + most

    def look(self, call_ref: str, subject_ref: str, actor: str, reason: str, scope: str = STREAM) -> None:
        """Say in the log that somebody is about to see what is read of a person: as it is read, or in a summary."""
        body = {"call_ref": call_ref, "subject_ref": subject_ref, "actor": actor, "reason": reason, "scope": scope}
        self._log.append("ACCESS", body)

    def open(self, found: Iterable[Holding], seats: Iterable[Seat], actor: str, reason: str) -> Sequence[Reading]:
        """Open sealed readings that were found, once the log says who does."""
        wanted = tuple(found)
        if not actor or not reason:
            raise AuditError("nobody reads a person's readings without a name and a reason", "State both.")
        numbers = Counter(one.subject_ref for one in wanted)
        drafts: list[Draft] = []
        for seat in seats:
            if numbers[seat.subject_ref]:
                call = {} if seat.call_ref is None else {"call_ref": seat.call_ref}
                own = {
                    "subject_ref": seat.subject_ref,
                    "scope": READINGS,
                    "counts": {READINGS: numbers[seat.subject_ref]},
                }
                drafts.append(("ACCESS", {**call, **own, "actor": actor, "reason": reason}))
        self._log.append_all(drafts)
        with self._vault.store.reading() as tx:
            records = self._vault.open_all(tx, [one.payload_id for one in wanted])
        return tuple(
            Reading(one.payload_id, one.call_ref, one.context, one.seq, one.delete_due_utc_us, plain(record.payload))
            for one, record in zip(wanted, records, strict=True)
        )


def plain(payload: bytes) -> Any:  # noqa: ANN401
    """A payload as JSON can hold it."""
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return base64.b64encode(payload).decode()
