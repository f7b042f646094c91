"""A hosted call whose media, clock and control plane are scripted: what was read, when, and under which lease."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from tests.worker.stand_ins import PICTURE, SOUND, TENTH_US, Encoder, Queue, ask_ahead, in_turn

from countenance.aggregation.smoothing import TaxonomyAggregator
from countenance.aggregation.taxonomy import load
from countenance.capture.transcription import Transcription
from countenance.closing import Stages
from countenance.contracts.call import FACE, VOICE, Call, Modality, Participant, Purpose, Role, Track, TrackKind
from countenance.contracts.media import (
    SECOND_US,
    AudioChunk,
    FaceSample,
    Media,
    Reached,
    SampleSpec,
    VideoFrame,
    VoiceSample,
)
from countenance.contracts.readings import Prediction, Signal, Window
from countenance.contracts.stages import Sampler
from countenance.contracts.trust import Case, Consent, ConsentStatus, Lease
from countenance.fusion.pool import PoolFusion
from countenance.link.line import OK
from countenance.link.messages import Admitted, Ask, Closed, Done, Finished, Granted, Host, Message
from countenance.policy.gate import Gate
from countenance.worker.call import Clock, HostedCall

MODALITIES = (FACE, VOICE)
PEOPLE = (Participant("p_1", "Ana", Role.CUSTOMER), Participant("p_2", "Ben", Role.CUSTOMER))
CALL = Call("call", "local", Purpose.SUPPORT_QA, PEOPLE)
TRACKS = tuple(Track(f"{p.id}/{k.value}", p.id, k) for p in PEOPLE for k in (TrackKind.VIDEO, TrackKind.AUDIO))
GATE = Gate.load()
RULINGS = tuple(
    (p.id, GATE.rule(Case(CALL.purpose, p.role, m, "engagement", "individual", ("US-CA",), date(2026, 11, 22))))
    for p in PEOPLE
    for m in MODALITIES
)
Act = tuple[int, str, str, Modality]


@dataclass(frozen=True)
class Read:
    """One sample in the hands of an encoder."""

    who: str
    modality: Modality
    shown_us: int
    """When what it shows was."""
    read_us: int
    rightly: bool
    """Whether the person said yes to it, and a lease on it was alive."""


@dataclass
class Plane:
    """The control plane at the far end of the line: what people answered, and the leases that stand."""

    clock: Callable[[], int]
    yes_us: dict[tuple[str, Modality], int]
    """What people say yes to, and since when."""
    paused: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    refuses: bool = False
    disk: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while what came of a window can be made durable."""
    granted: list[tuple[int, Lease]] = field(default_factory=list)
    """With the time at which each was asked for."""
    finished: list[Finished] = field(default_factory=list)
    closed: list[Closed] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)

    async def ask(self, message: Message, timeout_s: float = 10.0) -> Message:
        if isinstance(message, Done):
            await self.disk.wait()
            self.finished += message.finished
            self.signals += [one for one in message.readings if isinstance(one, Signal)]
            return OK
        assert isinstance(message, Ask)
        leases = () if self.refuses else tuple(self._leases(message))
        self.granted += [(self.clock(), lease) for lease in leases]
        return Granted(leases)

    def tell(self, message: Message) -> None:
        if isinstance(message, Closed):
            self.closed.append(message)

    def says_yes(self, who: str, modality: Modality) -> bool:
        return (who, modality) in self.yes_us and who not in self.paused

    def covers(self, who: str, modality: Modality) -> bool:
        """Whether a lease on it is alive."""
        now_us = self.clock()
        mine = [(at_us, one) for at_us, one in self.granted if one.participant_id == who]
        return any(modality in one.modalities and at_us <= now_us < at_us + SECOND_US for at_us, one in mine)

    def end_of(self, lease: Lease) -> list[str]:
        """How a lease ended: `result`, or why it gave none."""
        results = ["result" for one in self.finished if one.lease == lease]
        return results + [one.reason for one in self.closed if one.lease == lease]

    def _leases(self, asked: Ask) -> Iterator[Lease]:
        for who in [person.id for person in PEOPLE if person.id not in self.left]:
            if modalities := tuple(m for m in MODALITIES if self.says_yes(who, m)):
                yield Lease(f"{who}/{asked.start_us}", who, modalities, asked.start_us, asked.end_us, "d", ())


