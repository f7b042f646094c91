"""What a look may have beside its functionals: means and spreads of the tone, unrest, rise and fall, lengths."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.stand_ins.tone import BALANCE, QUALITY, TRACT
from countenance.inference.functionals import Heard, Look
from countenance.inference.logmel import Floats

Array = NDArray[np.floating]
Flags = NDArray[np.bool_]
Places = NDArray[np.integer]

_UNREST, _DYNAMICS = 2, 10
_GROUPS = {
    "quality": (2 * len(QUALITY) + _UNREST),
    "tract": 2 * len(TRACT),
    "balance": 3 * len(BALANCE),
    "dynamics": _DYNAMICS,
}
EXTRAS = sum(_GROUPS.values())
"""How many values there are, in the order of `extras`."""
_FEW = 5  # voiced steps, 100 ms: too little to measure
_STEPS_PER_SECOND = 50.0


def columns(group: str) -> list[int]:
    """Which columns of `extras` a group has; `all` has every one."""
    if group == "all":
        return list(range(EXTRAS))
    start = 0
    for name, width in _GROUPS.items():
        if name == group:
            return list(range(start, start + width))
        start += width
    raise ValueError(f"no group is called {group}; there are {', '.join(_GROUPS)} and all")


def extras(heard: Heard, tones: Floats, looks: Sequence[Look]) -> Floats:
    """One row per look; nothing outside a look plays a part."""
    starts, ends = (np.array(edge)[:, None] for edge in zip(*looks, strict=True))
    steps = np.arange(len(heard.frames))
    within = ((steps >= starts) & (steps < ends)).astype(np.float32)
    there = np.isfinite(heard.pitch)
    pitch, level = np.where(there, heard.pitch, 0.0), heard.frames.mean(axis=1)
    tones = tones[: len(steps)]
    voiced = _moments(tones, there, within)
    toneless = _moments(tones[:, -len(BALANCE) :], heard.spoken & ~there, within)[0]
    edges = np.cumsum([len(QUALITY), len(TRACT)])
    quality, tract, balance = (
        np.concatenate(parts, axis=1) for parts in zip(*(np.split(one, edges, axis=1) for one in voiced), strict=True)
    )
    unrest = [_unrest(part, there, steps, starts, within) for part in (pitch, level)]
    dynamics = [
        *_slopes(pitch, there, steps, starts, within),
        *_slopes(level, heard.spoken, steps, starts, within),
        *_lengths(there, steps, starts, within),
        *_lengths(~heard.spoken, steps, starts, within),
    ]
    parts = (quality, *unrest, tract, balance, toneless, *dynamics)
    return np.concatenate(parts, axis=1, dtype=np.float32)


def _moments(values: Floats, where: Flags, within: Floats) -> tuple[Array, Array]:
    """Mean and spread over the chosen steps; zeros where there are few."""
    rows = values * where[:, None]
    sums = (within @ np.concatenate([where[:, None], rows, rows * values], axis=1, dtype=np.float32)).astype(np.float64)
    count, (first, second) = sums[:, :1], np.split(sums[:, 1:], 2, axis=1)
    mean = first / np.maximum(count, 1.0)
    spread = np.sqrt(np.maximum(second / np.maximum(count, 1.0) - mean * mean, 0.0))
    enough = count >= _FEW
    return mean * enough, spread * enough


def _mean(values: Array | Flags, where: Flags, within: Floats) -> Array:
    both = within @ np.stack([values * where, where], axis=1).astype(np.float32)
    return np.asarray(both[:, :1] / np.maximum(both[:, 1:], 1.0))


def _unrest(values: Array, there: Flags, steps: Places, starts: Places, within: Floats) -> Array:
    """Mean size of the second difference within voice."""
    bent, held = np.zeros(len(values)), np.zeros(len(values), bool)
    bent[2:] = np.abs(values[2:] - 2 * values[1:-1] + values[:-2])
    held[2:] = there[2:] & there[1:-1] & there[:-2]
    return _mean(bent, held, within * (steps >= starts + 2))


def _slopes(values: Array, there: Flags, steps: Places, starts: Places, within: Floats) -> list[Array]:
    """How fast it rises while it rises, how fast it falls while it falls, and how often it rises."""
    moved, held = np.zeros(len(values)), np.zeros(len(values), bool)
    moved[1:], held[1:] = np.diff(values), there[1:] & there[:-1]
    inner = within * (steps >= starts + 1)
    up, down = held & (moved > 0), held & (moved < 0)
    return [_mean(moved, up, inner), _mean(moved, down, inner), _mean(up, held, inner)]


def _lengths(flags: Flags, steps: Places, starts: Places, within: Floats) -> list[Array]:
    """Mean length of runs in seconds, and the length in which a moment of them lies on average."""
    since = np.zeros(len(flags), np.intp)
    run = 0
    for at, flag in enumerate(flags.tolist()):
        run = run + 1 if flag else 0
        since[at] = run
    own = np.minimum(since, steps - starts + 1) * (within > 0)
    count, runs = (own > 0).sum(axis=1, keepdims=True), (own == 1).sum(axis=1, keepdims=True)
    squares = (np.maximum(2 * own - 1, 0)).sum(axis=1, keepdims=True)
    return [count / np.maximum(runs, 1) / _STEPS_PER_SECOND, squares / np.maximum(count, 1) / _STEPS_PER_SECOND]
