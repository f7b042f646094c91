"""The nets of the folds heard as in a call, through the product's own capture.

The clips of a held-out actor are laid one after the other with silence between, and cut into one-second windows without
regard to where a clip begins. A clip's answer is the mean over the windows in which its speech ends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import soundfile
import torch

from countenance.capture.speech import VoiceSampler
from countenance.contracts.media import SAMPLE_RATE, SECOND_US, AudioChunk, VoiceSample
from countenance.encoders.arousal import AROUSAL, arousal
from countenance.encoders.voice import net_input
from countenance.evaluation.metrics import AUC, UAR
from countenance.inference.calibration import softmax
from countenance.inference.hearing import sounding_of
from countenance.inference.logmel import Floats, SpeakerPrior
from countenance.training.datasets.ravdess import Clip
from countenance.training.device import progress
from countenance.training.voice_emotion.figures import measured_as
from countenance.training.voice_emotion.net import DIMENSIONS, VoiceNet
from countenance.training.voice_emotion.ravdess import folds, split
from countenance.training.voice_emotion.tables import HeldOut, aroused, calibrated, named, pooled

PROTOCOL = (
    "the same held-out actors as one recording each, clips in a seeded order with 3 s of silence between, through the "
    "product's capture; a clip's answer is the mean over its one-second windows"
)
_GAP_S = 3.0  # of silence between clips: as long as the context, so that no two emotions are heard at once
_NOISE = 3  # of 16-bit steps: no microphone is silent


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of one clip: mean log probability and mean dimensions over its windows, and arousal by rule."""

    clip: Clip
    scores: Floats
    dimensions: Floats
    ruled: float


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
    heard = [(one, sounding_of(one)) for one in samples_of(recording)]
    inputs = net_input(heard, prior)
    with torch.no_grad():
        logits, dimensions, _ = net(*(torch.from_numpy(inputs[name]) for name in ("frames", "present", "functionals")))
    ruled = np.array([arousal(*one).get(AROUSAL, 0.0) for one in heard])
    ends = np.array([one.end_us * SAMPLE_RATE // SECOND_US for one, _ in heard])
    out = []
    for clip, (start, end) in zip(clips, places, strict=True):
        rows = np.flatnonzero((ends > start) & (ends <= end + SAMPLE_RATE // 2))
        if len(rows):
            scores = np.log(softmax(logits.numpy()[rows]).mean(axis=0))
            out.append(Said(clip, scores, dimensions.numpy()[rows].mean(axis=0), float(ruled[rows].mean())))
    return out


def report(clips: Sequence[Clip], nets: Sequence[tuple[VoiceNet, SpeakerPrior]], by: HeldOut) -> dict[str, Any]:
    """UAR and arousal AUC over all folds, and the arousal AUC of the rule, which no data was fitted to."""
    said: list[Said] = []
    numbers: list[int] = []
    groups = folds(clip.actor for clip in clips)
    with progress("replay", len(groups)) as tell:
        for number, (actors, (net, prior)) in enumerate(zip(groups, nets, strict=True), start=1):
            _, test = split(clips, actors)
            for actor in actors:
                own = [clip for clip in test if clip.actor == actor]
                order = np.random.default_rng([actor, 0]).permutation(len(own))
                found = said_of(net, prior, [own[at] for at in order], actor)
                said += found
                numbers += [number] * len(found)
            tell(number, "")
    data = _held_out(said, numbers, np.stack([one.dimensions for one in said]))
    ruled = np.zeros_like(data.dimensions)
    ruled[:, DIMENSIONS.index(AROUSAL)] = [one.ruled for one in said]
    by_rule = _held_out(said, numbers, ruled)
    return {
        "clips": len(clips),
        "clips_with_speech_found": len(said),
        "uar": measured_as(UAR, named(data, calibrated(data, by), PROTOCOL)),
        "arousal_auc": measured_as(AUC, aroused(data, PROTOCOL)),
        "arousal_auc_by_rule": measured_as(AUC, aroused(by_rule, PROTOCOL)),
    }


def _held_out(said: Sequence[Said], numbers: Sequence[int], dimensions: Floats) -> HeldOut:
    logits = np.stack([one.scores for one in said])
    return pooled([one.clip for one in said], [logits], [dimensions], [np.array(numbers)])
