"""Erasing a person: three layers at once, finished after any crash, proven by a receipt the person can check."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select

from countenance.audit.checkpoint import parse_checkpoint
from countenance.audit.deletion import Proven, deletion_receipt
from countenance.audit.log import Draft, Log
from countenance.audit.proof import Proof
from countenance.audit.timekeeping import text_of
from countenance.contracts.clock import Clock
from countenance.contracts.errors import VaultError
from countenance.contracts.trust import LogEntry
from countenance.control import tombstones
from countenance.storage import entries as log_rows
from countenance.storage.clocks import SystemClock, micros
from countenance.storage.outbox import random_id
from countenance.storage.points import Points, nowhere
from countenance.storage.rotation import next_epoch, rewrap
from countenance.storage.store import Transaction, of_tenant
from countenance.storage.tables import consents, erasures, keks, leases
from countenance.storage.vault import Vault
from countenance.storage.wiping import PERSON, Seat, anything_of, seats_of, wipe

HOUR_US = 3_600_000_000
DUE_US = 24 * HOUR_US
"""The KEK is destroyed at the latest this long after an erasure was asked for."""
ROTATE_AFTER_US = 12 * HOUR_US
"""From when on `finish` rotates on its own: the job must run at least twice a day."""
KEK = "kek"
BEGUN, UNROTATED = (
    of_tenant(erasures).where(erasures.c[name].is_(None)).order_by(erasures.c.seq)
    for name in ("erased_utc_us", "rotated_utc_us")
)
REBUILT_BYTES = 64 * 2**20
"""A larger database file is built anew by the rotation, not while a person waits: rebuilding takes seconds a 100 MB."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an erasure will delete, and what the log will say of it."""

    person: str
    call_ref: str | None
    seats: tuple[Seat, ...]
    person_tag: str | None
    drafts: tuple[Draft, ...]
    """The ERASURE entries come last, one for each seat, or one alone."""
    erasure_id: str
    asked_utc_us: int
    said: Mapping[str, Any]


