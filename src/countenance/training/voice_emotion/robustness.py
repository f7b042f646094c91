"""The nets of the folds on held-out actors through codecs, the telephone band and noise."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from countenance.evaluation.metrics import AUC, UAR
from countenance.inference.hearing import measured
from countenance.inference.logmel import SpeakerPrior
from countenance.training.datasets.ravdess import Clip
from countenance.training.device import progress
from countenance.training.voice_emotion.figures import PROTOCOL, measured_as
from countenance.training.voice_emotion.folds import held_out
from countenance.training.voice_emotion.lines import LINES, MEANINGS
from countenance.training.voice_emotion.net import VoiceNet
from countenance.training.voice_emotion.ravdess import folds, split
from countenance.training.voice_emotion.sounds import wave_of
from countenance.training.voice_emotion.tables import HeldOut, aroused, calibrated, named, pooled

KIND = "stream0"


def through(clips: Sequence[Clip], nets: Sequence[tuple[VoiceNet, SpeakerPrior]], name: str) -> HeldOut:
    """What the net of each fold says of its held-out actors over one line; the baseline hears the line too."""
    heard: list[Clip] = []
    logits, dimensions, numbers = [], [], []
    for number, (actors, (net, prior)) in enumerate(zip(folds(c.actor for c in clips), nets, strict=True), start=1):
        _, test = split(clips, actors)
        rngs = [np.random.default_rng([clip.actor, at]) for at, clip in enumerate(test)]
        soundings = [measured(LINES[name](wave_of(clip), rng)) for clip, rng in zip(test, rngs, strict=True)]
        said = held_out(net, test, soundings, prior, (KIND,))
        heard += test
        logits.append(said[KIND])
        dimensions.append(said[f"{KIND}_dimensions"])
        numbers.append(np.full(len(test), number))
    return pooled(heard, logits, dimensions, numbers)


def report(clips: Sequence[Clip], nets: Sequence[tuple[VoiceNet, SpeakerPrior]], by: HeldOut) -> dict[str, Any]:
    """UAR and arousal AUC over each line; the calibration knows the other folds without the line."""
    out: dict[str, Any] = {}
    with progress("lines and noise", len(LINES)) as tell:
        for at, name in enumerate(LINES, start=1):
            data = through(clips, nets, name)
            protocol = f"{PROTOCOL}; {MEANINGS[name]}"
            out[name] = {
                "uar": measured_as(UAR, named(data, calibrated(data, by), protocol)),
                "arousal_auc": measured_as(AUC, aroused(data, protocol)),
            }
            tell(at, name)
    return out
