"""One call in a worker: the worker's own code, with media, clock and line of the harness, and encoders of nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np

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
    Box,
    FaceSample,
    Media,
    Missing,
    Quality,
    Reached,
    Sample,
    SampleSpec,
    TextSample,
    Utterance,
    VideoFrame,
    VoiceSample,
)
from countenance.contracts.readings import Observation, Reason
from countenance.contracts.stages import Sampler
from countenance.contracts.trust import Lease
from countenance.fusion.pool import PoolFusion
from countenance.inference.logmel import unheard
from countenance.link.line import OK
from countenance.link.messages import Admitted, Ask, Closed, Done, Granted, Host, Message
from countenance.testing.clocks import ManualClock
from countenance.worker.call import Clock, HostedCall

PICTURE, SOUND = np.zeros((4, 4, 3), np.uint8), np.zeros(1600, np.int16)
MARKS, EMPTY = np.zeros((5, 2), np.float32), np.zeros(0, np.float32)
SPREAD = {"neutral": 0.5, "happiness": 0.5, "surprise": 0, "sadness": 0, "anger": 0, "disgust": 0, "fear": 0}
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


class Taker:
    """Whatever was queued of a face or a voice is a sample; faces are read as they come."""

    def __init__(self, who: str, modality: Modality) -> None:
        self.who, self.modality = who, modality
        self._queue: list[int] = []

    def take(self, media: Media) -> None:
        """Queue it."""
        self._queue.append(media.at_us)

    def ready(self) -> Sequence[Sample]:
        """Faces."""
        return self._cut() if self.modality == FACE else ()

    def samples(self, start_us: int, end_us: int) -> tuple[Sequence[Sample], Sequence[Missing]]:
        """What is left."""
        reason = Reason.NO_FACE if self.modality == FACE else Reason.SILENCE
        return self._cut(), (Missing(self.who, self.modality, start_us, end_us, reason),)

    def skip(self, start_us: int, end_us: int) -> None:  # noqa: ARG002 - the contract's window
        """Let it go."""
        self._queue.clear()

    def drop(self) -> None:
        """Forget it."""
        self._queue.clear()

    def state(self) -> object:
        """Nothing survives."""
        return None

    def restore(self, state: object) -> None:
        """Nothing to go on from."""

    def _cut(self) -> Sequence[Sample]:
        cut = [_sample(self.who, self.modality, at_us) for at_us in self._queue]
        self._queue.clear()
        return cut


class Teller:
    """An encoder that says the same of everybody, and tells of each call."""

    def __init__(self, takes: SampleSpec, told: Callable[[str, Modality, int], None]) -> None:
        self.takes, self._told = takes, told

    def encode(self, samples: Sequence[Sample]) -> Sequence[Observation]:
        """One observation per sample."""
        said = []
        for one in samples:
            at_us = one.at_us if isinstance(one, FaceSample) else one.start_us
            self._told(one.participant_id, self.takes.modality, at_us)
            said.append(Observation(one.participant_id, self.takes.modality, at_us, at_us, 0.9, SPREAD))
        return said


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
    encoders = [Teller(SampleSpec(modality, sample), told) for modality, sample in kinds]
    running = room.running
    host = Host(
        admitted(room), tuple(running.register.records), {}, ("engagement.v1",), "", start_us,
        noes=tuple(running.undurable_noes),
    )  # fmt: skip
    began_us = clock.mono_us() - start_us
    parts: Any = SimpleNamespace(transcriber=None, recipe=SimpleNamespace(transcription=Transcription()), stages=stages)
    wire: Any = line
    call = HostedCall(wire, parts, host, SimpleNamespace(join=join), Clock(clock.mono_us, began_us))

    async def prepare(next_us: int) -> None:
        # What the timer of the guard does where time is real.
        call.guard._prepare(next_us, next_us + SECOND_US)  # noqa: SLF001
        await call.guard._ahead[next_us]  # noqa: SLF001

    tap.prepare = prepare
    return call


def admitted(room: Room) -> Admitted:
    """Who is on the call, and what the gate said of them."""
    rulings = tuple((who, ruling) for (who, _), ruling in room.running.rulings.items())
    return Admitted(room.running.call.id, room.running.call, rulings)


async def in_turn(work: Callable[..., object], *args: object) -> object:
    """Instead of in a thread, so that every run of a seed is the same."""
    await asyncio.sleep(0)
    return work(*args)


def _samplers(person: Participant) -> Mapping[Modality, Sampler]:
    made: dict[Modality, Sampler] = {modality: Taker(person.id, modality) for modality in MODALITIES}
    return made | {TEXT: TextSampler(person.id)}


def _sample(who: str, modality: Modality, at_us: int) -> Sample:
    if modality == FACE:
        return FaceSample(who, at_us, PICTURE, MARKS, Box(0, 0, 9, 9), Quality(1.0))
    return VoiceSample(who, at_us, at_us + SECOND_US // 10, EMPTY, (), unheard(), Quality(1.0))


def _media(people: Sequence[str], at_us: int, *, speaks: bool) -> list[Media]:
    found: list[Media] = []
    for who in people:
        found += (VideoFrame(f"{who}/video", at_us, PICTURE), AudioChunk(f"{who}/audio", at_us, SOUND))
        if speaks:
            found.append(Utterance(f"{who}/text", who, at_us, at_us, "As I said.", 0.9, "en"))
    return found
