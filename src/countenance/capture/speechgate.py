"""Lets the voice of one track through and nothing else: all that a transcriber hears of a call."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from countenance.capture.voiceactivity import FRAME, VoiceActivity
from countenance.contracts.media import SAMPLE_RATE, SECOND_US, AudioChunk

FRAME_US = FRAME * SECOND_US // SAMPLE_RATE
JITTER_US = FRAME_US
"""A chunk so close to the expected place follows the one before."""
LEAD = 15
"""Frames let through from before speech was certain: 300 ms, or words lose their first sounds."""


@dataclass(frozen=True, slots=True)
class Pause:
    """The speaker stopped, or the sound broke off."""

    at_us: int


@dataclass(slots=True)
class SpeechGate:
    """The gate of one track; the size of the chunks changes nothing."""

    track_id: str
    _activity: VoiceActivity = field(default_factory=lambda: VoiceActivity(0))
    _lead: deque[NDArray[np.int16]] = field(default_factory=lambda: deque(maxlen=LEAD))
    _rest: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))
    _rest_us: int | None = None
    """When the sound that does not yet fill a frame begins; None before any sound."""
    _open: bool = False

    def take(self, chunk: AudioChunk) -> Iterator[AudioChunk | Pause]:
        """The voice in it, with a little from before, and a Pause where it ends; silence gives nothing."""
        expected = self._after_us()
        if expected is None or abs(chunk.at_us - expected) > JITTER_US:
            yield from self._begin(chunk.at_us, expected)
        start_us = self._rest_us or 0
        sound = np.concatenate([self._rest, chunk.pcm])
        count = len(sound) // FRAME
        self._rest, self._rest_us = sound[count * FRAME :], start_us + count * FRAME_US
        yield from self._joined(sound[: count * FRAME].reshape(-1, FRAME), start_us)

    def _after_us(self) -> int | None:
        return None if self._rest_us is None else self._rest_us + len(self._rest) * SECOND_US // SAMPLE_RATE

    def _begin(self, at_us: int, broke_us: int | None) -> Iterator[Pause]:
        """Start afresh after a gap: what was open ends where the sound broke off."""
        if self._open:
            yield Pause(broke_us or at_us)
        self._activity, self._open = VoiceActivity(0), False
        self._lead.clear()
        self._rest, self._rest_us = np.zeros(0, np.int16), at_us

    def _joined(self, frames: NDArray[np.int16], start_us: int) -> Iterator[AudioChunk | Pause]:
        """Frames of voice that follow each other, as one chunk."""
        run: list[NDArray[np.int16]] = []
        for index, frame in enumerate(frames):
            end_us = start_us + (index + 1) * FRAME_US
            was_open, self._open = self._open, self._speaking(frame)
            if self._open:
                run += [frame] if was_open else [*self._lead, frame]
                self._lead.clear()
            else:
                if was_open:
                    yield from self._chunk(run, end_us - FRAME_US)
                    run = []
                    yield Pause(end_us - FRAME_US)
                self._lead.append(frame)
        yield from self._chunk(run, start_us + len(frames) * FRAME_US)

    def _speaking(self, frame: NDArray[np.int16]) -> bool:
        self._activity.feed(frame[None])
        self._activity.spans.clear()  # what is finished is of no use here, and a call is long
        return bool(self._activity.spans_so_far())

    def _chunk(self, run: list[NDArray[np.int16]], end_us: int) -> Iterator[AudioChunk]:
        if run:
            yield AudioChunk(self.track_id, end_us - len(run) * FRAME_US, np.concatenate(run))
