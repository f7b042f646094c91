"""Fundamental frequency of a voice: autocorrelation of 40 ms windows every 20 ms, and the best path through its peaks.

After Boersma (1993), "Accurate short-term analysis of the fundamental frequency": the autocorrelation is divided by
that of the window, short lags are favoured a little, and octave jumps cost, so that the path does not slip an octave.
"""

import math
from dataclasses import replace
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
_PEAKS = 4
_VOICED = 0.45  # a peak below this is no voice
_SHORT_LAG_GAIN = 0.02  # per octave
_OCTAVE_COST, _EDGE_COST = 0.4, 0.2  # of a jump by an octave; of beginning or ending voice
_QUIET = 0.03  # of the loudest window's amplitude
_FAR_OCTAVES = 0.75  # from the median of the voice: an octave error


def pitch_track(pcm: Floats) -> Floats:
    """Hz per 20 ms window of 16 kHz mono samples, centred on the window; 0 where there is no voice."""
    return voice_track(pcm)[0]


def voice_track(pcm: Floats) -> tuple[Floats, Floats]:
    """The pitch track, and beside it how periodic each window is at that pitch, 0 to about 1."""
    if len(pcm) < WINDOW:
        return np.zeros(0, np.float32), np.zeros(0, np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(pcm, WINDOW)[::HOP]
    frames = windows - windows.mean(axis=1, keepdims=True)
    correlation = _autocorrelation(frames)
    loud = np.abs(frames).max(axis=1)
    hertz, strength = _peaks(correlation)
    strength[loud < _QUIET * loud.max()] = 0.0
    track, periodic = _best_path(hertz, strength)
    kept = _without_octave_errors(track)
    return kept, np.where(kept > 0, periodic, 0.0).astype(np.float32)


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


def _autocorrelation(frames: Floats) -> Floats:
    """Normalised, lags 0 to just over the longest period; (n, lags)."""
    window, own = _window()
    spectrum = np.fft.rfft(frames * window, _FFT)[:, :_SMOOTH_BINS]
    raw = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, _FFT)[:, : _LONGEST + 2]
    return np.asarray(raw / np.maximum(raw[:, :1], 1e-9) / own, np.float32)


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


def _best_path(hertz: Floats, strength: Floats) -> tuple[Floats, Floats]:
    """Viterbi over the peaks of each window and the state without voice (the last column)."""
    count = len(hertz)
    octave = np.log2(np.concatenate([hertz, np.full((count, 1), np.nan)], axis=1))
    gain = np.concatenate([strength, np.full((count, 1), _VOICED)], axis=1)
    jumps = _OCTAVE_COST * np.abs(octave[1:, :, None] - octave[:-1, None, :])
    jumps[:, -1, :], jumps[:, :, -1] = _EDGE_COST, _EDGE_COST
    jumps[:, -1, -1] = 0.0
    total, back = gain[0], np.zeros((count, gain.shape[1]), np.intp)
    for at in range(1, count):
        ways = total - jumps[at - 1]
        back[at] = ways.argmax(axis=1)
        total = ways.max(axis=1) + gain[at]
    path = np.zeros(count, np.intp)
    path[-1] = int(total.argmax())
    for at in range(count - 1, 0, -1):
        path[at - 1] = back[at, path[at]]
    chosen = np.concatenate([hertz, np.zeros((count, 1), np.float32)], axis=1)
    windows = np.arange(count)
    return np.asarray(chosen[windows, path], np.float32), np.asarray(gain[windows, path], np.float32)


def _without_octave_errors(track: Floats) -> Floats:
    """Windows far from the voice's median are taken for unvoiced; single outliers give way to their neighbours."""
    voiced = track > 0
    if not voiced.any():
        return track
    distance = np.abs(np.log2(np.where(voiced, track, 1.0) / np.median(track[voiced])))
    kept = np.where(voiced & (distance < _FAR_OCTAVES), track, 0.0).astype(np.float32)
    inner = (kept[:-2] > 0) & (kept[1:-1] > 0) & (kept[2:] > 0)
    middle = np.median(np.stack([kept[:-2], kept[1:-1], kept[2:]]), axis=0)
    kept[1:-1] = np.where(inner, middle, kept[1:-1])
    return kept
