"""Media of a live call in order of time: each subscribed track fills a lane, and a watermark says what may be given.

Nothing here calls a clock or waits: whoever drives the mixer says what time it is.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from threading import Lock

from countenance.capture.sampling import Grid, Sampler
from countenance.contracts.call import Track, TrackKind
from countenance.contracts.media import AudioChunk, Media, Reached, Utterance, whole_us

PATIENCE_US = 300_000
"""Media are waited for no longer than this; what comes later is late."""
TOLD_EVERY_US = 100_000
"""How far time goes between two `Reached`; windows end on multiples of it, so none waits for the next."""
MOST_WAITING = {TrackKind.VIDEO: 4, TrackKind.AUDIO: 50, TrackKind.TEXT: 200}
"""Pieces that wait in a lane; when one more comes, the oldest goes."""


class Lane:
    """Where a source puts what it decodes of one track; any thread may call it, and once closed it takes nothing."""

    def __init__(self, track: Track, since_us: int, counts: Counter[str], sampler: Sampler, mixer: "Mixer") -> None:
        self.track = track
        self.since_us = since_us
        self.reached_us = since_us
        self.waiting: deque[Media] = deque()
        self.closed = False
        self.counts = counts
        self._sampler = sampler
        self._mixer = mixer

    def decoded(self, count: int = 1) -> None:
        """Say that so many frames of this track left the decoder, given or not."""
        self.counts["decoded"] += count

    def due(self, at_us: int) -> bool:
        """Whether a picture of this time is wanted: only such a one is worth converting and putting."""
        return self._mixer.due(self, self._sampler, at_us)

    def put(self, media: Media) -> None:
        """Give a piece of media; a track's pieces come in order of time."""
        self._mixer.put(self, media)

    def reach(self, at_us: int) -> None:
        """Say that nothing will come that was whole before this time, where a source knows without giving media."""
        self._mixer.reach(self, at_us)

    def drop(self, reason: str, count: int = 1) -> None:
        """Say that so many pieces were left out by the source, and why."""
        self.counts[reason] += count


class Mixer:
    """Lanes merged by media time; counts what it leaves out, by reason, over all subscriptions of a track."""

    def __init__(self, grid: Grid, wake: Callable[[], None] = lambda: None) -> None:
        """`wake` is called, under a lock and from any thread, when there may be something to give."""
        self.counts: dict[str, Counter[str]] = {}
        self._grid, self._wake = grid, wake
        self._lanes: dict[str, Lane] = {}
        self._lock = Lock()
        self._floor_us, self._told_us = 0, -1
        self._patience_us, self._over = PATIENCE_US, False

    def open(self, track: Track, since_us: int) -> Lane:
        """A lane for a track that is subscribed as of `since_us`."""
        with self._lock:
            counts = self.counts.setdefault(track.id, Counter())
            lane = Lane(track, max(since_us, self._floor_us), counts, Sampler(self._grid), self)
            self._lanes[track.id] = lane
            return lane

    def close(self, track_id: str) -> Lane | None:
        """Take and give nothing more of a track, from this moment; None for one that is not open."""
        with self._lock:
            lane = self._lanes.pop(track_id, None)
            if lane is not None:
                lane.closed = True
                lane.waiting.clear()
            return lane

    def opened(self) -> tuple[Track, ...]:
        """The tracks whose lanes are open."""
        with self._lock:
            return tuple(lane.track for lane in self._lanes.values())

    def finish(self) -> None:
        """The call is over: nobody waits for anything any more."""
        self._patience_us, self._over = 0, True

    def take(self, now_us: int, slack_us: int = 0) -> Media | Reached | None:
        """The next piece in order of time, or how far time has come; None when both must wait.

        `slack_us`: how much longer than usual a lane that is behind is waited for.
        """
        with self._lock:
            until_us = self._watermark(now_us, now_us - self._patience_us - slack_us)
            head = _earliest(self._lanes.values())
            if head is not None and (self._over or whole_us(head.waiting[0]) <= until_us):
                media = head.waiting.popleft()
                self._floor_us = max(self._floor_us, whole_us(media))
                head.counts["given"] += 1
                return media
            if until_us // TOLD_EVERY_US > self._told_us // TOLD_EVERY_US:
                self._told_us = self._floor_us = until_us
                return Reached(until_us)
            return None

    def due(self, lane: Lane, sampler: Sampler, at_us: int) -> bool:
        """Whether a picture of this time opens a slot of the grid; time has come this far in any case."""
        with self._lock:
            reason = self._refusal(lane, at_us, over=at_us < self._floor_us)
            if reason is None:
                self._move(lane, at_us)
                reason = None if sampler.due(at_us) else "not_due"
            if reason is not None:
                lane.counts[reason] += 1
            return reason is None

    def put(self, lane: Lane, media: Media) -> None:
        """Queue a piece, unless its time is over."""
        with self._lock:
            if isinstance(media, Utterance):
                media = self._known_now(media)
            reason = self._refusal(lane, media.at_us, over=order(media) < (self._floor_us, 1))
            if reason is not None:
                lane.counts[reason] += 1
                return
            if len(lane.waiting) >= MOST_WAITING[lane.track.kind]:
                lane.waiting.popleft()
                lane.counts["overrun"] += 1
            lane.waiting.append(media)
            self._move(lane, whole_us(media))
            self._wake()

    def reach(self, lane: Lane, at_us: int) -> None:
        """Note that a lane has come to a time without media."""
        with self._lock:
            self._move(lane, at_us)

    def _move(self, lane: Lane, at_us: int) -> None:
        waits = any(one.waiting for one in self._lanes.values())
        if waits or at_us // TOLD_EVERY_US > lane.reached_us // TOLD_EVERY_US:
            self._wake()
        lane.reached_us = max(lane.reached_us, at_us)

    def _refusal(self, lane: Lane, at_us: int, *, over: bool) -> str | None:
        """Why a piece cannot be taken any more, or not yet; `over`: what follows it was given."""
        if lane.closed:
            return "closed"
        if at_us < lane.since_us:
            return "early"
        return "late" if over or (lane.waiting and at_us < lane.waiting[-1].at_us) else None

    def _known_now(self, said: Utterance) -> Utterance:
        """Words count from when they are known: whoever writes them down needs longer than anybody waits."""
        return replace(said, known_us=self._floor_us) if said.at_us < self._floor_us else said

    def _watermark(self, now_us: int, patient_us: int) -> int:
        """Up to here nothing more is expected: what all lanes have reached, or what was waited for long enough.

        Words hold nobody up.
        """
        lanes = (lane for lane in self._lanes.values() if lane.track.kind is not TrackKind.TEXT)
        reached_us = min((lane.reached_us for lane in lanes), default=now_us)
        return max(self._floor_us, min(now_us, max(reached_us, patient_us)))


def _earliest(lanes: Iterable[Lane]) -> Lane | None:
    """The lane whose next piece comes first; ties go by name, so that equal media give equal order."""
    waiting = [lane for lane in lanes if lane.waiting]
    return min(waiting, key=lambda lane: (*order(lane.waiting[0]), lane.track.id), default=None)


def order(media: Media) -> tuple[int, int]:
    """By what pieces of different tracks follow each other: sound that ends with a window comes before what follows."""
    return whole_us(media), not isinstance(media, AudioChunk)