class Eraser:
    """Erases people from one tenant's store; `finish` must be called at every start and by a job, at best hourly."""

    def __init__(self, log: Log, vault: Vault, clock: Clock | None = None, points: Points = nowhere) -> None:
        self._log = log
        self._vault = vault
        self._store = vault.store
        self._clock = clock or SystemClock()
        self._at = points

    def erase(
        self, person: str, reason: str, actor: str, *, call_ref: str | None = None, at_once: bool = False
    ) -> bytes:
        """Erase a person, from everything or from one call; returns the deletion receipt.

        The person's own keys go now. The KEK, under which backups hold copies of them, goes within 24 hours, or
        before this returns when `at_once` is set. `actor` and `reason` stand in the log: words that name nobody.
        """
        plan = self._plan(person, reason, actor, call_ref)
        self._log.append_all(plan.drafts, lambda tx, made: self._delete(tx, made, plan))
        self._at("erasure.deleted")
        self.finish(at_once=at_once)
        return self.receipt(plan.erasure_id)

    def finish(self, *, at_once: bool = False) -> None:
        """Bring every erasure as far as it can be brought today: files, receivers, rotation, mark."""
        begun = self._open(BEGUN)
        if begun and self._store.scrub(REBUILT_BYTES):
            self._at("erasure.scrubbed")
            self._set(begun, erased_utc_us=self._now())
        self._collect()
        waiting = self._open(UNROTATED)
        if waiting and (at_once or self._now() >= min(row.asked_utc_us for row in waiting) + ROTATE_AFTER_US):
            self.rotate()
        for row in waiting:
            self._note_rotation(row)
        self.mark()

    def rotate(self) -> None:
        """Begin a new epoch of keys: backups taken before it can then be read by nobody."""
        with self._store.reading() as tx:
            old = self._vault.current(tx).epoch
        new = next_epoch(self._vault, old)
        body = {"key_id": KEK, "old_epoch": old, "epoch": new}
        self._log.append_all([("KEY_ROTATION", body)], self._rewrap)
        self._at("erasure.rotated")
        self._vault.settle(self._at)
        self._store.scrub()

    def mark(self) -> None:
        """Keep the log's state beside the keys: a store restored from before it is not served until it caught up."""
        self._vault.keys.put_mark(self._log.checkpoint(at_once=True).data)
        self._at("erasure.marked")

    def receipt(self, erasure_id: str) -> bytes:
        """The deletion receipt as things stand: rotation and receivers' answers come into it as they happen."""
        rows = self._rows(erasures.c.erasure_id == erasure_id)
        if not rows:
            raise VaultError(f"there was no erasure {erasure_id}", "Name one from a deletion receipt.")
        row, said = rows[0], json.loads(rows[0].receipt)
        note = self._log.checkpoint(at_once=True)
        size = parse_checkpoint(note.text).size
        with self._store.reading() as tx:
            leaves = [log_rows.read(tx, seq, seq + 1)[0] for seq in said["entries"]]
            waiting = tombstones.waiting(tx, row.seq)
        proofs = [Proof(seq, self._log.inclusion(seq, size), note.data) for seq in said["entries"]]
        statement = {
            "erasure_id": erasure_id,
            "log": self._log.key.name,
            "asked_at": _text(row.asked_utc_us),
            "erased_at": _text(row.erased_utc_us),
            **{name: said[name] for name in ("reason", "actor", "entries", "rows")},
            "keys": {
                "epoch": said["epoch"],
                "destroyed_at": _text(row.rotated_utc_us),
                "destroyed_by": _text(row.asked_utc_us + DUE_US),
            },
            "receivers": {"waiting": waiting, "answered": said["answered"], "not_reached": said["not_reached"]},
        }
        return deletion_receipt(statement, [*map(Proven, leaves, proofs)], self._log.key)

    def _plan(self, person: str, reason: str, actor: str, call_ref: str | None) -> Plan:
        name, asked = random_id(), self._now()
        with self._store.reading() as tx:
            seats = seats_of(self._vault, tx, person, call_ref)
            tag = self._vault.tag(tx, PERSON, person) if call_ref is None else None
            if not anything_of(tx, seats, tag) and not self._vault.knows(tx, tag):
                raise VaultError("nothing is kept about this person", "Check the id; who was erased stays erased.")
            epoch = self._vault.current(tx).epoch
            ended = [*_withdrawals(tx, seats, tag), *_closings(tx, seats)]
        body = {"erasure_id": name, "reason": reason, "actor": actor, "epoch": epoch, "due": asked + DUE_US}
        places = [_place(seat) for seat in seats] or [{}]
        drafts = (*ended, *(("ERASURE", {**body, **place}) for place in places))
        said = {"reason": reason, "actor": actor, "epoch": epoch, "answered": [], "not_reached": 0}
        return Plan(person, call_ref, seats, tag, drafts, name, asked, said)

    def _delete(self, tx: Transaction, made: Sequence[LogEntry], plan: Plan) -> None:
        """All that is deleted, in the transaction of the entries that say so."""
        if seats_of(self._vault, tx, plan.person, plan.call_ref) != plan.seats:
            raise VaultError("the person joined or left a call while being erased", "Nothing was erased; try again.")
        told = tombstones.told(self._vault, tx, plan.seats)
        rows = wipe(self._vault, tx, plan.seats, plan.person_tag)
        entries = [entry.seq for entry in made if entry.kind == "ERASURE"]
        event = {"receipt_id": plan.erasure_id, "erased_at": _moment(plan.asked_utc_us)}
        tombstones.bury(self._vault, tx, told, entries[0], event, plan.asked_utc_us)
        said = {**plan.said, "entries": entries, "rows": rows}
        row = {"erasure_id": plan.erasure_id, "seq": entries[0], "asked_utc_us": plan.asked_utc_us}
        tx.insert(erasures, {**row, "receipt": json.dumps(said)})

    def _rewrap(self, tx: Transaction, _: Sequence[LogEntry]) -> None:
        rewrap(self._vault, tx, self._at)

    def _collect(self) -> None:
        with self._store.reading() as tx:
            open_ones = tombstones.unsettled(tx)
        for row in self._rows(erasures.c.seq.in_(open_ones)) if open_ones else ():
            said = json.loads(row.receipt)
            with self._store.transaction() as tx:
                answers = tombstones.collect(self._vault, tx, row.seq, self._now(), row.asked_utc_us)
                for one in answers:
                    if one.delivered_utc_us is None:
                        said["not_reached"] += 1
                    else:
                        at = _text(one.delivered_utc_us)
                        said["answered"].append({"event_id": one.event_id, "receiver": one.endpoint_id, "at": at})
                mine = tx.update(erasures).where(erasures.c.erasure_id == row.erasure_id)
                tx.execute(mine.values(receipt=json.dumps(said)))
            self._at("erasure.collected")

    def _note_rotation(self, row: Row[Any]) -> None:
        epoch = json.loads(row.receipt)["epoch"]
        with self._store.reading() as tx:
            kek = tx.find(keks, epoch=epoch)
        if kek is not None and kek.destroyed_utc_us is not None:
            self._set([row], rotated_utc_us=kek.destroyed_utc_us)

    def _open(self, query: Select[Any]) -> Sequence[Row[Any]]:
        with self._store.reading() as tx:
            return tx.every(query)

    def _rows(self, which: ColumnElement[bool]) -> Sequence[Row[Any]]:
        with self._store.reading() as tx:
            return tx.rows(tx.select(erasures).where(which).order_by(erasures.c.seq))

    def _set(self, rows: Sequence[Row[Any]], **values: int) -> None:
        with self._store.transaction() as tx:
            mine = erasures.c.erasure_id.in_([row.erasure_id for row in rows])
            tx.execute(tx.update(erasures).where(mine).values(**values))
        self._at("erasure.noted")

    def _now(self) -> int:
        return micros(self._clock.utc())


