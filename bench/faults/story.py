"""What a control plane and its worker do all day, small: rule, ask, lease, run a fake model, log the result, send it.

The fake model is a line to the teller. The story trusts nothing it remembers: it asks for leases on everything, and
reads only what it is granted. Planted bugs stand beside the right way, so that every harness can show that it fails.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random

from bench.faults.tenant import Tenant
from bench.faults.truth import Teller
from countenance.audit.holder import LeaseHolder
from countenance.audit.leases import Leases
from countenance.audit.log import Also, Draft, Log
from countenance.audit.outcome import Outcome, Outgoing, Terms
from countenance.audit.permission import Request
from countenance.contracts.call import Modality, Purpose, Role
from countenance.contracts.errors import RefusedError
from countenance.contracts.trust import (
    Case,
    Consent,
    ConsentStatus,
    Duties,
    Effect,
    Layer,
    Lease,
    LogEntry,
    Ruling,
    Verdict,
)
from countenance.storage import calls, outbox
from countenance.storage.calls import CallRow, SubjectRow
from countenance.storage.clocks import micros
from countenance.storage.outbox import Event
from countenance.storage.store import Transaction

SECOND_US = 1_000_000
DIGEST, MODEL = "d" * 64, "e" * 64
MODALITIES: tuple[Modality, ...] = ("face", "text", "voice")
TOPIC = "io.countenance.reading.v1"
TERMS = Terms(model_digests=(MODEL,), limit=20)

PLANTS = ("ack_before_commit", "model_before_lease", "output_before_result", "outbox_beside_result", "ack_before_stop")
"""Bugs that a story can have; each breaks one promise."""


@dataclass(slots=True)
class Call:
    """One call, as far as a restart has to know of it."""

    ref: str
    subjects: dict[str, str]
    """The subject_ref of each participant."""
    start_us: int = 0
    versions: dict[tuple[str, Modality], int] = field(default_factory=dict)


class Story:
    """One call on one tenant."""

    def __init__(self, tenant: Tenant, teller: Teller, rng: Random, call: Call | None = None, plant: str = "") -> None:
        self._tenant = tenant
        self._tell = teller
        self._rng = rng
        self._plant = plant
        if plant == "ack_before_commit":
            _acks_early(tenant.log, teller)
        self.call = call or self._begun()
        self._leases = Leases(tenant.log, tenant.vault, self.call.ref, self.call.subjects, TERMS, points=tenant.points)
        if call is None:
            self._permitted()

    def second(self) -> None:
        """One window: changes of mind, leases, model calls, results, and what leaves."""
        if self._rng.random() < 0.3:
            self._changes_mind()
        asked_us = self._tenant.clock.mono_us()
        leases = self._granted()
        counts = {lease.id: self._run(lease, asked_us) for lease in leases}
        if leases and self._rng.random() < 0.15:
            self._changes_mind()
        outcomes = [self._outcome(lease, counts[lease.id]) for lease in leases]
        self._ended(outcomes)
        self.deliver()
        if self._rng.random() < 0.2:
            self._tenant.log.checkpoint(at_once=True)
        self.call.start_us += SECOND_US

    def deliver(self) -> None:
        """Send what the outbox holds; the same event may go twice, never under another name."""
        store, now_us = self._tenant.store, micros(self._tenant.clock.utc())
        with store.reading() as tx:
            due = outbox.due(tx, now_us)
        for event in due:
            self._tenant.points("story.before_emit")
            self._tell.emitted(event.event_id, event.seq)
            self._tenant.points("story.emitted")
        if due:
            with store.transaction() as tx:
                for event in due:
                    outbox.delivered(tx, event, now_us)
            self._tenant.points("story.delivered")

    def _begun(self) -> Call:
        name = f"{self._rng.getrandbits(128):032x}"
        subjects = {f"p{n}": f"{self._rng.getrandbits(128):032x}" for n in range(2)}
        now_us = micros(self._tenant.clock.utc())
        with self._tenant.store.transaction() as tx:
            calls.open_call(tx, CallRow(name, str(Purpose.SUPPORT_QA), now_us))
            for who, subject in subjects.items():
                calls.add_subjects(tx, [SubjectRow(subject, name, f"{who}-{name}")])
                self._tenant.vault.enrol(tx, subject)
        return Call(name, subjects)

    def _permitted(self) -> None:
        self._acked(
            self._tenant.log.append_all(
                [
                    ("POLICY_LOAD", {"policy_digest": DIGEST}),
                    ("MODEL_LOAD", {"model": "fake.v1", "sha256": MODEL}),
                ]
            )
        )
        for who in self.call.subjects:
            for modality in MODALITIES:
                self._acked([self._leases.ruled(who, ruling(modality))])
                self._answers(who, modality, ConsentStatus.GIVEN)
        self._tell.note(f"call {self.call.ref} {' '.join(self.call.subjects.values())}")

    def _granted(self) -> Sequence[Lease]:
        leases = []
        for who in self.call.subjects:
            modalities = list(MODALITIES)
            while modalities:
                try:
                    leases.append(self._leases.grant(self._request(who, modalities)))
                    break
                except RefusedError as refused:
                    modalities = [m for m in modalities if f"{m} of {who}" not in refused.problem]
        return leases

    def _request(self, who: str, modalities: Sequence[Modality]) -> Request:
        start_us = self.call.start_us
        if self._plant == "model_before_lease":
            self._tell.invoked(f"{self.call.subjects[who]}/{start_us}", self.call.subjects[who], modalities[0])
        consents = {m: consent(who, m, ConsentStatus.GIVEN, start_us) for m in modalities}
        rulings = {m: ruling(m) for m in modalities}
        return Request(who, tuple(modalities), start_us, start_us + SECOND_US, rulings, consents)

    def _run(self, lease: Lease, asked_us: int) -> Mapping[Modality, int]:
        holder = LeaseHolder(self._tenant.clock.mono_us)
        holder.hold(lease, asked_us)
        subject = self.call.subjects[lease.participant_id]
        wanted = [modality for modality in lease.modalities for _ in range(self._rng.randint(0, 3))]
        for modality in wanted:
            try:
                holder.check(modality)
            except RefusedError:
                break  # its second is over: a slow machine
            self._tenant.points("story.before_model")
            self._tell.invoked(f"{subject}/{lease.start_us}", subject, modality)
            self._tenant.points("story.after_model")
        return holder.release()

    def _outcome(self, lease: Lease, counts: Mapping[Modality, int]) -> Outcome:
        barred = {modality for who, modality in self._stopped() if who == lease.participant_id}
        kept = {modality: n for modality, n in counts.items() if modality not in barred}
        return Outcome(lease, kept, b"engaged 0.93", (Outgoing(TOPIC, b"engaged 0.93"),))

    def _ended(self, outcomes: Sequence[Outcome]) -> None:
        if self._plant == "output_before_result":
            for outcome in outcomes:
                self._tell.emitted(f"{outcome.lease.id}/{self.call.ref}", self._tenant.log.size)
                self._tenant.points("story.emitted")
        if self._plant == "outbox_beside_result":
            with self._tenant.store.transaction() as tx:
                outbox.put(tx, self._tenant.log.size, [Event(TOPIC, self.call.ref, body="{}")], 0)
            outcomes = [replace(outcome, events=()) for outcome in outcomes]
            self.deliver()
        quiet = [outcome for outcome in outcomes if not any(outcome.counts.values())]
        for outcome in quiet:
            self._acked([self._leases.close(outcome.lease, "nothing_read")])
        results = self._leases.results([outcome for outcome in outcomes if outcome not in quiet])
        self._acked([result.entry for result in results])

    def _changes_mind(self) -> None:
        who, modality = self._rng.choice(list(self.call.subjects)), self._rng.choice(MODALITIES)
        if (who, modality) in self._stopped():
            self._answers(who, modality, ConsentStatus.GIVEN)
            return
        subject = self.call.subjects[who]
        if self._plant == "ack_before_stop":
            self._tell.stopped(subject, modality)
        else:
            self._answers(who, modality, ConsentStatus.WITHDRAWN)
            self._tell.stopped(subject, modality)

    def _stopped(self) -> set[tuple[str, Modality]]:
        found = self._tenant.log.of_call(self.call.ref, "CONSENT")
        people = {subject: who for who, subject in self.call.subjects.items()}
        last = {(people[str(e.body["subject_ref"])], str(e.body["modality"])): e.body["status"] for e in found}
        return {place for place, status in last.items() if status != "given"}

    def _answers(self, who: str, modality: Modality, status: ConsentStatus) -> None:
        self.call.versions[who, modality] = self.call.versions.get((who, modality), 0) + 1
        said = consent(who, modality, status, self.call.start_us, self.call.versions[who, modality])
        if status is ConsentStatus.GIVEN:
            # The yes may count from the moment it is asked for: what comes before its entry is refused anyway.
            self._tell.resumed(self.call.subjects[who], modality)
        self._acked(self._leases.answered(said))

    def _acked(self, entries: Sequence[LogEntry]) -> None:
        self._tell.acked((entry.seq, entry.hash) for entry in entries)


def _acks_early(log: Log, teller: Teller) -> None:
    """Plant: entries are called durable while their transaction is still open."""
    real = log.append_all

    def early(drafts: Iterable[Draft], also: Also | None = None) -> Sequence[LogEntry]:
        def both(tx: Transaction, entries: Sequence[LogEntry]) -> None:
            teller.acked((entry.seq, entry.hash) for entry in entries)
            if also is not None:
                also(tx, entries)

        return real(drafts, both)

    log.append_all = early  # type: ignore[method-assign]


def ruling(modality: Modality) -> Ruling:
    """The gate allows it, with explicit consent."""
    case = Case(Purpose.SUPPORT_QA, Role.CUSTOMER, modality, "engagement", "individual", ("US-CA",), date(2026, 11, 22))
    verdict = Verdict("T1", Layer.LAW, Effect.ALLOW, "a reason", "Test Act 1")
    return Ruling(Effect.ALLOW, case, (verdict,), Duties(), DIGEST)


def consent(who: str, modality: Modality, status: ConsentStatus, at_us: int, version: int = 1) -> Consent:
    """An answer."""
    return Consent(who, modality, Purpose.SUPPORT_QA, status, at_us, f"r-{who}-{modality}-{version}", version)
