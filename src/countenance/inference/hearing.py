"""What is measured of a voice before anything reads it, and what it adds to the speaker's baseline."""

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.media import Sounding, SpeakerBaseline, VoiceSample
from countenance.inference.logmel import log_mel, speech_frames, updated
from countenance.inference.pitch import voice_track, with_pitch

__all__ = ("Sounding", "learnt", "measured", "sounding_of")


def measured(pcm: NDArray[np.float32]) -> Sounding:
    """Measure 16 kHz mono samples in -1..1."""
    return Sounding(log_mel(pcm), *voice_track(pcm))


def sounding_of(voice: VoiceSample) -> Sounding:
    """What was measured of a sample, measured now where capture has not."""
    return voice.sounding if voice.sounding is not None else measured(voice.pcm)


def learnt(baseline: SpeakerBaseline, sounding: Sounding) -> SpeakerBaseline:
    """The baseline after hearing a stretch that is speech from end to end, but for the gaps between words."""
    spoken = speech_frames(sounding.frames)
    return with_pitch(updated(baseline, sounding.frames[spoken]), sounding.pitch)
