"""People answer, stop, come late and let time pass, at random; a plain table says what may be read of them.

python -m bench.faults.consent_steps --steps 1000000 --progress FILE     # goal R7: the long form, in sittings

Each step acts on the real control plane with its store, log and leases, and on the table. A fake encoder counts every
model call. A miss is a call of which the table says that its toggle was off, a person read before their own yes, an
answer that was accepted or refused against the rules, or a toggle that is on and reads nothing.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

from bench.faults.outcome import Outcome as Figures
from bench.faults.progress import Progress
from countenance.audit.holder import LeaseHolder
from countenance.audit.outcome import Outcome
from countenance.consent.answers import Said
from countenance.consent.asking import REASK
from countenance.consent.notice import write_notice
from countenance.consent.terms import Terms
from countenance.consent.wording import load
from countenance.contracts.call import FACE, TEXT, VOICE, Call, Modality, Participant, Purpose, Role
from countenance.contracts.errors import AuditError, ConsentError, RefusedError
from countenance.contracts.trust import Case, ConsentStatus
from countenance.control.opening import open_tenant
from countenance.control.plane import Control
from countenance.control.running import RunningCall
from countenance.policy.gate import Gate
from countenance.storage.clocks import micros
from countenance.testing.clocks import ManualClock

QA = Purpose.SUPPORT_QA
MODALITIES = (FACE, VOICE, TEXT)
PEOPLE = ("ana", "ben", "cem")
SECOND_US, DAY_US = 1_000_000, 86_400_000_000
GIVEN = ConsentStatus.GIVEN
NOES = (ConsentStatus.REFUSED, ConsentStatus.WITHDRAWN)
DAY = date(2026, 11, 22)  # dates are another test's matter
EPISODE = 1_000
"""Steps with one store; every episode is its seed."""
MOST_CALLS = 2
TERMS = Terms(controllers=("Example Ltd",), contact="privacy@example.org", storage_locations=("Frankfurt",))
OTHER_TERMS = TERMS.model_copy(update={"recipients": ("Crm Inc",)})
EN = load("en")
GATE = Gate.load()


@dataclass(slots=True)
class Toggle:
    """What the table holds of one person and one modality, calls aside."""

    on: bool = False
    ends_us: int = 0
    terms: Terms = TERMS
    no_at_us: int | None = None
    """When the last no was said, as long as it is the last word."""


@dataclass(slots=True)
class Room:
    """A running call, and what the table says may be read in it."""

    call: RunningCall
    on: set[tuple[str, Modality]] = field(default_factory=set)
    ever: set[tuple[str, Modality]] = field(default_factory=set)
    holders: dict[str, LeaseHolder] = field(default_factory=dict)
    at_us: int = 0


class World:
    """The control plane and the table, side by side."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.tenant = open_tenant(folder, clock=self.clock)
        self.control = Control(self.tenant, GATE)
        self.control.loaded({"fake": "0" * 64}, "bench")
        self.table = {(person, modality): Toggle() for person in PEOPLE for modality in MODALITIES}
        self.rooms: list[Room] = []
        self.terms = TERMS
        self.figures: Counter[str] = Counter()
        self.misses: list[str] = []
        self._calls = 0

    @property
    def now_us(self) -> int:
        """The wall clock."""
        return micros(self.clock.utc())

    def open_room(self) -> None:
        """A call begins; who has a yes that holds is read from the start, the others are not."""
        if len(self.rooms) == MOST_CALLS:
            return
        self._calls += 1
        people = tuple(Participant(person, person, Role.CUSTOMER) for person in PEOPLE)
        room_holders = {person: LeaseHolder(self.clock.mono_us) for person in PEOPLE}
        call = self.control.open_call(
            Call(f"call-{self._calls}", "bench", QA, people),
            {person: f"person-{person}" for person in PEOPLE},
            stop=lambda person, modality: room_holders[person].stop(modality),
        )
        room = Room(call, holders=room_holders)
        self.rooms.append(room)
        for person in PEOPLE:
            for modality in MODALITIES:
                self.control.rule(call, person, self._case(modality))
            self.control.carry(call, person, self.terms)
        for key, toggle in self.table.items():
            if toggle.on and toggle.terms is self.terms and self.now_us < toggle.ends_us:
                room.on.add(key)
                room.ever.add(key)

    def end_room(self, choice: int) -> None:
        """A call ends."""
        if self.rooms:
            room = self.rooms.pop(choice % len(self.rooms))
            self.control.end_call(room.call)

    def answer(self, person: str, modality: Modality, status: ConsentStatus, *, own_wish: bool, choice: int) -> None:
        """A person answers, in a call when there is one and they choose so."""
        room = self.rooms[choice % len(self.rooms)] if self.rooms and choice % 3 else None
        toggle = self.table[person, modality]
        blocked = toggle.no_at_us is not None and self.now_us < toggle.no_at_us + REASK // timedelta(microseconds=1)
        expected = status is not GIVEN or own_wish or not blocked
        try:
            self._say(person, Said(modality, QA, status, "explicit", own_wish=own_wish), room)
        except ConsentError as error:
            self._expect(not expected, f"{status} of {person} for {modality} was refused: {error.problem}")
            self.figures["asks_refused"] += 1
            return
        self._expect(expected, f"{person} was asked for {modality} again within six months of a no")
        self.figures["answers"] += 1
        if status is GIVEN:
            self.table[person, modality] = Toggle(on=True, ends_us=self.now_us + 365 * DAY_US, terms=self.terms)
            if room is not None:
                room.on.add((person, modality))
                room.ever.add((person, modality))
        else:
            self._off(person, modality)

    def stop(self, person: str) -> None:
        """A person stops everything."""
        self.control.stop(f"person-{person}")
        for modality in MODALITIES:
            if self.table[person, modality].on:
                self._off(person, modality)
            for room in self.rooms:
                # A no that the control plane has heard bars what runs, whatever stood.
                room.on.discard((person, modality))

    def wait(self, us: int) -> None:
        """Time passes; the control plane ticks, as it does every second."""
        self.clock.pass_us(us)
        self.control.tick()
        for key, toggle in self.table.items():
            if toggle.on and self.now_us >= toggle.ends_us:
                toggle.on = False
                for room in self.rooms:
                    room.on.discard(key)

    def change_terms(self) -> None:
        """The deployment passes readings on to somebody else, or no longer does."""
        self.terms = OTHER_TERMS if self.terms is TERMS else TERMS

    def frame(self, choice: int, stopping: str | None) -> None:
        """A second of a call: leases are asked for, someone may stop meanwhile, then every modality is tried."""
        if not self.rooms:
            return
        room = self.rooms[choice % len(self.rooms)]
        try:
            self._second(room, stopping)
        except (AuditError, RefusedError) as error:
            self.misses.append(f"the control plane contradicts itself: {error.problem}")
        room.at_us += SECOND_US

    def close(self) -> None:
        """Give the store back."""
        self.tenant.store.close()

    def _second(self, room: Room, stopping: str | None) -> None:
        asked_us = self.clock.mono_us()
        leases = self.control.grant(room.call, room.at_us, room.at_us + SECOND_US)
        for lease in leases:
            room.holders[lease.participant_id].hold(lease, asked_us)
        if stopping is not None:
            self.stop(stopping)
        for person, holder in room.holders.items():
            self._try(room, person, holder)
        counts = {lease.id: room.holders[lease.participant_id].release() for lease in leases}
        self.control.results(room.call, [Outcome(lease, counts[lease.id], b"{}") for lease in leases])

    def _try(self, room: Room, person: str, holder: LeaseHolder) -> None:
        for modality in MODALITIES:
            self.figures["attempts"] += 1
            try:
                holder.check(modality)
            except RefusedError:
                self._expect((person, modality) not in room.on, f"{modality} of {person} is on and was not read")
                continue
            self.figures["invocations"] += 1
            self._expect((person, modality) in room.on, f"{modality} of {person} was read with its toggle off")
            self._expect((person, modality) in room.ever, f"{modality} of {person} was read before their own yes")

    def _say(self, person: str, said: Said, room: Room | None) -> None:
        who, case = f"person-{person}", self._case(said.modality)
        ruling = GATE.rule(case)
        seat = None if room is None else room.call.place(person)
        if said.status is GIVEN:
            notice = write_notice(EN, {said.modality: ruling}, self.terms)
            shown = self.control.consents.show(who, notice, QA, seat, own_wish=said.own_wish)
            said = replace(said, shown=shown[said.modality])
        if room is None:
            self.control.consents.answer(who, said, ruling, self.terms)
        else:
            self.control.answer(room.call, person, said, self.terms)

    def _off(self, person: str, modality: Modality) -> None:
        self.table[person, modality] = Toggle(no_at_us=self.now_us)
        for room in self.rooms:
            room.on.discard((person, modality))

    def _case(self, modality: Modality) -> Case:
        facts = {"minor": "adult", "b2b": "no"}
        return Case(QA, Role.CUSTOMER, modality, "engagement", "individual", ("EU",), DAY, facts)

    def _expect(self, holds: bool, miss: str) -> None:
        if not holds:
            self.misses.append(miss)


