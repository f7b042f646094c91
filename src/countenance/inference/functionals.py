"""Statistics of the last seconds of a voice, relative to the same speaker: pitch, level, timbre, tone, how they move.

They say little about which words were said, so they carry over to other sentences and languages better than the frames.
All of them come from sums over steps, which matrix products give for ten looks at once; none is so large that the
algebra library would wake its threads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from countenance.inference.logmel import MELS
from countenance.inference.shades import SHADES, shades

Floats = NDArray[np.float32]
Sums = NDArray[np.floating]
Since = dict[int, Floats]
"""By a lag: 1 where both a step and the one so far before it lie in a look, else 0 (k, n)."""
Look = tuple[int, int]
"""A piece of what was heard: steps of 20 ms, half open."""

CEPSTRA, BANDS = 13, 16
_LAGS = (1, 2, 6)  # steps of 20 ms, over which level and timbre move
_BEATS_HZ = ((1, 3), (3, 6), (6, 12), (12, 25))  # of the level: phrases, syllables, sounds, roughness
_PITCHED, _PLAIN = 12, 11
_MOVING = 1 + CEPSTRA
_STEADY = _MOVING + BANDS
_EXTREME = 1 + BANDS
FUNCTIONALS = len(_LAGS) * _MOVING + 2 * _STEADY + 2 * _EXTREME + len(_BEATS_HZ) + _PITCHED + 2 * CEPSTRA + 1 + SHADES
"""How many values there are, in the order of `functionals`."""

_FAR = 1.0  # spreads from what is usual; what lies further off is counted apart
_FEW = 5  # voiced steps, 100 ms: too little to measure
_BEATS_FFT = 256
_STEPS_PER_SECOND = 50.0


@dataclass(frozen=True, slots=True)
class Heard:
    """A stretch of one voice in steps of 20 ms, in units of what is usual for the speaker."""

    frames: Floats
    """Normalised log-mel frames (n, 64)."""
    spoken: NDArray[np.bool_]
    """Which of them are the voice (n)."""
    pitch: Floats
    """Not a number where there is no voice (n)."""
    periodic: Floats
    """How periodic the voice is, 0 to about 1 (n)."""
    tone: Floats
    """Its tone (n, k)."""


def functionals(heard: Heard, looks: Sequence[Look]) -> Floats:
    """One row of statistics per look; how long a look is plays no part, nor does anything outside it."""
    starts, ends = (np.array(edge)[:, None] for edge in zip(*looks, strict=True))
    steps = np.arange(len(heard.frames))
    since = {lag: ((steps >= starts + lag) & (steps < ends)).astype(np.float32) for lag in (0, *_LAGS)}
    moving, bands = _timbre(heard.frames)
    parts = (
        _moves(moving, since),
        _usual(np.concatenate([moving, bands], axis=1), heard.spoken, since[0]),
        _beats(moving[:, 0], since[0], looks),
        *_pitch(heard, moving, since),
        shades(heard.pitch, moving[:, 0], heard.spoken, heard.tone, since, looks),
    )
    return np.concatenate(parts, axis=1, dtype=np.float32)


def _timbre(frames: Floats) -> tuple[Floats, Floats]:
    """Level and cepstra (n, 14), and coarse bands (n, 16)."""
    moving, bands = _weights()
    return frames @ moving, frames @ bands


def _moves(values: Floats, since: Since) -> Sums:
    """Mean absolute change over each lag; zeros where a look is shorter."""
    found = []
    for lag in _LAGS:
        within = since[lag][:, lag:]
        sums = within @ np.abs(values[lag:] - values[:-lag])
        found.append(sums / np.maximum(within.sum(axis=1, keepdims=True), 1.0))
    return np.concatenate(found, axis=1)


def _usual(values: Floats, spoken: NDArray[np.bool_], within: Floats) -> Sums:
    """Mean and spread over the voice, and how far level and bands go beyond what is usual, up and down."""
    rows = values * spoken[:, None]
    far = np.concatenate([rows[:, :1], rows[:, _MOVING:]], axis=1)
    up, down = np.maximum(far - _FAR, 0.0), np.maximum(-far - _FAR, 0.0)
    exact = rows.astype(np.float64)  # or a spread of almost nothing is the rounding of its square
    sums = within.astype(np.float64) @ np.concatenate([spoken[:, None], exact, exact * exact, up, down], axis=1)
    means = sums[:, 1:] / np.maximum(sums[:, :1], 1.0)
    mean, square, rest = np.split(means, [_STEADY, 2 * _STEADY], axis=1)
    return np.concatenate([mean, _spread(mean, square), rest], axis=1)


def _beats(level: Floats, within: Floats, looks: Sequence[Look]) -> Sums:
    """Strength of the changes of level in each range of rates, relative to all of them."""
    waves = np.zeros((len(looks), _BEATS_FFT), np.float32)
    means = within @ level / within.sum(axis=1)
    for wave, mean, (start, end) in zip(waves, means, looks, strict=True):
        wave[: end - start] = level[start:end] - mean
    spectrum = np.fft.rfft(waves, axis=1)[:, : _beat_edges()[-1]]
    power = spectrum.real**2 + spectrum.imag**2
    parts = np.add.reduceat(power, _beat_edges()[:-1], axis=1)
    return np.asarray(np.log((parts + 1e-3) / (parts.sum(axis=1, keepdims=True) + 1e-2)))


def _pitch(heard: Heard, moving: Floats, since: Since) -> tuple[Sums, Sums]:
    """Where the pitch lies, how it moves, how periodic it is; timbre of the voiced part, pitch and level together."""
    there = np.isfinite(heard.pitch)
    flat = np.where(there, heard.pitch, np.float32(0))
    pitch = flat.astype(np.float64)
    time = np.arange(len(pitch), dtype=np.float32) / np.float32(_STEPS_PER_SECOND)
    voiced = moving.astype(np.float64) * there[:, None]
    plain = (there, pitch, pitch**2, np.maximum(pitch - _FAR, 0.0), np.maximum(-pitch - _FAR, 0.0))
    timed = (there * time, there * time**2, pitch * time)
    tone = (heard.periodic * there, heard.periodic**2 * there, pitch * voiced[:, 0])
    columns = (*(part[:, None] for part in (*plain, *timed, *tone)), voiced, voiced**2)
    sums = since[0].astype(np.float64) @ np.concatenate(columns, axis=1, dtype=np.float64)
    moved = since[1] @ _steps(flat, there)
    length = since[0].sum(axis=1, keepdims=True)
    enough = sums[:, :1] >= _FEW
    return _pitched(sums, moved, length) * enough, _tints(sums) * enough


def _steps(pitch: Floats, there: NDArray[np.bool_]) -> Floats:
    """Whether the pitch goes on from the step before, by how much, that squared, and whether a voice begins (n, 4)."""
    out = np.zeros((len(pitch), 4), np.float32)
    held = there[1:] & there[:-1]
    step = np.diff(pitch) * held
    out[1:] = np.stack([held, np.abs(step), step * step, there[1:] & ~there[:-1]], axis=1)
    return out


def _pitched(sums: Sums, moved: Sums, length: Floats) -> Sums:
    n, total, squares, up, down, t, tt, pt, tone, tones, _ = sums[:, :_PLAIN].T[..., None]
    held, size, sized, begins = moved.T[..., None]
    n, held, length = np.maximum(n, 1.0), np.maximum(held, 1.0), np.maximum(length, 1.0)
    mean, when = total / n, t / n
    over = np.maximum(tt / n - when**2, 0.0)
    rise = (pt / n - mean * when) / (over + 0.01)  # spreads a second
    steps = (size / held, np.sqrt(sized / held), n / length, begins / length)
    periodic = (tone / n, _spread(tone / n, tones / n))
    parts = (mean, _spread(mean, squares / n), up / n, down / n, *steps, rise, rise * np.sqrt(over), *periodic)
    return np.concatenate(parts, axis=1)


def _tints(sums: Sums) -> Sums:
    n = np.maximum(sums[:, :1], 1.0)
    mean, square = sums[:, _PLAIN : _PLAIN + _MOVING] / n, sums[:, _PLAIN + _MOVING :] / n
    spread = _spread(mean, square)
    pitch, level = sums[:, 1:2] / n, mean[:, :1]
    apart = _spread(pitch, sums[:, 2:3] / n) * spread[:, :1]
    together = (sums[:, _PLAIN - 1 : _PLAIN] / n - pitch * level) / (apart + 0.05)
    return np.concatenate([mean[:, 1:], spread[:, 1:], together], axis=1)


def _spread(mean: Sums, square: Sums) -> Sums:
    return np.sqrt(np.maximum(square - mean * mean, 0.0))


@cache
def _beat_edges() -> NDArray[np.intp]:
    """Bins at which each range of rates begins; the last one ends the last range."""
    hertz = np.arange(_BEATS_FFT // 2 + 1) * (_STEPS_PER_SECOND / _BEATS_FFT)
    return np.searchsorted(hertz, [low for low, _ in _BEATS_HZ] + [_BEATS_HZ[-1][1]])


@cache
def _weights() -> tuple[Floats, Floats]:
    """The mean and the first 13 columns of the orthonormal discrete cosine transform over the bands; coarse bands."""
    bands, order = np.arange(MELS)[:, None] + 0.5, np.arange(CEPSTRA)[None]
    waves = np.cos(np.pi * bands * order / MELS) * np.sqrt(2.0 / MELS)
    waves[:, 0] /= np.sqrt(2.0)
    moving = np.concatenate([np.full((MELS, 1), 1.0 / MELS), waves], axis=1)
    coarse = np.repeat(np.eye(BANDS), MELS // BANDS, axis=0) * (BANDS / MELS)
    return moving.astype(np.float32), coarse.astype(np.float32)
