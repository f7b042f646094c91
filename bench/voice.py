"""What a second of voice costs, in CPU milliseconds of one thread.

    python -m bench.voice [--seconds 60]

A made voice (pulses at 140 Hz through three resonances, four openings a second, faint noise) is cut into samples and
read: ten answers a second, each with up to 3 s of context and nothing of what follows it. Every figure is per second of
the recording, after the first 10 s, in which a voice is new and its baseline moves with every answer. Capture measures
each second once (frames, pitch, tone) and, every second or two, how the speaker usually talks (`manner`); the encoder
takes these measures with the samples. `emotions` is what the net needs from sound to ten answers: frames, pitch, tone,
manner and the encoder, without the prosody said beside it once a second (ten glances are read, which have none) and
without voice activity detection; `whole` is capture and encoder with all they do. `tenths` reads a call whose sound
arrives in pieces of 100 ms, as it does live.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from countenance.capture.speech import VoiceSampler, as_float
from countenance.contracts.media import SAMPLE_RATE, SECOND_US, AudioChunk, VoiceSample
from countenance.encoders.prosody import prosody
from countenance.encoders.voice import BUNDLE, VoiceEncoder
from countenance.inference.hearing import look_of, part_of, sounding_of
from countenance.inference.logmel import log_mel
from countenance.inference.manner import with_manner
from countenance.inference.pitch import voice_track, windows_of
from countenance.inference.shelf import Profile, Shelf
from countenance.inference.tone import tone_of

REPEATS = 9
NEW_S = 10  # seconds in which the voice is new
LEAD = 320  # samples that capture looks back for a new second
RESONANCES = ((600.0, 80.0), (1200.0, 100.0), (2500.0, 150.0))


def made_voice(seconds: int) -> np.ndarray:
    """16-bit samples of the made voice."""
    times = np.arange(seconds * SAMPLE_RATE) / SAMPLE_RATE
    pulses = (np.diff(np.floor(140.0 * times), prepend=0.0) > 0).astype(float)
    ring = np.arange(400) / SAMPLE_RATE
    filters = [np.exp(-np.pi * width * ring) * np.sin(2 * np.pi * place * ring) for place, width in RESONANCES]
    voice = np.convolve(pulses, np.sum(filters, axis=0))[: len(times)] * np.sin(np.pi * 4 * times) ** 2
    noise = np.random.default_rng(1).normal(0, 5, len(times))
    return np.asarray(8_000 * voice / np.abs(voice).max() + noise, np.int16)


Window = list[VoiceSample]


def cut(pcm: np.ndarray, piece: int = SAMPLE_RATE) -> list[Window]:
    """Samples of each second of the recording, which arrives in pieces of so many samples."""
    sampler, windows = VoiceSampler("p_1"), []
    for second in range(len(pcm) // SAMPLE_RATE):
        for at in range(second * SAMPLE_RATE, (second + 1) * SAMPLE_RATE, piece):
            sampler.take(AudioChunk("p_1/audio", at * SECOND_US // SAMPLE_RATE, pcm[at : at + piece]))
        samples, _ = sampler.samples(second * SECOND_US, (second + 1) * SECOND_US)
        windows.append([one for one in samples if isinstance(one, VoiceSample)])
    return windows


def prosody_of(window: Window) -> dict[str, float]:
    """The measures said of a second beside its emotions."""
    whole = window[-1]
    sounding = sounding_of(whole)
    return prosody(whole.pcm, whole.speech, part_of(sounding, look_of(whole, sounding)))


def learn_manner(windows: list[Window]) -> None:
    """How the speaker usually talks, as capture learns it from second to second."""
    baseline = windows[0][-1].baseline
    for whole, after in pairwise(window[-1] for window in windows):
        sounding = sounding_of(whole)
        new = after.baseline.seconds - whole.baseline.seconds
        baseline = with_manner(baseline, part_of(sounding, look_of(whole, sounding)), new)


def cost(work: Callable[[], object], seconds: float) -> float:
    """Median CPU milliseconds of this thread per second of sound."""
    spent = []
    for _ in range(REPEATS):
        begun = time.thread_time()
        work()
        spent.append((time.thread_time() - begun) * 1000 / seconds)
    return round(statistics.median(spent), 3)


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--models", type=Path, nargs="*", default=(), help="folders of bundles to use before others")
    asked = parser.parse_args()
    pcm = made_voice(asked.seconds)
    windows = [window for window in cut(pcm)[NEW_S:] if window]
    seconds = len(windows)
    pieces = [as_float(pcm[at * SAMPLE_RATE :][: SAMPLE_RATE + LEAD]) for at in range(NEW_S, asked.seconds - 1)]
    heard = [(windows_of(one).power, *voice_track(one)[:2]) for one in pieces]
    shelf = Shelf.installed(Profile.OPEN, asked.models)
    encoder, bare = VoiceEncoder.from_shelf(shelf), VoiceEncoder(None)
    figures = {
        "capture_ms_per_s": cost(lambda: cut(pcm), asked.seconds),
        "capture_in_tenths_ms_per_s": cost(lambda: cut(pcm, SAMPLE_RATE // 10), asked.seconds),
        "log_mel_ms_per_s": cost(lambda: [log_mel(one) for one in pieces], len(pieces)),
        "pitch_ms_per_s": cost(lambda: [voice_track(one) for one in pieces], len(pieces)),
        "tone_ms_per_s": cost(lambda: [tone_of(*one) for one in heard], len(pieces)),
        "manner_ms_per_s": cost(lambda: learn_manner(windows), seconds),
        "prosody_ms_per_s": cost(lambda: [prosody_of(one) for one in windows], seconds),
        "encoder_without_bundle_ms_per_s": cost(lambda: [bare.encode(one) for one in windows], seconds),
    }
    if shelf.has(BUNDLE):
        figures["encoder_ms_per_s"] = cost(lambda: [encoder.encode(one) for one in windows], seconds)
        measures = sum(figures[f"{name}_ms_per_s"] for name in ("log_mel", "pitch", "tone", "manner"))
        glances = [[*window[:-1], replace(window[-1], glance=True)] for window in windows]
        figures["encoder_of_glances_ms_per_s"] = cost(lambda: [encoder.encode(one) for one in glances], seconds)
        figures["emotions_ms_per_s"] = round(measures + figures["encoder_of_glances_ms_per_s"], 3)
        figures["whole_ms_per_s"] = round(figures["capture_ms_per_s"] + figures["encoder_ms_per_s"], 3)
    answers = round(sum(len(one) for one in windows) / seconds, 2)
    print(json.dumps({"answers_per_s": answers, "seconds": seconds, **figures}, indent=1))


if __name__ == "__main__":
    main()
