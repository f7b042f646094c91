"""A stretch of one voice in the speaker's own units, and the looks taken at it: what the voice net is given."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.media import Sounding, SpeakerBaseline
from countenance.encoders.functionals import Heard, Look, functionals
from countenance.inference.logmel import Floats, SpeakerPrior, normalised, spoken_frames
from countenance.inference.pitch import relative_pitch

LOOK_STEPS = 150
"""A look takes in 3 s at most; steps of 20 ms."""
MARGIN_STEPS = 7
"""Sound kept around the voice, 140 ms."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """What was heard of one voice without a cut."""

    frames: Floats
    """Normalised log-mel frames of 10 ms (2 n, 64)."""
    heard: Heard
    """The same and the pitch in steps of 20 ms (n)."""
    seconds: float
    """How much was heard of the speaker."""


def stretch_of(sounding: Sounding, baseline: SpeakerBaseline, prior: SpeakerPrior) -> Stretch:
    """What was measured, relative to what is usual for the speaker."""
    steps = min(len(sounding.frames) // 2, len(sounding.pitch))
    raw = np.asarray(sounding.frames[: 2 * steps], np.float32)
    own = normalised(raw, baseline, prior)
    spoken = spoken_frames(raw)
    heard = Heard(
        (own[::2] + own[1::2]) * np.float32(0.5),
        spoken[::2] | spoken[1::2],
        relative_pitch(sounding.pitch[:steps], baseline),
        sounding.periodic[:steps],
    )
    return Stretch(own, heard, baseline.seconds)


def trimmed(spoken: NDArray[np.bool_], look: Look, margin: int = MARGIN_STEPS) -> Look:
    """The last 3 s of a look from its first to its last voice, with a margin; as it is where there is no voice."""
    first, last = look
    voice = np.flatnonzero(spoken[first:last])
    if len(voice):
        first, last = max(first, first + int(voice[0]) - margin), min(last, first + int(voice[-1]) + 1 + margin)
    return max(first, last - LOOK_STEPS), last


def net_input(stretch: Stretch, looks: Sequence[Look]) -> dict[str, Floats]:
    """What a net may ask for of k looks, by name.

    Frames (1, 1, 64, t), which of them each look takes in (1, k, t), statistics of each look (k, f), and how many
    seconds were heard of the speaker (k).
    """
    present = np.zeros((1, len(looks), len(stretch.frames)), np.float32)
    for row, (first, last) in zip(present[0], looks, strict=True):
        row[2 * first : 2 * last] = 1.0
    return {
        "frames": np.ascontiguousarray(stretch.frames.T)[None, None],
        "present": present,
        "functionals": functionals(stretch.heard, looks),
        "seconds": np.full(len(looks), stretch.seconds, np.float32),
    }
