"""What somebody is advised to do, and does with the advice: one path for prompts, drafts and notes.

Each step is an entry of one kind in the log. What it says of a person is sealed under their key and goes with them;
what is counted stands apart, with no way back to anybody.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from countenance.audit.leases import EVENT
from countenance.audit.log import Log
from countenance.audit.timekeeping import moment_of
from countenance.contracts.clock import Clock
from countenance.contracts.trust import LogEntry
from countenance.control.running import DAY_US, RunningCall
from countenance.storage import coached, outbox
from countenance.storage.clocks import micros
from countenance.storage.coached import CoachedCall, PromptFact
from countenance.storage.outbox import Event
from countenance.storage.sealing import Record
from countenance.storage.store import Transaction
from countenance.storage.vault import Vault

KIND = "SUGGESTION"
FACT_DAYS = 400
"""How long the numbers are kept."""


class What(StrEnum):
    """What is suggested."""

    CARD = "card"
    """A prompt on a coach's page."""
    DRAFT = "draft"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One step in the life of a suggestion."""

    id: str
    status: str
    """`issued`, `held_out`, `seen`, `accepted`, `edited`, `dismissed`, `snoozed`, `expired`, `settled`."""
    what: What = What.CARD
    about: str | None = None
    """The participant whose readings it rests on."""
    actor: str = "system"
    envelope: Mapping[str, object] | None = None
    """What readers of the call are told of this step."""
    fact: PromptFact | None = None
    """What is counted of it, once nothing more can become of it."""


class Suggestions:
    """The suggestions of one tenant's calls."""

    def __init__(self, log: Log, vault: Vault, clock: Clock) -> None:
        self._log = log
        self._vault = vault
        self._clock = clock

    def note(self, call: RunningCall, one: Suggestion) -> LogEntry:
        """Make a step durable: its entry, what is told of it, what is counted; all of it, or nothing."""
        subject = None if one.about is None else call.seats[one.about].subject_ref
        plain = b"" if one.envelope is None else json.dumps(one.envelope, separators=(",", ":")).encode()
        record = self._vault.record(plain) if plain and subject is not None else None
        body: dict[str, object] = {"call_ref": call.call_ref, "suggestion": one.id, "scope": str(one.what)}
        body |= {"status": one.status, "actor": one.actor}
        if subject is not None:
            body["subject_ref"] = subject
        if record is not None:
            body["payload_commit"] = record.commitment

        def also(tx: Transaction, entries: Sequence[LogEntry]) -> None:
            entry = entries[0]
            if one.envelope is not None:
                sealed = None if record is None else self._sealed(tx, call, one, record, entry)
                body = plain.decode() if sealed is None else None
                told = Event(str(one.envelope["type"]), call.call_ref, sealed, body)
                outbox.put(tx, entry.seq, [told], micros(moment_of(entry.at)))
            if one.fact is not None:
                coached.put_prompt(tx, one.fact, self.day(FACT_DAYS))

        return self._log.append_all([(KIND, body)], also)[0]

    def ended(self, playbook: str, media_us: int) -> None:
        """A call that was coached is over."""
        with self._vault.store.transaction() as tx:
            coached.put_call(tx, CoachedCall(self.day(), playbook, media_us), self.day(FACT_DAYS))

    def facts(self, days: int) -> tuple[Sequence[PromptFact], Sequence[CoachedCall]]:
        """What was counted in the last days."""
        since = self.day(days)
        with self._vault.store.reading() as tx:
            return coached.prompts_since(tx, since), coached.calls_since(tx, since)

    def day(self, ago: int = 0) -> str:
        """Today in UTC, or the day so many days ago."""
        return (self._clock.utc() - timedelta(days=ago)).date().isoformat()

    def _sealed(self, tx: Transaction, call: RunningCall, one: Suggestion, record: Record, entry: LogEntry) -> str:
        """It is deleted with the readings that it rests on."""
        mine = (ruling for (who, _), ruling in call.rulings.items() if who == one.about and ruling.allowed)
        days = min((ruling.duties.retention_days for ruling in mine), default=None)
        due = None if days is None else micros(moment_of(entry.at)) + days * DAY_US
        subject = call.seats[str(one.about)].subject_ref
        return self._vault.seal(tx, subject, record, EVENT, call.call_ref, entry.seq, due)