class Rehearsal:
    """One call, from a script in order of time: when, what, who, and which modality.

    Media come each tenth of a second by themselves, and leases are asked for 200 ms ahead.
    """

    def __init__(self, script: Sequence[Act], seconds: int, *, quick: bool = True) -> None:
        """`quick`: a window is told of before the next tenth of a second has come; otherwise some time later."""
        self.now_us = 0
        self.quick = quick
        self.read: list[Read] = []
        self.fused: list[Window] = []
        self.plane = Plane(lambda: self.now_us, {(p.id, m): 0 for p in PEOPLE for m in MODALITIES})
        self.plane.disk.set()
        self.tap = Tap(self, script, seconds)
        self.meanwhile: Callable[[Read], None] = lambda _: None
        self._noes: list[tuple[str, Modality, int]] = []
        self._heard: set[tuple[str, Modality]] = set()
        """Noes that the worker has heard."""
        self._versions: dict[tuple[str, Modality], int] = {}
        recipe = SimpleNamespace(transcription=Transcription())
        parts: Any = SimpleNamespace(transcriber=None, recipe=recipe, stages=self._stages)
        connector: Any = SimpleNamespace(join=self._join)
        line: Any = self.plane
        consents = tuple(self._answer(who, m, ConsentStatus.GIVEN) for who, m in self.plane.yes_us)
        host = Host(self._admitted(), consents, {}, ("engagement.v1",), "")
        self.call = HostedCall(line, parts, host, connector, Clock(lambda: self.now_us, 0))

    async def run(self) -> "Rehearsal":
        with patch("asyncio.to_thread", in_turn):
            await self.call.run()
        return self

    async def act(self, what: str, who: str, modality: Modality) -> None:
        """Something happens, and the control plane says it in its own order."""
        plane, topic = self.plane, (who, modality)
        match what:
            case "no" | "no on a slow disk" if topic in plane.yes_us:
                del plane.yes_us[topic]
                await self._stop(who, modality)
                if what == "no":
                    await self.call.answered(self._answer(who, modality, ConsentStatus.WITHDRAWN))
            case "yes" if topic not in plane.yes_us:
                plane.yes_us[topic] = self.now_us
                self._heard.discard(topic)
                await self.call.answered(self._answer(who, modality, ConsentStatus.GIVEN))
            case "pause" if who not in plane.paused:
                plane.paused.add(who)
                await asyncio.gather(*(self._stop(who, each) for each in MODALITIES))
                self.call.admit(self._admitted())
            case "resume" if who in plane.paused:
                plane.paused.discard(who)
                plane.yes_us.update({(them, m): self.now_us for them, m in plane.yes_us if them == who})
                self._heard -= {topic for topic in plane.yes_us if topic[0] == who}
                self.call.admit(self._admitted())
            case "leave":
                plane.left.add(who)
            case "return":
                plane.left.discard(who)
            case "the disk stands still":
                plane.disk.clear()
            case "the disk goes on":
                plane.disk.set()
            case "refuse":
                plane.refuses = not plane.refuses

    async def ask_ahead(self, start_us: int) -> None:
        """Leases of the window that begins then."""
        await ask_ahead(self.call, start_us)

    def ends(self, who: str) -> list[str]:
        """How the lease of each window ended, second by second; empty where there was none."""
        mine = {one.start_us: self.plane.end_of(one) for _, one in self.plane.granted if one.participant_id == who}
        return ["".join(mine.get(second * SECOND_US, ())) for second in range(self.tap.seconds)]

    def note(self, who: str, modality: Modality, shown_us: int) -> None:
        """An encoder was given something."""
        topic = (who, modality)
        rightly = topic not in self._heard and self.plane.covers(who, modality)
        # What was shown before somebody said no is not read after they have said yes again.
        rightly = rightly and shown_us >= self.plane.yes_us.get(topic, 0)
        self.read.append(Read(who, modality, shown_us, self.now_us, rightly))
        self.meanwhile(self.read[-1])

    def noes_in(self, lease: Lease) -> set[Modality]:
        """What the person of a lease said no to during its window."""
        mine = [(m, at_us) for who, m, at_us in self._noes if who == lease.participant_id]
        return {modality for modality, at_us in mine if lease.start_us <= at_us < lease.end_us}

    async def _stop(self, who: str, modality: Modality) -> None:
        self._noes.append((who, modality, self.now_us))
        self._heard.add((who, modality))
        await self.call.stop(who, modality)

    def _answer(self, who: str, modality: Modality, status: ConsentStatus) -> Consent:
        version = self._versions[who, modality] = self._versions.get((who, modality), 0) + 1
        at_us = self.now_us // SECOND_US * SECOND_US
        return Consent(who, modality, CALL.purpose, status, at_us, str(version), version, "express_written", "n")

    def _admitted(self) -> Admitted:
        return Admitted(CALL.id, CALL, RULINGS, (), tuple(self.plane.paused))

    @asynccontextmanager
    async def _join(self, _call: Call) -> AsyncIterator["Tap"]:
        yield self.tap

    def _stages(self, *_: object) -> Stages:
        def samplers(person: Participant) -> Mapping[Modality, Sampler]:
            return {modality: Queue(person.id, modality) for modality in MODALITIES}

        takes = (SampleSpec(FACE, FaceSample), SampleSpec(VOICE, VoiceSample))
        encoders = [Encoder(one, self.note) for one in takes]
        return Stages(samplers, encoders, Fused(self.fused), (TaxonomyAggregator(load("engagement.v1")),), ())