def _withdrawals(tx: Transaction, seats: Sequence[Seat], tag: str | None) -> Sequence[Draft]:
    """A CONSENT entry for each answer that still says yes."""
    mine = consents.c.subject_ref.in_([seat.subject_ref for seat in seats]) | (consents.c.person_tag == tag)
    latest: dict[tuple[object, ...], Row[Any]] = {}
    for row in tx.rows(tx.select(consents).where(mine).order_by(consents.c.seq)):
        latest[row.call_ref, row.subject_ref, row.modality, row.purpose] = row
    ended = [row for row in latest.values() if row.status == "given"]
    return [("CONSENT", _present(_withdrawal(row))) for row in ended]


def _withdrawal(row: Row[Any]) -> Mapping[str, object]:
    return {
        "call_ref": row.call_ref,
        "subject_ref": row.subject_ref,
        "modality": row.modality,
        "purpose": row.purpose,
        "status": "withdrawn",
        "consent_kind": row.kind,
        "version": row.version + 1,
        "at_us": row.at_us,
        "basis": "erasure",
    }


def _closings(tx: Transaction, seats: Sequence[Seat]) -> Sequence[Draft]:
    """An end for each lease that is still open: nothing will come of it."""
    mine = leases.c.subject_ref.in_([seat.subject_ref for seat in seats])
    return [
        (
            "LEASE_CLOSE",
            {"call_ref": row.call_ref, "subject_ref": row.subject_ref, "lease": row.lease, "reason": "erased"},
        )
        for row in tx.rows(tx.select(leases).where(mine).order_by(leases.c.seq))
    ]


def _place(seat: Seat) -> Mapping[str, object]:
    return _present({"call_ref": seat.call_ref, "subject_ref": seat.subject_ref})


def _present(body: Mapping[str, object]) -> Mapping[str, object]:
    return {name: value for name, value in body.items() if value is not None}


def _moment(utc_us: int) -> str:
    return text_of(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=utc_us))


def _text(utc_us: int | None) -> str | None:
    return None if utc_us is None else _moment(utc_us)
