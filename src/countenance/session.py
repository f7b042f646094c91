"""One call: the only module that knows every stage.

A window is one second of one participant. It opens with a lease, takes media, and closes with samples, observations, a
prediction, a result entry and readings. What may be read is asked anew at every opening and at every change of consent.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from countenance.audit.outcome import Outcome, payload
from countenance.contracts.call import Modality, Participant, Track
from countenance.contracts.media import SECOND_US, Media, Reached
from countenance.contracts.readings import Abstain, Reading
from countenance.contracts.stages import Aggregator, Encoder, Fusion, Sampler, Sink, Tap
from countenance.contracts.trust import Consent
from countenance.fusion.windowing import Windower
from countenance.permission import Guard, Permissions
from countenance.seats import Seat


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

    async def stop(self, tap: Tap, participant_id: str, modality: Modality) -> None:
        """A no that has just come, and that the guard knows of; a lease asked for after it may end it."""
        self._permissions.stopped.add((participant_id, modality))
        for track in tap.tracks():
            if (track.participant_id, track.modality) == (participant_id, modality):
                self._subscribed.discard(track)
                await tap.unsubscribe(track)
        seat = self.seats.get(participant_id)
        if seat is not None and modality in seat.samplers:
            if seat.reading is not None:
                await asyncio.wait([seat.reading])  # whatever of theirs was being read a moment ago
            seat.drop(modality)

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
            self._subscribed.discard(track)
            await tap.unsubscribe(track)
            if barred(track.participant_id, track.modality, at_us) is not None:
                self.seats[track.participant_id].drop(track.modality)
        for track in sorted(allowed - self._subscribed, key=lambda t: t.id):
            await self._open(tap, track, at_us)
        self._known, self._paused = tracks, paused

    async def _open(self, tap: Tap, track: Track, at_us: int) -> None:
        """Subscribe to a track, unless a no has come or comes meanwhile."""
        said_no = (track.participant_id, track.modality)
        if said_no not in self._permissions.stopped:
            self._subscribed.add(track)
            await tap.subscribe(track, at_us)
        if said_no in self._permissions.stopped:
            self._subscribed.discard(track)
            await tap.unsubscribe(track)

    async def _grant(self) -> None:
        """One durable lease per participant before anything of the window is read."""
        if self._start_us >= self._resume_us:
            given = {lease.participant_id: lease for lease in await self._guard.grant(self._start_us, self._end_us)}
            for seat in self.seats.values():
                seat.lease, seat.counts = given.get(seat.participant.id), {}
                for modality in seat.covered:
                    self._go_on(seat, modality)

    def _go_on(self, seat: Seat, modality: Modality) -> None:
        """A lease that was asked for after a no ends it: its track is opened again."""
        stop = (seat.participant.id, modality)
        if stop in self._permissions.stopped and seat.may_read(modality, self._guard):
            self._permissions.stopped.discard(stop)
            self._known = ()

    def _take(self, media: Media) -> None:
        for track in self._subscribed:
            if track.id == media.track_id:
                seat, modality = self.seats[track.participant_id], track.modality
                if self._start_us >= self._resume_us and modality not in seat.covered:
                    continue  # no later lease makes it readable
                seat.samplers[modality].take(media)
                if self._on_arrival and seat.may_read(modality, self._guard):
                    seat.read_ready(modality, self._stages.encoders)

    def _pass_over(self) -> None:
        for seat in self.seats.values():
            for modality in self._permissions.readable(seat.participant.id, self._end_us - 1):
                seat.samplers[modality].skip(self._start_us, self._end_us)

    async def _close(self) -> None:
        seats, span = list(self.seats.values()), (self._start_us, self._end_us)
        for seat in seats:
            rest = (span, self._guard, self._stages.encoders, self._barred(seat))
            seat.reading = asyncio.create_task(asyncio.to_thread(seat.read_rest, *rest))
        await asyncio.gather(*(seat.reading for seat in seats if seat.reading is not None))
        windows = [s.windower.close(*span, self._barred(s)) for s in seats]
        predictions = self._stages.fusion.fuse(windows)
        leased = [(s, p) for s, p in zip(seats, predictions, strict=True) if s.lease is not None]
        outcomes = [Outcome(s.lease, s.counts, payload(p)) for s, p in leased if s.lease is not None]
        readings = [r for p in predictions for aggregator in self._stages.aggregators for r in aggregator.update(p)]
        await self._guard.results(outcomes, readings)
        self._deliver(readings)

    def _barred(self, seat: Seat) -> dict[Modality, Abstain]:
        who, at_us = seat.participant.id, self._end_us - 1
        answers = {m: self._permissions.barred(who, m, at_us) for m in self._permissions.modalities}
        return {modality: answer for modality, answer in answers.items() if answer is not None}

    def _deliver(self, readings: Iterable[Reading]) -> None:
        for reading in readings:
            for sink in self._stages.sinks:
                sink.deliver(reading)
