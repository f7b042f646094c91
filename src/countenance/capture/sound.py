"""The sound of one recorded file as 16 kHz mono, in pieces that fit media time."""

from collections.abc import Iterator

import av
import numpy as np
from numpy.typing import NDArray

from countenance.capture.clocks import SoundClock
from countenance.capture.decoding import StreamDecoder, Stretch
from countenance.capture.reading import Step
from countenance.capture.recording import SOUND_RATES
from countenance.contracts.media import SAMPLE_RATE, SECOND_US, AudioChunk

PIECE = SAMPLE_RATE // 10
"""Samples per piece; pieces are cut at full tenths of a second of media time."""
LONGEST_FILL = SAMPLE_RATE
"""A gap of at most so many samples is filled with silence; in a longer one there are no pieces."""


def sound(decoder: StreamDecoder, track_id: str, stretch: Stretch) -> Iterator[Step]:
    """Sound of a track, whatever its rate and layout."""
    counts, clock = decoder.counts, SoundClock(decoder.recording.duration_us)
    tuner, pieces = Tuner(), Pieces(track_id, stretch.first_us)
    for frame in decoder.frames():
        assert isinstance(frame, av.AudioFrame)
        if frame.samples <= 0 or frame.sample_rate not in SOUND_RATES:
            counts.bad_packets += 1
            continue
        gaps = clock.gaps
        at_us = clock.place(decoder.file_us(frame), frame.samples, frame.sample_rate)
        counts.repaired, counts.gaps = clock.repaired, clock.gaps
        if at_us is None:
            counts.dropped += 1
            continue
        if clock.gaps > gaps or not tuner.fits(frame) or pieces.is_new:
            pieces.add(tuner.rest())
            pieces.go_to(index_of(at_us + stretch.offset_us))
        try:
            pieces.add(tuner.tune(frame))
        except av.error.FFmpegError:
            counts.bad_packets += 1
        yield _step(pieces, decoder)
    pieces.add(tuner.rest())
    pieces.end()
    yield _step(pieces, decoder)
    decoder.finish(pieces.reached_us - stretch.offset_us)


def _step(pieces: "Pieces", decoder: StreamDecoder) -> Step:
    ready = pieces.take()
    decoder.counts.sampled += len(ready)
    return Step(pieces.reached_us, ready)


def index_of(at_us: int) -> int:
    """The sample of the call nearest to a moment, of the even ones: those fall on whole microseconds."""
    return round(at_us * SAMPLE_RATE / (2 * SECOND_US)) * 2


def moment_us(index: int) -> int:
    """When a sample of the call is heard."""
    return index * SECOND_US // SAMPLE_RATE


class Tuner:
    """Any rate and layout to 16 kHz mono; begins anew when the form of the sound changes."""

    def __init__(self) -> None:
        self._resampler: av.AudioResampler | None = None
        self._form: tuple[str, str, int] | None = None

    def fits(self, frame: av.AudioFrame) -> bool:
        """Whether the frame has the form of the one before."""
        return self._form == _form(frame)

    def tune(self, frame: av.AudioFrame) -> list[NDArray[np.int16]]:
        """What this frame adds."""
        # Kept only once it has taken a frame: layouts exist that it refuses.
        resampler = self._resampler or av.AudioResampler("s16", "mono", SAMPLE_RATE)
        form, frame.pts = _form(frame), None
        tuned = [out.to_ndarray()[0] for out in resampler.resample(frame)]
        self._resampler, self._form = resampler, form
        return tuned

    def rest(self) -> list[NDArray[np.int16]]:
        """What is still inside; the next frame begins a new run."""
        if self._resampler is None:
            return []
        # Asked for its rest, a resampler that had nothing to change gives None.
        rest = [out.to_ndarray()[0] for out in self._resampler.resample(None) if out is not None]
        self._resampler = None
        return rest


def _form(frame: av.AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


class Pieces:
    """Gathers samples at their place in the call and cuts them on the grid of tenths of a second."""

    def __init__(self, track_id: str, from_us: int, longest_fill: int = LONGEST_FILL) -> None:
        self._track_id, self._longest_fill = track_id, longest_fill
        self._from = -(-from_us * SAMPLE_RATE // (2 * SECOND_US)) * 2
        self._begin = 0
        self._samples: NDArray[np.int16] = np.zeros(0, np.int16)
        self._ready: list[AudioChunk] = []
        self.is_new = True

    @property
    def reached_us(self) -> int:
        """Every piece that begins before this is ready."""
        return moment_us(self._begin)

    @property
    def end_index(self) -> int:
        """The sample of the call after the last that was added."""
        return self._begin + len(self._samples)

    def go_to(self, index: int) -> None:
        """Sound goes on at this sample: silence fills a short gap, a long one ends the piece."""
        gap = index - self.end_index
        if self.is_new or gap > self._longest_fill:
            self.end()
            self._begin, self.is_new = index, False
        elif gap > 0:
            self.add([np.zeros(gap, np.int16)])

    def add(self, runs: list[NDArray[np.int16]]) -> None:
        """Append samples and cut off what is complete."""
        if not runs:
            return
        self._samples = np.concatenate([self._samples, *runs])
        while (cut := PIECE - self._begin % PIECE) <= len(self._samples):
            self._cut(cut)

    def end(self) -> None:
        """What there is becomes a piece, however short."""
        if len(self._samples):
            self._cut(len(self._samples))

    def take(self) -> tuple[AudioChunk, ...]:
        """Pieces that became ready."""
        ready, self._ready = tuple(self._ready), []
        return ready

    def _cut(self, length: int) -> None:
        pcm, early = self._samples[:length], max(0, min(length, self._from - self._begin))
        if early < length:
            wanted = pcm[early:].copy()
            wanted.setflags(write=False)
            self._ready.append(AudioChunk(self._track_id, moment_us(self._begin + early), wanted))
        self._begin += length
        self._samples = self._samples[length:]
