"""Arousal of a voice by a rule without weights, where no bundle says it: see `inference.lift`."""

import math

from countenance.contracts.media import Sounding, VoiceSample
from countenance.inference.lift import above, lift

AROUSAL = "arousal"


def arousal(voice: VoiceSample, sounding: Sounding) -> dict[str, float]:
    """`arousal`, -1..1, where 0 is what is usual for the speaker; nothing where too little was heard of them."""
    found = lift(above(sounding, voice.baseline), (0, len(sounding.frames)))
    return {} if found is None else {AROUSAL: math.tanh(found)}
