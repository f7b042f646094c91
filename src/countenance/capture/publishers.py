"""The WHIP sessions of one call, and what is read of them: of each participant the newest camera and microphone."""

import asyncio
from dataclasses import dataclass

from aiortc import RTCIceServer

from countenance.capture.gate import Gate
from countenance.capture.lanes import Lane
from countenance.capture.mixing import LiveTap
from countenance.capture.publishing import Publishing
from countenance.capture.roster import Roster
from countenance.contracts.call import Track, TrackKind
from countenance.contracts.errors import CountenanceError, NotFoundError

MOST_SESSIONS = 4
"""Of one participant; when one more begins, the oldest ends."""

Key = tuple[str, TrackKind]
"""A publication: the session and what it carries."""


@dataclass(frozen=True, slots=True)
class WhipAnswer:
    """What the offer of a session is answered with."""

    resource_id: str
    """Names the session; whoever knows it may change or end it."""
    sdp: str
    etag: str
    """Of its ICE session, without quotes."""


class WhipSource:
    """The sessions of one call, and the tracks that are read of them."""

    tap: LiveTap

    def __init__(self, roster: Roster[Key], servers: list[RTCIceServer]) -> None:
        self._roster, self._servers = roster, servers
        self._sessions: dict[str, Publishing] = {}
        self._connected: list[str] = []
        self._open: dict[str, Gate] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def tracks(self) -> tuple[Track, ...]:
        """What is published now, one of each kind and participant."""
        return self._roster.tracks()

    async def start(self, track: Track, lane: Lane) -> None:
        """Decode a track from its next key frame on."""
        key = self._roster.key(track)
        if key is not None:
            session, kind = key
            self._open[track.id] = gate = self._sessions[session].gates[kind]
            gate.open(lane)

    async def stop(self, track: Track) -> None:
        """Decode nothing of it from this moment."""
        gate = self._open.pop(track.id, None)
        if gate is not None:
            gate.shut()

    async def offer(self, participant_id: str, sdp: str) -> WhipAnswer:
        """Begin a session."""
        session = Publishing(participant_id, self._servers, self.tap.now_us)
        try:
            answer = await session.answer(sdp)
        except CountenanceError:
            await session.close()
            raise
        own = self.sessions(participant_id)
        if len(own) >= MOST_SESSIONS:
            await self.end(own[0])
        self._roster.know(participant_id, participant_id)
        self._sessions[session.id] = session
        session.changed = self._changed
        return WhipAnswer(session.id, answer, session.etag)

    def session(self, participant_id: str, resource_id: str) -> Publishing:
        """A session of this participant; raises NotFoundError."""
        session = self._sessions.get(resource_id)
        if session is None or session.participant_id != participant_id:
            raise NotFoundError("there is no such session", "It has ended, or was never begun here.")
        return session

    def sessions(self, participant_id: str) -> tuple[Publishing, ...]:
        """All sessions of this participant, the oldest first."""
        return tuple(one for one in self._sessions.values() if one.participant_id == participant_id)

    async def end(self, session: Publishing) -> None:
        """End a session."""
        self._forget(session)
        await session.close()

    async def close(self) -> None:
        """End all of them."""
        for session in list(self._sessions.values()):
            await self.end(session)
        if self._ending:
            await asyncio.wait(self._ending)

    def _changed(self, session: Publishing) -> None:
        if session.id not in self._sessions:
            return
        if session.is_over:
            task = asyncio.create_task(self.end(session))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
        elif session.is_connected and session.id not in self._connected:
            self._connected.append(session.id)
            self._show()

    def _forget(self, session: Publishing) -> None:
        self._sessions.pop(session.id, None)
        if session.id in self._connected:
            self._connected.remove(session.id)
        self._show()

    def _show(self) -> None:
        """Of each participant the newest connected session of each kind is published."""
        newest: dict[tuple[str, TrackKind], str] = {}
        for name in self._connected:
            session = self._sessions[name]
            for kind in session.gates:
                newest[session.participant_id, kind] = name
        wanted = {(name, kind): who for (who, kind), name in newest.items()}
        for key in self._roster.published():
            if key not in wanted:
                self._roster.withdraw(key)
        for (name, kind), who in wanted.items():
            self._roster.publish((name, kind), kind, who)
        self.tap.wake()
