"""Fundamental frequency of a voice: autocorrelation of 40 ms windows every 20 ms, and the best path through its peaks.

After Boersma (1993), "Accurate short-term analysis of the fundamental frequency": the autocorrelation is divided by
that of the window, short lags are favoured a little, and octave jumps cost, so that the path does not slip an octave.
The path is settled every 100 ms and never changed afterwards: nothing here hears further ahead.
"""

import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.media import SAMPLE_RATE, SpeakerBaseline

Floats = NDArray[np.float32]

HOP = 320  # samples, 20 ms
WINDOW = 640  # samples, 40 ms
LOW_HZ, HIGH_HZ = 65.0, 500.0

USUAL_OCTAVE, USUAL_VARIANCE = math.log2(180.0), 0.06
"""What is usual for nobody in particular: between the voices of women and men; a judgement."""
PRIOR_S = 2.0  # weight of that against what was heard of the speaker
MEMORY_S = 300.0  # older voice fades behind this much newer voice

_HOP_S = HOP / SAMPLE_RATE
_FAR_SPREADS = 4.0
_FFT = 2 * WINDOW
_SHORTEST, _LONGEST = int(SAMPLE_RATE / HIGH_HZ), int(SAMPLE_RATE / LOW_HZ) + 1
_SMOOTH_BINS = 2_000 * _FFT // SAMPLE_RATE  # nothing above 2 kHz, or peaks are too sharp for their lags
_AT_ONCE = 6  # windows in one matrix product: more, and the algebra library wakes its threads for it
_PEAKS = 4
_VOICED = 0.45  # a peak below this is no voice
_SHORT_LAG_GAIN = 0.02  # per octave
_OCTAVE_COST, _EDGE_COST = 0.4, 0.2  # of a jump by an octave; of beginning or ending voice
_QUIET = 0.03  # of the amplitude of the loudest window of late
_FADING = 0.98  # per window: after 2 s the loudest of before counts a third
_FAR_OCTAVES = 0.75  # from where the voice was of late: an octave error
_FOLLOWING = 0.04  # share of a new window in where the voice was of late

