"""Reading one track hop by hop: whatever it holds, no further ahead than asked."""

from collections.abc import Callable, Iterable, Iterator
from threading import Lock
from typing import NamedTuple

from countenance.capture.decoding import Counts, Stretch
from countenance.contracts.media import Media, Utterance


class Step(NamedTuple):
    """A little progress of one track."""

    reached_us: int
    """All media of the track before this moment have been given, in this step or earlier."""
    media: tuple[Media, ...] = ()


class TrackReader:
    """Pulls the steps of one track; safe to close while another thread pulls."""

    def __init__(self, steps: Iterator[Step], counts: Counts, close: Callable[[], None] = lambda: None) -> None:
        self.counts = counts
        self.finished = False
        self.reached_us = 0
        self._steps = steps
        self._close = close
        self._held: list[Media] = []
        self._lock = Lock()

    def until(self, end_us: int) -> list[Media]:
        """Media before `end_us` that were not given yet; decodes until it knows that there are no more."""
        with self._lock:
            while not self.finished and self.reached_us < end_us:
                step = next(self._steps, None)
                if step is None:
                    self.finished = True
                else:
                    self._held += step.media
                    self.reached_us = max(self.reached_us, step.reached_us)
            due = [media for media in self._held if media.at_us < end_us]
            self._held = self._held[len(due) :]
            return due

    def close(self) -> None:
        """Stop for good, after the step that is under way."""
        with self._lock:
            self.finished = True
            self._held = []
            self._close()


def words(utterances: Iterable[Utterance], counts: Counts, stretch: Stretch) -> Iterator[Step]:
    """Utterances in the order in which they end; none that reaches out of the time in which it might be read."""
    for said in sorted(utterances, key=lambda said: (said.end_us, said.start_us)):
        begun_early = stretch.since_us is not None and said.start_us < stretch.since_us
        ended_late = stretch.until_us is not None and said.end_us > stretch.until_us
        if not begun_early and not ended_late and said.end_us >= stretch.from_us:
            counts.decoded += 1
            counts.sampled += 1
            yield Step(said.end_us, (said,))
