"""The tap on a LiveKit room: a visible participant that publishes nothing and subscribes to permitted tracks alone."""

import asyncio
import importlib
import os
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from countenance.capture.livekitaccess import LivekitAccess, LivekitRoom
from countenance.capture.livekitmedia import Package, Pictures, Sounds
from countenance.capture.livekitroom import CLUNG, ENDINGS, WORDS, Seen, Visit, Wanted
from countenance.capture.livekitwords import TOPIC, Transcripts
from countenance.capture.mixing import LiveTap
from countenance.capture.remote import RETRIES_S, LostError, Reader, RemoteConnector, RemoteSource
from countenance.capture.roster import Roster
from countenance.capture.sampling import Grid
from countenance.contracts.call import TrackKind
from countenance.contracts.clock import Clock
from countenance.contracts.errors import TapError, UsageError
from countenance.inference.tables import checked
from countenance.storage.clocks import SystemClock

PATIENCE, PATIENCE_S = 3, 60.0
"""How often within so long a server is entered again that sends what was given up; then it is left for good."""
CLOSED_WITHIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Ticket:
    """What one visit needs."""

    url: str
    token: str = field(repr=False)
    transcripts: bool
    """Whether transcripts of the room are read."""


class LivekitConnector(RemoteConnector[str]):
    """Enters one room of one server when it is told to, and never because a room exists."""

    def __init__(
        self,
        ticket: Callable[[], Ticket],
        mono_us: Callable[[], int],
        *,
        began_us: int | None = None,
        grid: Grid | None = None,
        retries_s: Sequence[float] = RETRIES_S,
        sdk: Package = None,
    ) -> None:
        super().__init__(mono_us, began_us=began_us, grid=grid)
        self._ticket, self._retries_s = ticket, retries_s
        self._sdk = sdk or _package()
        self._source: LivekitSource | None = None

    @classmethod
    def from_table(
        cls, table: Mapping[str, Any], *, fps: int, mono_us: Callable[[], int], began_us: int
    ) -> "LivekitConnector":
        """From the keys of a source, and the keys of the server in the environment; raises UsageError."""
        room = checked(LivekitRoom, table, "source livekit")
        ticket = tickets(room, LivekitAccess.of(os.environ, room.tenant), SystemClock())
        return cls(ticket, mono_us, began_us=began_us, grid=Grid(fps))

    def source(self, roster: Roster[str]) -> "LivekitSource":
        """The room, not yet entered."""
        self._source = LivekitSource(self._sdk, self._ticket, roster, self._retries_s)
        return self._source

    async def signal(self, verb: str, table: Mapping[str, Any]) -> Mapping[str, Any]:
        """`tell`: hand `payload` to the participant `participant_id` alone; and what every remote tap takes."""
        if verb != "tell":
            return await super().signal(verb, table)
        who, payload = table.get("participant_id"), table.get("payload")
        if not isinstance(who, str) or not isinstance(payload, str) or self._source is None:
            raise UsageError("`tell` needs `participant_id` and `payload`", "Give both as text, while the call runs.")
        return {"told": await self._source.tell(who, payload.encode())}

    def people(self) -> tuple[Seen, ...]:
        """Who is in the room; nothing of them is subscribed to see this."""
        return () if self._source is None else self._source.people()


