"""Which 20 ms frames of one track hold speech: WebRTC's detector, a level gate above the noise, onset and hangover."""

import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from countenance.contracts.media import SAMPLE_RATE

FRAME = 320  # samples, 20 ms

_MODE = 1  # of 0..3; higher takes less for speech
_SILENT_DB = -66.0  # below this level, re full scale, nothing is speech
_ABOVE_NOISE_DB = 6.0
_NOISE_FRAMES = 150  # the noise floor is the quietest of the last 3 s: speech has gaps, noise has none
_NOISE_RANGE_DB = (-72.0, -28.0)
_ONSET, _ONSET_OF = 5, 8  # speech begins when 5 of 8 frames say so
HANGOVER = 15  # and ends after 300 ms without any


@dataclass(slots=True)
class VoiceActivity:
    """The detector of one track; frames come in order, without gaps."""

    history: int
    """How many frames `speech` and `levels` look back."""
    spans: list[tuple[int, int]] = field(default_factory=list)
    """Finished stretches of speech, half open, in frames since the first."""
    _vad: webrtcvad.Vad = field(default_factory=lambda: webrtcvad.Vad(_MODE))
    _count: int = 0
    _open: int | None = None
    _last: int = 0
    _noise_db: float = _NOISE_RANGE_DB[0]
    _lately: deque[float] = field(default_factory=lambda: deque(maxlen=_NOISE_FRAMES))
    _raw: deque[bool] = field(default_factory=lambda: deque(maxlen=_ONSET_OF))
    _speech: deque[bool] = field(default_factory=deque)
    _levels: deque[float] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._speech = deque([False] * self.history, maxlen=self.history)
        self._levels = deque([math.nan] * self.history, maxlen=self.history)

    def feed(self, frames: NDArray[np.int16]) -> None:
        """Hear more frames, n x 320 samples of 16 kHz mono."""
        for frame, level in zip(frames, levels_db(frames).tolist(), strict=True):
            self._hear(frame, level)

    @property
    def speech(self) -> NDArray[np.bool_]:
        """Which of the last frames hold speech."""
        return np.array(self._speech)

    @property
    def levels(self) -> NDArray[np.float64]:
        """Levels of the last frames in dB re full scale; not a number before the first."""
        return np.array(self._levels)

    @property
    def noise_db(self) -> float:
        """The noise floor as it is followed now."""
        return self._noise_db

    def spans_so_far(self) -> list[tuple[int, int]]:
        """Finished stretches and the one still open, up to its last frame of speech."""
        return self.spans if self._open is None else [*self.spans, (self._open, self._last + 1)]

    def _hear(self, frame: NDArray[np.int16], level: float) -> None:
        low, high = _NOISE_RANGE_DB
        self._lately.append(level)
        self._noise_db = min(max(min(self._lately), low), high)
        loud = level > max(_SILENT_DB, self._noise_db + _ABOVE_NOISE_DB)
        # The detector adapts to what it hears, so it hears every frame, loud or not.
        spoken = bool(self._vad.is_speech(frame.tobytes(), SAMPLE_RATE)) and loud
        self._raw.append(spoken)
        self._levels.append(level)
        self._speech.append(spoken and self._open is not None)
        if self._open is None and sum(self._raw) >= _ONSET:
            self._begin()
        elif self._open is not None and spoken:
            self._last = self._count
        elif self._open is not None and self._count - self._last >= HANGOVER:
            self.spans.append((self._open, self._last + 1))
            self._open = None
            self._raw.clear()
        self._count += 1

    def _begin(self) -> None:
        """Speech is certain now; it began with the first of the frames that said so."""
        first = len(self._raw) - 1 - list(self._raw).index(True)
        self._open, self._last = self._count - first, self._count
        for back, spoken in enumerate(reversed(self._raw)):
            if back < self.history:
                self._speech[-1 - back] = spoken


def levels_db(frames: NDArray[np.int16]) -> NDArray[np.float64]:
    """Level of each frame in dB re full scale; digital silence is -120 dB."""
    power = (frames.astype(np.int64) ** 2).sum(axis=1) / (frames.shape[1] * 32768.0**2)
    return np.asarray(10.0 * np.log10(power + 1e-12))
