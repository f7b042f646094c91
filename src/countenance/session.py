"""One call: the only module that knows every stage.

A window is one second of one participant. It opens with a lease, takes media, and closes with samples, observations, a
prediction, a result entry and readings. What may be read is asked anew at every opening and at every change of consent.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from countenance.audit.leases import Leases
from countenance.contracts.call import Modality, Participant, Track
from countenance.contracts.media import SECOND_US, Media, Utterance
from countenance.contracts.readings import Abstain, Observation, Prediction, Reading
from countenance.contracts.stages import Aggregator, Encoder, Fusion, Sampler, Sink, Tap
from countenance.contracts.trust import Lease
from countenance.fusion.windowing import Windower
from countenance.permission import Permissions


@dataclass(frozen=True, slots=True)
class Stages:
    """The replaceable parts of a call."""

    samplers: Callable[[Participant], Mapping[Modality, Sampler]]
    encoders: Sequence[Encoder]
    fusion: Fusion
    aggregators: Sequence[Aggregator]
    sinks: Sequence[Sink]


@dataclass(slots=True)
class Seat:
    """One participant's place in the session."""

    participant: Participant
    samplers: Mapping[Modality, Sampler]
    windower: Windower
    lease: Lease | None = None
    perceived: tuple[Observation, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)


class Session:
    """Reads one call from a tap until it hangs up."""

    def __init__(self, permissions: Permissions, stages: Stages, leases: Leases) -> None:
        self.permissions = permissions
        self._stages = stages
        self._leases = leases
        self.seats = {
            p.id: Seat(p, stages.samplers(p), Windower(p.id))
            for p in permissions.call.participants
            if any(
                permissions.rulings[p.id, m].allowed for m in permissions.modalities if (p.id, m) in permissions.rulings
            )
        }
        self._start_us = 0
        self._resume_us = 0
        self._subscribed: set[Track] = set()

    async def run(self, tap: Tap, end_us: int, on_window: Callable[[int], None]) -> None:
        """Read the call up to `end_us`; `on_window` hears the end of every window analysed."""
        await self._follow(tap, 0)
        self._grant()
        async for media in tap.media():
            while media.at_us > self._end_us or (media.at_us == self._end_us and not isinstance(media, Utterance)):
                await self._turn(tap, on_window)
            await self._follow(tap, media.at_us)
            self._take(media)
        while self._start_us < end_us:
            await self._turn(tap, on_window)
        self._deliver(reading for aggregator in self._stages.aggregators for reading in aggregator.finish())

    @property
    def _end_us(self) -> int:
        return self._start_us + SECOND_US

    async def _turn(self, tap: Tap, on_window: Callable[[int], None]) -> None:
        """Close the open window and open the next."""
        await self._follow(tap, self._end_us)
        if self._start_us < self._resume_us:
            for seat in self.seats.values():
                for modality in self.permissions.readable(seat.participant.id, self._end_us):
                    seat.samplers[modality].skip(self._start_us, self._end_us)
            self._start_us = self._end_us
        else:
            await self._close()
            self._start_us = self._end_us
            on_window(self._start_us)
        self._grant()

    async def _follow(self, tap: Tap, at_us: int) -> None:
        """Make subscriptions, queues and open windows obey what is permitted at this moment."""
        allowed = {t for t in tap.tracks() if self.permissions.barred(t.participant_id, t.modality, at_us) is None}
        for track in sorted(self._subscribed - allowed, key=lambda t: t.id):
            await tap.unsubscribe(track)
            seat = self.seats[track.participant_id]
            seat.samplers[track.modality].drop()
            seat.windower.drop(track.modality)
            if at_us > self._resume_us:
                self._leases.opt_out(track.participant_id, track.modality, at_us)
        for track in sorted(allowed - self._subscribed, key=lambda t: t.id):
            await tap.subscribe(track)
        self._subscribed = allowed

    def _grant(self) -> None:
        """One durable lease per participant before anything of the window is read."""
        if self._start_us < self._resume_us:
            return
        for seat in self.seats.values():
            who = seat.participant.id
            modalities = self.permissions.readable(who, self._start_us)
            rulings = [self.permissions.rulings[who, m] for m in modalities]
            consents = self.permissions.consents(who, modalities, self._start_us)
            seat.lease = (
                self._leases.grant(who, modalities, self._start_us, self._end_us, rulings, consents)
                if modalities
                else None
            )

    def _take(self, media: Media) -> None:
        who, _, _ = media.track_id.partition("/")
        for track in self._subscribed:
            if track.id == media.track_id:
                self.seats[who].samplers[track.modality].take(media)

    async def _close(self) -> None:
        seats = list(self.seats.values())
        await asyncio.gather(*(asyncio.to_thread(self._perceive, seat) for seat in seats))
        barred = [self._barred(seat) for seat in seats]
        windows = [s.windower.close(self._start_us, self._end_us, b) for s, b in zip(seats, barred, strict=True)]
        for seat, prediction in zip(seats, self._stages.fusion.fuse(windows), strict=True):
            readings = [r for aggregator in self._stages.aggregators for r in aggregator.update(prediction)]
            if seat.lease is not None:
                self._leases.result(seat.lease, seat.counts, payload(prediction))
            self._deliver(readings)

    def _perceive(self, seat: Seat) -> None:
        """Cut samples and run the encoders of one participant, within the lease."""
        seat.counts = {}
        if seat.lease is None:
            return
        for modality in seat.lease.modalities:
            if self.permissions.barred(seat.participant.id, modality, self._end_us) is not None:
                continue
            samples, missing = seat.samplers[modality].samples(self._start_us, self._end_us)
            seat.windower.miss(missing)
            for encoder in self._stages.encoders:
                if samples and encoder.takes.modality == modality:
                    seat.windower.add(encoder.encode(samples))
            seat.counts[modality] = len(samples)

    def _barred(self, seat: Seat) -> dict[Modality, Abstain]:
        answers = {
            m: self.permissions.barred(seat.participant.id, m, self._end_us) for m in self.permissions.modalities
        }
        return {modality: answer for modality, answer in answers.items() if answer is not None}

    def _deliver(self, readings: Iterable[Reading]) -> None:
        for reading in readings:
            for sink in self._stages.sinks:
                sink.deliver(reading)


def payload(prediction: Prediction) -> bytes:
    """What a result entry commits to: the prediction's numbers, in a fixed order and rounding."""
    parts = [f"{prediction.participant_id}|{prediction.start_us}|{prediction.end_us}"]
    for table in (prediction.scores, prediction.dimensions, prediction.cues):
        parts += [f"{name}={table[name]:.6f}" for name in sorted(table)]
    return "|".join(parts).encode()
