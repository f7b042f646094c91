"""A stretch of one voice in the speaker's own units, and the looks taken at it: what the voice net is given."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.media import Manner, Sounding, SpeakerBaseline
from countenance.inference.functionals import FUNCTIONALS, Heard, Look, functionals
from countenance.inference.lift import Above, above, lifts
from countenance.inference.logmel import MELS, Floats, SpeakerPrior, levels, loud_so_far, normalised
from countenance.inference.pitch import relative_pitch

LOOK_STEPS = 150
"""A look takes in 3 s at most; steps of 20 ms."""
MARGIN_STEPS = 7
"""Sound kept around the voice, 140 ms."""
NOBODY = SpeakerPrior(tuple(np.linspace(0.0, -6.9, MELS).tolist()), (12.0,) * MELS)
"""Speech of nobody in particular: 30 dB less at the top of the bands than at the bottom, 15 dB of spread.

Round numbers. Statistics come in its units: how somebody talks is learnt by capture, which knows of no bundle.
"""
UNSEEN = Manner(np.zeros(FUNCTIONALS, np.float32), np.zeros(FUNCTIONALS, np.float32), 0.0)
"""Nothing was seen of how somebody talks."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """What was heard of one voice without a cut."""

    frames: Floats
    """Log-mel frames of 10 ms, normalised with the prior of the net (2 n, 64)."""
    heard: Heard
    """What statistics are taken of, in steps of 20 ms (n)."""
    above: Above
    """How far it lies above what is usual for the speaker."""
    seconds: float
    """How much was heard of the speaker."""
    manner: Manner = UNSEEN
    """How the speaker usually talks."""


def stretch_of(sounding: Sounding, baseline: SpeakerBaseline, prior: SpeakerPrior) -> Stretch:
    """What was measured, relative to what is usual for the speaker."""
    steps = min(len(sounding.frames) // 2, len(sounding.pitch))
    raw = np.asarray(sounding.frames[: 2 * steps], np.float32)
    own, level = normalised(raw, baseline, prior), levels(raw)
    heard, over = heard_of(raw, level, sounding, baseline), above(sounding, baseline, level)
    return Stretch(own, heard, over, baseline.seconds, baseline.manner or UNSEEN)


def heard_of(raw: Floats, level: Floats, sounding: Sounding, baseline: SpeakerBaseline) -> Heard:
    """What statistics are taken of, from the log-mel frames (2 n, 64) of a sounding and their levels."""
    steps, spoken = len(raw) // 2, loud_so_far(level)
    plain = normalised((raw[::2] + raw[1::2]) * np.float32(0.5), baseline, NOBODY)
    return Heard(
        plain,
        spoken[::2] | spoken[1::2],
        relative_pitch(sounding.pitch[:steps], baseline),
        sounding.periodic[:steps],
        np.asarray(sounding.tone[:steps], np.float32),
    )


def trimmed(spoken: NDArray[np.bool_], look: Look, margin: int = MARGIN_STEPS) -> Look:
    """The last 3 s of a look from its first to its last voice, with a margin; as it is where there is no voice."""
    first, last = look
    voice = np.flatnonzero(spoken[first:last])
    if len(voice):
        first, last = max(first, first + int(voice[0]) - margin), min(last, first + int(voice[-1]) + 1 + margin)
    return max(first, last - LOOK_STEPS), last


def net_input(stretch: Stretch, looks: Sequence[Look]) -> dict[str, Floats]:
    """What a net may ask for of k looks, by name.

    Frames (1, 1, 64, t), which of them each look takes in (1, k, t), statistics of each look (k, f), how many seconds
    were heard of the speaker (k), how far the look lies above what is usual (k), and how the speaker usually talks:
    means of the statistics (k, f), of their squares (k, f), and how many seconds of speech they are of (k).
    """
    present = np.zeros((1, len(looks), len(stretch.frames)), np.float32)
    for row, (first, last) in zip(present[0], looks, strict=True):
        row[2 * first : 2 * last] = 1.0
    return {
        "frames": np.ascontiguousarray(stretch.frames.T)[None, None],
        "present": present,
        "functionals": functionals(stretch.heard, looks),
        "seconds": np.full(len(looks), stretch.seconds, np.float32),
        "lift": lifts(stretch.above, looks),
        "usual": np.tile(stretch.manner.mean, (len(looks), 1)),
        "usual_square": np.tile(stretch.manner.square, (len(looks), 1)),
        "usual_seconds": np.full(len(looks), stretch.manner.seconds, np.float32),
    }
