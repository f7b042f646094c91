"""The control plane of one tenant: gate, consents, leases, log and outbox as one, failing closed.

What it says yes to is on the disk. When the store cannot be written, it says no to everything that would be inferred,
`health` says why, and it goes on by itself once the store works again; the calls themselves never wait for it.
"""

import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from countenance.audit.leases import Leases
from countenance.audit.log import Draft
from countenance.audit.outcome import USUAL, Outcome, Result, Terms
from countenance.consent.answers import Said
from countenance.consent.ledger import Place
from countenance.consent.terms import Terms as Told
from countenance.contracts.call import Call, Modality, Participant
from countenance.contracts.errors import ConsentError, CountenanceError, StorageError
from countenance.contracts.trust import Case, ConsentStatus, Lease, LogEntry, Ruling
from countenance.control.consents import Consents
from countenance.control.erasure import HOUR_US, Eraser
from countenance.control.health import Health, Tally, Watch, is_of_the_store
from countenance.control.labels import Labels
from countenance.control.opening import Tenant
from countenance.control.running import RunningCall, Stop, tell_nobody
from countenance.control.seating import seated
from countenance.control.suggesting import Suggestions
from countenance.permission import PAUSED
from countenance.policy.gate import Gate
from countenance.storage import calls, outbox
from countenance.storage import entries as log_rows
from countenance.storage.clocks import SteadyClock, micros
from countenance.storage.consents import ConsentRow
from countenance.storage.marks import put_mark
from countenance.storage.outbox import Event
from countenance.storage.points import Points, nowhere
from countenance.surface.envelope import CALL_SUMMARY

PROBE = "health.probe"
RESUMED = "resumed"


