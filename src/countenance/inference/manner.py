"""How one speaker usually talks: statistics of the voice over the call, with which each look at it can be compared.

Frames and pitch come in the speaker's own units already; how fast they move, how far they spread and how periodic a
voice is differ between people, rooms and languages all the same.
"""

from dataclasses import replace

import numpy as np

from countenance.contracts.media import Manner, Sounding, SpeakerBaseline
from countenance.inference.functionals import functionals
from countenance.inference.logmel import MEMORY_SECONDS, levels
from countenance.inference.looks import LOOK_STEPS, UNSEEN, heard_of, trimmed

_DUE_S = 1.0
"""The voice is measured anew once so much more of it was heard."""


def with_manner(baseline: SpeakerBaseline, sounding: Sounding, seconds: float) -> SpeakerBaseline:
    """The baseline after so many more seconds of speech, at the end of this stretch; its last 3 s are measured."""
    before = baseline.manner or UNSEEN
    waiting = before.waiting_s + seconds
    steps = min(len(sounding.frames) // 2, len(sounding.pitch))
    if waiting < _DUE_S or not steps:
        return replace(baseline, manner=replace(before, waiting_s=waiting))
    raw = np.asarray(sounding.frames[: 2 * steps], np.float32)
    heard = heard_of(raw, levels(raw), sounding, baseline)
    row = functionals(heard, [trimmed(heard.spoken, (max(0, steps - LOOK_STEPS), steps))])[0]
    total = before.seconds + waiting
    share = np.float32(waiting / total)
    mean, square = before.mean + share * (row - before.mean), before.square + share * (row * row - before.square)
    return replace(baseline, manner=Manner(mean, square, min(total, MEMORY_SECONDS)))
