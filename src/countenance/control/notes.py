"""Notes that a human let leave for a system of record: sealed under the person's key, told of, gone with them.

The step is an entry of the same kind as a prompt's. Who fetches a note afterwards stands in the log as well.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from countenance.audit.log import Log
from countenance.audit.timekeeping import moment_of
from countenance.consent.canonical import canonical
from countenance.contracts.clock import Clock
from countenance.contracts.errors import NotFoundError, PreconditionError
from countenance.contracts.trust import LogEntry
from countenance.control.access import Access
from countenance.control.remarks import About, due_with_readings
from countenance.control.roster import UNKNOWN
from countenance.control.suggesting import KIND, What
from countenance.storage import outbox
from countenance.storage.clocks import micros
from countenance.storage.holdings import Holding, holdings
from countenance.storage.outbox import Event
from countenance.storage.store import Transaction
from countenance.storage.vault import Vault
from countenance.storage.wiping import Seat

NOTE = "note"
"""The context in which a note is sealed; the system it is for follows: `note.crm`."""
TWICE = ("a note about this person has left for this system already", "Read it; what has left cannot be changed.")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A note as a human let it leave."""

    about: About
    system: str
    note_id: str
    actor: str
    edited: bool
    """Whether the human changed the text."""
    body: Mapping[str, Any]
    envelope: Mapping[str, object]
    """What receivers are told: that there is one, not what it says."""


class Notes:
    """The notes of one tenant."""

    def __init__(self, log: Log, vault: Vault, clock: Clock) -> None:
        self._log = log
        self._vault = vault
        self._clock = clock

    def accept(self, one: Accepted) -> None:
        """Keep a note, log who let it leave, and tell receivers; all of it, or nothing.

        Raises PreconditionError where one has left before.
        """
        record = self._vault.record(canonical(one.body))
        status = "edited" if one.edited else "accepted"
        body: dict[str, object] = {"call_ref": one.about.call_ref, "subject_ref": one.about.subject_ref}
        body |= {"suggestion": one.note_id, "scope": str(What.NOTE), "format": one.system, "status": status}
        body |= {"actor": one.actor, "payload_commit": record.commitment}
        told = json.dumps(one.envelope, separators=(",", ":")).encode()

        def also(tx: Transaction, entries: Sequence[LogEntry]) -> None:
            entry, about, due = entries[0], one.about, due_with_readings(tx, one.about, self._clock)
            context = f"{NOTE}.{one.system}"
            if any(held.context == context for held in holdings(tx, [about.subject_ref])):
                raise PreconditionError(*TWICE)
            self._vault.seal(tx, about.subject_ref, record, context, about.call_ref, entry.seq, due)
            sealed = self._vault.seal(tx, about.subject_ref, told, NOTE, about.call_ref, entry.seq, due)
            event = Event(str(one.envelope["type"]), about.call_ref, sealed)
            outbox.put(tx, entry.seq, [event], micros(moment_of(entry.at)))

        self._log.append_all([(KIND, body)], also)

    def has(self, about: About, system: str) -> bool:
        """Whether a note has left; the log is not told, for nothing is opened."""
        return self._held(about, system) is not None

    def read(self, about: About, system: str, actor: str) -> Mapping[str, Any]:
        """A note that has left, once the log says who reads it; raises NotFoundError."""
        found = self._held(about, system)
        if found is None:
            raise NotFoundError(*UNKNOWN)
        seat = Seat(about.subject_ref, about.call_ref)
        opened: Mapping[str, Any] = Access(self._log, self._vault).open([found], [seat], actor, NOTE)[0].data
        return opened

    def _held(self, about: About, system: str) -> Holding | None:
        with self._vault.store.reading() as tx:
            kept = holdings(tx, [about.subject_ref])
        return next((one for one in kept if one.context == f"{NOTE}.{system}"), None)
