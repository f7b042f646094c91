"""Speaks a scripted line: a small formant synthesiser, the same samples for the same line.

A buzz (voice) and a hiss (breath) are shaped, frame by frame, by the resonances of the sounds of the line. It needs
not be understood; it has the energy, the pitch and the syllables of speech, and it fills its time exactly.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.media import SAMPLE_RATE
from countenance.testing.sample_call.phonemes import SOUNDS, VOWELS, Sound, sounds_of

FRAME_MS = 5
WINDOW = 512
HOP = 128
PAUSES = {",": 1.1, ".": 1.7, "?": 1.7, "!": 1.7}
"""Lengths of silence after a mark, in the units of a sound's length."""
WORD_GAP = 0.12
TAIL_MS = 40
"""The last sound dies away this long before the line ends, as ears and detectors hold on to it."""
BANDWIDTHS = (80.0, 110.0, 170.0)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Voice:
    """How one person sounds."""

    pitch_hz: float
    tract: float
    """Factor on all resonances: above 1 a shorter throat."""


@dataclass(frozen=True, slots=True)
class Mood:
    """How a line is said, relative to the person's ordinary voice."""

    pitch: float
    span: float
    """Factor on how much the pitch moves."""
    gain_db: float


MOODS = {
    "calm": Mood(1.0, 1.0, 0.0),
    "puzzled": Mood(1.07, 1.4, 0.0),
    "upset": Mood(1.24, 1.9, 5.0),
    "relieved": Mood(1.05, 1.3, -1.0),
}


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """One line as sound, and how far the mouth opens while saying it."""

    pcm: NDArray[np.float32]
    """n samples in -1..1, mono, 16 kHz."""
    opening: NDArray[np.float32]
    """0..1, one value per FRAME_MS."""