class Control:
    """Everything that must be asked before anything is read of anyone."""

    def __init__(self, tenant: Tenant, gate: Gate, points: Points = nowhere) -> None:
        self.tenant = tenant
        self.gate = gate
        self.clock = SteadyClock(tenant.clock, tenant.log.last_at)
        self.consents = Consents(tenant.log, tenant.vault, self.clock)
        self.consents.running = self
        self.suggestions = Suggestions(tenant.log, tenant.vault, self.clock)
        self.labels = Labels(tenant.log, tenant.vault)
        self._at = points
        self._one = threading.RLock()
        self._ending = threading.Lock()
        """Leases that lapse, and those of a call that ends, are closed by one at a time; no answer waits for it."""
        self._eraser = Eraser(tenant.log, tenant.vault, self.clock, points)
        self._finished_us = self.clock.mono_us()
        self._watch = Watch()
        self._tally = Tally()
        self._calls: dict[str, RunningCall] = {}
        self._unsaid: deque[tuple[str, tuple[Modality, ...] | None]] = deque()

    def loaded(self, models: Mapping[str, str], software: str) -> None:
        """Log what runs here before it runs: the program, the policy, each model with its sha256."""
        entries: list[Draft] = [
            ("CONFIG", {"software": software}),
            ("POLICY_LOAD", {"policy_digest": self.gate.digest}),
        ]
        entries += [("MODEL_LOAD", {"model": name, "sha256": digest}) for name, digest in models.items()]
        with self._watch.over(self.clock.mono_us()):
            self.tenant.log.append_all(entries)

    def open_call(
        self, call: Call, people: Mapping[str, str], terms: Terms = USUAL, stop: Stop = tell_nobody
    ) -> RunningCall:
        """Begin a call, or go on with one that a stop interrupted; `people`: who each participant is.

        Nothing may be read yet: each modality of each person needs a ruling, and an answer where that asks for one.
        """
        with self._watch.over(self.clock.mono_us()):
            found = seated(self.tenant.vault, call, people, micros(self.clock.utc()), self._at)
            log, answers = self.tenant.log, self.tenant.log.of_call(found.call_ref, "CONSENT")
            leases = Leases(log, self.tenant.vault, found.call_ref, found.subjects, terms, self._at, answers)
            running = RunningCall(call, found, leases, stop)
            for entry in answers:
                running.heard(entry)
        with self._one:
            self._calls[found.call_ref] = running
        return running

    def admit(self, call: RunningCall, participant: Participant, person: str) -> None:
        """Seat somebody who comes later or comes back; nothing of them may be read before the gate was asked."""
        others = tuple(one for one in call.call.participants if one.id != participant.id)
        grown = replace(call.call, participants=(*others, participant))
        people = {seat.participant_id: seat.person for seat in call.seats.values()} | {participant.id: person}
        with self._watch.over(self.clock.mono_us()):
            call.seated(grown, seated(self.tenant.vault, grown, people, micros(self.clock.utc()), self._at))
        call.left.discard(participant.id)

    def rule(self, call: RunningCall, participant_id: str, case: Case) -> Ruling:
        """Put a case to the gate; the ruling counts once the log has it."""
        ruling = self.gate.rule(case)
        with self._watch.over(self.clock.mono_us()):
            call.ruled(participant_id, ruling)
        return ruling

    def answer(self, call: RunningCall, participant_id: str, said: Said, told: Told) -> ConsentRow:
        """Record what a participant answers in a call; a no holds in it before anything is waited for."""
        ruling = call.rulings.get((participant_id, said.modality))
        if ruling is None:
            raise ConsentError(f"{participant_id} was never asked about {said.modality}", "Ask the gate first.")
        person = call.seats[participant_id].person
        if said.status is not ConsentStatus.GIVEN:
            call.bar_person(person, [said.modality])
        with self._watch.over(self.clock.mono_us()):
            return self.consents.answer(person, said, ruling, told, call.place(participant_id))

    def carry(self, call: RunningCall, participant_id: str, told: Told) -> Sequence[ConsentRow]:
        """Let what a person has answered before hold in this call, as far as it still does."""
        rulings = {m: ruling for (who, m), ruling in tuple(call.rulings.items()) if who == participant_id}
        with self._watch.over(self.clock.mono_us()):
            return self.consents.carry(call.seats[participant_id].person, call.place(participant_id), rulings, told)

    def stop(self, person: str, modalities: Iterable[Modality] | None = None) -> Sequence[ConsentRow]:
        """A person stops, in all calls: nothing is read from now, and it is durable when this returns.

        When the disk fails the no still holds here, this raises, and `tick` says it again until it is durable.
        """
        chosen = None if modalities is None else tuple(modalities)
        with self._one:
            running = tuple(self._calls.values())
        for call in running:
            call.tell_no(person, chosen)
        for call in running:
            call.bar_person(person, chosen)
        self._at("opt_out.stopped")
        try:
            with self._watch.over(self.clock.mono_us()):
                return self.consents.stop(person, chosen)
        except CountenanceError as fault:
            if is_of_the_store(fault):
                self._unsaid.append((person, chosen))
            raise

    def pause(self, call: RunningCall, participant_id: str) -> None:
        """A participant pauses: nothing is read from now until they resume; what they answered stands."""
        call.pause(participant_id)
        with self._watch.over(self.clock.mono_us()), self._ending:
            for lease in call.open_leases:
                if lease.participant_id == participant_id:
                    call.close(lease, PAUSED)
            self._said_of(call, participant_id, PAUSED)

    def resume(self, call: RunningCall, participant_id: str) -> None:
        """The participant themselves goes on; what they have said yes to may be read once the log has it."""
        with self._watch.over(self.clock.mono_us()):
            self._said_of(call, participant_id, RESUMED)
            call.resume(participant_id)

    def grant(
        self, call: RunningCall, start_us: int, end_us: int, only: Iterable[str] | None = None
    ) -> Sequence[Lease]:
        """Leases for everyone of whom anything may be read in this window of media time; AuditError: infer nothing."""
        now_us = self.clock.mono_us()
        with self._watch.over(now_us):
            # What has ended since the last tick has ended, and what is law since midnight is asked for.
            self.consents.expire()
            call.rule_anew(self.gate.rule, self.clock.utc().date())
            return call.grant(start_us, end_us, now_us, only)

    def ran(self, counts: Mapping[Modality, int]) -> None:
        """A worker reports its model calls, for the cross-check with the log."""
        self._tally.ran(counts)

    def results(self, call: RunningCall, outcomes: Iterable[Outcome]) -> Sequence[Result]:
        """End leases with what came of them; nothing leaves the process before this returns."""
        ended = tuple(outcomes)
        with self._watch.over(self.clock.mono_us()):
            results = call.results(ended)
        for outcome in ended:
            self._tally.logged(outcome.counts)
        return results

    def close_lease(
        self, call: RunningCall, lease: Lease, reason: str, counts: Mapping[Modality, int] | None = None
    ) -> None:
        """End a lease that gives no output; `counts`: what ran for nothing."""
        with self._watch.over(self.clock.mono_us()):
            call.close(lease, reason, counts)
        self._tally.logged(counts or {})

    def end_call(self, call: RunningCall) -> None:
        """End a call and its leases."""
        with self._watch.over(self.clock.mono_us()), self._ending:
            for lease in call.open_leases:
                call.close(lease, "hang_up")
            with self.tenant.store.transaction() as tx:
                now = micros(self.clock.utc())
                calls.close_call(tx, call.call_ref, now)
                outbox.put_last(tx, Event(CALL_SUMMARY, call.call_ref), now)
        with self._one:
            self._calls.pop(call.call_ref, None)

    def leave(self, person: str) -> None:
        """End what runs on a person, before they are erased; `stop` them first."""
        with self._watch.over(self.clock.mono_us()), self._ending:
            for call in tuple(self._calls.values()):
                for lease in call.open_leases:
                    if call.seats[lease.participant_id].person == person:
                        call.close(lease, "erased")

    def times(self) -> Mapping[str, int]:
        """The media time that each running call has reached."""
        return {ref: call.at_us for ref, call in tuple(self._calls.items())}

    def bar(self, seat: Place, modality: Modality) -> None:
        """A no in a running call holds from now."""
        call = self._calls.get(str(seat.call_ref))
        if call is not None:
            call.bar(seat.subject_ref, modality)

    def heard(self, entries: Sequence[LogEntry]) -> None:
        """Durable answers, for the calls they were given in."""
        for entry in entries:
            call = self._calls.get(str(entry.body.get("call_ref")))
            if call is not None:
                call.heard(entry)

    def tick(self) -> Health:
        """To be called at least once a second: noes, expiries, lapsed leases, erasures, a checkpoint; is all well?"""
        try:
            with self._watch.over(self.clock.mono_us()):
                self._probe()
                self._say_unsaid()
                self.consents.expire()
                self._close_lapsed()
                self._finish_erasures()
                self.tenant.log.checkpoint()
        except CountenanceError as fault:
            # `health` says why; the next tick tries again.
            if not is_of_the_store(fault):
                raise
        return self.health()

    def health(self) -> Health:
        """Whether anything can be inferred, and what waits."""
        log_size = waiting = None
        try:
            if self._watch.why is None:
                with self._watch.over(self.clock.mono_us()), self.tenant.store.reading() as tx:
                    log_size, waiting = log_rows.size(tx), outbox.waiting(tx)
        except StorageError:
            log_size = waiting = None
        watch, leases = self._watch, sum(len(call.open_leases) for call in tuple(self._calls.values()))
        return Health(watch.why is None, watch.why, watch.since_us, log_size, leases, waiting, self._tally.unaccounted)

    def _said_of(self, call: RunningCall, participant_id: str, status: str) -> None:
        seat = call.seats[participant_id]
        body = {"call_ref": call.call_ref, "subject_ref": seat.subject_ref, "status": status, "at_us": call.at_us}
        self.tenant.log.append("SUPPRESSED", body)

    def _probe(self) -> None:
        """After a fault: write something, read the log anew, and be well."""
        if self._watch.why is None:
            return
        # Before the transaction: whoever appends waits for the log first and for the store then.
        size = self.tenant.log.size
        with self.tenant.store.transaction() as tx:
            put_mark(tx, PROBE, str(size))
        self._at("health.probed")
        self._watch.well()

    def _say_unsaid(self) -> None:
        while self._unsaid:
            person, chosen = self._unsaid[0]
            self.consents.stop(person, chosen)
            self._unsaid.popleft()

    def _close_lapsed(self) -> None:
        now_us = self.clock.mono_us()
        with self._ending:
            for call in tuple(self._calls.values()):
                for lease in call.lapsed(now_us):
                    call.close(lease, "lapsed")

    def _finish_erasures(self) -> None:
        """Once an hour: keys that are to be destroyed within a day of an erasure are."""
        now_us = self.clock.mono_us()
        if now_us - self._finished_us >= HOUR_US:
            self._eraser.finish()
            self._finished_us = now_us
