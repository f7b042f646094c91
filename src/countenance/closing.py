"""Windows that are over: what is left of them is read, fused, named and made durable, one window after the other."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from countenance.audit.outcome import Outcome, payload
from countenance.contracts.call import Modality, Participant
from countenance.contracts.readings import Abstain, Reading
from countenance.contracts.stages import Aggregator, Encoder, Fusion, Sampler, Sink
from countenance.permission import Guard, Permissions
from countenance.seats import Opened, Seat

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Stages:
    """The replaceable parts of a call."""

    samplers: Callable[[Participant], Mapping[Modality, Sampler]]
    encoders: Sequence[Encoder]
    fusion: Fusion
    aggregators: Sequence[Aggregator]
    sinks: Sequence[Sink]


class Closing:
    """Closes the windows of one call; with `beside` the next one goes on meanwhile."""

    def __init__(self, permissions: Permissions, stages: Stages, guard: Guard, *, beside: bool) -> None:
        self._permissions, self._stages, self._guard, self._beside = permissions, stages, guard, beside
        self._under_way: asyncio.Task[None] | None = None

    async def close(self, seats: Iterable[Seat], span_us: Span) -> None:
        """Begin with a window when the one before is told of."""
        await self.settle()
        windows = [(seat, seat.open) for seat in seats]
        if self._beside:  # the queues are about to take in what belongs to the next window
            for seat, window in windows:
                seat.cut(window, self._guard, self._barred(seat, window))
        self._under_way = asyncio.create_task(self._close(windows, span_us))
        if not self._beside:
            await self.settle()

    async def settle(self) -> None:
        """Wait until the last window is told of."""
        if self._under_way is not None:
            await self._under_way

    async def end(self, leases_of: Iterable[Seat], span_us: Span) -> None:
        """The call is over: what the aggregators still have to say, and leases under which nothing was read."""
        readings = [reading for aggregator in self._stages.aggregators for reading in aggregator.finish()]
        await self._guard.results((), readings, span_us)
        for seat in leases_of:
            if seat.open.lease is not None:
                await self._guard.close(seat.open.lease, "hang_up")
        self._deliver(readings)

    async def _close(self, windows: Sequence[tuple[Seat, Opened]], span_us: Span) -> None:
        for seat, window in windows:
            seat.reading = asyncio.create_task(asyncio.to_thread(self._read, seat, window))
        await asyncio.gather(*(seat.reading for seat, _ in windows if seat.reading is not None))
        whole = [seat.close(window, self._barred(seat, window)) for seat, window in windows]
        predictions = self._stages.fusion.fuse(whole)
        told = zip((window for _, window in windows), predictions, strict=True)
        outcomes = [Outcome(w.lease, w.counts, payload(p)) for w, p in told if w.lease is not None]
        readings = [r for p in predictions for aggregator in self._stages.aggregators for r in aggregator.update(p)]
        await self._guard.results(outcomes, readings, span_us)
        self._deliver(readings)

    def _read(self, seat: Seat, window: Opened) -> None:
        if not self._beside:
            seat.cut(window, self._guard, self._barred(seat, window))
        window.read_cut(self._stages.encoders, self._guard)

    def _barred(self, seat: Seat, window: Opened) -> dict[Modality, Abstain]:
        who, at_us = seat.participant.id, window.end_us - 1
        answers = {m: self._permissions.barred(who, m, at_us) for m in self._permissions.modalities}
        return {modality: answer for modality, answer in answers.items() if answer is not None}

    def _deliver(self, readings: Iterable[Reading]) -> None:
        for reading in readings:
            for sink in self._stages.sinks:
                sink.deliver(reading)
