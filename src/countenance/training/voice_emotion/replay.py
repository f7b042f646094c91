"""The nets of the folds heard as in a call, through the product's own capture: run this module with `--help`.

The clips of a held-out actor are laid one after the other with silence between, and cut into one-second windows without
regard to where a clip begins. A clip's answer is the mean over the windows in which its speech ends.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch

from countenance.capture.speech import VoiceSampler
from countenance.contracts.media import SAMPLE_RATE, SECOND_US, AudioChunk, VoiceSample
from countenance.encoders.voice import net_input
from countenance.inference.calibration import softmax
from countenance.inference.logmel import Floats, SpeakerPrior, log_mel
from countenance.training.datasets.ravdess import LABELS, Clip, read_clips
from countenance.training.voice_emotion.figures import HeldOut, arousal_auc, interval, uar
from countenance.training.voice_emotion.folds import Corpus
from countenance.training.voice_emotion.frames import log_mels
from countenance.training.voice_emotion.net import VoiceNet
from countenance.training.voice_emotion.ravdess import folds, split

_GAP_S = 3.0  # of silence between clips: as long as the context, so that no two emotions are heard at once
_NOISE = 3  # of 16-bit steps: no microphone is silent


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of one clip: mean log probability and mean dimensions over its windows."""

    clip: Clip
    scores: Floats
    dimensions: Floats


def as_call(clips: Sequence[Clip], seed: int) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """One recording of all clips with silence between, and where each clip lies in it (samples)."""
    rng = np.random.default_rng(seed)
    gap = int(_GAP_S * SAMPLE_RATE)
    waves = [np.asarray(soundfile.read(clip.path, dtype="int16")[0]) for clip in clips]
    recording = rng.integers(-_NOISE, _NOISE + 1, sum(len(w) + gap for w in waves) + 2 * SAMPLE_RATE, dtype=np.int16)
    places, at = [], gap
    for wave in waves:
        recording[at : at + len(wave)] += wave
        places.append((at, at + len(wave)))
        at += len(wave) + gap
    return recording, places


def samples_of(recording: np.ndarray) -> Iterator[VoiceSample]:
    """Voice samples as an analysis cuts them."""
    sampler = VoiceSampler("actor")
    sampler.take(AudioChunk("actor/audio", 0, recording))
    for second in range(len(recording) // SAMPLE_RATE):
        samples, _ = sampler.samples(second * SECOND_US, (second + 1) * SECOND_US)
        yield from (one for one in samples if isinstance(one, VoiceSample))


def said_of(net: VoiceNet, prior: SpeakerPrior, clips: Sequence[Clip], seed: int) -> list[Said]:
    """What a net says of each clip of one actor; a clip in which no speech was found has no say and is left out."""
    recording, places = as_call(clips, seed)
    heard = list(samples_of(recording))
    inputs = net_input(heard, [log_mel(one.pcm) for one in heard], prior)
    with torch.no_grad():
        logits, dimensions = net(torch.from_numpy(inputs["frames"]), torch.from_numpy(inputs["present"]))
    ends = np.array([one.end_us * SAMPLE_RATE // SECOND_US for one in heard])
    out = []
    for clip, (start, end) in zip(clips, places, strict=True):
        rows = np.flatnonzero((ends > start) & (ends <= end + SAMPLE_RATE // 2))
        if len(rows):
            scores = np.log(softmax(logits.numpy()[rows]).mean(axis=0))
            out.append(Said(clip, scores, dimensions.numpy()[rows].mean(axis=0)))
    return out


def report(out: Path, corpus: Corpus) -> dict[str, object]:
    """UAR and arousal AUC over all folds."""
    said: list[Said] = []
    for number, actors in enumerate(folds(clip.actor for clip in corpus.clips), start=1):
        train, test = split(corpus.clips, actors)
        net = VoiceNet()
        net.load_state_dict(torch.load(out / f"fold{number}.pt", weights_only=True)["averaged"])
        prior = corpus.training(train).prior
        for actor in actors:
            own = [clip for clip in test if clip.actor == actor]
            order = np.random.default_rng([actor, 0]).permutation(len(own))
            said += said_of(net.eval(), prior, [own[at] for at in order], actor)
    data = HeldOut(
        np.stack([one.scores for one in said]),
        np.stack([one.dimensions for one in said]),
        np.array([one.clip.label for one in said]),
        np.array([one.clip.actor for one in said]),
        np.array([(one.clip.actor - 1) // 4 + 1 for one in said]),
    )
    figures: dict[str, object] = {"clips": len(corpus.clips), "clips_with_speech_found": len(said)}
    for name, measure in (("uar", uar), ("arousal_auc", arousal_auc)):
        low, high = interval(data, measure)
        figures[name] = {"value": round(measure(data), 4), "low": round(low, 4), "high": round(high, 4)}
    figures["clips_in_arousal_groups"] = int((data.labels != LABELS.index("disgust")).sum())
    return figures


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures and write them to `replay.json` beside the folds."""
    parser = argparse.ArgumentParser(description="The fold nets on held-out actors, through the product's own capture.")
    parser.add_argument("--ravdess", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the folder that the folds command wrote")
    asked = parser.parse_args(arguments)
    torch.set_num_threads(1)
    clips = read_clips(asked.ravdess)
    text = json.dumps(report(asked.out, Corpus(clips, log_mels(clips, asked.out / "frames.npz"))), indent=1)
    (asked.out / "replay.json").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
