"""How far a voice lies above what is usual for its speaker: higher, louder and brighter means livelier.

After Bone, Lee and Narayanan, "Robust unsupervised arousal rating: a rule-based framework with knowledge-inspired vocal
features" (IEEE Transactions on Affective Computing, 2014): pitch, intensity and the share of energy above 500 Hz, each
against the speaker's own baseline, with equal weights. Nothing in it was trained; the units are a judgement.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from countenance.contracts.media import Sounding, SpeakerBaseline
from countenance.inference.functionals import Look
from countenance.inference.logmel import FRAMES_PER_SECOND, MELS, Floats, levels, loud_enough

_BANDS_BELOW_500_HZ = 12  # of 64, from 50 Hz on
_UNITS = (0.25, 1.4, 0.7)  # 3 semitones of pitch; 6 dB of level; 3 dB of tilt
_PRIOR_S = 3.0  # until so much was heard, the answer stays near the middle
_LEAST_S = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Above:
    """A stretch of one voice beside what is usual for the speaker."""

    level: Floats
    """Of each log-mel frame of 10 ms (m)."""
    away: Floats
    """How far its bands below 500 Hz, and all of them, lie above their usual mean (m, 2)."""
    octaves: Floats
    """Pitch above the usual one, one every 20 ms (n); not a number where there is none."""
    known: float
    """How far the speaker is known, 0..1; 0 where too little was heard of them."""


def above(sounding: Sounding, baseline: SpeakerBaseline, level: Floats | None = None) -> Above:
    """A sounding beside the baseline of its speaker; `level` where it was measured already."""
    frames = np.asarray(sounding.frames, np.float32)
    away = frames @ _means() - np.asarray(baseline.mean, np.float32) @ _means()
    octaves = np.full(len(sounding.pitch), np.nan, np.float32)
    voiced = sounding.pitch > 0
    if baseline.voiced_s:
        octaves[voiced] = np.log2(sounding.pitch[voiced]) - np.float32(baseline.pitch)
    heard = baseline.seconds if baseline.seconds >= _LEAST_S else 0.0
    return Above(levels(frames) if level is None else level, away, octaves, heard / (heard + _PRIOR_S))


@cache
def _means() -> Floats:
    """Of the bands below 500 Hz, and of all of them."""
    out = np.full((MELS, 2), 1.0 / MELS, np.float32)
    out[:, 0] = (np.arange(MELS) < _BANDS_BELOW_500_HZ) / _BANDS_BELOW_500_HZ
    return out


def lift(one: Above, look: Look) -> float | None:
    """How lively a look is, in units in which 1 is clearly more than usual; None where too little was heard."""
    first, last = look
    spoken = loud_enough(one.level[2 * first : 2 * last])
    count = np.count_nonzero(spoken)
    if not one.known or count < _LEAST_S * FRAMES_PER_SECOND:
        return None
    sums = spoken.astype(np.float32) @ one.away[2 * first : 2 * last]
    low, whole = float(sums[0] / count), float(sums[1] / count)
    high = (MELS * whole - _BANDS_BELOW_500_HZ * low) / (MELS - _BANDS_BELOW_500_HZ)
    parts: list[float] = [whole / _UNITS[1], (high - low) / _UNITS[2]]
    octaves = np.sort(one.octaves[first:last])  # what is not a number comes last
    if voiced := np.count_nonzero(np.isfinite(octaves)):
        parts.append(float(octaves[voiced // 2] + octaves[(voiced - 1) // 2]) / 2 / _UNITS[0])
    return one.known * sum(parts) / len(parts)


def lifts(one: Above, looks: Sequence[Look]) -> Floats:
    """The lift of every look (k), 0 where nothing can be said."""
    return np.array([lift(one, look) or 0.0 for look in looks], np.float32)
