"""One call: the only module that knows every stage.

A window is one second of one participant. It opens with a lease, takes media, and closes with samples, observations, a
prediction, a result entry and readings. What may be read is asked anew at every opening and at every change of consent.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from countenance.audit.outcome import Outcome, payload
from countenance.contracts.call import Modality, Participant, Track
from countenance.contracts.errors import RefusedError
from countenance.contracts.media import SECOND_US, Media, Reached, Sample
from countenance.contracts.readings import Abstain, Reading
from countenance.contracts.stages import Aggregator, Encoder, Fusion, Sampler, Sink, Tap
from countenance.contracts.trust import Consent, Lease
from countenance.fusion.windowing import Windower
from countenance.permission import Guard, Permissions


@dataclass(frozen=True, slots=True)
class Stages:
    """The replaceable parts of a call."""

    samplers: Callable[[Participant], Mapping[Modality, Sampler]]
    encoders: Sequence[Encoder]
    fusion: Fusion
    aggregators: Sequence[Aggregator]
    sinks: Sequence[Sink]


class Listener(Protocol):
    """Who hears of what happens beside the readings."""

    def on_window(self, end_us: int) -> None:
        """A window was analysed up to this time."""
        ...

    def on_consent(self, consent: Consent) -> None:
        """A person changed an answer during the call."""
        ...


@dataclass(slots=True)
class Seat:
    """One participant's place in the session."""

    participant: Participant
    samplers: Mapping[Modality, Sampler]
    windower: Windower
    lease: Lease | None = None
    counts: dict[Modality, int] = field(default_factory=dict)
    reading: "asyncio.Task[None] | None" = None


