"""What a second of voice costs, in CPU milliseconds of one thread.

    python -m bench.voice [--seconds 30]

A made voice (pulses at 140 Hz through three resonances, four openings a second, faint noise) is cut into samples and
read, one sample a second with 3 s of context. Every figure is per second of the recording. Capture measures each second
once (frames, pitch); the encoder takes these measures with the sample. `emotions` is what the net needs from sound to
answer: frames, pitch and the encoder, without the prosody said beside it and without voice activity detection.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable

import numpy as np

from countenance.capture.speech import VoiceSampler, as_float
from countenance.contracts.media import SAMPLE_RATE, SECOND_US, AudioChunk, VoiceSample
from countenance.encoders.prosody import prosody
from countenance.encoders.voice import BUNDLE, VoiceEncoder
from countenance.inference.logmel import log_mel
from countenance.inference.pitch import voice_track
from countenance.inference.shelf import Profile, Shelf

REPEATS = 9
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


def cut(pcm: np.ndarray) -> list[VoiceSample]:
    """Samples of the whole recording."""
    sampler = VoiceSampler("p_1")
    sampler.take(AudioChunk("p_1/audio", 0, pcm))
    windows = [sampler.samples(s * SECOND_US, (s + 1) * SECOND_US)[0] for s in range(len(pcm) // SAMPLE_RATE)]
    return [one for samples in windows for one in samples if isinstance(one, VoiceSample)]


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
    parser.add_argument("--seconds", type=int, default=30)
    pcm = made_voice(parser.parse_args().seconds)
    samples = cut(pcm)
    seconds = len(pcm) / SAMPLE_RATE
    pieces = [as_float(pcm[at * SAMPLE_RATE :][: SAMPLE_RATE + LEAD]) for at in range(int(seconds) - 1)]
    shelf = Shelf.installed(Profile.OPEN)
    encoder, bare = VoiceEncoder.from_shelf(shelf), VoiceEncoder(None)
    figures = {
        "capture_ms_per_s": cost(lambda: cut(pcm), seconds),
        "log_mel_ms_per_s": cost(lambda: [log_mel(one) for one in pieces], len(pieces)),
        "pitch_ms_per_s": cost(lambda: [voice_track(one) for one in pieces], len(pieces)),
        "prosody_ms_per_s": cost(lambda: [prosody(one.pcm, one.speech, one.sounding) for one in samples], seconds),
        "encoder_without_bundle_ms_per_s": cost(lambda: [bare.encode([one]) for one in samples], seconds),
    }
    if shelf.has(BUNDLE):
        figures["encoder_ms_per_s"] = cost(lambda: [encoder.encode([one]) for one in samples], seconds)
        measures = figures["log_mel_ms_per_s"] + figures["pitch_ms_per_s"]
        figures["emotions_ms_per_s"] = round(measures + figures["encoder_ms_per_s"] - figures["prosody_ms_per_s"], 3)
    print(json.dumps({"samples": len(samples), "seconds": seconds, **figures}, indent=1))


if __name__ == "__main__":
    main()
