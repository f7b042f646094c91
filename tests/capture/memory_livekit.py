"""A LiveKit server with one room in memory, behind the interface of LiveKit's own package; a test moves the people.

Enumerations, options, frames and errors are the package's own; rooms, publications and streams are made here after its
source. What it cannot show is a network.
"""

import asyncio
import importlib
from collections import Counter, deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

RTC: Any = importlib.import_module("livekit.rtc")


@dataclass(eq=False)
class Published:
    """What the server knows of one track."""

    sid: str
    kind: int
    source: int
    simulcasted: bool
    muted: bool = False


@dataclass(eq=False)
class Person:
    """What the server knows of one participant."""

    identity: str
    kind: int
    attributes: dict[str, str]
    tracks: dict[str, Published] = field(default_factory=dict)


class MemoryLivekit:
    """The server, and in place of the package: `Room`, `VideoStream`, `AudioStream`, and whatever it has itself."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.rooms: list[MemoryRoom] = []
        """Every connection of a tap, the oldest first."""
        self.tokens: list[str] = []
        self.refusals = 0
        """How many attempts to enter are turned away."""
        self.deaf = False
        """Goes on sending what was given up."""
        self.fresh = False
        """Gives what is asked for again as a new track, instead of going on with the old one."""
        self.decoded: Counter[str] = Counter()
        """Frames that the package had to decode, by track."""
        self.sent: list[tuple[bytes, tuple[str, ...], str]] = []
        """Data that a tap published: payload, for whom, topic."""
        self._sids = count(1)
        self.Room = lambda: MemoryRoom(self)
        self.VideoStream, self.AudioStream = MemoryVideoStream, MemoryAudioStream

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the package has
        return getattr(RTC, name)

    def join(self, identity: str, attributes: Mapping[str, str] | None = None, kind: int = 0) -> Person:
        """Somebody enters the room."""
        person = self.people[identity] = Person(identity, kind, dict(attributes or {}))
        for room in self.connected():
            room.emit("participant_connected", room.meet(person))
        return person

    def leave(self, identity: str) -> None:
        """Somebody leaves it."""
        person = self.people[identity]
        for sid in tuple(person.tracks):
            self.unpublish(sid)
        del self.people[identity]
        for room in self.connected():
            room.emit("participant_disconnected", room.remote_participants.pop(identity))

    def publish(self, identity: str, kind: int, source: int = 0, *, simulcasted: bool = False) -> str:
        """Somebody publishes a track; gives its id."""
        track = Published(f"TR_{next(self._sids)}", kind, source, simulcasted)
        self.people[identity].tracks[track.sid] = track
        for room in self.connected():
            person = room.remote_participants[identity]
            publication = person.track_publications[track.sid] = MemoryPublication(room, person, track)
            room.emit("track_published", publication, person)
        return track.sid

    def unpublish(self, sid: str) -> None:
        """A track ends."""
        for person in self.people.values():
            person.tracks.pop(sid, None)
        for room in self.connected():
            for remote in room.remote_participants.values():
                if (publication := remote.track_publications.pop(sid, None)) is not None:
                    publication.stop()
                    room.emit("track_unpublished", publication, remote)

    def mute(self, sid: str, *, muted: bool = True) -> None:
        """Somebody mutes a track, or speaks again."""
        for person in self.people.values():
            if sid in person.tracks:
                person.tracks[sid].muted = muted

    def attributes(self, identity: str, changed: Mapping[str, str]) -> None:
        """The attributes of somebody change."""
        self.people[identity].attributes.update(changed)
        for room in self.connected():
            room.emit("participant_attributes_changed", dict(changed), room.remote_participants[identity])

    def speak(self, *identities: str) -> None:
        """These speak now, and nobody else; everybody in the room is told."""
        for room in self.connected():
            room.emit("active_speakers_changed", [room.remote_participants[one] for one in identities])

    def sound(self, sid: str, pcm: NDArray[np.int16]) -> None:
        """10 ms of 16 kHz arrive of a track, wherever it is subscribed."""
        self._deliver(sid, RTC.AudioFrameEvent(RTC.AudioFrame(pcm.tobytes(), 16_000, 1, len(pcm))))

    def picture(self, sid: str, planes: NDArray[np.uint8], at_us: int, rotation: int = 0, width: int = 0) -> None:
        """A picture arrives of a track; I420, its planes one below the other."""
        wide = width or planes.shape[1]
        frame = RTC.VideoFrame(wide, planes.size * 2 // 3 // wide, RTC.VideoBufferType.I420, planes.tobytes())
        self._deliver(sid, RTC.VideoFrameEvent(frame, at_us, rotation))

    def write(self, words: "MemoryText", sender: str = "agent") -> None:
        """A text stream arrives."""
        for room in self.connected():
            handler = room.handlers.get(words.info.topic)
            if handler is not None:
                handler(words, sender)

    def end(self, reason: int) -> None:
        """The server ends the connection of every tap."""
        for room in self.connected():
            room.fall(reason)

    def connected(self) -> list["MemoryRoom"]:
        """Taps that are in the room."""
        return [room for room in self.rooms if room.isconnected()]

    def _deliver(self, sid: str, event: object) -> None:
        for room in self.connected():
            for person in room.remote_participants.values():
                publication = person.track_publications.get(sid)
                track = None if publication is None else publication.flowing
                if track is not None:
                    self.decoded[sid] += 1
                    track.packets += 1
                    for stream in track.streams:
                        stream.put(event)


class MemoryRoom:
    """As `rtc.Room`."""

    def __init__(self, server: MemoryLivekit) -> None:
        self.server = server
        self.remote_participants: dict[str, MemoryParticipant] = {}
        self.local_participant = MemoryLocal(server)
        self.handlers: dict[str, Any] = {}
        self.options: Any = None
        self._connected = False
        self._events = RTC.EventEmitter()
        self.on, self.emit = self._events.on, self._events.emit

    async def connect(self, url: str, token: str, options: Any) -> None:  # noqa: ANN401
        """Enter the room, or be turned away."""
        self.server.tokens.append(token)
        await asyncio.sleep(0)
        if self.server.refusals:
            self.server.refusals -= 1
            raise RTC.ConnectError("engine: signal failure: 401 Unauthorized")
        self.options, self._connected = options, True
        self.server.rooms.append(self)
        for person in self.server.people.values():
            self.meet(person)
        if options.auto_subscribe:
            for remote in self.remote_participants.values():
                for publication in remote.track_publications.values():
                    publication.set_subscribed(True)

    async def disconnect(self) -> None:
        """Leave the room."""
        await asyncio.sleep(0)
        self.fall(RTC.DisconnectReason.CLIENT_INITIATED)

    def isconnected(self) -> bool:
        """Whether it is in the room."""
        return self._connected

    def register_text_stream_handler(self, topic: str, handler: Any) -> None:  # noqa: ANN401
        """Who is given text streams of a topic."""
        if topic in self.handlers:
            raise ValueError(f"text stream handler for topic '{topic}' already set")
        self.handlers[topic] = handler

    def meet(self, person: Person) -> "MemoryParticipant":
        """See somebody who is in the room."""
        met = self.remote_participants[person.identity] = MemoryParticipant(person)
        met.track_publications = {sid: MemoryPublication(self, met, track) for sid, track in person.tracks.items()}
        return met

    def fall(self, reason: int) -> None:
        """The connection ends."""
        if self._connected:
            self._connected = False
            for remote in self.remote_participants.values():
                for publication in remote.track_publications.values():
                    publication.stop()
            self.emit("disconnected", reason)


class MemoryParticipant:
    """As `rtc.RemoteParticipant`."""

    def __init__(self, person: Person) -> None:
        self.identity, self.kind, self.attributes = person.identity, person.kind, person.attributes
        self.track_publications: dict[str, MemoryPublication] = {}


class MemoryLocal:
    """As `rtc.LocalParticipant`."""

    def __init__(self, server: MemoryLivekit) -> None:
        self._server = server

    async def publish_data(
        self, payload: bytes, *, reliable: bool = True, destination_identities: list[str] | None = None, topic: str = ""
    ) -> None:
        """Send data; without names it would go to everyone."""
        assert reliable
        self._server.sent.append((payload, tuple(destination_identities or ()), topic))


class MemoryPublication:
    """As `rtc.RemoteTrackPublication`."""

    def __init__(self, room: MemoryRoom, owner: MemoryParticipant, published: Published) -> None:
        self._room, self._owner, self._published = room, owner, published
        self.sid, self.kind, self.source = published.sid, published.kind, published.source
        self.simulcasted = published.simulcasted
        self.track: MemoryTrack | None = None
        """As the package shows it: none after the first time it was given up, even when its media come again."""
        self.flowing: MemoryTrack | None = None
        """What the server sends."""
        self.asked: list[bool] = []
        self.quality: int | None = None
        self._given: MemoryTrack | None = None

    @property
    def muted(self) -> bool:
        """Whether its owner is muted."""
        return self._published.muted

    def set_subscribed(self, subscribed: bool) -> None:
        """Forget the track at once when it is given up; the server is asked, and answers a little later."""
        self.asked.append(subscribed)
        loop = asyncio.get_running_loop()
        if not subscribed and self.track is not None:
            loop.call_soon(self._forget, self.track)
        loop.call_soon(self._answer, subscribed)

    def set_video_quality(self, quality: int) -> None:
        """Ask for a layer."""
        if self.kind != RTC.TrackKind.KIND_VIDEO or not self.simulcasted:
            raise ValueError(f"set_video_quality requires a simulcasted publication (sid={self.sid})")
        self.quality = quality

    def force(self) -> None:
        """The server subscribes the tap though it did not ask."""
        self._answer(subscribed=True)

    def stop(self) -> None:
        """Its media end."""
        if self.flowing is not None:
            for stream in self.flowing.streams:
                stream.finish()
        self.track = self.flowing = self._given = None

    def _forget(self, track: "MemoryTrack") -> None:
        if self.track is track:
            self.track = None
            self._room.emit("track_unsubscribed", track, self, self._owner)

    def _answer(self, subscribed: bool) -> None:
        if not self._room.isconnected() or subscribed == (self.flowing is not None):
            return
        if not subscribed:
            self.flowing = self.flowing if self._room.server.deaf else None
        elif self._given is not None and not self._room.server.fresh:
            self.flowing = self._given
        else:
            self.track = self.flowing = self._given = MemoryTrack(self.sid, self.kind)
            self._room.emit("track_subscribed", self.track, self, self._owner)


@dataclass(eq=False)
class MemoryTrack:
    """As `rtc.RemoteTrack`."""

    sid: str
    kind: int
    streams: list["MemoryStream"] = field(default_factory=list)
    packets: int = 0

    async def get_stats(self) -> list[Any]:
        """What the package counted of it."""
        stats = importlib.import_module("livekit.rtc._proto.stats_pb2")
        counted = stats.ReceivedRtpStreamStats(packets_received=self.packets, packets_lost=0, jitter=0.0)
        return [stats.RtcStats(inbound_rtp=stats.RtcStats.InboundRtp(received=counted))]


class MemoryStream:
    """What both streams of the package have in common: a ring of frames."""

    def __init__(self, track: MemoryTrack, capacity: int) -> None:
        self.closed = False
        self._track, self._ring = track, deque[Any](maxlen=capacity or None)
        self._more = asyncio.Event()
        track.streams.append(self)

    def put(self, event: object) -> None:
        """A frame was decoded."""
        self._ring.append(event)
        self._more.set()

    def finish(self) -> None:
        """The track is over."""

    async def aclose(self) -> None:
        """Give no more."""
        self.closed = True
        if self in self._track.streams:
            self._track.streams.remove(self)

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:  # noqa: ANN401 - an event of the package
        while not self._ring:
            self._more.clear()
            await self._more.wait()
        event = self._ring.popleft()
        if event is None:
            raise StopAsyncIteration
        return event


class MemoryVideoStream(MemoryStream):
    """As `rtc.VideoStream`, which does not end with its track."""

    def __init__(self, track: MemoryTrack, *, format: int, capacity: int = 0) -> None:  # noqa: A002 - as in the package
        super().__init__(track, capacity)
        self.format = format


class MemoryAudioStream(MemoryStream):
    """As `rtc.AudioStream`, which ends with its track."""

    def __init__(self, track: MemoryTrack, *, sample_rate: int, num_channels: int, capacity: int = 0) -> None:
        super().__init__(track, capacity)
        assert (sample_rate, num_channels) == (16_000, 1)

    def finish(self) -> None:
        """The track is over."""
        self.put(None)


class MemoryText:
    """As `rtc.TextStreamReader`: pieces, and attributes that may change at the end."""

    def __init__(
        self,
        pieces: list[str],
        attributes: Mapping[str, str],
        at_end: Mapping[str, str] | None = None,
        *,
        topic: str = "lk.transcription",
        broken: bool = False,
    ) -> None:
        self.info = RTC.TextStreamInfo(
            stream_id="ST_1",
            mime_type="text/plain",
            topic=topic,
            timestamp=0,
            size=None,
            attributes=dict(attributes),
            attachments=[],
        )
        self.read, self.closed = 0, False
        self._pieces, self._at_end, self._broken = pieces, dict(at_end or {}), broken

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        await asyncio.sleep(0)
        if self.closed or self.read == len(self._pieces):
            if self._broken:
                raise RTC.StreamError("Disconnected while receiving")
            self.info.attributes.update(self._at_end)
            raise StopAsyncIteration
        self.read += 1
        return self._pieces[self.read - 1]

    def close(self) -> None:
        """Read no more."""
        self.closed = True