def speak(line: str, length_ms: int, voice: Voice, mood: Mood) -> Spoken:
    """Say a line in exactly `length_ms` milliseconds."""
    frames = (length_ms - TAIL_MS) // FRAME_MS
    plan = _plan(line)
    tracks = _tracks(plan, frames)
    pitch = _pitch(plan, frames, line, voice, mood)
    rng = np.random.default_rng(zlib.crc32(line.encode()))
    samples = (length_ms - TAIL_MS) * SAMPLE_RATE // 1000
    pcm = _synthesise(tracks, pitch, voice.tract, samples, rng)
    loud = np.sqrt(np.mean(pcm**2)) + 1e-9
    pcm *= 0.085 * 10 ** (mood.gain_db / 20) / loud
    edge = np.minimum(1, np.minimum(np.arange(samples), np.arange(samples)[::-1]) / 80)
    opening = np.pad(_smooth(tracks.opening, 9), (0, TAIL_MS // FRAME_MS))
    quiet = np.zeros(TAIL_MS * SAMPLE_RATE // 1000)
    said = np.concatenate([np.tanh(pcm * 1.2) / 1.2 * edge, quiet])
    return Spoken(said.astype(np.float32), opening.astype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class _Tracks:
    formants: Floats
    """frames x 3."""
    voiced: Floats
    noise: Floats
    noise_hz: Floats
    opening: Floats


@dataclass(frozen=True, slots=True)
class _Step:
    sound: Sound
    length: float
    accent: bool


def _plan(line: str) -> list[_Step]:
    """The sounds of a line in order, with their relative lengths."""
    steps: list[_Step] = []
    rest = SOUNDS["."]
    words = line.split()
    for number, word in enumerate(words):
        accented = False
        for name in sounds_of(word):
            accent = name in VOWELS and not accented and len(word) > 3
            accented |= name in VOWELS
            steps.append(_Step(SOUNDS[name], SOUNDS[name].length * (1.25 if accent else 1.0), accent))
        if number < len(words) - 1:
            steps.append(_Step(rest, PAUSES.get(word[-1], WORD_GAP), accent=False))
    return steps


def _spans(plan: Sequence[_Step], frames: int) -> list[tuple[int, int]]:
    ends = np.cumsum([step.length for step in plan])
    edges = np.round(np.concatenate([[0.0], ends]) / ends[-1] * frames).astype(int)
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))


def _tracks(plan: Sequence[_Step], frames: int) -> _Tracks:
    values = np.zeros((frames, 7))
    for step, (start, end) in zip(plan, _spans(plan, frames), strict=True):
        sound = step.sound
        values[start:end] = (*sound.formants, sound.voiced, sound.noise, sound.noise_hz, sound.opening)
    formants = np.stack([_smooth(values[:, i], 9) for i in range(3)], axis=1)
    voiced, noise, noise_hz = (_smooth(values[:, i], width) for i, width in ((3, 5), (4, 3), (5, 5)))
    return _Tracks(formants, voiced, noise, noise_hz, values[:, 6])


def _pitch(plan: Sequence[_Step], frames: int, line: str, voice: Voice, mood: Mood) -> Floats:
    """Hertz per frame: a slow fall, a rise on stressed syllables, and up at the end of a question."""
    along = np.linspace(0, 1, frames)
    shape = 0.10 * (0.5 - along)
    spot = np.arange(frames)
    for step, (start, end) in zip(plan, _spans(plan, frames), strict=True):
        if step.accent:
            shape += 0.11 * np.exp(-(((spot - (start + end) / 2) / 14) ** 2))
    last = np.clip((along - 0.80) / 0.20, 0, 1)
    shape += (0.24 if line.rstrip().endswith("?") else -0.12) * last
    pitch: Floats = voice.pitch_hz * mood.pitch * (1 + mood.span * shape)
    return pitch


def _synthesise(tracks: _Tracks, pitch: Floats, tract: float, samples: int, rng: np.random.Generator) -> Floats:
    """Shape buzz and hiss, window by window, and add the windows up."""
    at = np.arange(samples) * (1000 / FRAME_MS / SAMPLE_RATE)
    frame = np.arange(len(pitch)) + 0.5
    hertz = np.interp(at, frame, pitch) * (1 + 0.006 * _wander(samples, rng))
    buzz = _buzz(np.cumsum(hertz / SAMPLE_RATE)) * np.interp(at, frame, tracks.voiced)
    hiss = rng.standard_normal(samples) * np.interp(at, frame, tracks.noise)
    windows = -(-samples // HOP) + WINDOW // HOP
    middle = np.clip((np.arange(windows) * HOP - WINDOW // 2 + HOP // 2) * 1000 // SAMPLE_RATE // FRAME_MS, 0, None)
    middle = np.minimum(middle, len(pitch) - 1)
    taper = np.hanning(WINDOW + 1)[:-1] ** 0.5
    voiced = _cut(buzz, windows) * taper
    breathy = _cut(hiss, windows) * taper
    hz = np.linspace(0, SAMPLE_RATE / 2, WINDOW // 2 + 1)
    spectrum = np.fft.rfft(voiced) * _resonance(hz, tracks.formants[middle] * tract)
    spread = ((hz - tracks.noise_hz[middle, None]) / 1500) ** 2
    spectrum += np.fft.rfft(breathy) * np.exp(-spread)
    shaped = np.fft.irfft(spectrum, WINDOW) * taper
    total = np.zeros(windows * HOP + WINDOW)
    for index in range(windows):
        total[index * HOP : index * HOP + WINDOW] += shaped[index]
    return total[WINDOW - HOP : WINDOW - HOP + samples]


def _buzz(turns: Floats) -> Floats:
    """The flow of air through the vocal folds: a slow opening and a quick closing, once per turn."""
    phase = turns % 1.0
    opening = 0.5 * (1 - np.cos(np.pi * phase / 0.45))
    closing = np.cos(np.pi * (phase - 0.45) / 0.32)
    flow = np.where(phase < 0.45, opening, np.where(phase < 0.61, closing, 0.0))
    return np.diff(flow, prepend=0.0)


def _resonance(hz: Floats, formants: Floats) -> Floats:
    """The loudness of each frequency (windows x bins) behind three resonances."""
    shape = np.ones((len(formants), len(hz)))
    for index, width in enumerate(BANDWIDTHS):
        centre = formants[:, index : index + 1]
        shape *= centre**2 / np.hypot(centre**2 - hz**2, width * hz)
    return np.minimum(shape, 60.0) + 0.02


def _cut(signal: Floats, windows: int) -> Floats:
    padded = np.zeros(windows * HOP + WINDOW)
    padded[WINDOW - HOP : WINDOW - HOP + len(signal)] = signal
    return np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:windows]


def _wander(samples: int, rng: np.random.Generator) -> Floats:
    knots = rng.standard_normal(samples // 160 + 2)
    return np.interp(np.arange(samples) / 160, np.arange(len(knots)), knots)


def _smooth(values: Floats, width: int) -> Floats:
    """A centred moving mean; the ends keep their value."""
    padded = np.pad(values, width // 2, mode="edge")
    return np.convolve(padded, np.ones(width) / width, mode="valid")
