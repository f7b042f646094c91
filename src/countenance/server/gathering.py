"""What workers say of themselves, as metrics: media by kind and reason, model calls, how long things took."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from countenance.contracts.call import MODALITY_OF, TrackKind
from countenance.contracts.clock import Clock
from countenance.contracts.readings import Signal
from countenance.link.logs import extra
from countenance.link.messages import Ask, Closed, Done, Left, Load, Message
from countenance.server.metrics import Metrics
from countenance.server.process import Owner, Worker
from countenance.server.workers import Offer, Pool

log = logging.getLogger("countenance.server")

TAKEN = frozenset({"decoded", "given"})
"""Counts of a track that are no reason for leaving something out."""
REASONS = frozenset({"no_consent", "late", "overload", "quality", "overrun", "lost", "malformed", "broken", "no_key"})
OTHER = "other"
LOOK_S = 1.0
MINUTES = 60
"""Of an hour."""


class Gathering:
    """Adds up what comes in: a counter of a track that is gone stays counted."""

    def __init__(self, metrics: Metrics, clock: Clock, usd_per_core_hour: float | None = None) -> None:
        self._metrics = metrics
        self._usd_per_core_hour = usd_per_core_hour
        self._counted: dict[int, Load] = {}
        self._clock = clock
        self._seen: dict[tuple[str, str, str], int] = {}
        self._windows: Counter[str] = Counter()
        self._fell = 0, 0
        self._workers = 0

    def look(self, loads: Iterable[Load]) -> None:
        """Take what each worker said last."""
        seen: dict[tuple[str, str, str], int] = {}
        taken = tuple(loads)
        self._cost(sum(load.cpu_share for load in taken))
        for number in range(len(taken), self._workers):
            self._metrics.worker_load.remove(str(number))
        self._workers = len(taken)
        for number, load in enumerate(taken):
            self._metrics.worker_load.labels(str(number)).set(load.cpu_share)
            self._timed(number, load)
            for call_id, table in load.calls.items():
                for track, counts in table.get("tracks", {}).items():
                    seen.update({(call_id, track, what): int(n) for what, n in counts.items()})
        for key, count in seen.items():
            # A worker that took a call over begins to count anew.
            before = self._seen.get(key, 0)
            self._more(key[1], key[2], count - before if count >= before else count)
        self._seen = seen

    def fell(self, deaths: int, given_up: int) -> None:
        """So many workers have died since the start, and so many calls are read no more because of it."""
        self._metrics.worker_deaths.inc(deaths - self._fell[0])
        self._metrics.unreadable.inc(given_up - self._fell[1])
        self._fell = deaths, given_up

    def ran(self, counts: Mapping[str, int]) -> None:
        """Model calls under one lease."""
        self._metrics.inference.inc(sum(counts.values()))

    def said(self, done: Done) -> None:
        """A window is out: how long after its last packet, and what could not be said."""
        now_us = self._clock.mono_us()
        for packet_us in done.packet_mono_us.values():
            self._metrics.event_latency.observe(max(0, now_us - packet_us) / 1e6)
        for reading in done.readings:
            if isinstance(reading, Signal):
                self._windows["all"] += 1
                if reading.abstain is not None:
                    self._windows[str(reading.abstain.reason)] += 1
        for reason in self._windows.keys() - {"all"}:
            self._metrics.abstain_ratio.labels(reason).set(self._windows[reason] / self._windows["all"])

    def took(self, stage: str, began_us: int) -> None:
        """A stage ended that began at this monotonic time."""
        self._metrics.inference_latency.labels(stage).observe((self._clock.mono_us() - began_us) / 1e6)

    def now_us(self) -> int:
        """Monotonic time."""
        return self._clock.mono_us()

    def _cost(self, cores: float) -> None:
        if self._metrics.cost is not None and self._usd_per_core_hour is not None:
            self._metrics.cost.set(cores * self._usd_per_core_hour / MINUTES)

    def _timed(self, number: int, load: Load) -> None:
        """What the stages took; a worker that has said nothing since is not counted twice."""
        if self._counted.get(number) is not load:
            self._counted[number] = load
            for stage, took in load.stage_us.items():
                for one_us in took:
                    self._metrics.inference_latency.labels(stage).observe(one_us / 1e6)

    def _more(self, track: str, what: str, count: int) -> None:
        if what == "decoded":
            kind = track.rpartition("/")[2].partition(".")[0]
            modality = MODALITY_OF[TrackKind(kind)] if kind in tuple(TrackKind) else OTHER
            self._metrics.decoded_frames.labels(modality).inc(count)
        elif what not in TAKEN:
            self._metrics.frames_dropped.labels(what if what in REASONS else OTHER).inc(count)


class Overheard:
    """The owner of a call, and what its worker tells it."""

    def __init__(self, owner: Owner, gathering: Gathering) -> None:
        self._owner = owner
        self._gathering = gathering

    async def hear(self, message: Ask | Done | Closed | Left) -> Message:
        """Pass it on; what it says is counted once it is durable."""
        began_us = self._gathering.now_us()
        answer = await self._owner.hear(message)
        if isinstance(message, Ask | Done):
            self._gathering.took("audit", began_us)
        if isinstance(message, Done):
            self._gathering.said(message)
            for one in message.finished:
                self._gathering.ran(one.counts)
        elif isinstance(message, Closed):
            self._gathering.ran(message.counts)
        return answer

    async def lost(self, call_id: str) -> None:
        """Pass it on."""
        await self._owner.lost(call_id)


@dataclass(slots=True)
class MeasuredPool(Pool):
    """Workers whose words are counted as they pass."""

    gathering: Gathering | None = None
    most_bytes: int = 0
    """A worker that takes more memory is ended, and replaced like one that died; 0: none is."""

    async def looking(self) -> None:
        """Take what the workers say of themselves, once a second, for as long as this runs."""
        while self.gathering is not None:
            self.gathering.look([worker.load for worker in self.reading])
            self.gathering.fell(self.restarts, self.places.given_up)
            self._end_the_swollen()
            await asyncio.sleep(LOOK_S)

    def _end_the_swollen(self) -> None:
        for worker in self.everyone:
            if 0 < self.most_bytes < worker.load.rss_bytes and worker.process.returncode is None:
                log.error("a worker takes too much memory", extra=extra(pid=worker.process.pid))
                worker.process.kill()

    async def host(self, call_id: str, offer: Offer, owner: Owner, *, patient: bool = False) -> Worker:
        """Place a call on the worker with the least to do."""
        heard = owner if self.gathering is None else Overheard(owner, self.gathering)
        # Slots make the class anew, and `super()` without words would look in the old one.
        return await Pool.host(self, call_id, offer, heard, patient=patient)