def step(world: World, random: Random) -> None:
    """One step, drawn."""
    person, modality, choice = random.choice(PEOPLE), random.choice(MODALITIES), random.randrange(1000)
    acts: tuple[tuple[int, Callable[[], None]], ...] = (
        (60, lambda: world.frame(choice, person if choice < 100 else None)),
        (16, lambda: world.answer(person, modality, GIVEN, own_wish=choice % 2 == 0, choice=choice)),
        (8, lambda: world.answer(person, modality, random.choice(NOES), own_wish=False, choice=choice)),
        (2, lambda: world.stop(person)),
        (10, lambda: world.wait(random.choice((SECOND_US, DAY_US, DAY_US, 100 * DAY_US, 200 * DAY_US)))),
        (2, world.open_room),
        (1, lambda: world.end_room(choice)),
        (1, world.change_terms),
    )
    random.choices([act for _, act in acts], [weight for weight, _ in acts])[0]()


def episode(seed: int, steps: int, folder: Path) -> World:
    """A world after so many steps; the same seed is the same story."""
    world, random = World(folder), Random(seed)
    world.open_room()
    for _ in range(steps):
        step(world, random)
    world.close()
    return world


def run(
    steps: int, seed: int, scratch: Path | None = None, minutes: float | None = None, progress: Path | None = None
) -> Figures:
    """Episodes until the steps are done, or the minutes are over; what was done stands in `progress` meanwhile."""
    done, until = Progress.read(progress, seed), None if minutes is None else time.monotonic() + 60 * minutes
    done.sittings += done.steps < steps
    while done.steps < steps and (until is None or time.monotonic() < until):
        begun, number, some = time.monotonic(), done.first + done.episodes, min(EPISODE, steps - done.steps)
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            world = episode(number, some, Path(folder) / "store")
        done.steps += some
        done.episodes += 1
        done.seconds += time.monotonic() - begun
        done.figures += world.figures
        done.misses += [f"seed {number}: {miss}" for miss in world.misses]
        if progress is not None:
            done.write(progress)
    said = f"python -m bench.faults.consent_steps --steps {done.steps} --seed {done.first}"
    return Figures("consent", "R7", said, done.shown, done.misses)


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, help="stop after so long, at the end of an episode")
    parser.add_argument("--progress", type=Path, help="a file of what was done: a run that was cut off goes on there")
    parser.add_argument("--scratch", type=Path, help="where stores are made, such as a disk in memory")
    parser.add_argument("--save", action="store_true", help="keep the figures for the page of faults")
    asked = parser.parse_args()
    return run(asked.steps, asked.seed, asked.scratch, asked.minutes, asked.progress).conclude(save=asked.save)


if __name__ == "__main__":
    sys.exit(main())
