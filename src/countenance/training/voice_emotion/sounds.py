"""Recordings as they are and as they might have been: other speeds, rooms, lines and noise."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import soundfile
from scipy.signal import butter, fftconvolve, resample_poly, sosfilt

from countenance.contracts.errors import DatasetError
from countenance.contracts.media import SAMPLE_RATE
from countenance.inference.logmel import Floats
from countenance.training.datasets.ravdess import Clip

CLEAN_SPEEDS = ((1, 1), (10, 9), (9, 10), (16, 15), (15, 16))
"""Speed as up/down of resampling: 10/9 is slower and deeper; the first is the recording itself."""
DISTURBED_SPEEDS = ((1, 1), (8, 7), (7, 8), (12, 11), (11, 12))
VERSIONS = len(CLEAN_SPEEDS) + len(DISTURBED_SPEEDS)

_BANDS = (None, None, "telephone", 3400.0, 4000.0, 5500.0)


@dataclass(frozen=True, slots=True)
class Place:
    """Where and over which line a speaker is heard."""

    room: tuple[float, float] | None
    """Seconds until the echo is 60 dB down, and its level against the voice."""
    noise_db: float
    """How far the voice lies above the noise."""
    band: str | float | None
    """`telephone`, or the highest frequency in Hz."""
    tilt: tuple[float, float] | None
    """From where on high sounds are lifted, in Hz, and by how much."""


def wave_of(clip: Clip) -> Floats:
    """The recording, 16 kHz mono, -1..1."""
    samples, rate = soundfile.read(clip.path, dtype="float32")
    if rate != SAMPLE_RATE or samples.ndim != 1:
        raise DatasetError(f"{clip.path.name} is not 16 kHz mono", "Resample the clips before training.")
    return np.asarray(samples, np.float32)


def version(waves: Sequence[Floats], actors: Sequence[int], number: int) -> Iterator[Floats]:
    """Every recording in one version; an actor is in one place, so that a session has one room and one line."""
    clean = number < len(CLEAN_SPEEDS)
    up, down = CLEAN_SPEEDS[number] if clean else DISTURBED_SPEEDS[number - len(CLEAN_SPEEDS)]
    for at, (wave, actor) in enumerate(zip(waves, actors, strict=True)):
        heard = wave if up == down else np.asarray(resample_poly(wave, up, down), np.float32)
        if not clean:
            place = place_of(np.random.default_rng([actor, number]))
            heard = disturbed(heard, place, np.random.default_rng([at, number]))
        yield np.asarray(heard, np.float32)


def place_of(rng: np.random.Generator) -> Place:
    """A place drawn at random."""
    room = (rng.uniform(0.15, 0.7), rng.uniform(0.2, 1.0)) if rng.random() < 0.6 else None
    noise_db = rng.uniform(5, 28)
    band = _BANDS[rng.integers(len(_BANDS))]
    return Place(room, noise_db, band, (rng.uniform(500, 3000), rng.uniform(0.3, 3)) if rng.random() < 0.5 else None)


def disturbed(wave: Floats, place: Place, rng: np.random.Generator) -> Floats:
    """A recording as it sounds from that place."""
    heard = wave
    if place.room:
        times = np.arange(int(place.room[0] * SAMPLE_RATE)) / SAMPLE_RATE
        echo = rng.standard_normal(len(times)) * np.exp(-6.9 * times / place.room[0])
        echo *= place.room[1] / np.sqrt((echo**2).sum())
        echo[0] += 1
        heard = fftconvolve(heard, echo)[: len(heard)]
    if place.band == "telephone":
        heard = sosfilt(butter(4, [300, 3400], "bandpass", fs=SAMPLE_RATE, output="sos"), heard)
    elif place.band:
        heard = sosfilt(butter(6, place.band, "lowpass", fs=SAMPLE_RATE, output="sos"), heard)
    if place.tilt:
        lifted = sosfilt(butter(1, place.tilt[0], "highpass", fs=SAMPLE_RATE, output="sos"), heard)
        heard = lifted * place.tilt[1] + heard
    noise = _coloured(len(heard), rng) * np.sqrt((heard**2).mean()) * 10 ** (-place.noise_db / 20)
    return np.asarray(heard + noise, np.float32)


def _coloured(count: int, rng: np.random.Generator) -> Floats:
    """Steady noise between white and a little steeper than pink, of mean power one."""
    hertz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
    spectrum = np.exp(2j * np.pi * rng.random(len(hertz))) / np.maximum(hertz, 50) ** rng.uniform(0, 1.2)
    noise = np.fft.irfft(spectrum, count)
    return np.asarray(noise / noise.std(), np.float32)
