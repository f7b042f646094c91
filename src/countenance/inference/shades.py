"""What a look says of tone and unrest: means and spreads of the tone, steps of pitch and level, lengths of stretches.

Sums over steps as in `functionals`, which puts these beside the rest.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from countenance.inference.tone import BALANCE, TONE

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
Sums = NDArray[np.floating]

_UNREST, _STEPS, _LENGTHS = 2, 6, 4
SHADES = 2 * len(TONE) + len(BALANCE) + _UNREST + _STEPS + _LENGTHS
"""How many values there are, in the order of `shades`."""

_FEW = 5  # steps, 100 ms: too little to measure
_STEPS_PER_SECOND = 50.0


def shades(
    pitch: Floats,
    level: Floats,
    spoken: Flags,
    tone: Floats,
    since: Mapping[int, Floats],
    looks: Sequence[tuple[int, int]],
) -> Sums:
    """One row per look; `since` tells by a lag which steps have the one so far before them in the look too."""
    there = np.isfinite(pitch)
    voiced, toneless = there[:, None], (spoken & ~there)[:, None]
    rows = tone.astype(np.float64) * voiced
    columns = [voiced, rows, rows * rows, toneless, tone[:, -len(BALANCE) :] * toneless]
    sums = since[0].astype(np.float64) @ np.concatenate(columns, axis=1)
    count, mean, square, other, balance = np.split(sums, np.cumsum([1, len(TONE), len(TONE), 1]), axis=1)
    mean, square, balance = mean / np.maximum(count, 1), square / np.maximum(count, 1), balance / np.maximum(other, 1)
    spread = np.sqrt(np.maximum(square - mean * mean, 0.0))
    enough = count >= _FEW
    parts = (mean * enough, spread * enough, balance * (other >= _FEW))
    flat = np.where(there, pitch, np.float32(0))
    return np.concatenate(
        [
            *parts,
            _unrest(flat, level, there, since[2]),
            _steps(flat, level, there, spoken, since[1]),
            *(_lengths(flags, since[0], looks) for flags in (there, ~spoken)),
        ],
        axis=1,
    )


def _unrest(pitch: Floats, level: Floats, there: Flags, since: Floats) -> Sums:
    """Mean size of the second difference of pitch and of level within voice."""
    out = np.zeros((len(pitch), 3), np.float32)
    held = there[2:] & there[1:-1] & there[:-2]
    bent = [np.abs(one[2:] - 2 * one[1:-1] + one[:-2]) * held for one in (pitch, level)]
    out[2:] = np.stack([*bent, held], axis=1)
    sums = since @ out
    return np.asarray(sums[:, :2] / np.maximum(sums[:, 2:], 1.0))


def _steps(pitch: Floats, level: Floats, there: Flags, spoken: Flags, since: Floats) -> Sums:
    """How fast pitch and level rise while they rise, fall while they fall, and how often they rise."""
    out = np.zeros((len(pitch), 10), np.float32)
    for at, (values, where) in enumerate(((pitch, there), (level, spoken))):
        both = where[1:] & where[:-1]
        moved = np.diff(values) * both
        higher, lower = np.maximum(moved, 0.0), np.minimum(moved, 0.0)
        out[1:, 5 * at : 5 * at + 5] = np.stack([higher, lower, moved > 0, moved < 0, both], axis=1)
    sums = since @ out
    up, down, rises, falls, held = (sums[:, at::5] for at in range(5))
    least = np.float32(1)
    found = up / np.maximum(rises, least), down / np.maximum(falls, least), rises / np.maximum(held, least)
    return np.concatenate(found, axis=1)


def _lengths(flags: Flags, since: Floats, looks: Sequence[tuple[int, int]]) -> Sums:
    """Mean length of stretches in seconds, and of the stretch in which a moment of them lies, as far as in the look."""
    count = len(flags)
    steps = np.arange(count)
    run = steps - np.maximum.accumulate(np.where(flags, -1, steps))
    over = np.minimum.accumulate(np.where(flags, count, steps)[::-1])[::-1]
    moments, begun, places = (since @ np.stack([flags, run == 1, run], axis=1).astype(np.float32)).T.astype(np.float64)
    first, last = np.array(looks).T
    before = np.maximum(run[first] - 1, 0)  # of a stretch that began before the look
    stretches = begun + (before > 0)
    places = places - before * (np.minimum(over[first], last) - first)
    lengths = moments / np.maximum(stretches, 1), (2 * places - moments) / np.maximum(moments, 1)
    return np.stack(lengths, axis=1) / _STEPS_PER_SECOND
