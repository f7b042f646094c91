"""Statistics of a few seconds of voice, relative to the same speaker: pitch, level, timbre and how they move.

They say little about which words were said, so they carry over to other sentences and languages better than the frames.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from countenance.inference.logmel import MELS

Floats = NDArray[np.float32]

CEPSTRA, BANDS = 13, 16
_PITCHED = 20
_LAGS = (1, 4, 12)  # frames of 10 ms, over which level and timbre move
_BEATS_HZ = ((1, 3), (3, 6), (6, 12), (12, 25))  # of the level: phrases, syllables, sounds, roughness
FUNCTIONALS = (
    _PITCHED + 7 + len(_LAGS) + len(_BEATS_HZ) + 2 * CEPSTRA + len(_LAGS) * CEPSTRA + 4 * BANDS + 2 * CEPSTRA + 1
)
"""How many values there are, in the order of `functionals`."""

_AT = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
_FEW = 5  # voiced windows, 100 ms: too little to measure


@dataclass(frozen=True, slots=True)
class Heard:
    """A stretch of one voice, in units of what is usual for the speaker."""

    frames: Floats
    """Normalised log-mel frames of 10 ms (n, 64)."""
    spoken: NDArray[np.bool_]
    """Which of them are the voice (n)."""
    pitch: Floats
    """Per 20 ms (m); not a number where there is no voice."""
    periodic: Floats
    """How periodic the voice is, 0 to about 1 (m)."""


def functionals(heard: Heard) -> Floats:
    """One row of statistics; how long the stretch is plays no part."""
    voice = heard.frames[heard.spoken] if heard.spoken.any() else heard.frames
    level, cepstra = voice.mean(axis=1), voice @ _cosines()
    bands = voice.reshape(len(voice), BANDS, MELS // BANDS).mean(axis=2)
    parts = (
        _pitch(heard),
        _spread(level),
        _moves(level[:, None]),
        _beats(heard.frames.mean(axis=1)),
        cepstra.mean(axis=0),
        cepstra.std(axis=0),
        _moves(cepstra),
        bands.mean(axis=0),
        bands.std(axis=0),
        *_percentiles(bands)[[0, 4]],
        _tints(heard),
    )
    return np.concatenate([np.asarray(part, np.float32) for part in parts])


def _pitch(heard: Heard) -> Floats:
    """Where the pitch lies, how it moves, how much of the time there is one, whether it ends higher, how periodic."""
    there = np.isfinite(heard.pitch)
    voiced, periodic = heard.pitch[there], heard.periodic[there]
    if len(voiced) < _FEW:
        return np.zeros(_PITCHED, np.float32)
    steps = np.diff(heard.pitch)
    steps = steps[np.isfinite(steps)]
    moves = (np.abs(steps).mean(), steps.std(), *_percentiles(steps[:, None])[[0, 4], 0]) if len(steps) else (0.0,) * 4
    third = max(1, len(voiced) // 3)
    ends = voiced[-third:].mean() - voiced[:third].mean()
    runs = (np.diff(there.astype(np.int8)) == 1).sum() / len(there)
    return np.asarray([*_spread(voiced), *moves, there.mean(), ends, runs, *_spread(periodic)[:6]], np.float32)


def _spread(values: Floats) -> Floats:
    return np.asarray([values.mean(), values.std(), *_percentiles(values[:, None])[:, 0]], np.float32)


def _percentiles(values: Floats) -> Floats:
    """The 5th, 25th, 50th, 75th and 95th percentile along the first axis; (5, k) of (n, k)."""
    places = _AT * (len(values) - 1)
    low = places.astype(int)
    ordered = np.sort(values, axis=0)
    share = (places - low)[:, None]
    return np.asarray(ordered[low] * (1 - share) + ordered[np.minimum(low + 1, len(values) - 1)] * share, np.float32)


def _moves(values: Floats) -> Floats:
    """Mean absolute change over each lag; zeros where the stretch is shorter."""
    moved = [np.abs(values[lag:] - values[:-lag]).mean(axis=0) if len(values) > lag else values[0] * 0 for lag in _LAGS]
    return np.concatenate(moved)


def _beats(level: Floats) -> Floats:
    """Strength of the changes of level in each range of rates, relative to all of them."""
    power = np.abs(np.fft.rfft(level - level.mean(), 512)) ** 2
    hertz = np.arange(len(power)) * (100.0 / 512)
    parts = [power[(hertz >= low) & (hertz < high)].sum() for low, high in _BEATS_HZ]
    return np.asarray(np.log((np.array(parts) + 1e-3) / (sum(parts) + 1e-2)), np.float32)


def _tints(heard: Heard) -> Floats:
    """Timbre of the voiced part alone: means and spreads of its first cepstra, and how pitch and level go together."""
    there = np.isfinite(heard.pitch)
    if there.sum() < _FEW:
        return np.zeros(2 * CEPSTRA + 1, np.float32)
    both = np.repeat(there, 2)[: len(heard.frames)]
    voiced = heard.frames[: len(both)][both] @ _cosines()
    level = heard.frames[::2].mean(axis=1)[: len(there)]
    known = there[: len(level)]
    high, loud = heard.pitch[: len(level)][known], level[known]
    together = ((high - high.mean()) * (loud - loud.mean())).mean() / (high.std() * loud.std() + 0.05)
    return np.asarray([*voiced.mean(axis=0), *voiced.std(axis=0), together], np.float32)


@cache
def _cosines() -> Floats:
    """The first 13 columns of the orthonormal discrete cosine transform over the bands."""
    bands, order = np.arange(MELS)[:, None] + 0.5, np.arange(CEPSTRA)[None]
    waves = np.cos(np.pi * bands * order / MELS) * np.sqrt(2.0 / MELS)
    waves[:, 0] /= np.sqrt(2.0)
    return np.asarray(waves, np.float32)
