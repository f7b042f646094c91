"""Arousal of a voice by a rule: higher, louder and brighter than this speaker usually is means livelier.

After Bone, Lee and Narayanan, "Robust unsupervised arousal rating: a rule-based framework with knowledge-inspired vocal
features" (IEEE Transactions on Affective Computing, 2014): pitch, intensity and the share of energy above 500 Hz, each
against the speaker's own baseline, with equal weights. Nothing in it was trained; the units are a judgement.
"""

import math

import numpy as np

from countenance.contracts.media import Sounding, VoiceSample
from countenance.inference.logmel import FRAMES_PER_SECOND, speech_frames

AROUSAL = "arousal"

_BANDS_BELOW_500_HZ = 12  # of 64, from 50 Hz on
_UNITS = (0.25, 1.4, 0.7)  # 3 semitones of pitch; 6 dB of level; 3 dB of tilt
_PRIOR_S = 3.0  # until so much was heard, the answer stays near the middle
_LEAST_S = 0.3


def arousal(voice: VoiceSample, sounding: Sounding) -> dict[str, float]:
    """`arousal`, -1..1, where 0 is what is usual for the speaker; nothing where too little was heard of them."""
    baseline = voice.baseline
    spoken = sounding.frames[speech_frames(sounding.frames)]
    if baseline.seconds < _LEAST_S or len(spoken) < _LEAST_S * FRAMES_PER_SECOND:
        return {}
    away = (spoken - baseline.mean).mean(axis=0)
    low, high = away[:_BANDS_BELOW_500_HZ].mean(), away[_BANDS_BELOW_500_HZ:].mean()
    voiced = sounding.pitch[sounding.pitch > 0]
    parts = [float(away.mean()) / _UNITS[1], float(high - low) / _UNITS[2]]
    if len(voiced) and baseline.voiced_s:
        parts.append((math.log2(float(np.median(voiced))) - baseline.pitch) / _UNITS[0])
    known = baseline.seconds / (baseline.seconds + _PRIOR_S)
    return {AROUSAL: math.tanh(known * sum(parts) / len(parts))}
