"""What is measured of a voice before anything reads it, and what it adds to the speaker's baseline."""

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.media import Sounding, SpeakerBaseline, VoiceSample
from countenance.inference.logmel import FRAMES_PER_SECOND, log_mel, speech_frames, updated
from countenance.inference.manner import with_manner
from countenance.inference.pitch import AFRESH, Followed, track_of, windows_of, with_pitch
from countenance.inference.tone import tone_of

__all__ = ("Sounding", "followed", "learnt", "look_of", "measured", "part_of", "sounding_of")

Steps = tuple[int, int]
"""Steps of 20 ms, half open: two frames and one value of pitch each."""


def measured(pcm: NDArray[np.float32]) -> Sounding:
    """Measure 16 kHz mono samples in -1..1."""
    return followed(pcm, AFRESH)[0]


def followed(pcm: NDArray[np.float32], before: Followed) -> tuple[Sounding, Followed]:
    """Measure sound that goes on from other sound, and tell where to go on from here."""
    windows = windows_of(pcm)
    pitch, periodic, after = track_of(windows, before)
    return Sounding(log_mel(pcm), pitch, periodic, tone_of(windows.power, pitch, periodic)), after


def part_of(sounding: Sounding, steps: Steps) -> Sounding:
    """What was measured of a piece."""
    first, last = steps
    own = slice(first, last)
    return Sounding(
        sounding.frames[2 * first : 2 * last], sounding.pitch[own], sounding.periodic[own], sounding.tone[own]
    )


def sounding_of(voice: VoiceSample) -> Sounding:
    """What was measured of a sample and the time around it, measured now where capture has not."""
    return voice.sounding if voice.sounding is not None else measured(voice.pcm)


def look_of(voice: VoiceSample, sounding: Sounding) -> Steps:
    """The piece of a sounding that a sample is about."""
    return voice.look if voice.look is not None else (0, min(len(sounding.frames) // 2, len(sounding.pitch)))


def learnt(baseline: SpeakerBaseline, sounding: Sounding) -> SpeakerBaseline:
    """The baseline after hearing a stretch that is speech from end to end, but for the gaps between words."""
    spoken = speech_frames(sounding.frames)
    heard = with_pitch(updated(baseline, sounding.frames[spoken]), sounding.pitch)
    return with_manner(heard, sounding, int(spoken.sum()) / FRAMES_PER_SECOND)