class LivekitSource(RemoteSource[str]):
    """One room, visited anew whenever the line is lost."""

    def __init__(
        self, sdk: Package, ticket: Callable[[], Ticket], roster: Roster[str], retries_s: Sequence[float]
    ) -> None:
        """`ticket` is asked anew for every visit: tokens are short-lived."""
        super().__init__(roster, retries_s)
        self.counts = Counter[str]()
        """`clung` and `unasked`: how often the server sent what was not, or no longer, asked for."""
        self._sdk, self._ticket = sdk, ticket
        self._written = set[str]()
        self._clung_s: deque[float] = deque(maxlen=PATIENCE + 1)
        self._visit: Visit | None = None
        self._words: Transcripts | None = None

    async def visit(self, tap: LiveTap) -> None:
        """Enter with a fresh token, and stay until the room is over or the line is lost."""
        visit = Visit(self._sdk, self.roster, self.changed.set, self.counts, self._written)
        words = Transcripts(self._sdk, visit.transcribed, tap.now_us)
        visit.room.on("active_speakers_changed", lambda speakers: _speak(visit, speakers, tap))
        ticket = self._ticket()
        if ticket.transcripts:
            visit.room.register_text_stream_handler(TOPIC, words.opened)
        try:
            await visit.enter(ticket.url, ticket.token)
            self._visit, self._words = visit, words
            async with self.arrived(tap):
                while not visit.gone:
                    tap.speakers.keep({one.participant_id for one in visit.people() if one.participant_id})
                    await self.changed.wait()
                    self.changed.clear()
                    tap.wake()
        finally:
            self._visit = self._words = None
            tap.speakers.keep()
            await words.close()
            await visit.leave()
        self._decide(visit.reason)

    def _decide(self, reason: str | None) -> None:
        """Whether there is something to come back for."""
        if reason in ENDINGS or (reason == CLUNG and self._has_had_enough()):
            self.over = True
        elif reason == "DUPLICATE_IDENTITY":
            raise TapError("another tap took this one's identity in the room", "Give each its own identity.")
        else:
            raise LostError(f"the line to LiveKit was lost ({reason})", "It is made anew.")

    def _has_had_enough(self) -> bool:
        now_s = asyncio.get_running_loop().time()
        self._clung_s.append(now_s)
        return len(self._clung_s) > PATIENCE and now_s - self._clung_s[0] < PATIENCE_S

    async def receive(self, key: str, reader: Reader, tap: LiveTap) -> None:
        """Subscribe to one publication or transcript, until it or the room ends."""
        visit, words = self._visit, self._words
        if visit is None or words is None:
            raise LostError("the line to LiveKit is down", "It is made anew.")
        if key.startswith(WORDS):
            await self._receive_words(visit, words, reader)
        elif (publication := visit.publication(key)) is not None:
            wanted = visit.ask(publication)
            reader.shut = lambda: visit.give_up(publication, wanted)
            try:
                while not wanted.over:
                    await self._feed(publication, wanted, await visit.given(wanted), reader, tap)
            finally:
                reader.shut()
                await visit.silent(key)

    async def _receive_words(self, visit: Visit, words: Transcripts, reader: Reader) -> None:
        """Let the words of one participant through."""
        who = reader.lane.track.participant_id

        def shut() -> None:
            if words.lanes.get(who) is reader.lane:
                del words.lanes[who]

        words.lanes[who], reader.shut = reader.lane, shut
        try:
            await visit.over.wait()
        finally:
            shut()

    async def _feed(self, publication: Package, wanted: Wanted, track: Package, reader: Reader, tap: LiveTap) -> None:
        """From the package's stream into the lane, until it ends or goes on as another."""
        lane, sdk = reader.lane, self._sdk
        taking: Pictures | Sounds = Sounds(lane, tap.now_us)
        if lane.track.kind is TrackKind.VIDEO:
            taking = Pictures(lane, tap.now_us, sdk)
            if publication.simulcasted:
                publication.set_video_quality(sdk.VideoQuality.VIDEO_QUALITY_LOW)
        stream = taking.stream(sdk, track)

        async def take() -> None:
            async for event in stream:
                if wanted.over:  # what the package holds ready of before is not decoded any more
                    return
                taking.take(event, muted=publication.muted)

        tasks = (asyncio.create_task(take()), asyncio.create_task(wanted.turned.wait()))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSED_WITHIN_S):
                    await stream.aclose()

    def people(self) -> tuple[Seen, ...]:
        """Who is in the room."""
        return () if self._visit is None else self._visit.people()

    async def tell(self, participant_id: str, payload: bytes) -> bool:
        """Send a person data that nobody else receives; False when they are not in the room."""
        return self._visit is not None and await self._visit.tell(participant_id, payload)


def _speak(visit: Visit, speakers: Sequence[Package], tap: LiveTap) -> None:
    """LiveKit tells everybody in a room who speaks now, whether or not anything of them is subscribed."""
    speaking = {one.identity for one in speakers}
    known = {one.participant_id: one.identity in speaking for one in visit.people() if one.participant_id}
    tap.speakers.only([who for who, speaks in known.items() if speaks], known, tap.now_us())


def tickets(room: LivekitRoom, access: LivekitAccess, clock: Clock) -> Callable[[], Ticket]:
    """A fresh ticket whenever one is asked for."""

    def ticket() -> Ticket:
        return Ticket(access.url, access.token(room, int(clock.utc().timestamp())), room.transcripts)

    return ticket


def _package() -> Package:
    try:
        return importlib.import_module("livekit.rtc")
    except ImportError as error:
        raise UsageError(
            "a LiveKit room needs the package livekit", "Install the extra: countenance[livekit]."
        ) from error
