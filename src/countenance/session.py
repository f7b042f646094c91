"""One call, from joining to hanging up: windows are opened, filled and closed.

A window is one second of one participant. It opens with a lease, takes media, and closes with samples, observations, a
prediction, a result entry and readings. What may be read is asked anew at every opening and at every change of consent.
"""

import asyncio
from typing import Protocol

from countenance.closing import Closing, Stages
from countenance.contracts.call import Modality
from countenance.contracts.media import SECOND_US, Media, Reached, Utterance
from countenance.contracts.stages import Tap
from countenance.contracts.trust import Consent
from countenance.fusion.windowing import Windower
from countenance.permission import Guard, Permissions
from countenance.seats import Opened, Seat
from countenance.subscriptions import Subscriptions


class Listener(Protocol):
    """Who hears of what happens beside the readings."""

    def on_window(self, end_us: int) -> None:
        """A window was analysed up to this time."""
        ...

    def on_consent(self, consent: Consent) -> None:
        """A person changed an answer during the call."""
        ...

    def on_words(self, said: Utterance) -> None:
        """Words of somebody were taken up under their lease."""
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
        self._subscriptions = Subscriptions(permissions)
        self._closing = Closing(permissions, stages, guard, beside=on_arrival)
        self._seat()

    async def run(self, tap: Tap, end_us: int) -> None:
        """Read the call up to `end_us`, or to the end of its media if that is later."""
        try:
            await self._read(tap, end_us)
        finally:
            await self._closing.settle()
        await self._closing.end(self.seats.values(), self._span_us)

    async def stop(self, tap: Tap, participant_id: str, modality: Modality) -> None:
        """A no that has just come, and that the guard knows of; a lease asked for after it may end it."""
        seat = self.seats.get(participant_id)
        if seat is not None and modality in seat.samplers:
            seat.drop(modality)
        await self._subscriptions.stop(tap, participant_id, modality)
        if seat is not None and seat.reading is not None:
            await asyncio.wait([seat.reading])  # whatever of theirs was being read a moment ago

    @property
    def _end_us(self) -> int:
        return self._start_us + SECOND_US

    @property
    def _span_us(self) -> tuple[int, int]:
        return self._start_us, self._end_us

    async def _read(self, tap: Tap, end_us: int) -> None:
        await self._grant(tap)
        while True:
            async for media in tap.media():
                while media.at_us >= self._end_us:
                    await self._turn(tap)
                await self._follow(tap, max(self._now_us, media.at_us))  # a sound began before it is whole
                if not isinstance(media, Reached):
                    self._take(media)
                    end_us = max(end_us, media.at_us + 1)
            if self._start_us >= end_us:
                return
            await self._turn(tap)  # nothing is subscribed now, or the media are over: time goes on

    def _seat(self) -> None:
        """A place for everyone of whom law and charter allow anything; on a live call people come later."""
        for person in self._permissions.call.participants:
            if person.id not in self.seats and self._permissions.allowed(person.id):
                self.seats[person.id] = Seat(
                    person, self._stages.samplers(person), Windower(person.id), Opened(*self._span_us)
                )

    async def _turn(self, tap: Tap) -> None:
        """Close the open window and open the next."""
        await self._follow(tap, self._end_us - 1)
        if self._start_us < self._resume_us:
            self._pass_over()
        else:
            await self._closing.close(self.seats.values(), self._span_us)
        self._start_us = self._end_us
        for seat in self.seats.values():
            seat.open = Opened(*self._span_us)
        await self._follow(tap, self._start_us)
        if self._start_us > self._resume_us:
            self._listener.on_window(self._start_us)
        await self._grant(tap)

    async def _follow(self, tap: Tap, at_us: int) -> None:
        """Make subscriptions, queues and open windows obey what is permitted at this moment."""
        changes = self._permissions.register.changes_between(self._now_us, at_us)
        self._now_us = at_us
        if not changes and self._subscriptions.stand(tap):
            return
        for consent in changes:
            if consent.at_us > self._resume_us:
                self._guard.answered(consent)
                self._listener.on_consent(consent)
        self._seat()
        for track in await self._subscriptions.follow(tap, at_us):
            self.seats[track.participant_id].drop(track.modality)

    async def _grant(self, tap: Tap) -> None:
        """One durable lease per participant before anything of the window is decoded or read."""
        if self._start_us >= self._resume_us:
            given = {lease.participant_id: lease for lease in await self._guard.grant(*self._span_us)}
            for seat in self.seats.values():
                seat.open.lease = given.get(seat.participant.id)
                for modality in seat.open.covered:
                    if seat.open.may_read(modality, self._guard):
                        self._subscriptions.lift(seat.participant.id, modality)
            covered = {(one.participant_id, modality) for one in given.values() for modality in one.modalities}
            self._subscriptions.lease(covered)
        await self._follow(tap, self._start_us)

    def _take(self, media: Media) -> None:
        track = self._subscriptions.get(media.track_id)
        if track is None:
            return
        seat, modality = self.seats[track.participant_id], track.modality
        if self._start_us >= self._resume_us and modality not in seat.open.covered:
            return  # no later lease makes it readable
        seat.samplers[modality].take(media)
        if isinstance(media, Utterance):
            self._listener.on_words(media)
        if self._on_arrival:
            seat.read_ready(modality, self._guard, self._stages.encoders)

    def read_waiting(self) -> None:
        """Leases have come: read what came a moment before them and need not wait for the end of its window."""
        for seat in self.seats.values():
            for modality in seat.open.covered:
                seat.read_ready(modality, self._guard, self._stages.encoders)

    def _pass_over(self) -> None:
        for seat in self.seats.values():
            for modality in self._permissions.readable(seat.participant.id, self._end_us - 1):
                seat.samplers[modality].skip(self._start_us, self._end_us)
