"""A call under a clock of the harness, in steps of 100 ms: it goes on whatever becomes of disk and clock.

What a server does with errors of the control plane stands in `turn`: it drops what it has, infers nothing, tries again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from bench.faults.judge import judge_entries
from bench.faults.service import MODALITIES, Room, Service
from bench.faults.tenant import Tenant
from bench.faults.truth import Teller, Told
from countenance.audit.completeness import PENDING_US
from countenance.contracts.call import Modality
from countenance.contracts.errors import AuditError, StorageError
from countenance.contracts.trust import Lease
from countenance.storage.points import Points, nowhere
from countenance.testing.clocks import ManualClock

STEP_US = 100_000
SECOND_US = 1_000_000
PEOPLE = {"p0": "ana", "p1": "ben"}


PLANTS = ("infers_without_lease", "acks_without_disk")
"""Bugs that must be seen: a lease is held on to when no new one is given; a no is called durable when it is not."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One model call."""

    at_us: int
    lease: str
    subject: str
    modality: Modality


class Hearing(Teller):
    """Hears at once what is told: nobody dies here."""

    def __init__(self) -> None:
        super().__init__(-1)
        self.told = Told()

    def _tell(self, text: str) -> None:
        self.told.hear(text.encode())


class Witness(Hearing):
    """Also takes the time of each model call, on the monotonic clock."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self.ran: list[Ran] = []
        self._clock = clock

    def invoked(self, lease: str, subject: str, modality: Modality) -> None:
        """A model ran."""
        super().invoked(lease, subject, modality)
        self.ran.append(Ran(self._clock.mono_us(), lease, subject, modality))


@dataclass(slots=True)
class Faults:
    """What the control plane refused, and when."""

    at_us: list[int] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How often."""
        return len(self.at_us)

    def add(self, at_us: int) -> None:
        """It refused."""
        self.at_us.append(at_us)


@dataclass(slots=True)
class Trial:
    """One tenant, one call of two people, one worker."""

    folder: Path
    clock: ManualClock = field(default_factory=ManualClock)
    rng: Random = field(default_factory=lambda: Random(1))
    points: Points = nowhere
    plant: str = ""
    agreed: int = len(PEOPLE) * len(MODALITIES)
    """How many modalities, of all people, are agreed to at the beginning."""
    tick_every: int = 1
    """Windows between two ticks of the control plane."""
    frames: int = 0
    """Media that passed: the call itself."""
    faults: Faults = field(default_factory=Faults)
    unhealthy: int = 0
    refused: dict[tuple[str, Modality], int] = field(default_factory=dict)
    """Who said no to what, and when: nothing of it may run after, whatever the disk does."""
    witness: Witness = field(init=False)
    tenant: Tenant = field(init=False)
    service: Service = field(init=False)
    room: Room = field(init=False)
    _turns: int = 0
    _next_us: int = 0
    _kept: tuple[Lease, ...] = ()

    def __post_init__(self) -> None:
        self.witness = Witness(self.clock)
        self.tenant = Tenant.open(self.folder, self.clock, self.points)
        self.service = Service(self.tenant, self.witness)
        self.room = self.service.open_call("call", PEOPLE)
        for who, modality in [(who, modality) for modality in MODALITIES for who in PEOPLE][: self.agreed]:
            self.service.yes(self.room, who, modality)

    def seconds(self, count: int) -> None:
        """Let time go by."""
        for _ in range(count):
            self.turn()
            for _ in range(SECOND_US // STEP_US):
                self.clock.pass_us(STEP_US)
                self.step()

    def step(self) -> None:
        """Media pass, and the worker runs what it may."""
        self.frames += 1
        for who in self.room.leases:
            for modality in self.room.leases[who].modalities:
                if self.rng.random() < 0.5:
                    self.service.invoke(self.room, who, modality)

    def turn(self) -> None:
        """The end of a window and the beginning of the next."""
        self._turns += 1
        if self._turns % self.tick_every == 0:
            self.unhealthy += not self.service.control.tick().writes
        outcomes = self.service.outcomes(self.room)
        held, self.room.start_us = tuple(outcome.lease for outcome in outcomes), self._next_us
        # A window is a second of media: what was not granted in time is not read later.
        self._next_us += SECOND_US
        for work in (partial(self.service.end, self.room, outcomes), self.service.deliver, self._grant):
            try:
                work()
            except (AuditError, StorageError):
                self.faults.add(self.clock.mono_us())
        if self.plant == "infers_without_lease" and not self.room.leases:
            self.room.leases = {lease.participant_id: lease for lease in held or self._kept}
            for who, lease in self.room.leases.items():
                self.room.holders[who].hold(lease, self.clock.mono_us())
        self._kept = tuple(self.room.leases.values())

    def stop(self, who: str, modality: Modality) -> bool:
        """A person says no; whether they could be told that it is durable."""
        self.refused[self.room.subject(who), modality] = self.clock.mono_us()
        try:
            self.service.stop(self.room, who, modality)
        except (AuditError, StorageError):
            self.faults.add(self.clock.mono_us())
            if self.plant == "acks_without_disk":
                self.witness.acked([(1 << 40, "never")])
            return False
        return True

    def ran_after(self, at_us: int) -> int:
        """Model calls after a moment."""
        return sum(ran.at_us > at_us for ran in self.witness.ran)

    def misses(self) -> Iterator[str]:
        """Everything that is wrong in the end, once the store works and leases have had time to end."""
        self.clock.pass_us(PENDING_US + SECOND_US)
        self.service.control.tick()
        self.tenant.log.append("CONFIG", {"software": "0"})
        entries = self.tenant.log.entries()
        yield from judge_entries(self.tenant, self.witness.told, entries)
        log = [entry for entry in entries if entry.body.get("call_ref") == self.room.running.call_ref]
        given = {entry.body["lease"]: entry for entry in log if entry.kind == "LEASE"}
        for ran in self.witness.ran:
            place = (ran.subject, ran.modality)
            if ran.at_us > self.refused.get(place, ran.at_us):
                yield f"{ran.modality} ran {ran.at_us - self.refused[place]} us after the no"
            lease = given.get(ran.lease)
            if lease is not None and ran.at_us - lease.mono_us > SECOND_US:
                yield f"{ran.modality} ran {ran.at_us - lease.mono_us} us after its lease was written"
        noes = {(e.body["subject_ref"], e.body["modality"]) for e in log if e.kind == "OPT_OUT"}
        yield from (f"the no to {place[1]} never came into the log" for place in self.refused if place not in noes)

    def close(self) -> None:
        """Let go of the store."""
        self.tenant.close()

    def _grant(self) -> None:
        self.service.grant(self.room)
