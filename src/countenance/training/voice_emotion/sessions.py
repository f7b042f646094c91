"""Speaker sessions: clips of one speaker in an order, each normalised by what was heard up to its end, as in a call."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from countenance.encoders.functionals import Heard
from countenance.inference.hearing import Sounding, learnt
from countenance.inference.logmel import MELS, Floats, SpeakerPrior, normalised, speech_frames, unheard
from countenance.inference.pitch import relative_pitch

CONTEXT_FRAMES = 300  # 3 s, the most the net hears at once

_SESSION_CLIPS = (4, 12, 30, 60)  # short sessions teach the cold start


def prior_of(clips: Sequence[Sounding], speakers: Sequence[int]) -> SpeakerPrior:
    """Mean of each mel band over all given speakers, and its variance within a speaker, from speech only."""
    means, variances = [], []
    for speaker in sorted(set(speakers)):
        own = [np.asarray(c.frames, np.float32) for c, s in zip(clips, speakers, strict=True) if s == speaker]
        voice = np.concatenate([frames[speech_frames(frames)] for frames in own])
        means.append(voice.mean(axis=0, dtype=np.float64))
        variances.append(voice.var(axis=0, dtype=np.float64))
    return SpeakerPrior(tuple(np.mean(means, axis=0).tolist()), tuple(np.mean(variances, axis=0).tolist()))


def hear(clips: Sequence[Sounding], prior: SpeakerPrior, forget: bool = False) -> list[Heard]:
    """Clips of one speaker in the given order, in the speaker's own units; `forget` hears every clip as the first."""
    baseline, heard = unheard(), []
    for clip in clips:
        frames = np.asarray(clip.frames, np.float32)
        sounding = Sounding(frames, clip.pitch, clip.periodic)
        baseline = learnt(unheard() if forget else baseline, sounding)
        pitch = relative_pitch(clip.pitch, baseline)
        heard.append(Heard(normalised(frames, baseline, prior), speech_frames(frames), pitch, clip.periodic))
    return heard


def part_of(heard: Heard, start: int, frames: int) -> Heard:
    """A piece of what was heard, from a frame on."""
    end, first, last = start + frames, start // 2, (start + frames) // 2
    return Heard(heard.frames[start:end], heard.spoken[start:end], heard.pitch[first:last], heard.periodic[first:last])


def recent(heard: Heard) -> Heard:
    """The last 3 s."""
    start = max(0, len(heard.frames) - CONTEXT_FRAMES)
    return part_of(heard, start, min(len(heard.frames), CONTEXT_FRAMES))


def sessions(speakers: Sequence[int], rng: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    """Every clip once, as sessions of changing length of one speaker each."""
    for speaker in sorted(set(speakers)):
        order = rng.permutation([at for at, owner in enumerate(speakers) if owner == speaker])
        start = 0
        while start < len(order):
            chosen = order[start : start + int(rng.choice(_SESSION_CLIPS))]
            start += len(chosen)
            yield chosen


def padded(pieces: Sequence[Floats]) -> tuple[Floats, Floats]:
    """The net's input: frames (n, 1, 64, 300) and which of the 300 are sound (n, 300)."""
    frames = np.zeros((len(pieces), 1, MELS, CONTEXT_FRAMES), np.float32)
    present = np.zeros((len(pieces), CONTEXT_FRAMES), np.float32)
    for at, piece in enumerate(pieces):
        frames[at, 0, :, : len(piece)] = piece.T
        present[at, : len(piece)] = 1.0
    return frames, present
