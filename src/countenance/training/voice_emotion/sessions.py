"""Speaker sessions: clips of one speaker in an order, each normalised by what was heard up to its end, as in a call."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from countenance.inference.logmel import (
    MELS,
    Floats,
    SpeakerPrior,
    normalised,
    speech_frames,
    unheard,
    updated,
)

CONTEXT_FRAMES = 300  # 3 s, the most the net hears at once

_SESSION_CLIPS = (4, 12, 30, 60)  # short sessions teach the net the cold start
_NOISE_FLOOR_DB = (30.0, 60.0)
_NOISE_DB = (5.0, 35.0)


@dataclass(frozen=True, slots=True)
class Heard:
    """One clip as the net hears it: normalised frames and how many of the 300 are sound."""

    clip: int
    frames: Floats


def prior_of(clips: Sequence[Floats], speakers: Sequence[int]) -> SpeakerPrior:
    """Mean of each mel band over all given speakers, and its variance within a speaker, from speech only."""
    means, variances = [], []
    for speaker in sorted(set(speakers)):
        voice = np.concatenate([c[speech_frames(c)] for c, s in zip(clips, speakers, strict=True) if s == speaker])
        means.append(voice.mean(axis=0, dtype=np.float64))
        variances.append(voice.var(axis=0, dtype=np.float64))
    return SpeakerPrior(tuple(np.mean(means, axis=0).tolist()), tuple(np.mean(variances, axis=0).tolist()))


def hear(clips: Sequence[Floats], prior: SpeakerPrior, forget: bool = False) -> list[Floats]:
    """Normalise the clips of one speaker in the given order; `forget` treats every clip as the first one heard."""
    baseline = unheard()
    heard = []
    for clip in clips:
        recent = clip[-CONTEXT_FRAMES:]
        baseline = updated(unheard() if forget else baseline, clip[speech_frames(clip)])
        heard.append(normalised(recent, baseline, prior))
    return heard


def augmented_epoch(
    versions: Sequence[Sequence[Floats]], speakers: Sequence[int], prior: SpeakerPrior, rng: np.random.Generator
) -> Iterator[Heard]:
    """Every clip once, in sessions of changing length, voice (speed version, formant shift), room, noise and band."""
    for speaker in sorted(set(speakers)):
        order = rng.permutation([at for at, owner in enumerate(speakers) if owner == speaker])
        start = 0
        while start < len(order):
            chosen = order[start : start + int(rng.choice(_SESSION_CLIPS))]
            start += len(chosen)
            clips = versions[int(rng.integers(len(versions)))]
            changed = _augmented([np.asarray(clips[at], np.float32) for at in chosen], rng)
            for at, frames in zip(chosen, hear(changed, prior), strict=True):
                yield Heard(int(at), frames)


def cropped(frames: Floats, rng: np.random.Generator) -> Floats:
    """A stretched or squeezed and sometimes shortened piece of one clip, with SpecAugment masks."""
    if rng.random() < 0.5:
        count = int(len(frames) * rng.uniform(0.85, 1.18))
        frames = frames[np.minimum((np.arange(count) * (len(frames) / count)).astype(int), len(frames) - 1)]
    length = min(len(frames), CONTEXT_FRAMES)
    if rng.random() < 0.3:
        length = int(rng.integers(min(100, length), length + 1))
    at = int(rng.integers(len(frames) - length + 1))
    piece = frames[at : at + length].copy()
    for _ in range(2):
        width, low = int(rng.integers(0, 11)), int(rng.integers(0, MELS))
        piece[:, low : low + width] = 0.0
        width, first = int(rng.integers(0, max(1, length // 8))), int(rng.integers(0, length))
        piece[first : first + width] = 0.0
    return piece


def padded(pieces: Sequence[Floats]) -> tuple[Floats, Floats]:
    """The net's input: frames (n, 1, 64, 300) and which of the 300 are sound (n, 300)."""
    frames = np.zeros((len(pieces), 1, MELS, CONTEXT_FRAMES), np.float32)
    present = np.zeros((len(pieces), CONTEXT_FRAMES), np.float32)
    for at, piece in enumerate(pieces):
        frames[at, 0, :, : len(piece)] = piece.T
        present[at, : len(piece)] = 1.0
    return frames, present


def _augmented(clips: list[Floats], rng: np.random.Generator) -> list[Floats]:
    """One room, microphone and line for all clips of a session, in the domain of mel powers."""
    lengths = np.cumsum([len(clip) for clip in clips])[:-1]
    power = np.exp(np.concatenate(clips))
    if rng.random() < 0.5:
        power = _shifted(power, int(rng.integers(-2, 3)))
    if rng.random() < 0.4:
        power = _room(power, rng)
    if rng.random() < 0.3:
        power = power * _band(rng)
    power = power + _noise(power, rng)
    frames = np.log(power)
    if rng.random() < 0.3:  # what a speech codec does to fine structure
        frames = frames + rng.normal(0.0, rng.uniform(0.05, 0.4), frames.shape).astype(np.float32)
    return [part.astype(np.float32) for part in np.split(frames, lengths)]


def _shifted(power: Floats, bands: int) -> Floats:
    """Formants and pitch a little up or down the mel scale."""
    moved = np.roll(power, bands, axis=1)
    if bands > 0:
        moved[:, :bands] = power[:, :1]
    elif bands < 0:
        moved[:, bands:] = power[:, -1:]
    return moved


def _room(power: Floats, rng: np.random.Generator) -> Floats:
    decay = np.exp(-13.8 * 0.01 / rng.uniform(0.15, 0.8))  # -60 dB after 0.15 to 0.8 s
    tail = lfilter([0.0, 1.0], [1.0, -decay], power, axis=0)
    return np.asarray(power + rng.uniform(0.01, 0.12) * tail, np.float32)


def _band(rng: np.random.Generator) -> NDArray[np.float32]:
    """Telephone and narrow codecs: the bands outside are 40 dB down."""
    gain = np.ones(MELS, np.float32)
    gain[int(rng.choice([44, 48, 57, 60])) :] = 1e-4
    if rng.random() < 0.5:
        gain[: int(rng.integers(2, 8))] = 1e-2
    return gain


def _noise(power: Floats, rng: np.random.Generator) -> Floats:
    """Steady noise of a random smooth spectrum; there is always a little, so that digital silence is never learnt."""
    loudness, low = power.mean(), rng.random() < 0.5
    ratio = rng.uniform(*(_NOISE_DB if low else _NOISE_FLOOR_DB))
    band = np.linspace(0.0, 1.0, MELS)
    wave = np.cos(np.pi * band * rng.uniform(1, 4) + rng.uniform(0, 6))
    shape = rng.uniform(-5.0, 1.0) * band + rng.normal(0, 0.7) * wave
    spectrum = np.exp(shape)
    spectrum *= loudness * 10 ** (-ratio / 10) / spectrum.mean()
    ripple = rng.standard_exponential(power.shape, np.float32) * 0.35 + 0.65
    return (spectrum.astype(np.float32) * ripple).astype(np.float32)
