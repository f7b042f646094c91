"""All running calls at one glance, for one reader: how each stands, and which of them needs somebody first.

What was read of a person is in it only for the human reviewer whom the ruling names, and only after the log has said
that they look. For everybody else neither the numbers nor the order tell anything of a person.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from countenance.contracts.call import FACE, TEXT, VOICE, Modality
from countenance.contracts.trust import Duties
from countenance.control.access import Access
from countenance.server.access import Caller
from countenance.server.live import LIVE, LiveCall
from countenance.server.outgoing import aggregate_only
from countenance.server.viewing import may_review
from countenance.surface.envelope import AGGREGATE, PREFIX, SAMPLE, Envelope, is_individual, participant_of

READ: tuple[Modality, ...] = (FACE, VOICE, TEXT)
WALL = "wall"
"""The reason that stands in the log for looking on."""
NOT_READ = "not_read"
PRESSING = frozenset({"disengaged", "confused", "frustrated"})
"""States of `engagement.v1` for which somebody may be wanted."""
STALE_US = 10_000_000
"""A reading that is older than this is no longer how somebody stands."""
STEPS = 20
"""Need is told in twentieths: a band that breathes moves no card."""

SIGNAL = f"{PREFIX}.signal."


@dataclass(slots=True)
class Person:
    """How somebody stood when they were last read."""

    data: Mapping[str, Any]
    running: dict[str, float] = field(default_factory=dict)
    """Events that have begun and not ended, with the lower end of the band they began with."""


@dataclass(slots=True)
class Card:
    """One call as its reader has come to know it."""

    place: int = 0
    people: dict[str, Person] = field(default_factory=dict)
    group: Mapping[str, Any] | None = None
    """What was last told of its people as a whole."""
    at_us: int = 0


@dataclass(frozen=True, slots=True)
class Glance:
    """What one reader may know of one call."""

    live: LiveCall
    people: Mapping[str, Person]
    """Of those alone whom this reader may review."""
    reviewed: frozenset[str]
    reading: Mapping[str, Sequence[Modality]]
    """What is read of each."""
    group: Mapping[str, Any] | None
    need: float
    why: Sequence[str]


class Wall:
    """One reader of all calls of a tenant."""

    def __init__(self, caller: Caller, calls: Callable[[], Sequence[LiveCall]], access: Access) -> None:
        self._caller = caller
        self._calls = calls
        self._access = access
        self._cards: dict[str, Card] = {}
        self._looked: set[tuple[str, str]] = set()

    async def look(self) -> Sequence[Glance]:
        """Every call that runs now; before the first reading of each person, the log has who looks."""
        live = [one for one in self._calls() if one.state == LIVE]
        self._cards = {one.id: self._cards.get(one.id, Card()) for one in live}
        return [await self._glance(one, self._cards[one.id]) for one in live]

    async def _glance(self, live: LiveCall, card: Card) -> Glance:
        envelopes, card.place = live.stream.since(card.place)
        for envelope in envelopes:
            _take(card, envelope)
        on = {one.id: _on(live, one.id) for one in live.call.participants}
        seen = frozenset(who for who in on if self._reviews(live, who))
        fresh = {
            who: person for who, person in card.people.items() if who in seen and on[who] and _is_fresh(person, card)
        }
        for who in fresh:
            await self._note(live, who)
        need, why = need_of(live.problem is not None, fresh.values())
        return Glance(live, fresh, seen, on, card.group, need, why)

    def _reviews(self, live: LiveCall, who: str) -> bool:
        """Whether this reader may see somebody as one person; of whom a group alone may tell, nobody does."""
        return may_review(self._caller, _duties(live, who)) and not aggregate_only(live.running, who)

    async def _note(self, live: LiveCall, who: str) -> None:
        seat = live.running.seats.get(who)
        if seat is not None and (live.id, who) not in self._looked:
            await asyncio.to_thread(
                self._access.look, live.running.call_ref, seat.subject_ref, self._caller.actor, WALL
            )
            self._looked.add((live.id, who))


def need_of(problem: bool, people: Iterable[Person]) -> tuple[float, Sequence[str]]:
    """How much a call needs somebody, 0..1, and why: events that run, then states that press, by their surest part."""
    found: dict[str, float] = {NOT_READ: 1.0} if problem else {}
    for person in people:
        for name, low in person.running.items():
            found[name] = max(found.get(name, 0.0), 0.5 + low / 2)
        label, interval = person.data["label"], person.data["interval"]
        if label in PRESSING and interval and not person.running:
            found[label] = max(found.get(label, 0.0), interval[0] / 2)
    why = sorted(found, key=lambda name: (-found[name], name))
    return round(max(found.values(), default=0.0) * STEPS) / STEPS, why


def _take(card: Card, envelope: Envelope) -> None:
    kind, who, data = str(envelope["type"]), participant_of(envelope), envelope["data"]
    if not isinstance(data, Mapping):
        return
    if kind == AGGREGATE:
        card.group = data
    elif who is not None and is_individual(kind) and kind.startswith(SIGNAL):
        card.at_us = max(card.at_us, data["window"]["end_us"])
        _read(card.people, who, kind, data)


def _read(people: dict[str, Person], who: str, kind: str, data: Mapping[str, Any]) -> None:
    person = people.setdefault(who, Person(data))
    if kind == SAMPLE:
        # The states of the product come first where several taxonomies speak.
        if data["taxonomy"] == person.data["taxonomy"] or str(data["taxonomy"]).startswith("engagement"):
            person.data = data
        return
    name, phase = kind.removeprefix(SIGNAL).split(".")[:2]
    if phase == "started":
        person.running[name] = (data["interval"] or (0.0,))[0]
    else:
        person.running.pop(name, None)


def _is_fresh(person: Person, card: Card) -> bool:
    return int(person.data["window"]["end_us"]) > card.at_us - STALE_US


def _on(live: LiveCall, who: str) -> Sequence[Modality]:
    """What may be read of somebody who is on the call now."""
    if who in live.running.left:
        return ()
    permissions = live.running.permissions()
    return [modality for modality in READ if permissions.barred(who, modality, live.running.at_us) is None]


def _duties(live: LiveCall, who: str) -> Iterator[Duties]:
    return (one.duties for (whose, _), one in tuple(live.running.rulings.items()) if whose == who and one.allowed)
