"""What a control plane and its worker do all day, small: rule, ask, lease, run a fake model, log the result, send it.

Planted bugs stand beside the right way, so that every harness can show that it fails.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random

from bench.faults.service import MODALITIES, SECOND_US, TOPIC, Room, Service
from bench.faults.tenant import Tenant
from bench.faults.truth import Teller
from countenance.audit.log import Also, Draft, Log
from countenance.audit.outcome import Outcome
from countenance.contracts.trust import ConsentStatus, LogEntry
from countenance.storage import outbox
from countenance.storage.outbox import Event
from countenance.storage.store import Transaction

PLANTS = ("ack_before_commit", "model_before_lease", "output_before_result", "outbox_beside_result", "ack_before_stop")
"""Bugs that a story can have; each breaks one promise."""

YESES = 3
"""How many modalities of all people are agreed to at the beginning; others follow."""
PEOPLE = {"p0": "person-0", "p1": "person-1"}


@dataclass(frozen=True, slots=True)
class Call:
    """As far as a restart has to know of a call: its name, and a media time that it has not reached."""

    id: str
    beyond_us: int


class Story:
    """One call on one tenant."""

    def __init__(self, tenant: Tenant, teller: Teller, rng: Random, call: Call | None = None, plant: str = "") -> None:
        self._tenant = tenant
        self._rng = rng
        self._plant = plant
        if plant == "ack_before_commit":
            _acks_early(tenant.log, teller)
        self._service = Service(tenant, teller)
        name = f"{rng.getrandbits(62):x}" if call is None else call.id
        people = {who: f"{person}-{name}" for who, person in PEOPLE.items()}
        self._room = self._service.open_call(name, people, 0 if call is None else call.beyond_us)
        teller.note(f"call {name}")
        if call is None:
            for who, modality in rng.sample([(who, modality) for who in people for modality in MODALITIES], YESES):
                self._service.yes(self._room, who, modality)

    @property
    def room(self) -> Room:
        """The call."""
        return self._room

    def second(self) -> None:
        """One window: changes of mind, leases, model calls, results, and what leaves."""
        service, room, rng = self._service, self._room, self._rng
        if rng.random() < 0.3:
            self._changes_mind()
        if self._plant == "model_before_lease":
            subject = room.subject("p0")
            service.tell.invoked(f"{subject}/{room.start_us}", subject, MODALITIES[0])
        service.grant(room)
        service.run(room, rng)
        if rng.random() < 0.15:
            self._changes_mind()
        service.end(room, self._planted(service.outcomes(room)))
        room.start_us += SECOND_US
        service.deliver()
        if rng.random() < 0.25:
            service.control.tick()
            self._tenant.log.checkpoint(at_once=True)

    def _planted(self, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
        if self._plant == "output_before_result":
            for outcome in outcomes:
                self._service.tell.emitted(f"{outcome.lease.id}/{self._room.running.call_ref}", self._tenant.log.size)
                self._tenant.points("story.emitted")
        if self._plant == "outbox_beside_result":
            with self._tenant.store.transaction() as tx:
                outbox.put(tx, self._tenant.log.size, [Event(TOPIC, self._room.running.call_ref, body="{}")], 0)
            self._service.deliver()
            self._tenant.points("story.emitted")
            return [replace(outcome, events=()) for outcome in outcomes]
        return outcomes

    def _changes_mind(self) -> None:
        room = self._room
        who, modality = self._rng.choice(room.people), self._rng.choice(MODALITIES)
        if room.status(who, modality) is not ConsentStatus.GIVEN:
            self._service.yes(room, who, modality)
        elif self._plant == "ack_before_stop":
            self._service.tell.stopped(room.subject(who), modality)
        else:
            self._service.stop(room, who, modality)


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


def next_call(notes: Sequence[str], lives: int) -> Call | None:
    """The call that the last life spoke of, so that the next can go on with it."""
    names = [note.removeprefix("call ") for note in notes if note.startswith("call ")]
    return Call(names[-1], lives * 1000 * SECOND_US) if names else None
