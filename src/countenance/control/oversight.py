"""What an officer looks at: answers, erasures, deletions by age, the log by person; nobody is named in any of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, true

from countenance.audit.log import Log
from countenance.contracts.errors import NotFoundError
from countenance.contracts.trust import LogEntry
from countenance.control import tombstones
from countenance.control.erasure import DUE_US
from countenance.control.roster import UNKNOWN
from countenance.control.seating import CALL
from countenance.storage import calls, consents
from countenance.storage.entries import places_of
from countenance.storage.store import Transaction
from countenance.storage.tables import consents as answer_rows
from countenance.storage.tables import entries, erasures
from countenance.storage.vault import Vault
from countenance.storage.wiping import PERSON, seats_of

AUDIT = "audit"
SEARCHED, LEDGER = "log", "ledger"
FILTERS = ("modality", "purpose", "status")


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One answer, without who gave it."""

    seq: int
    """The entry of the log that says it."""
    modality: str
    purpose: str
    status: str
    kind: str
    version: int
    at_utc_us: int
    expires_utc_us: int | None
    notice: str | None
    language: str | None


@dataclass(frozen=True, slots=True)
class ErasureRow:
    """One erasure, and how far it has come."""

    erasure_id: str
    seq: int
    asked_utc_us: int
    erased_utc_us: int | None
    destroyed_utc_us: int | None
    """When the key of older backups went."""
    due_utc_us: int
    """By when it must have gone."""
    waiting: int
    """Receivers that have not answered yet."""
    not_reached: int


class Oversight:
    """The lists of one tenant."""

    def __init__(self, log: Log, vault: Vault) -> None:
        self._log = log
        self._vault = vault

    def answers(self, most: int, before: int | None = None, **wanted: str | None) -> Sequence[AnswerRow]:
        """Answers, the newest first; `wanted` takes modality, purpose and status, `before` the last entry seen."""
        own: ColumnElement[bool] = answer_rows.c.carries.is_(None)
        for name in FILTERS:
            if wanted.get(name) is not None:
                own &= answer_rows.c[name] == wanted[name]
        if before is not None:
            own &= answer_rows.c.seq < before
        with self._vault.store.reading() as tx:
            query = tx.select(answer_rows).where(own).order_by(answer_rows.c.seq.desc()).limit(most)
            return tuple(_answer(row) for row in tx.rows(query))

    def answers_of(self, person: str, actor: str) -> Sequence[AnswerRow]:
        """The answers of one person, the newest first; that they were looked up stands in the log."""
        with self._vault.store.reading() as tx:
            found = [_answer(row) for row in consents.answers_of(tx, self._vault.tag(tx, PERSON, person))]
            seats = seats_of(self._vault, tx, person)
        self._note([seat.subject_ref for seat in seats], actor, LEDGER)
        return found[::-1]

    def erasures(self, most: int, before: int | None = None) -> Sequence[ErasureRow]:
        """Erasures, the newest first, with their clocks; `before`: the last entry seen."""
        own = erasures.c.seq.is_not(None) if before is None else erasures.c.seq < before
        with self._vault.store.reading() as tx:
            query = tx.select(erasures).where(own).order_by(erasures.c.seq.desc())
            return tuple(_erasure(tx, row) for row in tx.rows(query.limit(most)))

    def runs(self, most: int, before: int | None = None) -> Sequence[LogEntry]:
        """What was deleted because its time was over, the newest first; `before`: the last entry seen."""
        own = entries.c.kind == "RETENTION"
        return self._entries(own if before is None else own & (entries.c.seq < before), most)

    def of_person(self, person: str, actor: str, most: int) -> Sequence[LogEntry]:
        """What the log says of a person, the newest first; the search itself comes into it. Raises NotFoundError."""
        with self._vault.store.reading() as tx:
            seats = seats_of(self._vault, tx, person)
            apart = [one.seq for one in consents.every_row_of(tx, self._vault.tag(tx, PERSON, person))]
        if not seats:
            raise NotFoundError(*UNKNOWN)
        mine = {seat.subject_ref for seat in seats}
        found = {seq: entry for seq in apart for entry in self._entries(entries.c.seq == seq, 1)}
        for call_ref in {seat.call_ref for seat in seats if seat.call_ref is not None}:
            about = (entry for entry in self._log.of_call(call_ref) if entry.body.get("subject_ref") in mine)
            found |= {entry.seq: entry for entry in about}
        self._note(sorted(mine), actor, SEARCHED)
        return sorted(found.values(), key=lambda entry: -entry.seq)[:most]

    def of_call(self, call_id: str, most: int) -> Sequence[LogEntry]:
        """What the log says of a call, the newest first; raises NotFoundError."""
        with self._vault.store.reading() as tx:
            refs = calls.calls_by_tag(tx, self._vault.tag(tx, CALL, call_id))
            places = places_of(tx, refs)
        if not refs:
            raise NotFoundError(*UNKNOWN)
        return self._entries(entries.c.seq.in_(places), most)

    def newest(self, kind: str | None, most: int) -> Sequence[LogEntry]:
        """The last entries, of one kind or of all."""
        return self._entries(true() if kind is None else entries.c.kind == kind, most)

    def _entries(self, which: ColumnElement[bool], most: int) -> Sequence[LogEntry]:
        with self._vault.store.reading() as tx:
            query = tx.select(entries, entries.c.seq).where(which).order_by(entries.c.seq.desc()).limit(most)
            found = [row.seq for row in tx.rows(query)]
        return tuple(self._log.entries(seq, seq + 1)[0] for seq in found)

    def _note(self, subject_refs: Sequence[str], actor: str, scope: str) -> None:
        said = {"actor": actor, "reason": AUDIT, "scope": scope}
        self._log.append_all([("ACCESS", {"subject_ref": ref, **said}) for ref in subject_refs])


def _answer(row: Row[Any] | consents.ConsentRow) -> AnswerRow:
    return AnswerRow(**{name: getattr(row, name) for name in AnswerRow.__dataclass_fields__})


def _erasure(tx: Transaction, row: Row[Any]) -> ErasureRow:
    said = json.loads(row.receipt)
    return ErasureRow(
        erasure_id=row.erasure_id,
        seq=row.seq,
        asked_utc_us=row.asked_utc_us,
        erased_utc_us=row.erased_utc_us,
        destroyed_utc_us=row.rotated_utc_us,
        due_utc_us=row.asked_utc_us + DUE_US,
        waiting=tombstones.waiting(tx, row.seq),
        not_reached=said["not_reached"],
    )
