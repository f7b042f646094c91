"""A change of consent: the answer, its log entry, its sealed statement and its event, all in one transaction."""

import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from countenance.audit.log import Draft, Log
from countenance.consent.answers import Said, Shown, follow, state
from countenance.consent.asking import Asking, asking, check_yes, left_in_peace, strong_enough
from countenance.consent.ledger import PERSON, Ledger, Place
from countenance.consent.notice import Notice, substance_of
from countenance.consent.receipt import new_receipt_id
from countenance.consent.statement import next_statement, statement
from countenance.consent.terms import Terms
from countenance.consent.wording import CURRENT
from countenance.contracts.call import Modality, Purpose
from countenance.contracts.clock import Clock
from countenance.contracts.errors import ConsentError
from countenance.contracts.trust import ConsentStatus, LogEntry, Ruling
from countenance.control.changes import Change, draft_all, enrol, event_of, where_of
from countenance.storage import calls, outbox
from countenance.storage.clocks import micros
from countenance.storage.consents import ConsentRow, ended, next_end
from countenance.storage.keeping import note_log_days
from countenance.storage.outbox import random_id
from countenance.storage.sealing import Random
from countenance.storage.store import Transaction
from countenance.storage.vault import Vault

RECEIPT_BYTES = 16
NEVER_US = 2**62
NO = frozenset({ConsentStatus.WITHDRAWN, ConsentStatus.REFUSED})


class Running(Protocol):
    """The calls that run now, as far as consent concerns them."""

    def times(self) -> Mapping[str, int]:
        """The media time that each running call has reached."""
        ...

    def bar(self, seat: Place, modality: Modality) -> None:
        """A person's no: nothing more of it is read from now, whatever becomes of the disk."""
        ...

    def heard(self, entries: Sequence[LogEntry]) -> None:
        """CONSENT entries that are durable."""
        ...


class NothingRuns:
    """No call is running in this process."""

    def times(self) -> Mapping[str, int]:
        """None runs."""
        return {}

    def bar(self, seat: Place, modality: Modality) -> None:
        """Nothing is read anyway."""

    def heard(self, entries: Sequence[LogEntry]) -> None:
        """Nobody waits for it."""


