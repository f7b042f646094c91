"""What may happen to frames on the way: rooms, bands and noise in the mel domain, other tempi, masks."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from countenance.inference.logmel import MELS, Floats
from countenance.inference.looks import LOOK_STEPS
from countenance.training.voice_emotion.sessions import LOOSE_STEPS, with_before

_NOISE_FLOOR_DB = (30.0, 60.0)
_NOISE_DB = (5.0, 35.0)


def augmented(clips: Sequence[Floats], rng: np.random.Generator) -> list[Floats]:
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


def cropped(frames: Floats, voice: tuple[int, int], rng: np.random.Generator) -> tuple[Floats, int]:
    """A piece of one clip's voice, stretched or squeezed, sometimes short, with SpecAugment masks.

    `voice` are the frames from its first to its last; with the piece comes how much of it lies before the look.
    """
    if rng.random() < 0.5:
        share = rng.uniform(0.85, 1.18)
        count = int(len(frames) * share)
        frames = frames[np.minimum((np.arange(count) * (len(frames) / count)).astype(int), len(frames) - 1)]
        voice = int(voice[0] * share), int(voice[1] * share)
    first = max(0, voice[0] - int(rng.integers(2 * LOOSE_STEPS + 1)))
    last = min(len(frames), voice[1] + int(rng.integers(2 * LOOSE_STEPS + 1)))
    length = min(last - first, 2 * LOOK_STEPS)
    if rng.random() < 0.3:
        length = int(rng.integers(min(100, length), length + 1))
    at = int(rng.integers(first, last - length + 1))
    piece, before = with_before(frames, at, at + length)
    return _masked(piece.copy(), length, rng), before


def _masked(piece: Floats, length: int, rng: np.random.Generator) -> Floats:
    for _ in range(2):
        width, low = int(rng.integers(0, 11)), int(rng.integers(0, MELS))
        piece[:, low : low + width] = 0.0
        width, first = int(rng.integers(0, max(1, length // 8))), int(rng.integers(0, len(piece)))
        piece[first : first + width] = 0.0
    return piece
