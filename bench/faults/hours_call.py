"""One call in a worker: the worker's own code, with media, clock and line of the harness, and encoders of nothing."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any

from tests.worker.stand_ins import PICTURE, SOUND, Encoder, Queue, ask_ahead

from bench.faults.service import MODALITIES, TOPIC, Room, Service
from countenance.aggregation.smoothing import TaxonomyAggregator
from countenance.aggregation.taxonomy import load
from countenance.audit.outcome import Outcome, Outgoing
from countenance.capture.samplers import TextSampler
from countenance.capture.transcription import Transcription
from countenance.closing import Stages
from countenance.contracts.call import FACE, TEXT, VOICE, Call, Modality, Participant, Track, TrackKind
from countenance.contracts.errors import AuditError, LinkError, StorageError
from countenance.contracts.media import (
    SECOND_US,
    AudioChunk,
    FaceSample,
    Media,
    Reached,
    SampleSpec,
    TextSample,
    Utterance,
    VideoFrame,
    VoiceSample,
)
from countenance.contracts.stages import Sampler
from countenance.contracts.trust import Lease
from countenance.fusion.pool import PoolFusion
from countenance.link.line import OK
from countenance.link.messages import Admitted, Ask, Closed, Done, Granted, Host, Message
from countenance.testing.clocks import ManualClock
from countenance.worker.call import Clock, HostedCall

MIDDLE_US, AHEAD_US = 400_000, 800_000
"""When in a second media come, and when the leases of the next one are asked for."""
SPEAKS_EVERY_S, TELLS_EVERY_S = 5, 60


class GoneError(Exception):
    """The worker died."""


class Line:
    """The line to the control plane, without a network; what is said of a dead worker is said to nobody."""

    def __init__(self, service: Service, room: Room) -> None:
        self._service, self._room = service, room
        self.cut = self.miscounts = False
        self.refused = 0

    async def ask(self, message: Message, timeout_s: float = 10.0) -> Message:  # noqa: ARG002 - of a real line
        """Leases, or results; raises what the control plane raises."""
        if self.cut:
            raise LinkError("the line is cut", "")
        control, running = self._service.control, self._room.running
        try:
            if isinstance(message, Ask):
                return Granted(tuple(control.grant(running, message.start_us, message.end_us)))
            assert isinstance(message, Done)
            self._done(message)
        except (AuditError, StorageError):
            self.refused += 1
            raise
        return OK

    def tell(self, message: Message) -> None:
        """A lease that gave nothing."""
        if isinstance(message, Closed) and not self.cut:
            self._close(message.lease, message.reason, message.counts)

    def _done(self, message: Done) -> None:
        loud = []
        for one in message.finished:
            if any(one.counts.values()):
                telling = one.lease.start_us // SECOND_US % TELLS_EVERY_S == 0
                events = (Outgoing(TOPIC, one.payload.encode()),) if telling else ()
                counts = dict.fromkeys(one.counts, 0) if self.miscounts else one.counts
                loud.append(Outcome(one.lease, counts, one.payload.encode(), events))
            else:
                self._close(one.lease, "nothing_read", {})
        results = self._service.control.results(self._room.running, loud)
        self._service.tell.acked((result.entry.seq, result.entry.hash) for result in results)

    def _close(self, lease: Lease, reason: str, counts: Mapping[Modality, int]) -> None:
        try:
            self._service.control.close_lease(self._room.running, lease, reason, counts)
        except (AuditError, StorageError):
            self.refused += 1  # it lapses


class Tap:
    """Media of those who are there; its time is that of the clock, second by second."""

    def __init__(self, clock: ManualClock, seconds: range, pause: Callable[[int], Awaitable[None]]) -> None:
        """`pause`: called in the middle of each second, before its media or after them."""
        self.present: tuple[str, ...] = ()
        self.prepare: Callable[[int], Awaitable[None]] | None = None
        self._clock, self._seconds, self._pause = clock, iter(seconds), pause
        self._open: dict[str, int] = {}
        self._tracks: tuple[Track, ...] = ()

    def tracks(self) -> tuple[Track, ...]:
        """Camera, microphone and words of everybody who is there."""
        return self._tracks

    def show(self, people: Sequence[str]) -> None:
        """These are there now."""
        self.present = tuple(people)
        self._tracks = tuple(Track(f"{who}/{kind.value}", who, kind) for who in people for kind in TrackKind)

    async def subscribe(self, track: Track, since_us: int | None = None) -> None:
        """Give it."""
        self._open[track.id] = since_us or 0

    async def unsubscribe(self, track: Track) -> None:
        """Give it no more."""
        self._open.pop(track.id, None)

    async def media(self) -> AsyncIterator[Media | Reached]:
        """Second after second, each with its time on the clock."""
        for second in self._seconds:
            start_us = second * SECOND_US
            yield Reached(start_us)
            self._clock.pass_us(MIDDLE_US)
            if second % 2:
                await self._pause(second)
            for item in _media(self.present, start_us + MIDDLE_US, speaks=second % SPEAKS_EVERY_S == 0):
                if self._open.get(item.track_id, item.at_us + 1) <= item.at_us:
                    yield item
            if not second % 2:
                await self._pause(second)
            self._clock.pass_us(AHEAD_US - MIDDLE_US)
            if self.prepare is not None:
                await self.prepare(start_us + SECOND_US)
            self._clock.pass_us(SECOND_US - AHEAD_US)


def hosted(
    line: Line, room: Room, tap: Tap, clock: ManualClock, start_us: int, told: Callable[[str, Modality, int], None]
) -> HostedCall:
    """The call as a worker takes it up at a media time, with the answers that are known."""

    @asynccontextmanager
    async def join(_: Call) -> AsyncIterator[Tap]:
        yield tap

    def stages(*_: object) -> Stages:
        return Stages(_samplers, encoders, PoolFusion(), (TaxonomyAggregator(load("engagement.v1")),), ())

    kinds = ((FACE, FaceSample), (VOICE, VoiceSample), (TEXT, TextSample))
    encoders = [Encoder(SampleSpec(modality, sample), told) for modality, sample in kinds]
    running = room.running
    host = Host(
        admitted(room), tuple(running.register.records), {}, ("engagement.v1",), "", start_us,
        noes=tuple(running.undurable_noes),
    )  # fmt: skip
    began_us = clock.mono_us() - start_us
    parts: Any = SimpleNamespace(transcriber=None, recipe=SimpleNamespace(transcription=Transcription()), stages=stages)
    wire: Any = line
    call = HostedCall(wire, parts, host, SimpleNamespace(join=join), Clock(clock.mono_us, began_us))

    tap.prepare = partial(ask_ahead, call)
    return call


def admitted(room: Room) -> Admitted:
    """Who is on the call, and what the gate said of them."""
    rulings = tuple((who, ruling) for (who, _), ruling in room.running.rulings.items())
    return Admitted(room.running.call.id, room.running.call, rulings)


def _samplers(person: Participant) -> Mapping[Modality, Sampler]:
    made: dict[Modality, Sampler] = {modality: Queue(person.id, modality) for modality in MODALITIES}
    return made | {TEXT: TextSampler(person.id)}


def _media(people: Sequence[str], at_us: int, *, speaks: bool) -> list[Media]:
    found: list[Media] = []
    for who in people:
        found += (VideoFrame(f"{who}/video", at_us, PICTURE), AudioChunk(f"{who}/audio", at_us, SOUND))
        if speaks:
            found.append(Utterance(f"{who}/text", who, at_us, at_us, "As I said.", 0.9, "en"))
    return found