class Consents:
    """What people answer, in one tenant's store and log."""

    def __init__(self, log: Log, vault: Vault, clock: Clock, random: Random = os.urandom) -> None:
        self.ledger = Ledger(vault)
        self.running: Running = NothingRuns()
        """Set by who runs calls: a no is said at once in every running call that the person sits in."""
        self._log = log
        self._vault = vault
        self._clock = clock
        self._random = random
        self._one = threading.RLock()
        self._seen: datetime | None = None
        self._quiet_until_us = 0
        """No yes ends before this time, as far as is known; asked of every lease, so kept here."""
        self._ended_us = 0
        """Every yes that ended before this time has been followed by its end."""

    def now(self) -> datetime:
        """The wall clock, which never runs back here: what has expired stays expired."""
        now = self._clock.utc()
        self._seen = now if self._seen is None else max(self._seen, now)
        return self._seen

    def show(
        self, person: str, notice: Notice, purpose: Purpose, seat: Place | None = None, *, own_wish: bool = False
    ) -> Mapping[Modality, Shown]:
        """Record that a person has a notice before them; their answer refers to what this returns.

        Raises ConsentError while a no leaves them in peace, unless it was their own wish to see it.
        """
        place, now = seat or self._apart(), self.now()
        if not own_wish:
            self._check_free(person, notice, purpose, now)
        found: dict[Modality, Shown] = {}
        body = where_of(place) | {
            "purpose": str(purpose),
            "modalities": list(notice.substance),
            "notice": notice.id,
            "notice_sha256": notice.sha256,
        }

        def also(tx: Transaction, _: Sequence[LogEntry]) -> None:
            found.update(self.ledger.show(tx, person, place.subject_ref, notice, purpose, now))

        self._log.append_all([("NOTICE", body)], also)
        return found

    def asking(self, person: str, ruling: Ruling, terms: Terms) -> Asking:
        """Whether this person may be asked about one modality now."""
        case = ruling.case
        with self._vault.store.reading() as tx:
            last = self.ledger.last(tx, person, case.modality, case.purpose)
        past = () if last is None else (last[1],)
        return asking(past, ruling, self.now(), substance_of(CURRENT, ruling, terms))

    def answer(self, person: str, said: Said, ruling: Ruling, terms: Terms, seat: Place | None = None) -> ConsentRow:
        """Record an answer; raises ConsentError or RefusedError when a yes would not count. A no always counts."""
        if (said.modality, said.purpose) != (ruling.case.modality, ruling.case.purpose):
            raise ConsentError(f"the ruling is not about {said.modality} for {said.purpose}", "Ask the gate for it.")
        with self._one:
            now = self.now()
            with self._vault.store.reading() as tx:
                last = self.ledger.last(tx, person, said.modality, said.purpose)
                past = () if last is None else (last[1],)
                if said.status is ConsentStatus.GIVEN:
                    check_yes(past, said, ruling, now, substance_of(CURRENT, ruling, terms))
                    self._check_shown(tx, person, said)
                answered = follow(past, said, now, self._receipt_id(), timedelta(days=terms.consent_days))
                told = statement(person, answered, ruling, terms)
                change = Change(random_id(), person, seat or self._apart(), answered, told)
                changes = tuple(self._spread(tx, change))
            return self._enter(changes)[0]

    def stop(
        self, person: str, modalities: Iterable[Modality] | None = None, seat: Place | None = None
    ) -> Sequence[ConsentRow]:
        """Withdraw every yes of a person, or those for some modalities, for every purpose."""
        chosen = None if modalities is None else frozenset(modalities)
        with self._one:
            with self._vault.store.reading() as tx:
                given = [row for row in self.ledger.standing(tx, person) if row.status == ConsentStatus.GIVEN]
                mine = (row for row in given if chosen is None or row.modality in chosen)
                changes = [c for row in mine for c in self._ending(tx, row, ConsentStatus.WITHDRAWN, seat)]
            return self._enter(changes)

    def expire(self) -> Sequence[ConsentRow]:
        """End every yes whose time is over, in the running calls as well."""
        with self._one:
            now_us = micros(self.now())
            if now_us < self._quiet_until_us:
                return ()
            with self._vault.store.reading() as tx:
                over = ended(tx, now_us, self._ended_us)
                changes = [change for row in over for change in self._ending(tx, row, ConsentStatus.EXPIRED, None)]
                following = next_end(tx, now_us)
            made = self._enter(changes)
            self._ended_us = now_us
            self._quiet_until_us = NEVER_US if following is None else following
            return made

    def carry(self, person: str, seat: Place, rulings: Mapping[Modality, Ruling], terms: Terms) -> Sequence[ConsentRow]:
        """Say in a call what the person has answered before, as far as it still holds; nothing else is said."""
        with self._one:
            with self._vault.store.reading() as tx:
                found = (self._carried(tx, person, seat, ruling, terms) for ruling in rulings.values())
                changes = [change for change in found if change is not None]
            return self._enter(changes)

    def _carried(self, tx: Transaction, person: str, seat: Place, ruling: Ruling, terms: Terms) -> Change | None:
        last = self.ledger.last(tx, person, ruling.case.modality, ruling.case.purpose)
        if last is None or not ruling.allowed:
            return None
        row, answer = last
        holds = state([answer], self.now(), substance_of(CURRENT, ruling, terms))
        yes = holds is ConsentStatus.GIVEN and strong_enough(answer.said.kind, ruling)
        # Where silence is enough, a no must be said again in every call.
        no = holds in NO and ruling.duties.consent == "none"
        if not (yes or no):
            return None
        again = replace(answer, receipt_id=self._receipt_id())
        told = {**self.ledger.statement(tx, row), "receipt_id": again.receipt_id}
        return Change(random_id(), person, seat, again, told, row.consent_id)

    def _ending(self, tx: Transaction, row: ConsentRow, status: ConsentStatus, seat: Place | None) -> Iterator[Change]:
        before = self.ledger.statement(tx, row)
        person, purpose = str(before["participant_id"]), Purpose(row.purpose)
        last = self.ledger.last(tx, person, row.modality, purpose)
        past = () if last is None else (last[1],)
        answered = follow(past, Said(row.modality, purpose, status, row.kind), self.now(), self._receipt_id())
        told = next_statement(before, answered)
        yield from self._spread(tx, Change(random_id(), person, seat or self._apart(), answered, told))

    def _spread(self, tx: Transaction, change: Change) -> Iterator[Change]:
        """The change, and a no once more in every other running call for this purpose that the person sits in."""
        yield change
        said = change.answer.said
        if said.status is ConsentStatus.GIVEN:
            return
        times = self.running.times()
        for one in calls.seats_in(tx, self._vault.tag(tx, PERSON, change.person), times):
            call = calls.find_call(tx, one.call_ref)
            if call is None or one.call_ref == change.place.call_ref or call.purpose != said.purpose:
                continue
            again = replace(change.answer, receipt_id=self._receipt_id())
            told = {**change.statement, "receipt_id": again.receipt_id}
            place = Place(one.subject_ref, one.call_ref, times[one.call_ref])
            yield Change(random_id(), change.person, place, again, told, change.consent_id)

    def _enter(self, changes: Sequence[Change]) -> Sequence[ConsentRow]:
        if not changes:
            return ()
        for change in changes:
            if change.answer.said.status is not ConsentStatus.GIVEN and change.place.call_ref is not None:
                self.running.bar(change.place, change.answer.said.modality)
        records = [self._vault.record(change.payload) for change in changes]
        drafts: list[Draft] = [draft for one in zip(changes, records, strict=True) for draft in draft_all(*one)]
        kept: list[ConsentRow] = []

        def also(tx: Transaction, entries: Sequence[LogEntry]) -> None:
            kept.clear()
            consents = [entry for entry in entries if entry.kind == "CONSENT"]
            for change, record, entry in zip(changes, records, consents, strict=True):
                enrol(self._vault, tx, change)
                note_log_days(tx, int(change.statement["log_days"]))
                kept.append(self.ledger.add(tx, change.person, change.place, change.entered(record, entry)))
                if change.is_news:
                    event = event_of(self._vault, tx, change, entry.seq)
                    outbox.put(tx, entry.seq, [event], micros(self.now()))

        # What is new may end before anything that was known to end.
        ends = (micros(one.answer.expires) for one in changes if one.answer.expires is not None)
        self._quiet_until_us = min(self._quiet_until_us, *ends, NEVER_US)
        entries = self._log.append_all(drafts, also)
        self.running.heard([entry for entry in entries if entry.kind == "CONSENT"])
        return tuple(kept)

    def _check_free(self, person: str, notice: Notice, purpose: Purpose, now: datetime) -> None:
        with self._vault.store.reading() as tx:
            found = {modality: self.ledger.last(tx, person, modality, purpose) for modality in notice.substance}
        for modality, last in found.items():
            until = None if last is None else left_in_peace(last[1:], now)
            if until is not None:
                problem = f"this person said no to {modality} and is not asked again before {until.date().isoformat()}"
                raise ConsentError(problem, "Leave it out of the notice, or let them open the choice themselves.")

    def _check_shown(self, tx: Transaction, person: str, said: Said) -> None:
        if said.shown is None or not self.ledger.was_shown(tx, person, said.modality, said.shown):
            problem = f"this person was never shown the notice that the yes to {said.modality} names"
            raise ConsentError(problem, "Show it first, and answer with what showing it returned.")

    def _apart(self) -> Place:
        """References drawn for one act: what a person says apart from a call links to nothing else of theirs."""
        return Place(random_id())

    def _receipt_id(self) -> str:
        return new_receipt_id(self._random(RECEIPT_BYTES))
