"""How long each stage takes, call by call of it: noted around the stages, which know nothing of clocks.

Beside it how long after the last packet that it needed an answer was there: of a face its picture, of a voice the end
of its second.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from countenance.capture.faces import Face, Finder, Picture
from countenance.contracts.media import SECOND_US, Box, FaceSample, Sample, SampleSpec, VoiceSample
from countenance.contracts.readings import Observation, Prediction, Reading, Window
from countenance.contracts.stages import Aggregator, Encoder, Fusion

MOST = 5_000
"""Durations of one stage that are kept until somebody asks; beyond it the oldest are forgotten."""


class Timings:
    """What the stages of one worker took since somebody asked last; noted from any thread."""

    def __init__(self, mono_us: Callable[[], int]) -> None:
        self._mono_us = mono_us
        self._took: defaultdict[str, deque[int]] = defaultdict(lambda: deque(maxlen=MOST))

    def note(self, stage: str, took_us: int) -> None:
        """One duration."""
        self._took[stage].append(took_us)

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        """Note how long the block takes, in microseconds."""
        began_us = self._mono_us()
        try:
            yield
        finally:
            self.note(stage, self._mono_us() - began_us)

    def take(self) -> Mapping[str, tuple[int, ...]]:
        """Everything noted since the last time."""
        took = {stage: tuple(noted.popleft() for _ in range(len(noted))) for stage, noted in tuple(self._took.items())}
        return {stage: noted for stage, noted in took.items() if noted}


class TimedFinder:
    """A face finder whose calls are timed."""

    def __init__(self, finder: Finder, timings: Timings) -> None:
        self._finder, self._timings = finder, timings

    def find(self, rgb: Picture) -> tuple[Face, ...]:
        """Faces in one frame."""
        with self._timings.of("detect"):
            return self._finder.find(rgb)

    def near(self, rgb: Picture, box: Box) -> tuple[Face, ...]:
        """Faces around where one was."""
        with self._timings.of("detect"):
            return self._finder.near(rgb, box)


class TimedEncoder:
    """An encoder whose calls are timed."""

    def __init__(self, encoder: Encoder, timings: Timings) -> None:
        self._encoder, self._timings = encoder, timings

    @property
    def takes(self) -> SampleSpec:
        """Which samples it reads."""
        return self._encoder.takes

    def encode(self, samples: Sequence[Sample]) -> Sequence[Observation]:
        """One observation per sample."""
        with self._timings.of("encode"):
            return self._encoder.encode(samples)


class AnsweringEncoder:
    """An encoder of one live call; how late each of its answers comes is noted as `face_answer` or `voice_answer`."""

    def __init__(self, encoder: Encoder, timings: Timings, now_us: Callable[[], int]) -> None:
        """`now_us`: media time of this moment."""
        self._encoder, self._timings, self._now_us = encoder, timings, now_us

    @property
    def takes(self) -> SampleSpec:
        """Which samples it reads."""
        return self._encoder.takes

    def encode(self, samples: Sequence[Sample]) -> Sequence[Observation]:
        """One observation per sample."""
        said = self._encoder.encode(samples)
        now_us = self._now_us()
        for needed_us in _needed_us(samples):
            self._timings.note(f"{self.takes.modality}_answer", max(0, now_us - needed_us))
        return said


def _needed_us(samples: Sequence[Sample]) -> Iterator[int]:
    """When what each answer needs had come; glances at a voice are answered with their second, and words have time."""
    for sample in samples:
        if isinstance(sample, FaceSample):
            yield sample.at_us
        elif isinstance(sample, VoiceSample) and not sample.glance:
            yield -(-sample.end_us // SECOND_US) * SECOND_US


class TimedFusion:
    """A fusion whose calls are timed."""

    def __init__(self, fusion: Fusion, timings: Timings) -> None:
        self._fusion, self._timings = fusion, timings

    def fuse(self, windows: Sequence[Window]) -> Sequence[Prediction]:
        """One prediction per window."""
        with self._timings.of("fuse"):
            return self._fusion.fuse(windows)


class TimedAggregator:
    """An aggregator whose updates are timed."""

    def __init__(self, aggregator: Aggregator, timings: Timings) -> None:
        self._aggregator, self._timings = aggregator, timings
        self.finish = aggregator.finish

    def update(self, prediction: Prediction) -> Sequence[Reading]:
        """Readings due after this prediction."""
        with self._timings.of("aggregate"):
            return self._aggregator.update(prediction)
