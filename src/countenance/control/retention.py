"""The retention job: deletes what is due, says so in the log, and prunes the log itself when its own time is over."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from countenance.audit.log import Log
from countenance.audit.timekeeping import moment_of
from countenance.consent.ledger import CONTEXT
from countenance.consent.retention import LEAST_LOG_DAYS, consent_days
from countenance.contracts.call import Purpose
from countenance.contracts.clock import Clock
from countenance.contracts.trust import LogEntry
from countenance.storage import entries as log_rows
from countenance.storage import keeping, outbox
from countenance.storage.clocks import micros
from countenance.storage.keeping import Payload
from countenance.storage.store import Transaction
from countenance.storage.vault import Vault
from countenance.storage.wiping import Seat, wipe

STANDING = (CONTEXT, "call", "dispute", "tombstone", "endpoint")
"""Contexts without a date of their own: they go with the answer, call, reading or endpoint they belong to."""
ABANDONED = timedelta(days=2)
"""A call that was opened so long ago and never closed is over."""
SETTLED = timedelta(days=30)
"""How long an event stays in the outbox once it was delivered or given up: so long it can be sent again."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a run deleted, or would delete."""

    payloads: Mapping[str, int]
    """Sealed payloads, by what they are."""
    answers: int
    """Answers of people who have said nothing for so long."""
    seats: int
    """Seats in calls, with their keys, under which nothing was left."""
    lost_events: int
    """Events that were due before anybody had received them."""
    entries: int
    """Entries pruned from the log; their hashes stay."""
    undated: Mapping[str, int]
    """Payloads that no date was given to: somebody has to decide."""
    next_due_utc_us: int | None
    dry_run: bool


class Retention:
    """Keeps one tenant's store to the retention of its rulings. To be run daily, at least."""

    def __init__(self, log: Log, vault: Vault, clock: Clock, log_days: int = LEAST_LOG_DAYS) -> None:
        self._log = log
        self._vault = vault
        self._store = vault.store
        self._clock = clock
        self._log_days = max(log_days, LEAST_LOG_DAYS)

    def end_purpose(self, purpose: Purpose) -> None:
        """Say that a purpose has been met: everything read for it so far is due at the next run."""
        at = micros(self._clock.utc())
        body = {"scope": "purpose_ended", "purpose": str(purpose)}
        self._log.append_all([("RETENTION", body)], lambda tx, _: keeping.end_purpose(tx, str(purpose), at))

    def run(self, *, dry_run: bool = False) -> Kept:
        """Delete what is due; with `dry_run` only say what would go."""
        now = self._clock.utc()
        with self._store.reading() as tx:
            plan = self._plan(tx, now)
        old = self._old(now - timedelta(days=plan.log_days))
        if dry_run:
            return Kept(plan.counts, plan.answers, len(plan.seats), 0, old, plan.undated, plan.next_due, dry_run=True)
        done = self._delete(plan, now) if plan.anything else _Done()
        with self._store.transaction() as tx:
            outbox.sweep(tx, micros(now - SETTLED))
        pruned = self._prune(old)
        return Kept(
            plan.counts, done.answers, done.seats, done.events, pruned, plan.undated, plan.next_due, dry_run=False
        )

    def _plan(self, tx: Transaction, now: datetime) -> "_Plan":
        days = max(self._log_days, keeping.log_days(tx))
        silent = keeping.silent_people(tx, micros(now - timedelta(days=consent_days(days))))
        return _Plan(
            days,
            keeping.due_payloads(tx, micros(now)),
            silent,
            keeping.count_answers(tx, silent),
            keeping.old_asks(tx, micros(now - timedelta(days=consent_days(days)))),
            keeping.empty_seats(tx, micros(now - ABANDONED)),
            keeping.undated(tx, STANDING),
            keeping.next_due(tx, micros(now)),
        )

    def _delete(self, plan: "_Plan", now: datetime) -> "_Done":
        done = _Done()
        before = micros(now - timedelta(days=consent_days(plan.log_days)))

        def also(tx: Transaction, _: Sequence[LogEntry]) -> None:
            done.events = keeping.delete_payloads(tx, [one.payload_id for one in plan.payloads])
            done.answers = keeping.delete_answers(tx, plan.silent)
            keeping.delete_asks(tx, before)
            empty = keeping.empty_seats(tx, micros(now - ABANDONED))
            done.seats = len(empty)
            wipe(self._vault, tx, empty, None)
            keeping.forget_names(self._vault, tx, (*plan.silent, *plan.shown))

        body = {"scope": "due", "counts": {**plan.counts, "answers": plan.answers, "seats": len(plan.seats)}}
        self._log.append_all([("RETENTION", body)], also)
        self._store.scrub()
        return done

    def _old(self, cutoff: datetime) -> int:
        """How many entries of the log are older than this, those that can be pruned in full tiles."""
        with self._store.reading() as tx:
            first = log_rows.minimum(tx)
        young = first + bisect_left(range(first, self._log.size), cutoff, key=self._at)
        return max(0, young // log_rows.TILE_WIDTH * log_rows.TILE_WIDTH - first)

    def _at(self, seq: int) -> datetime:
        return moment_of(self._log.entries(seq, seq + 1)[0].at)

    def _prune(self, old: int) -> int:
        if not old:
            return 0
        with self._store.reading() as tx:
            before = log_rows.minimum(tx) + old
        self._log.append("RETENTION", {"scope": "log", "minimum": before})
        self._log.prune(before)
        return old


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is due."""

    log_days: int
    payloads: Sequence[Payload]
    silent: Sequence[str]
    answers: int
    shown: Sequence[str]
    """The tags of people who were shown notices so long ago that nobody need know any more."""
    seats: Sequence[Seat]
    undated: Mapping[str, int]
    next_due: int | None

    @property
    def anything(self) -> bool:
        return bool(self.payloads or self.silent or self.shown or self.seats)

    @property
    def counts(self) -> Mapping[str, int]:
        return keeping.contexts(self.payloads)


@dataclass(slots=True)
class _Done:
    """What a run deleted; written anew when its transaction is tried again."""

    answers: int = 0
    seats: int = 0
    events: int = 0
