"""Jitter and shimmer: how much the cycles of a voice differ from one to the next."""

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.media import SAMPLE_RATE
from countenance.inference.pitch import HOP, WINDOW, Floats

Array = NDArray[np.floating]
Places = NDArray[np.intp]

_LOW_PASS = (np.hanning(19)[1:-1] / np.hanning(19).sum()).astype(np.float32)  # about 1 kHz: the cycle, not its formants
_REACH = 0.2  # the next cycle begins within so much of a period around where it is due
_HALF = 0.35  # of a period to each side of its peak is compared with the next cycle
_SAME_CYCLE, _SAME_HEIGHT = 1.3, 1.6  # a larger step is a new onset of the voice
_LEAST_CYCLES = 10
_LEAST_RUN = 4  # windows of pitch; a shorter run of voice holds too few cycles


def steadiness(pcm: Floats, track: Floats) -> dict[str, float]:
    """Jitter and shimmer: mean change from one cycle to the next, relative to the mean; absent below ten cycles.

    `track` is the pitch of `pcm`. A period is the shift at which a cycle and the next are most alike.
    """
    runs = [_cycles(wave, due) for wave, due in _voiced_runs(pcm, track)]
    jitter = _unrest([periods for periods, _ in runs], _SAME_CYCLE)
    shimmer = _unrest([heights for _, heights in runs], _SAME_HEIGHT)
    return {} if jitter is None or shimmer is None else {"jitter": jitter, "shimmer": shimmer}


def _unrest(runs: list[Array], same: float) -> float | None:
    """Mean absolute step within the runs over the mean, without steps by more than a factor of `same`."""
    values, steps = [], []
    for run in runs:
        ratio = run[1:] / np.maximum(run[:-1], 1e-9)
        steps.append(np.abs(np.diff(run))[(ratio < same) & (ratio > 1 / same)])
        values.append(run)
    if sum(len(part) for part in steps) < _LEAST_CYCLES:
        return None
    return float(np.concatenate(steps).mean() / max(float(np.concatenate(values).mean()), 1e-9))


def _voiced_runs(pcm: Floats, track: Floats) -> list[tuple[Floats, Array]]:
    """Smoothed sound of every run of voice, its strong side up, and the period due at each sample."""
    edges = np.flatnonzero(np.diff((track > 0).astype(np.int8), prepend=0, append=0))
    smooth = np.convolve(pcm, _LOW_PASS, "same")
    runs = []
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if last - first >= _LEAST_RUN:
            start, end = first * HOP + WINDOW // 2, (last - 1) * HOP + WINDOW // 2
            wave = smooth[start:end] if smooth[start:end].max() >= -smooth[start:end].min() else -smooth[start:end]
            near = np.clip((np.arange(start, end) - WINDOW // 2 + HOP // 2) // HOP, first, last - 1)
            runs.append((wave, SAMPLE_RATE / track[near]))
    return runs


def _cycles(wave: Floats, due: Array) -> tuple[Array, Array]:
    """Periods in samples, and heights from trough to peak, of the cycles of one run."""
    marks = _marks(wave, due)
    half = int(np.median(np.diff(marks)) * _HALF) if len(marks) > 1 else 0
    reach = max(2, half // 4)
    marks = marks[(marks >= half + reach) & (marks < len(wave) - half - reach)]
    if half == 0 or len(marks) <= 1:
        return np.zeros(0), np.zeros(0)
    own = wave[marks[:, None] + np.arange(-half, half)]
    wide = wave[marks[1:, None] + np.arange(-half - reach, half + reach)]
    shifted = np.lib.stride_tricks.sliding_window_view(wide, 2 * half, axis=1)
    likeness = np.einsum("nw,nkw->nk", own[:-1], shifted) / np.sqrt((shifted**2).sum(axis=2) + 1e-12)
    return np.diff(marks) + _summit(likeness) - reach, own.max(axis=1) - own.min(axis=1)


def _marks(wave: Floats, due: Array) -> Places:
    """From the first peak on, the highest sample about one period after the last one."""
    at = int(wave[: int(due[0] * (1 + _REACH)) + 1].argmax())
    places = [at]
    while True:
        period = float(due[at])
        low, high = at + int(period * (1 - _REACH)), at + int(period * (1 + _REACH)) + 2
        if high >= len(wave) - 1:
            return np.array(places)
        at = low + int(wave[low:high].argmax())
        places.append(at)


def _summit(rows: Array) -> Array:
    """Place of the highest value of each row, refined by a parabola."""
    best = rows.argmax(axis=1).clip(1, rows.shape[1] - 2)
    before, here, after = (np.take_along_axis(rows, (best + side)[:, None], axis=1)[:, 0] for side in (-1, 0, 1))
    bend = before - 2 * here + after
    shift = np.where(bend < -1e-12, 0.5 * (before - after) / np.where(bend == 0, 1, bend), 0.0)
    return np.asarray(best + shift.clip(-0.5, 0.5))
