"""Log-mel frames of a voice, and what is usual for one speaker; shared by training, capture and the voice encoder."""

import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.media import SAMPLE_RATE, SpeakerBaseline

Floats = NDArray[np.float32]

WINDOW = 400  # samples, 25 ms
HOP = 160  # samples, 10 ms
MELS = 64
FRAMES_PER_SECOND = SAMPLE_RATE // HOP

_FFT = 512
_LOW_HZ, _HIGH_HZ = 50.0, 7_800.0
_FLOOR = 1e-9  # mean power per bin; under the rounding noise of 16-bit sound
_SPEECH_RANGE = 3.0 * math.log(10)  # 30 dB under the loud frames still counts as the voice
_LOUD = 0.95  # this share of the frames is not louder than the loud ones
_SPOKEN_RANGE = 3.3 * math.log(10)
_FADE = 0.6 * math.log(10) / FRAMES_PER_SECOND  # 6 dB a second
_CLIP = 3.0  # normalised frames lie in -3..3, so that the depth of silence says nothing

PRIOR_SECONDS = 3.0  # weight of the prior against what was heard of the speaker
MEMORY_SECONDS = 300.0  # older speech fades behind this much newer speech


def log_mel(samples: Floats) -> Floats:
    """Logarithms of mel band powers, (frames, 64), of 16 kHz mono samples in -1..1; 25 ms windows every 10 ms."""
    count = frame_count(len(samples))
    if count == 0:
        return np.zeros((0, MELS), np.float32)
    wave = np.ascontiguousarray(samples, np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(wave, WINDOW)[::HOP][:count]
    spectrum = np.fft.rfft(windows * _hann(), _FFT)
    power = np.asarray(spectrum.real**2 + spectrum.imag**2, np.float32)
    return np.asarray(np.log(_bands(power) + np.float32(_FLOOR)), np.float32)


def frame_count(samples: int) -> int:
    """How many whole windows fit into so many samples."""
    return 0 if samples < WINDOW else 1 + (samples - WINDOW) // HOP


def levels(frames: Floats) -> Floats:
    """How loud each log-mel frame is: the logarithm of its mean power (n)."""
    return np.asarray(np.log(np.exp(frames).mean(axis=1)))


def speech_frames(frames: Floats) -> NDArray[np.bool_]:
    """Which log-mel frames are within 30 dB of the loud ones: the voice itself, without the gaps between words."""
    return loud_enough(levels(frames))


def loud_enough(level: Floats) -> NDArray[np.bool_]:
    """Which levels are within 30 dB of the loud ones."""
    if len(level) == 0:
        return np.zeros(0, bool)
    ordered, place = np.sort(level), _LOUD * (len(level) - 1)
    below, over = ordered[int(place)], ordered[math.ceil(place)]
    return np.asarray(level >= below + (over - below) * (place - int(place)) - _SPEECH_RANGE)


def spoken_frames(frames: Floats) -> NDArray[np.bool_]:
    """Which log-mel frames are within 33 dB of the loudest so far, which fades by 6 dB a second.

    Nothing is heard ahead: `speech_frames` judges a stretch as a whole; this judges every frame by what came before it.
    """
    return loud_so_far(levels(frames))


def loud_so_far(level: Floats) -> NDArray[np.bool_]:
    """Which levels are within 33 dB of the loudest before them, which fades."""
    if len(level) == 0:
        return np.zeros(0, bool)
    fade = np.arange(len(level)) * _FADE
    return np.asarray(level >= np.maximum.accumulate(level + fade) - fade - _SPOKEN_RANGE)


@dataclass(frozen=True, slots=True)
class SpeakerPrior:
    """What is usual for speech of nobody in particular, from the training data: mean and variance of each mel band."""

    mean: tuple[float, ...]
    variance: tuple[float, ...]


def unheard() -> SpeakerBaseline:
    """The baseline of a speaker of whom nothing was heard yet."""
    return SpeakerBaseline(np.zeros(MELS, np.float32), np.ones(MELS, np.float32), 0.0)


def updated(baseline: SpeakerBaseline, frames: Floats) -> SpeakerBaseline:
    """The baseline after hearing more log-mel frames of the same voice, (n, 64)."""
    if len(frames) == 0:
        return baseline
    mean, variance = frames.mean(axis=0, dtype=np.float64), frames.var(axis=0, dtype=np.float64)
    seconds = len(frames) / FRAMES_PER_SECOND
    share = seconds / (baseline.seconds + seconds)
    both = baseline.mean + share * (mean - baseline.mean)
    within = (1 - share) * baseline.variance + share * variance
    between = (1 - share) * (baseline.mean - both) ** 2 + share * (mean - both) ** 2
    total = min(baseline.seconds + seconds, MEMORY_SECONDS)
    moved = both.astype(np.float32), (within + between).astype(np.float32)
    return replace(baseline, mean=moved[0], variance=moved[1], seconds=total)


def normalised(frames: Floats, baseline: SpeakerBaseline, prior: SpeakerPrior) -> Floats:
    """Log-mel frames in units of the speaker's own spread, -3..3; the prior weighs as much as 3 s of voice.

    The prior says nothing of loudness, a matter of the microphone: it is moved to the speaker's own level first.
    """
    mean, variance = np.asarray(prior.mean, np.float32), np.asarray(prior.variance, np.float32)
    if baseline.seconds:
        moved = mean + (baseline.mean - mean).mean()
        share = baseline.seconds / (baseline.seconds + PRIOR_SECONDS)
        mean = share * baseline.mean + (1 - share) * moved
        variance = share * baseline.variance + (1 - share) * variance
    scaled = (frames - mean) / np.sqrt(variance + 1e-3)
    return np.asarray(np.clip(scaled, -_CLIP, _CLIP), np.float32)


@cache
def _hann() -> Floats:
    window: Floats = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    return window


def _bands(power: Floats) -> Floats:
    """Powers of the 257 bins gathered into 64 mel bands, each a weighted mean.

    Every bin lies on the rising side of one triangle and the falling side of the one below, so two sums over the 65
    pieces between edges do. A matrix product would wake the threads of the algebra library for a millisecond's work.
    """
    starts, rising, falling, weight = _triangles()
    inside = power[:, starts[0] : starts[-1]]
    pieces = starts[:-1] - starts[0]
    up = np.add.reduceat(inside * rising, pieces, axis=1)[:, :-1]
    down = np.add.reduceat(inside * falling, pieces, axis=1)[:, 1:]
    return (up + down) * weight


@cache
def _triangles() -> tuple[NDArray[np.intp], Floats, Floats, Floats]:
    """Edges as bins (66), weights of each bin on the rising and the falling side, 1 / sum of weights per band."""
    hertz = 700.0 * (10.0 ** (np.linspace(_mel(_LOW_HZ), _mel(_HIGH_HZ), MELS + 2) / 2595.0) - 1.0)
    bins = np.arange(_FFT // 2 + 1) * (SAMPLE_RATE / _FFT)
    starts = np.searchsorted(bins, hertz)
    piece = np.repeat(np.arange(MELS + 1), np.diff(starts))
    rising = (bins[starts[0] : starts[-1]] - hertz[piece]) / np.diff(hertz)[piece]
    sums = np.bincount(piece, rising)[:-1] + np.bincount(piece, 1.0 - rising)[1:]
    return starts, rising.astype(np.float32), (1.0 - rising).astype(np.float32), (1.0 / sums).astype(np.float32)


def _mel(hertz: float) -> float:
    """The scale of O'Shaughnessy (1987)."""
    return 2595.0 * math.log10(1.0 + hertz / 700.0)
