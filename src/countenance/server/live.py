"""The values of a live call: who joins, what is asked for, and where it stands."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from countenance.capture.livekitaccess import RoomNews
from countenance.consent.answers import Shown
from countenance.contracts.call import Call, Modality, Purpose, Role
from countenance.contracts.errors import NotFoundError
from countenance.control.running import RunningCall
from countenance.link.messages import Left
from countenance.server.coaching import CallCoaching, Coached
from countenance.server.outgoing import Outgoings
from countenance.server.process import Worker
from countenance.server.stream import Stream

NO_FACTS: Mapping[str, str] = MappingProxyType({})
UNKNOWN = ("nothing here has this id", "Check the id; what has ended or was erased is not found either.")
LIVE, ENDED = "live", "ended"
MOST_SESSIONS = 4
"""WHIP sessions of one participant; a worker keeps no more of them either (`capture/publishers.py`)."""

Tell = Literal["nothing", "events", "samples"]
"""What people are told of their own readings in their room: the states they enter and leave, or every second too."""


@dataclass(frozen=True, slots=True)
class Joining:
    """Who joins a call."""

    name: str
    role: Role
    person: str
    """The deployment's own id of the person; no event shows it."""
    facts: Mapping[str, str] = field(default_factory=lambda: NO_FACTS)
    jurisdictions: tuple[str, ...] = ()
    """Where this person is, beside the places of the deployment."""


@dataclass(frozen=True, slots=True)
class NewCall:
    """What a deployment asks for."""

    purpose: Purpose | None = None
    """None: that of the deployment."""
    taxonomies: tuple[str, ...] = ()
    source: Mapping[str, Any] = field(default_factory=lambda: {"kind": "whip"})
    participants: tuple[Joining, ...] = ()
    coaching: Coached | None = None
    """None: as the deployment coaches."""
    tell: Tell = "nothing"


@dataclass(frozen=True, slots=True)
class Published:
    """A WHIP session."""

    participant_id: str
    worker: Worker


@dataclass(slots=True)
class LiveCall:
    """One call that goes on, or has just ended."""

    running: RunningCall
    stream: Stream
    out: Outgoings
    source: Mapping[str, Any]
    taxonomies: tuple[str, ...]
    tell: Tell = "nothing"
    coaching: CallCoaching | None = None
    state: str = LIVE
    worker: Worker | None = None
    began_us: int | None = None
    """Monotonic time of media time zero."""
    media_us: int = 0
    """How far the call had come when its worker last said so."""
    left: Left | None = None
    """What its worker said when it left: who spoke when, and what was read of the words."""
    problem: str | None = None
    """Why nobody reads it, though it goes on."""
    unreadable: bool = False
    """Whether it brought down so many workers that it gets no other."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Its worker has left it."""
    ending: "asyncio.Task[None] | None" = None
    """It is being brought to its end; whoever else ends it waits for the same."""
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while leases are asked for: what a dead worker asked for is settled before the next one asks."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """What a worker says of its windows is dealt with in the order in which it was said."""
    shown: dict[tuple[str, Modality], Shown] = field(default_factory=dict)
    noes: "set[asyncio.Task[None]]" = field(default_factory=set)
    """Said to its worker, and not carried out yet."""
    visits: dict[str, tuple[int, str | None]] = field(default_factory=dict)
    """When each participant was last heard of by their room, and the room's id of that visit."""
    sessions: dict[str, Published] = field(default_factory=dict)
    """The WHIP sessions that go on, by their ids, the oldest first."""

    def signalled(self, by: Worker | None, verb: str, table: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Keep in mind who publishes by which session, and which worker has it."""
        who = str(table.get("participant_id", ""))
        if verb == "offer" and by is not None and "resource_id" in answer:
            self.sessions[answer["resource_id"]] = Published(who, by)
            for session in self._sessions_of(who)[:-MOST_SESSIONS]:
                del self.sessions[session]
        elif verb == "delete":
            self.sessions.pop(table["resource_id"], None)
        elif verb == "leave":
            for session in self._sessions_of(who):
                del self.sessions[session]

    def gone(self) -> Mapping[str, str]:
        """Whose each session was that another worker had than the one that reads the call now; they are forgotten."""
        lost = {name: one.participant_id for name, one in self.sessions.items() if one.worker is not self.worker}
        self.sessions = {name: one for name, one in self.sessions.items() if name not in lost}
        return lost

    def _sessions_of(self, participant_id: str) -> Sequence[str]:
        return [name for name, one in self.sessions.items() if one.participant_id == participant_id]

    def now_us(self, mono_us: int) -> int:
        """Media time of a moment on the monotonic clock."""
        return self.media_us if self.began_us is None else max(self.media_us, mono_us - self.began_us)

    @property
    def id(self) -> str:
        """Opaque."""
        return self.running.call.id

    @property
    def call(self) -> Call:
        """Who is on it."""
        return self.running.call

    @property
    def started_at(self) -> str:
        """RFC 3339 UTC of media time zero."""
        return self.running.call.started_at or ""

    def has_left(self, message: Left) -> None:
        """Its worker has handed over what it had; what workers before it had is kept beside it."""
        if self.left is not None:
            spoke = dict(self.left.spoke)
            for who, stretches in message.spoke.items():
                spoke[who] = (*spoke.get(who, ()), *stretches)
            message = replace(message, spoke=spoke, words=(*self.left.words, *message.words))
        self.worker, self.left, self.problem = None, message, message.problem
        self.media_us = max(self.media_us, message.media_us)
        self.over.set()

    def is_newest(self, participant_id: str, news: RoomNews) -> bool:
        """Whether news of somebody's visit to the room are not overtaken; from now on older ones are."""
        at_s, visit = self.visits.get(participant_id, (0, news.visit))
        if news.at_s < at_s or (news.kind == "participant_left" and news.visit != visit):
            return False
        self.visits[participant_id] = (news.at_s, news.visit)
        return True

    def person_of(self, participant_id: str) -> str:
        """The deployment's own id of a participant; raises NotFoundError."""
        seat = self.running.seats.get(participant_id)
        if seat is None:
            raise NotFoundError(*UNKNOWN)
        return seat.person
