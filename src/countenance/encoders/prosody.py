"""Prosody of a voice sample, measured and not learnt: pitch, energy, rate, pauses, steadiness."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.media import SAMPLE_RATE
from countenance.encoders.cycles import steadiness
from countenance.inference.hearing import Sounding, measured
from countenance.inference.logmel import FRAMES_PER_SECOND
from countenance.inference.pitch import HOP, WINDOW

Floats = NDArray[np.float32]
Stretches = Sequence[tuple[int, int]]

_LEAST_PAUSE_S = 0.15
_STEADY_WINDOWS = 50  # of pitch, 1 s
_VOWEL_BANDS = slice(8, 44)  # mel bands of about 300 to 3,400 Hz, where vowels are strong
_DIP_DB = 2.0  # a syllable stands out by so much from the dips around it
_SYLLABLE_RANGE_DB = 25.0  # and lies at most so far under the loudest
_SMOOTH = np.array([1, 2, 3, 2, 1], np.float32) / 9.0  # over 50 ms


def prosody(pcm: Floats, speech: Stretches, sounding: Sounding | None = None) -> dict[str, float]:
    """Measures of one sample of 16 kHz mono; what cannot be measured is absent.

    `speech` are half-open stretches in samples; `sounding` what was measured of `pcm`, where the caller has it already.

    pitch_mean_hz, pitch_range_st (10th to 90th percentile, semitones), voiced_share (of speech), energy_db (re full
    scale), energy_range_db, speech_rate_syll_s, pause_share, pause_rate_s; jitter and shimmer of the newest
    second (relative, per cycle).
    """
    if not speech:
        return {}
    known = measured(pcm) if sounding is None else sounding
    track = known.pitch
    cues = pauses(speech) | _energy(pcm, speech)
    spoken = _in_speech(np.arange(len(track)) * HOP + WINDOW // 2, speech)
    voiced = track[spoken & (track > 0)]
    cues["voiced_share"] = float((track[spoken] > 0).mean()) if spoken.any() else 0.0
    if len(voiced):
        low, high = np.percentile(voiced, [10, 90])
        cues["pitch_mean_hz"] = float(voiced.mean())
        cues["pitch_range_st"] = float(12.0 * np.log2(high / low))
    talk = sum(end - start for start, end in speech) / SAMPLE_RATE
    cues["speech_rate_syll_s"] = len(syllables(known.frames, track, speech)) / talk
    newest = max(0, len(track) - _STEADY_WINDOWS)  # samples overlap: cycles are looked at once
    return cues | steadiness(pcm[newest * HOP :], track[newest:])


def pauses(speech: Stretches) -> dict[str, float]:
    """Share of the time from first to last speech that is pause, and pauses of at least 150 ms per second."""
    gaps = [(start - end) / SAMPLE_RATE for (_, end), (start, _) in pairwise(speech)]
    long = [gap for gap in gaps if gap >= _LEAST_PAUSE_S]
    length = (speech[-1][1] - speech[0][0]) / SAMPLE_RATE
    return {"pause_share": sum(long) / length, "pause_rate_s": len(long) / length}


def syllables(frames: Floats, track: Floats, speech: Stretches) -> list[int]:
    """Places, in samples, of syllable nuclei: voiced peaks of vowel energy (after de Jong and Wempe, 2009)."""
    power = np.exp(frames[:, _VOWEL_BANDS]).sum(axis=1)
    if len(power) < len(_SMOOTH) or not len(track):
        return []
    level = 10.0 * np.log10(np.convolve(power, _SMOOTH, "same") + 1e-9)
    places = (np.arange(len(level)) * SAMPLE_RATE) // FRAMES_PER_SECOND + 200
    near = np.clip((places - WINDOW // 2 + HOP // 2) // HOP, 0, len(track) - 1)
    voiced = (track[near] > 0) & _in_speech(places, speech)
    least = np.percentile(level, 99) - _SYLLABLE_RANGE_DB
    return [int(places[at]) for at in _prominent(level) if level[at] >= least and voiced[at]]


def _prominent(level: NDArray[np.floating]) -> list[int]:
    """Peaks that rise and fall by at least the dip on both sides."""
    peaks: list[int] = []
    lowest = high = float(level[0])
    top, rising = 0, True
    for at, value in enumerate(level.tolist()):
        if rising:
            if value > high:
                high, top = value, at
            if value < high - _DIP_DB:
                if high - lowest >= _DIP_DB:
                    peaks.append(top)
                rising, lowest = False, value
        elif value < lowest:
            lowest = value
        elif value > lowest + _DIP_DB:
            rising, high, top = True, value, at
    if rising and high - lowest >= _DIP_DB:
        peaks.append(top)
    return peaks


def _energy(pcm: Floats, speech: Stretches) -> dict[str, float]:
    """Level of the speech, and how far its loud 20 ms lie above its median, dB."""
    voice = np.concatenate([pcm[start:end] for start, end in speech]).astype(np.float64)
    pieces = voice[: len(voice) // HOP * HOP].reshape(-1, HOP)
    cues = {"energy_db": float(10 * np.log10((voice**2).mean() + 1e-12))}
    if len(pieces):
        levels = 10 * np.log10((pieces**2).mean(axis=1) + 1e-12)
        cues["energy_range_db"] = float(np.percentile(levels, 95) - np.percentile(levels, 50))
    return cues


def _in_speech(places: NDArray[np.integer], speech: Stretches) -> NDArray[np.bool_]:
    inside = np.zeros(len(places), bool)
    for start, end in speech:
        inside |= (places >= start) & (places < end)
    return inside
