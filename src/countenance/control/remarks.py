"""What reviewers write about a person on a call: comments and scorecards, sealed under that person's own key."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from countenance.audit.log import Log
from countenance.audit.timekeeping import text_of
from countenance.consent.canonical import canonical
from countenance.contracts.clock import Clock
from countenance.contracts.errors import NotFoundError
from countenance.contracts.trust import LogEntry
from countenance.control.access import SCORES
from countenance.storage.clocks import micros
from countenance.storage.holdings import Holding, holding, holdings
from countenance.storage.keeping import delete_payloads
from countenance.storage.store import Transaction
from countenance.storage.vault import Vault

COMMENT, SCORECARD = "comment", "scorecard"
REVIEW = "review"
REMOVED = "_removed"
UNREAD_LIFE = timedelta(days=30)
"""How long what was written about somebody of whom no reading is kept stays."""
GONE = ("no remark has this id", "It was taken back or erased, or somebody else wrote it.")


@dataclass(frozen=True, slots=True)
class About:
    """Somebody on a call, as the store knows them."""

    call_ref: str
    subject_ref: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Something a reviewer wrote."""

    remark_id: str
    about: About
    actor: str
    said_at: str
    said: Mapping[str, Any]


class Remarks:
    """Keeps what reviewers write. It goes with the readings it is about, and at once when the person is erased."""

    def __init__(self, log: Log, vault: Vault, clock: Clock) -> None:
        self._log = log
        self._vault = vault
        self._clock = clock

    def add(self, about: About, context: str, actor: str, said: Mapping[str, Any]) -> Remark:
        """Keep a remark; the log says that there is one, and holds a commitment to it."""
        said_at = text_of(self._clock.utc())
        record = self._vault.record(canonical({"actor": actor, "said_at": said_at, "said": dict(said)}))
        made: list[str] = []

        def also(tx: Transaction, entries: Sequence[LogEntry]) -> None:
            made.clear()
            due = due_with_readings(tx, about, self._clock)
            made.append(self._vault.seal(tx, about.subject_ref, record, context, about.call_ref, entries[0].seq, due))

        body = {**_body(about, actor, context), "payload_commit": record.commitment}
        self._log.append_all([("ACCESS", body)], also)
        return Remark(made[0], about, actor, said_at, said)

    def all(self, people: Iterable[About], context: str, actor: str) -> Sequence[Remark]:
        """The remarks of one kind about these people, in the order they were written; the log says who looks."""
        by_ref = {one.subject_ref: one for one in people}
        with self._vault.store.reading() as tx:
            found = [one for one in holdings(tx, list(by_ref)) if one.context == context]
            read = [self._read(tx, one, by_ref[one.subject_ref]) for one in found]
        seen = {one.subject_ref for one in found}
        self._log.append_all([("ACCESS", _body(by_ref[ref], actor, context)) for ref in by_ref if ref in seen])
        return read

    def look(self, about: About, actor: str, scope: str) -> None:
        """Say in the log that somebody looks at something else that is kept of a person."""
        self._log.append("ACCESS", _body(about, actor, scope))

    def remove(self, remark_id: str, actor: str) -> None:
        """Take a remark back; only who wrote it can. Raises NotFoundError."""
        with self._vault.store.reading() as tx:
            found = holding(tx, remark_id)
            if found is None or found.call_ref is None or found.context not in (COMMENT, SCORECARD):
                raise NotFoundError(*GONE)
            remark = self._read(tx, found, About(found.call_ref, found.subject_ref))
        if remark.actor != actor:
            raise NotFoundError(*GONE)

        def also(tx: Transaction, _: Sequence[LogEntry]) -> None:
            delete_payloads(tx, [remark_id])

        self._log.append_all([("ACCESS", _body(remark.about, actor, found.context + REMOVED))], also)

    def _read(self, tx: Transaction, one: Holding, about: About) -> Remark:
        whole = json.loads(self._vault.open_sealed(tx, one.payload_id).payload)
        return Remark(one.payload_id, about, whole["actor"], whole["said_at"], whole["said"])


def due_with_readings(tx: Transaction, about: About, clock: Clock) -> int:
    """When what was written of a person in a call goes: with the last of their readings in it."""
    kept = holdings(tx, [about.subject_ref])
    days = [one.delete_due_utc_us for one in kept if one.context in SCORES and one.delete_due_utc_us is not None]
    return max(days, default=micros(clock.utc() + UNREAD_LIFE))


def _body(about: About, actor: str, scope: str) -> Mapping[str, object]:
    place = {"call_ref": about.call_ref, "subject_ref": about.subject_ref}
    return {**place, "actor": actor, "reason": REVIEW, "scope": scope}