class Fused(PoolFusion):
    """Keeps the windows it was given."""

    def __init__(self, fused: list[Window]) -> None:
        super().__init__()
        self._fused = fused

    def fuse(self, windows: Sequence[Window]) -> Sequence[Prediction]:
        self._fused += windows
        return super().fuse(windows)


class Tap:
    """A live tap whose time goes on while it is asked for media."""

    def __init__(self, rehearsal: Rehearsal, script: Sequence[Act], seconds: int) -> None:
        self.seconds = seconds
        self.decoded: list[tuple[str, bool]] = []
        """Which track, and whether its owner said yes to that."""
        self.decoded_us: list[int] = []
        """When each of these was."""
        self._rehearsal, self._script = rehearsal, list(script)
        self._open: dict[Track, int] = {}
        self._times = iter(range(0, seconds * SECOND_US, TENTH_US))

    def tracks(self) -> tuple[Track, ...]:
        return TRACKS

    async def subscribe(self, track: Track, since_us: int | None = None) -> None:
        self._open[track] = since_us or 0

    async def unsubscribe(self, track: Track) -> None:
        self._open.pop(track, None)

    async def media(self) -> AsyncIterator[Media | Reached]:
        for at_us in self._times:
            while self._script and self._script[0][0] <= at_us:
                self._rehearsal.now_us, *what = self._script.pop(0)
                if self._rehearsal.quick:
                    await self._rehearsal.call._session._closing.settle()
                await self._rehearsal.act(*what)
            self._rehearsal.now_us = at_us
            if self._rehearsal.quick:
                await self._rehearsal.call._session._closing.settle()
            for item in (*_sounds(at_us), Reached(at_us), *_pictures(at_us)):
                if isinstance(item, Reached):
                    yield item
                elif any(t.id == item.track_id and item.at_us >= since_us for t, since_us in self._open.items()):
                    self.decoded.append((item.track_id, self._yes(item.track_id)))
                    self.decoded_us.append(at_us)
                    yield item
            if at_us % SECOND_US == SECOND_US - 2 * TENTH_US:
                await self._rehearsal.ask_ahead(at_us + 2 * TENTH_US)

    def _yes(self, track_id: str) -> bool:
        track = next(one for one in TRACKS if one.id == track_id)
        return self._rehearsal.plane.says_yes(track.participant_id, track.modality)


def _sounds(at_us: int) -> list[Media]:
    first_us = at_us - TENTH_US
    return [AudioChunk(t.id, first_us, SOUND) for t in TRACKS if t.kind is TrackKind.AUDIO and first_us >= 0]


def _pictures(at_us: int) -> list[Media]:
    return [VideoFrame(track.id, at_us, PICTURE) for track in TRACKS if track.kind is TrackKind.VIDEO]
