"""The control plane of one tenant with fake workers: every model call is a line to the teller, every event as well."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from random import Random

from bench.faults.receiver import TAKEN, listen
from bench.faults.tenant import Tenant
from bench.faults.truth import Teller
from countenance.audit.holder import LeaseHolder
from countenance.audit.outcome import Outcome, Outgoing, Terms
from countenance.consent.answers import Said
from countenance.consent.evidence import Evidence
from countenance.consent.notice import Notice, write_notice
from countenance.consent.terms import Terms as Told
from countenance.consent.wording import load
from countenance.contracts.call import FACE, TEXT, VOICE, Call, Modality, Participant, Purpose, Role
from countenance.contracts.errors import RefusedError
from countenance.contracts.trust import Case, ConsentStatus, Lease, Ruling
from countenance.control.delivery import Answer, Parcel
from countenance.control.plane import Control
from countenance.control.running import RunningCall, Stop
from countenance.policy.gate import Gate
from countenance.policy.vocabulary import output_of

MODEL = "e" * 64
MODALITIES: tuple[Modality, ...] = (FACE, TEXT, VOICE)
TOPIC = "io.countenance.reading.v1"
TERMS = Terms(model_digests=(MODEL,), limit=20)
SECOND_US = 1_000_000
TOLD = Told(
    controllers=("Example Ltd",),
    contact="privacy@example.org",
    storage_locations=("Frankfurt",),
    retention_url="https://example.org/privacy/retention",
)
ADULT: Mapping[str, str] = {"minor": "adult", "b2b": "no"}
PLACE = "US-CA"
SIGNED = Evidence("typed_name", "A. Person")


@cache
def gate() -> Gate:
    """The laws of the package."""
    return Gate.load()


@cache
def notice(modality: Modality) -> Notice:
    """What a person is shown about one modality."""
    return write_notice(load("en"), {modality: gate().rule(case(modality))}, TOLD)


def case(modality: Modality) -> Case:
    """A customer of a support call in a place where an explicit yes is enough."""
    day, output = date(2026, 11, 22), output_of(modality)
    return Case(Purpose.SUPPORT_QA, Role.CUSTOMER, modality, output, "individual", (PLACE,), day, ADULT)


@dataclass(slots=True)
class Room:
    """One call, and what its worker holds."""

    running: RunningCall
    holders: Mapping[str, LeaseHolder]
    leases: dict[str, Lease] = field(default_factory=dict)
    start_us: int = 0

    @property
    def people(self) -> Sequence[str]:
        """Its participants."""
        return tuple(self.running.seats)

    def subject(self, who: str) -> str:
        """The reference of a participant."""
        return self.running.seats[who].subject_ref

    def status(self, who: str, modality: Modality) -> ConsentStatus:
        """What holds now, as far as the control plane knows."""
        return self.running.register.status(who, modality, self.running.at_us)


class Service:
    """A control plane, its outbox, and workers that run models of nothing."""

    def __init__(self, tenant: Tenant, teller: Teller, terms: Terms = TERMS) -> None:
        self.tenant = tenant
        self.terms = terms
        self.tell = teller
        self.control = Control(tenant.opened, gate(), tenant.points)
        self.control.loaded({"fake.v1": MODEL}, "0")
        self.delivery = listen(tenant.log, tenant.vault, tenant.clock, tenant.points)

    def open_call(self, call_id: str, people: Mapping[str, str], start_us: int = 0, stop: Stop | None = None) -> Room:
        """Begin a call or go on with it, and put everyone's case to the gate; `stop` tells the worker of a no."""
        seated = tuple(Participant(who, who, Role.CUSTOMER) for who in people)
        holders = {who: LeaseHolder(self.tenant.clock.mono_us) for who in people}
        tell = stop or (lambda who, modality: holders[who].stop(modality))
        running = self.control.open_call(Call(call_id, "d", Purpose.SUPPORT_QA, seated), people, self.terms, tell)
        room = Room(running, holders, start_us=start_us)
        running.reach(start_us)
        for who in people:
            for modality in MODALITIES:
                self.rule(room, who, modality)
        return room

    def rule(self, room: Room, who: str, modality: Modality) -> Ruling:
        """Put one case to the gate."""
        return self.control.rule(room.running, who, case(modality))

    def yes(self, room: Room, who: str, modality: Modality) -> None:
        """Show the notice, and record a yes."""
        running = room.running
        purpose, place = running.call.purpose, running.place(who)
        person = running.seats[who].person
        shown = self.control.consents.show(person, notice(modality), purpose, place, own_wish=True)[modality]
        kind = running.rulings[who, modality].duties.consent
        said = Said(modality, purpose, ConsentStatus.GIVEN, kind, shown, SIGNED, own_wish=True)
        # What comes before the entry is refused anyway.
        self.tell.resumed(room.subject(who), modality)
        row = self.control.answer(running, who, said, TOLD)
        self.acked(row.seq)

    def stop(self, room: Room, who: str, modality: Modality) -> None:
        """A person stops one modality, and is told that it has ended."""
        rows = self.control.stop(room.running.seats[who].person, [modality])
        for row in rows:
            self.acked(row.seq)
        self.tell.stopped(room.subject(who), modality)

    def grant(self, room: Room) -> Sequence[Lease]:
        """Leases for the next window, handed to the worker."""
        asked_us = self.tenant.clock.mono_us()
        room.leases = {}
        leases = self.control.grant(room.running, room.start_us, room.start_us + SECOND_US)
        for lease in leases:
            room.holders[lease.participant_id].hold(lease, asked_us)
            room.leases[lease.participant_id] = lease
        return leases

    def run(self, room: Room, rng: Random) -> None:
        """The worker runs models while it may."""
        for who, lease in room.leases.items():
            for modality in lease.modalities:
                for _ in range(rng.randint(0, 3)):
                    self.invoke(room, who, modality)

    def invoke(self, room: Room, who: str, modality: Modality) -> bool:
        """One model call, if the lease that is held allows it."""
        try:
            room.holders[who].check(modality)
        except RefusedError:
            return False
        self.tenant.points("worker.before_model")
        subject = room.subject(who)
        self.tell.invoked(f"{subject}/{room.leases[who].start_us}", subject, modality)
        self.tenant.points("worker.after_model")
        return True

    def outcomes(self, room: Room) -> Sequence[Outcome]:
        """What came of the leases that are held; they are let go."""
        found = []
        for who, lease in room.leases.items():
            counts = room.holders[who].release()
            said_no = {m for m in counts if room.status(who, m) is not ConsentStatus.GIVEN}
            kept = {m: n for m, n in counts.items() if m not in said_no}
            found.append(Outcome(lease, kept, b"engaged 0.93", (Outgoing(TOPIC, b"engaged 0.93"),)))
        room.leases = {}
        return found

    def end(self, room: Room, outcomes: Sequence[Outcome]) -> None:
        """Log what came of the leases."""
        quiet = [outcome for outcome in outcomes if not any(outcome.counts.values())]
        for outcome in quiet:
            self.control.close_lease(room.running, outcome.lease, "nothing_read")
        loud = [outcome for outcome in outcomes if outcome not in quiet]
        for result in self.control.results(room.running, loud):
            self.tell.acked([(result.entry.seq, result.entry.hash)])

    def deliver(self) -> None:
        """Send the next event of each call."""
        self.delivery.run(self._send)

    def acked(self, seq: int) -> None:
        """Tell that an entry was called durable."""
        self.tell.acked((entry.seq, entry.hash) for entry in self.tenant.log.entries(seq, seq + 1))

    def _send(self, parcel: Parcel) -> Answer:
        self.tell.emitted(parcel.dispatch.event_id, parcel.dispatch.seq)
        return TAKEN