SETTLED = 5
"""Windows after which the path is settled: 100 ms."""


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """Where a track stands, so that the sound after it is followed as if it had never been cut."""

    octave: NDArray[np.floating]
    """Peaks of the last window, octaves above 1 Hz; the state without voice comes last."""
    total: NDArray[np.floating]
    """What the best path to each of them has gained."""
    loudest: float
    usual: float
    """Where the voice was of late, octaves above 1 Hz; not a number before any."""


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Windows of 40 ms every 20 ms, without their means, and their power."""

    frames: Floats
    """(n, 640)"""
    power: Floats
    """In bins of 12.5 Hz (n, 641)."""


AFRESH = Followed(np.zeros(_PEAKS + 1), np.array([*[-np.inf] * _PEAKS, 0.0]), 0.0, math.nan)
"""Nothing was heard yet."""


def pitch_track(pcm: Floats) -> Floats:
    """Hz per 20 ms window of 16 kHz mono samples, centred on the window; 0 where there is no voice."""
    return voice_track(pcm)[0]


def windows_of(pcm: Floats) -> Windows:
    """The windows that pitch and tone are read from."""
    if len(pcm) < WINDOW:
        return Windows(np.zeros((0, WINDOW), np.float32), np.zeros((0, WINDOW + 1), np.float32))
    windows = np.lib.stride_tricks.sliding_window_view(pcm, WINDOW)[::HOP]
    frames = windows - windows.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(frames * _window()[0], _FFT)
    return Windows(frames, np.asarray(spectrum.real**2 + spectrum.imag**2, np.float32))


def voice_track(pcm: Floats, before: Followed = AFRESH) -> tuple[Floats, Floats, Followed]:
    """The pitch track, beside it how periodic each window is at that pitch, 0 to about 1, and where to go on.

    Whoever goes on must have cut at a whole number of 100 ms.
    """
    return track_of(windows_of(pcm), before)


def track_of(windows: Windows, before: Followed = AFRESH) -> tuple[Floats, Floats, Followed]:
    """The same from windows that were cut already."""
    frames = windows.frames
    if not len(frames):
        return np.zeros(0, np.float32), np.zeros(0, np.float32), before
    hertz, strength = _peaks(_autocorrelation(windows.power))
    loud = np.maximum(frames.max(axis=1), -frames.min(axis=1))
    loudest = _loudest(loud, before.loudest)
    strength[loud < _QUIET * loudest] = 0.0
    track, periodic, octave, total = _best_path(hertz, strength, before)
    kept, usual = _without_octave_errors(track, before.usual)
    after = Followed(octave, total, float(loudest[-1]), usual)
    return kept, np.where(kept > 0, periodic, 0.0).astype(np.float32), after


def with_pitch(baseline: SpeakerBaseline, track: Floats) -> SpeakerBaseline:
    """The baseline after hearing more pitch of the same voice, Hz per 20 ms, 0 where there is none."""
    octaves = np.log2(track[track > 0].astype(np.float64))
    if not len(octaves):
        return baseline
    seconds = len(octaves) * _HOP_S
    share = seconds / (baseline.voiced_s + seconds)
    mean = (1 - share) * baseline.pitch + share * float(octaves.mean())
    within = (1 - share) * baseline.pitch_variance + share * float(octaves.var())
    between = (1 - share) * (baseline.pitch - mean) ** 2 + share * (float(octaves.mean()) - mean) ** 2
    total = min(baseline.voiced_s + seconds, MEMORY_S)
    return replace(baseline, pitch=mean, pitch_variance=within + between, voiced_s=total)


def relative_pitch(track: Floats, baseline: SpeakerBaseline) -> Floats:
    """Pitch per 20 ms in spreads above what is usual for the speaker, -4..4; not a number where there is none."""
    share = baseline.voiced_s / (baseline.voiced_s + PRIOR_S)
    mean = share * baseline.pitch + (1 - share) * USUAL_OCTAVE
    spread = math.sqrt(share * baseline.pitch_variance + (1 - share) * USUAL_VARIANCE + 1e-3)
    far = (np.log2(np.where(track > 0, track, 1.0)) - mean) / spread
    return np.where(track > 0, np.clip(far, -_FAR_SPREADS, _FAR_SPREADS), np.nan).astype(np.float32)


def _autocorrelation(whole: Floats) -> Floats:
    """Normalised, lags 0 to just over the longest period, from power; (n, lags)."""
    own = _window()[1]
    power = np.zeros((-(-len(whole) // _AT_ONCE) * _AT_ONCE, _SMOOTH_BINS), np.float32)
    power[: len(whole)] = whole[:, :_SMOOTH_BINS]
    raw = np.matmul(power.reshape(-1, _AT_ONCE, _SMOOTH_BINS), _cosines()).reshape(-1, _LONGEST + 2)[: len(whole)]
    return np.asarray(raw / np.maximum(raw[:, :1], 1e-9) / own, np.float32)


@cache
def _cosines() -> Floats:
    """The inverse transform from the few bins that are kept to the few lags that are looked at."""
    turns = np.outer(np.arange(_SMOOTH_BINS), np.arange(_LONGEST + 2)) / _FFT
    sides = np.where(np.arange(_SMOOTH_BINS) > 0, 2.0, 1.0)[:, None]
    return np.asarray(np.cos(2.0 * np.pi * turns) * sides / _FFT, np.float32)


@cache
def _window() -> tuple[Floats, Floats]:
    window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    own = np.fft.irfft(np.abs(np.fft.rfft(window, _FFT)) ** 2, _FFT)[: _LONGEST + 2]
    return window, (own / own[0]).astype(np.float32)


def _peaks(correlation: Floats) -> tuple[Floats, Floats]:
    """Frequency and strength of the highest peaks of each window, (n, 4), refined by a parabola."""
    here = correlation[:, _SHORTEST : _LONGEST + 1]
    before, after = correlation[:, _SHORTEST - 1 : _LONGEST], correlation[:, _SHORTEST + 1 : _LONGEST + 2]
    top = (here > before) & (here >= after)
    lags = np.arange(_SHORTEST, _LONGEST + 1)
    favoured = here - _SHORT_LAG_GAIN * np.log2(lags * (HIGH_HZ / SAMPLE_RATE)).astype(np.float32)
    best = np.argpartition(np.where(top, -favoured, 1.0), _PEAKS, axis=1)[:, :_PEAKS]
    b, h, a = (np.take_along_axis(part, best, axis=1) for part in (before, here, after))
    bend = b - 2 * h + a
    shift = np.where(bend < -1e-9, 0.5 * (b - a) / np.where(bend == 0, 1, bend), 0.0).clip(-0.5, 0.5)
    hertz = SAMPLE_RATE / (lags[best] + shift)
    height = h - 0.25 * (b - a) * shift - _SHORT_LAG_GAIN * np.log2(HIGH_HZ / hertz)
    real = np.take_along_axis(top, best, axis=1) & (height > 0)
    return hertz.astype(np.float32), np.where(real, height, 0.0).astype(np.float32)


def _loudest(loud: Floats, before: float) -> Floats:
    """The amplitude of the loudest window so far, fading."""
    fade = _FADING ** np.arange(len(loud))
    return np.asarray(np.maximum(np.maximum.accumulate(loud / fade), before * _FADING) * fade, np.float32)


def _best_path(
    hertz: Floats, strength: Floats, before: Followed
) -> tuple[Floats, Floats, NDArray[np.floating], NDArray[np.floating]]:
    """Viterbi over the peaks of each window and the state without voice (the last column), settled in steps."""
    count = len(hertz)
    octave = np.log2(np.concatenate([hertz, np.full((count, 1), np.nan)], axis=1))
    gain = np.concatenate([strength, np.full((count, 1), _VOICED)], axis=1)
    jumps = _OCTAVE_COST * np.abs(octave[:, :, None] - np.concatenate([before.octave[None], octave[:-1]])[:, None, :])
    jumps[:, -1, :], jumps[:, :, -1] = _EDGE_COST, _EDGE_COST
    jumps[:, -1, -1] = 0.0
    total, path = before.total, np.zeros(count, np.intp)
    back = np.zeros((count, gain.shape[1]), np.intp)
    for at in range(count):
        ways = total - jumps[at]
        back[at] = ways.argmax(axis=1)
        total = ways.max(axis=1) + gain[at]
        if at % SETTLED == SETTLED - 1 or at == count - 1:
            _settle(path, back, at, int(total.argmax()))
    chosen = np.concatenate([hertz, np.zeros((count, 1), np.float32)], axis=1)
    windows = np.arange(count)
    found = np.asarray(chosen[windows, path], np.float32), np.asarray(gain[windows, path], np.float32)
    return *found, octave[-1], total - total.max()


def _settle(path: NDArray[np.intp], back: NDArray[np.intp], last: int, state: int) -> None:
    """The best path through the last step, read backwards."""
    for at in range(last, last - last % SETTLED - 1, -1):
        path[at] = state
        state = int(back[at, state])


def _without_octave_errors(track: Floats, usual: float) -> tuple[Floats, float]:
    """Windows far from where the voice was of late are taken for unvoiced; single outliers give way to neighbours."""
    kept = track.copy()
    octaves = np.log2(np.where(track > 0, track, 1.0)).tolist()
    for at in np.flatnonzero(track > 0).tolist():
        away = 0.0 if math.isnan(usual) else octaves[at] - usual
        if abs(away) >= _FAR_OCTAVES:
            kept[at] = 0.0
        usual = octaves[at] if math.isnan(usual) else usual + _FOLLOWING * away
    before, here, after = kept[:-2], kept[1:-1], kept[2:]
    inside = np.arange(1, len(kept) - 1) % SETTLED  # a window at the edge of a step has a neighbour that is not known
    inner = (before > 0) & (here > 0) & (after > 0) & (inside > 0) & (inside < SETTLED - 1)
    middle = np.maximum(np.minimum(before, here), np.minimum(np.maximum(before, here), after))
    kept[1:-1] = np.where(inner, middle, here)
    return kept, usual