class Session:
    """Reads one call from a tap until it hangs up."""

    def __init__(
        self,
        permissions: Permissions,
        stages: Stages,
        guard: Guard,
        listener: Listener,
        resume_us: int = 0,
        *,
        on_arrival: bool = False,
        start_us: int = 0,
    ) -> None:
        """`resume_us`: windows before it were analysed earlier and are passed over.

        `start_us`: the call is joined in this window; of what was before there are no media and nothing is known.
        `on_arrival`: what need not wait for the end of its window is read as it comes; the readings are the same.
        """
        self._permissions, self._stages, self._guard, self._listener = permissions, stages, guard, listener
        self._on_arrival = on_arrival
        self.seats: dict[str, Seat] = {}
        self._start_us, self._now_us, self._resume_us = start_us, start_us, resume_us
        self._subscribed, self._known = set[Track](), tuple[Track, ...]()
        self._paused = permissions.paused
        self._seat()

    async def run(self, tap: Tap, end_us: int) -> None:
        """Read the call up to `end_us`, or to the end of its media if that is later."""
        await self._grant()
        await self._follow(tap, self._start_us)
        while True:
            async for media in tap.media():
                while media.at_us >= self._end_us:
                    await self._turn(tap)
                await self._follow(tap, max(self._now_us, media.at_us))  # a sound began before it is whole
                if not isinstance(media, Reached):
                    self._take(media)
                    end_us = max(end_us, media.at_us + 1)
            if self._start_us >= end_us:
                break
            await self._turn(tap)  # nothing is subscribed now, or the media are over: time goes on
        readings = [reading for aggregator in self._stages.aggregators for reading in aggregator.finish()]
        await self._guard.results((), readings)
        for seat in self.seats.values():
            if seat.lease is not None:
                await self._guard.close(seat.lease, "hang_up")
        self._deliver(readings)

    @property
    def _end_us(self) -> int:
        return self._start_us + SECOND_US

    def _seat(self) -> None:
        """A place for everyone of whom law and charter allow anything; on a live call people come later."""
        for person in self._permissions.call.participants:
            if person.id not in self.seats and self._permissions.allowed(person.id):
                self.seats[person.id] = Seat(person, self._stages.samplers(person), Windower(person.id))

    async def _turn(self, tap: Tap) -> None:
        """Close the open window and open the next."""
        await self._follow(tap, self._end_us - 1)
        if self._start_us < self._resume_us:
            self._pass_over()
        else:
            await self._close()
        self._start_us = self._end_us
        await self._follow(tap, self._start_us)
        if self._start_us > self._resume_us:
            self._listener.on_window(self._start_us)
        await self._grant()

    async def _follow(self, tap: Tap, at_us: int) -> None:
        """Make subscriptions, queues and open windows obey what is permitted at this moment."""
        changes = self._permissions.register.changes_between(self._now_us, at_us)
        tracks, paused, self._now_us = tap.tracks(), self._permissions.paused, at_us
        if not changes and tracks == self._known and paused == self._paused:
            return
        for consent in changes:
            if consent.at_us > self._resume_us:
                self._guard.answered(consent)
                self._listener.on_consent(consent)
        self._seat()
        barred = self._permissions.barred
        allowed = {t for t in tracks if barred(t.participant_id, t.modality, at_us) is None}
        for track in sorted(self._subscribed - allowed, key=lambda t: t.id):
            await tap.unsubscribe(track)
            if barred(track.participant_id, track.modality, at_us) is not None:
                self.seats[track.participant_id].samplers[track.modality].drop()
                self.seats[track.participant_id].windower.drop(track.modality)
        for track in sorted(allowed - self._subscribed, key=lambda t: t.id):
            await tap.subscribe(track, at_us)
        self._subscribed, self._known, self._paused = allowed, tracks, paused

    async def _grant(self) -> None:
        """One durable lease per participant before anything of the window is read."""
        if self._start_us >= self._resume_us:
            given = {lease.participant_id: lease for lease in await self._guard.grant(self._start_us, self._end_us)}
            for seat in self.seats.values():
                seat.lease, seat.counts = given.get(seat.participant.id), {}

    def _take(self, media: Media) -> None:
        for track in self._subscribed:
            if track.id == media.track_id:
                seat, modality = self.seats[track.participant_id], track.modality
                seat.samplers[modality].take(media)
                if self._on_arrival and self._may_read(seat, modality):
                    self._encode(seat, modality, seat.samplers[modality].ready())

    def _pass_over(self) -> None:
        for seat in self.seats.values():
            for modality in self._permissions.readable(seat.participant.id, self._end_us - 1):
                seat.samplers[modality].skip(self._start_us, self._end_us)

    async def _close(self) -> None:
        seats = list(self.seats.values())
        for seat in seats:
            seat.reading = asyncio.create_task(asyncio.to_thread(self._perceive, seat))
        await asyncio.gather(*(seat.reading for seat in seats if seat.reading is not None))
        windows = [s.windower.close(self._start_us, self._end_us, self._barred(s)) for s in seats]
        predictions = self._stages.fusion.fuse(windows)
        leased = [(s, p) for s, p in zip(seats, predictions, strict=True) if s.lease is not None]
        outcomes = [Outcome(s.lease, s.counts, payload(p)) for s, p in leased if s.lease is not None]
        readings = [r for p in predictions for aggregator in self._stages.aggregators for r in aggregator.update(p)]
        await self._guard.results(outcomes, readings)
        self._deliver(readings)

    def _perceive(self, seat: Seat) -> None:
        """Cut samples and run the encoders of one participant, within the lease."""
        for modality in seat.lease.modalities if seat.lease is not None else ():
            if self._permissions.barred(seat.participant.id, modality, self._end_us - 1) is not None:
                continue
            if not self._may_read(seat, modality):  # stopped a moment ago, or the lease ran out: nothing of it counts
                seat.samplers[modality].drop()
                seat.windower.drop(modality)
                continue
            samples, missing = seat.samplers[modality].samples(self._start_us, self._end_us)
            seat.windower.miss(missing)
            self._encode(seat, modality, samples)

    def _may_read(self, seat: Seat, modality: Modality) -> bool:
        """Whether a lease stands for it at this moment."""
        if seat.lease is None or modality not in seat.lease.modalities:
            return False
        try:
            self._guard.check(seat.lease, modality)
        except RefusedError:
            return False
        return True

    def _encode(self, seat: Seat, modality: Modality, samples: Sequence[Sample]) -> None:
        for encoder in self._stages.encoders:
            if encoder.takes.modality == modality and (taken := encoder.takes.of(samples)):
                seat.windower.add(encoder.encode(taken))
        seat.counts[modality] = seat.counts.get(modality, 0) + len(samples)

    def _barred(self, seat: Seat) -> dict[Modality, Abstain]:
        who, at_us = seat.participant.id, self._end_us - 1
        answers = {m: self._permissions.barred(who, m, at_us) for m in self._permissions.modalities}
        return {modality: answer for modality, answer in answers.items() if answer is not None}

    def _deliver(self, readings: Iterable[Reading]) -> None:
        for reading in readings:
            for sink in self._stages.sinks:
                sink.deliver(reading)
