"""Speaker sessions: clips of one speaker in an order, each normalised by what was heard up to its end, as in a call."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.media import Manner
from countenance.inference.functionals import Look
from countenance.inference.hearing import Sounding, learnt
from countenance.inference.logmel import MELS, Floats, SpeakerPrior, speech_frames, unheard
from countenance.inference.looks import LOOK_STEPS, Stretch, stretch_of, trimmed

BEFORE_FRAMES = 60
"""How far back the frames expert hears before a look, 600 ms."""
LOOSE_STEPS = 10
"""Up to so much sound around the voice, 200 ms, is kept in training."""

_SHORTEST = 50  # steps of a piece, 1 s
_JITTER = 0.1  # octaves: what is usual for nobody in particular is not known well
_SESSION_CLIPS = (4, 12, 30, 60)  # short sessions teach the cold start
_SKEWED_SESSIONS = 4  # per speaker
_SKEW = 0.7  # of a Dirichlet distribution over the classes


def prior_of(clips: Sequence[Sounding], speakers: Sequence[int]) -> SpeakerPrior:
    """Mean of each mel band over all given speakers, and its variance within a speaker, from speech only."""
    means, variances = [], []
    for speaker in sorted(set(speakers)):
        own = [np.asarray(c.frames, np.float32) for c, s in zip(clips, speakers, strict=True) if s == speaker]
        voice = np.concatenate([frames[speech_frames(frames)] for frames in own])
        means.append(voice.mean(axis=0, dtype=np.float64))
        variances.append(voice.var(axis=0, dtype=np.float64))
    return SpeakerPrior(tuple(np.mean(means, axis=0).tolist()), tuple(np.mean(variances, axis=0).tolist()))


def hear(clips: Sequence[Sounding], prior: SpeakerPrior, forget: bool = False) -> list[Stretch]:
    """Clips of one speaker in the given order, in the speaker's own units; `forget` hears every clip as the first."""
    baseline, heard = unheard(), []
    for clip in clips:
        sounding = Sounding(np.asarray(clip.frames, np.float32), clip.pitch, clip.periodic, clip.tone)
        baseline = learnt(unheard() if forget else baseline, sounding)
        heard.append(stretch_of(sounding, baseline, prior))
    return heard


def other_voice(rng: np.random.Generator) -> float:
    """A factor of pitch that makes a speaker somebody else."""
    return float(2 ** rng.normal(0.0, _JITTER))


def higher(sounding: Sounding, factor: float) -> Sounding:
    """The same with another pitch."""
    return replace(sounding, pitch=sounding.pitch * np.float32(factor))


def recent(stretch: Stretch) -> Look:
    """The last 3 s of a clip's voice."""
    return trimmed(stretch.heard.spoken, (0, len(stretch.heard.spoken)))


def piece(stretch: Stretch, rng: np.random.Generator) -> Look:
    """Some of a clip's voice: up to 3 s, half the time less, but 1 s at least where there is as much."""
    spoken = stretch.heard.spoken
    voice = np.flatnonzero(spoken)
    before, after = rng.integers(0, LOOSE_STEPS + 1, 2)
    first, last = max(0, int(voice[0] - before)), min(len(spoken), int(voice[-1] + 1 + after))
    length = min(last - first, LOOK_STEPS)
    if rng.random() < 0.5:
        length = int(rng.integers(min(_SHORTEST, length), length + 1))
    start = int(rng.integers(first, last - length + 1))
    return start, start + length


def sessions(speakers: Sequence[int], rng: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    """Every clip once, as sessions of changing length of one speaker each."""
    for speaker in sorted(set(speakers)):
        order = rng.permutation([at for at, owner in enumerate(speakers) if owner == speaker])
        start = 0
        while start < len(order):
            chosen = order[start : start + int(rng.choice(_SESSION_CLIPS))]
            start += len(chosen)
            yield chosen


def skewed(speakers: Sequence[int], labels: Sequence[int], rng: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    """Sessions in which a speaker acts some classes more than others: what is usual then lies elsewhere."""
    classes = np.asarray(labels)
    for speaker in sorted(set(speakers)):
        own = np.flatnonzero(np.asarray(speakers) == speaker)
        for _ in range(_SKEWED_SESSIONS):
            shares = rng.dirichlet([_SKEW] * (int(classes.max()) + 1))[classes[own]] + 1e-3
            yield rng.choice(own, int(rng.choice(_SESSION_CLIPS[:3])), p=shares / shares.sum())


def padded(pieces: Sequence[tuple[Floats, int]]) -> tuple[Floats, Floats]:
    """The net's input from pieces and how much of each is sound before the look.

    Frames (n, 1, 64, t) and which of them the look takes in (n, 1, t).
    """
    longest = max(len(frames) for frames, _ in pieces)
    out = np.zeros((len(pieces), 1, MELS, longest), np.float32)
    present = np.zeros((len(pieces), 1, longest), np.float32)
    for at, (frames, before) in enumerate(pieces):
        out[at, 0, :, : len(frames)] = frames.T
        present[at, 0, before : len(frames)] = 1.0
    return out, present


def stacked(manners: Sequence[Manner]) -> tuple[Floats, Floats, Floats]:
    """How the speaker of each look usually talks: means (n, k), means of squares (n, k), seconds (n)."""
    means, squares = (np.stack(part) for part in zip(*((one.mean, one.square) for one in manners), strict=True))
    return means, squares, np.array([one.seconds for one in manners], np.float32)


def with_before(frames: Floats, first: int, last: int) -> tuple[Floats, int]:
    """Frames of a look and those just before it, as far as the net hears back."""
    start = max(0, first - BEFORE_FRAMES)
    return frames[start:last], first - start
