"""Made voices whose pitch, jitter, rate and pauses are known."""

from collections.abc import Callable

import numpy as np

SAMPLE_RATE = 16_000
_FORMANTS = ((600.0, 80.0), (1200.0, 100.0), (2500.0, 150.0))
_REACH = 40


def pulses(hertz: float, seconds: float, jitter: float = 0.0, seed: int = 0) -> np.ndarray:
    """A vowel on one pitch; each period is drawn within plus or minus `jitter` of its length."""
    rng = np.random.default_rng(seed)
    return _vowel(lambda _: SAMPLE_RATE / hertz * (1 + jitter * rng.uniform(-1, 1)), seconds)


def glide(low: float, high: float, seconds: float) -> np.ndarray:
    """A vowel that rises evenly in octaves."""
    return _vowel(lambda at: SAMPLE_RATE / (low * (high / low) ** (at / SAMPLE_RATE / seconds)), seconds)


def talk(seconds: float, rate: float, hertz: float = 140.0) -> np.ndarray:
    """A vowel that opens and closes `rate` times a second, like syllables."""
    times = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    opening = (
        np.clip(np.sin(np.pi * rate * times), 0.03, None) ** 2 + np.clip(-np.sin(np.pi * rate * times), 0, None) ** 2
    )
    return np.asarray(pulses(hertz, seconds) * opening, np.float32)


def _vowel(period: Callable[[float], float], seconds: float) -> np.ndarray:
    wave = np.zeros(int(seconds * SAMPLE_RATE) + 4 * _REACH + SAMPLE_RATE // 10)
    reach = np.arange(-_REACH, _REACH + 1)
    at = 0.0
    while at < seconds * SAMPLE_RATE:
        centre = int(at) + _REACH
        shape = np.sinc((reach - (at - int(at))) * 0.4) * np.hanning(2 * _REACH + 1)
        wave[centre - _REACH : centre + _REACH + 1] += shape
        at += period(at)
    times = np.arange(400)
    ring = np.sum(
        [
            np.exp(-times * width * np.pi / SAMPLE_RATE) * np.sin(2 * np.pi * formant * times / SAMPLE_RATE)
            for formant, width in _FORMANTS
        ],
        axis=0,
    )
    voiced = np.convolve(wave, ring)[_REACH : _REACH + int(seconds * SAMPLE_RATE)]
    return np.asarray(0.5 * voiced / np.abs(voiced).max(), np.float32)
