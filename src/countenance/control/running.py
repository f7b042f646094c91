"""One running call in the control plane: what may be read, under which leases, and what came of it."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from countenance.audit.leases import Leases
from countenance.audit.outcome import Outcome, Result
from countenance.audit.permission import Request
from countenance.consent.ledger import Place
from countenance.consent.register import Register
from countenance.contracts.call import Call, Modality
from countenance.contracts.trust import Case, Consent, ConsentStatus, Lease, LogEntry, Ruling
from countenance.control.seating import Seat, Seating
from countenance.permission import Permissions

DAY_US = 86_400_000_000
LAPSE_US = 5_000_000
"""A second of lease, and time for its result to come in."""

Stop = Callable[[str, Modality], None]
"""Told at once when a participant stops a modality, before the disk is waited for."""


def tell_nobody(participant_id: str, modality: Modality) -> None:
    """Nobody holds a lease elsewhere."""


class RunningCall:
    """The gate's rulings, the answers and the leases of one call; everything it says yes to is durable."""

    def __init__(self, call: Call, seating: Seating, leases: Leases, stop: Stop = tell_nobody) -> None:
        self.call = call
        self.call_ref = seating.call_ref
        self.seats = {seat.participant_id: seat for seat in seating.seats}
        self.leases = leases
        self.register = Register(call.id, call.purpose)
        self.rulings: dict[tuple[str, Modality], Ruling] = {}
        self.at_us = 0
        """Media time that the call has reached."""
        self.left: set[str] = set()
        """Participants who are not there now."""
        self.paused: frozenset[str] = frozenset()
        """Participants of whom nothing is read until they resume."""
        self._stop = stop
        self._saying_no: set[tuple[str, Modality]] = set()
        """Noes that whoever holds a lease is being told of, before they stand among the leases."""
        self._granted_us: dict[str, int] = {}
        self._ruling = threading.Lock()

    @property
    def subjects(self) -> Mapping[str, str]:
        """The subject_ref of each participant."""
        return {who: seat.subject_ref for who, seat in self.seats.items()}

    @property
    def open_leases(self) -> Sequence[Lease]:
        """Leases that have not ended."""
        return self.leases.open

    def place(self, participant_id: str) -> Place:
        """Where an answer of this participant, given now, stands."""
        return Place(self.seats[participant_id].subject_ref, self.call_ref, self.at_us, participant_id)

    def seated(self, call: Call, seating: Seating) -> None:
        """Somebody came, or came back."""
        self.call, self.seats = call, {seat.participant_id: seat for seat in seating.seats}
        self.leases.seat(seating.subjects)

    def ruled(self, participant_id: str, ruling: Ruling) -> None:
        """Keep what the gate said, once the log has it."""
        self.leases.ruled(participant_id, ruling)
        self._keep(participant_id, ruling)
        if ruling.allowed:
            self.leases.seat({}, ruling.duties.retention_days * DAY_US)

    def rule_anew(self, gate: Callable[[Case], Ruling], today: date) -> None:
        """Put what was asked on an earlier day to the gate again: laws begin, and legal reviews end, while people talk.

        What the gate says otherwise is in the log; what may be read no more has stopped before that.
        """
        for (who, modality), before in tuple(self.rulings.items()):
            if before.case.on >= today:
                continue
            ruling = gate(replace(before.case, on=today))
            if _says(ruling) == _says(before):
                self._keep(who, ruling)
                continue
            if self._stands(who, before) and not self._stands(who, ruling):
                self._bar([(who, modality)])
            self.ruled(who, ruling)

    def reach(self, at_us: int) -> None:
        """The call has come to this media time."""
        self.at_us = max(self.at_us, at_us)

    def grant(self, start_us: int, end_us: int, now_us: int, only: Iterable[str] | None = None) -> Sequence[Lease]:
        """A lease for everyone of whom anything may be read; `now_us` is monotonic time."""
        self.reach(start_us)
        people = [one for one in self.seats if one not in self.left] if only is None else only
        # They are drawn up while nothing else happens to the leases: a no comes before that, or finds them open.
        leases = self.leases.grant_all(self._requests(people, start_us, end_us))
        self._granted_us.update((lease.id, now_us) for lease in leases)
        return leases

    def lapsed(self, now_us: int) -> Sequence[Lease]:
        """Leases whose worker has had time enough to answer, and did not."""
        return tuple(one for one in self.leases.open if now_us - self._granted_us.get(one.id, now_us) > LAPSE_US)

    @property
    def undurable_noes(self) -> Sequence[tuple[str, Modality]]:
        """What somebody has said no to while the register still has their yes, for the disk has not written it yet."""
        permissions, at_us = self.permissions(), self.at_us
        readable = [(who, modality) for who in tuple(self.seats) for modality in permissions.readable(who, at_us)]
        return tuple(place for place in readable if self._bars(*place, at_us))

    def permissions(self) -> Permissions:
        """Rulings and answers together, as they stand."""
        read = {modality for _, modality in tuple(self.rulings)}
        permissions = Permissions(self.call, self.rulings, self.register, read)
        permissions.paused = self.paused
        return permissions

    def results(self, outcomes: Iterable[Outcome]) -> Sequence[Result]:
        """End leases with what came of them: entries, payloads and events are durable together."""
        ended = tuple(outcomes)
        results = self.leases.results(ended)
        for outcome in ended:
            self._granted_us.pop(outcome.lease.id, None)
            # A no that comes now stops what lies ahead, not what was counted rightly.
            self.reach(outcome.lease.end_us)
        return results

    def close(self, lease: Lease, reason: str, counts: Mapping[Modality, int] | None = None) -> None:
        """End a lease that gives no output."""
        self.leases.close(lease, reason, counts)
        self._granted_us.pop(lease.id, None)

    def bar(self, subject_ref: str, modality: Modality) -> None:
        """A no holds from now: no lease, no result, and whoever holds a lease is told."""
        self._bar([(seat.participant_id, modality) for seat in self._of(subject_ref)])

    def pause(self, participant_id: str) -> None:
        """No lease of a participant until they resume, and whoever holds one is told."""
        self.paused |= {participant_id}
        for who, modality in tuple(self.rulings):
            if who == participant_id:
                self._stop(who, modality)

    def resume(self, participant_id: str) -> None:
        """What a participant has said yes to may be read again."""
        self.paused -= {participant_id}

    def tell_no(self, person: str, modalities: Iterable[Modality] | None) -> None:
        """Tell whoever holds a lease of a person's no, which waits for nothing; `bar_person` is to follow."""
        self._tell(self._places(person, modalities))

    def bar_person(self, person: str, modalities: Iterable[Modality] | None) -> None:
        """A no of a person to these modalities, or to all that were ever ruled on."""
        self._bar(self._places(person, modalities))

    def heard(self, entry: LogEntry) -> None:
        """A durable answer of someone in this call."""
        self.leases.heard([entry])
        if "receipt_id" not in entry.body:
            return  # stated by the operator of a recording, in whose file all of them stand at once
        for seat in self._of(str(entry.body["subject_ref"])):
            consent = self._consent(seat, entry)
            expired = consent.status is ConsentStatus.EXPIRED
            before = self.register.status(seat.participant_id, consent.modality, consent.at_us)
            # What was never said yes to in this call cannot expire in it.
            if not expired or before is ConsentStatus.GIVEN:
                self.register.record(consent)

    def _bar(self, places: Sequence[tuple[str, Modality]]) -> None:
        # The worker first: the leases may be held by someone who waits for the disk.
        self._tell(places)
        for place in places:
            self.leases.bar(*place, self.at_us)
            self._saying_no.discard(place)

    def _tell(self, places: Sequence[tuple[str, Modality]]) -> None:
        for place in places:
            if place not in self._saying_no:
                self._saying_no.add(place)
                self._stop(*place)

    def _places(self, person: str, modalities: Iterable[Modality] | None) -> Sequence[tuple[str, Modality]]:
        wanted = {modality for _, modality in tuple(self.rulings)} if modalities is None else set(modalities)
        people = [seat.participant_id for seat in tuple(self.seats.values()) if seat.person == person]
        return [(who, modality) for who in people for modality in sorted(wanted)]

    def _stands(self, participant_id: str, ruling: Ruling) -> bool:
        """True when it allows, and the person's answer is what it asks for."""
        modality, duties = ruling.case.modality, ruling.duties
        return ruling.allowed and self.register.permits(participant_id, modality, self.at_us, duties)

    def _keep(self, participant_id: str, ruling: Ruling) -> None:
        # A mapping of its own each time: other threads may be reading the one before.
        with self._ruling:
            self.rulings = {**self.rulings, (participant_id, ruling.case.modality): ruling}

    def _requests(self, people: Iterable[str], start_us: int, end_us: int) -> Iterator[Request]:
        permissions = self.permissions()
        for who in people:
            # A no holds before it is durable, and takes nothing from anyone else.
            readable = (m for m in permissions.readable(who, start_us) if not self._bars(who, m, start_us))
            if modalities := tuple(readable):
                rulings = {m: self.rulings[who, m] for m in modalities}
                consents = {c.modality: c for c in permissions.consents(who, modalities, start_us)}
                yield Request(who, modalities, start_us, end_us, rulings, consents)

    def _bars(self, who: str, modality: Modality, start_us: int) -> bool:
        return (who, modality) in self._saying_no or self.leases.bars(who, modality, start_us)

    def _consent(self, seat: Seat, entry: LogEntry) -> Consent:
        body = entry.body
        modality = str(body["modality"])
        return Consent(
            participant_id=seat.participant_id,
            modality=modality,
            purpose=self.call.purpose,
            status=ConsentStatus(str(body["status"])),
            at_us=int(str(body["at_us"])),
            receipt_id=str(body["receipt_id"]),
            # Within a call answers are counted anew; the register that lasts has its own count.
            version=self.register.next_version(seat.participant_id, modality),
            kind=str(body["consent_kind"]),
            notice=str(body.get("notice", "unstated")),
        )

    def _of(self, subject_ref: str) -> Sequence[Seat]:
        return tuple(seat for seat in self.seats.values() if seat.subject_ref == subject_ref)


def _says(ruling: Ruling) -> object:
    """What of a ruling matters, its day aside."""
    return ruling.effect, [verdict.rule_id for verdict in ruling.verdicts], ruling.duties, ruling.policy_digest
