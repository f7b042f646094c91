"""The nets of the folds heard as in a call, through the product's own capture.

The clips of a held-out actor are laid one after the other with silence between, and heard without regard to where a
clip begins. A clip's answer is the mean of the answers whose voice ends in it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import soundfile
import torch

from countenance.capture.speech import VoiceSampler
from countenance.contracts.media import SAMPLE_RATE, SECOND_US, AudioChunk, VoiceSample
from countenance.encoders.arousal import AROUSAL, arousal
from countenance.encoders.voice import INPUTS, asked_of, shared
from countenance.evaluation.intervals import drawn, ends
from countenance.evaluation.metrics import AUC, BRIER, ECE, MACRO_F1, UAR, Measure
from countenance.evaluation.riskcoverage import threshold_for
from countenance.evaluation.scores import Scores
from countenance.inference.calibration import softmax
from countenance.inference.hearing import look_of, part_of, sounding_of
from countenance.inference.logmel import Floats, SpeakerPrior
from countenance.training.datasets.ravdess import Clip
from countenance.training.device import progress
from countenance.training.voice_emotion.figures import measured_as
from countenance.training.voice_emotion.net import DIMENSIONS, VoiceNet
from countenance.training.voice_emotion.ravdess import folds, split
from countenance.training.voice_emotion.tables import HeldOut, aroused, calibrated, fitted, named, pooled

PROTOCOL = (
    "the same held-out actors as one recording each, clips in a seeded order with 3 s of silence between, through the "
    "product's capture, ten answers a second; a clip's answer is the mean of those whose voice ends in it"
)
_GAP_S = 3.0  # of silence between clips: as long as the context, so that no two emotions are heard at once
ABSTAIN_RISK = 0.25
"""Share of wrong names that the threshold of `unsure` aims at, as the recipe's does."""
_NOISE = 3  # of 16-bit steps: no microphone is silent


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of one clip: mean log probability and mean dimensions over its windows, and arousal by rule."""

    clip: Clip
    scores: Floats
    dimensions: Floats
    ruled: float
    answers: Floats
    """The values of every answer (n, 8), before calibration."""
    once: Floats
    """Mean log probability of the answers at the end of a second alone; of all where there is none."""


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
    logits, dimensions = _answers(net, prior, heard)
    ruled = np.array([np.nan if one.glance else _ruled(one) for one in heard])
    ends = np.array([one.end_us * SAMPLE_RATE // SECOND_US for one in heard])
    out = []
    for clip, (start, end) in zip(clips, places, strict=True):
        rows = np.flatnonzero((ends > start) & (ends <= end + SAMPLE_RATE // 2))
        if len(rows):
            scores = np.log(softmax(logits[rows]).mean(axis=0))
            closing = rows[[not heard[row].glance for row in rows]]
            once = np.log(softmax(logits[closing if len(closing) else rows]).mean(axis=0))
            by_rule = float(np.nanmean(ruled[rows])) if np.isfinite(ruled[rows]).any() else 0.0
            out.append(Said(clip, scores, dimensions[rows].mean(axis=0), by_rule, logits[rows], once))
    return out


def _answers(net: VoiceNet, prior: SpeakerPrior, heard: Sequence[VoiceSample]) -> tuple[Floats, Floats]:
    """Logits and dimensions of every sample, read as the encoder reads them."""
    logits, dimensions = [], []
    with torch.no_grad():
        for sounding, looks in shared(heard):
            inputs = asked_of(sounding, looks, prior)
            scores, places, _ = net(*(torch.from_numpy(inputs[name]) for name in INPUTS))
            logits.append(scores.numpy())
            dimensions.append(places.numpy())
    return np.concatenate(logits), np.concatenate(dimensions)


def _ruled(voice: VoiceSample) -> float:
    sounding = sounding_of(voice)
    return arousal(voice, part_of(sounding, look_of(voice, sounding))).get(AROUSAL, 0.0)


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
    once = replace(data, logits=np.stack([one.once for one in said]))
    return {
        "clips": len(clips),
        "clips_with_speech_found": len(said),
        "uar": measured_as(UAR, named(data, calibrated(data, by), PROTOCOL)),
        "uar_once_a_second": measured_as(UAR, named(once, calibrated(once, by), PROTOCOL)),
        "arousal_auc": measured_as(AUC, aroused(data, PROTOCOL)),
        "arousal_auc_by_rule": measured_as(AUC, aroused(by_rule, PROTOCOL)),
        "unsure_answers": unsure(said, data, by),
    }


def unsure(said: Sequence[Said], data: HeldOut, by: HeldOut) -> dict[str, Any]:
    """Whether a clip is named better when answers below the threshold are left out of its mean.

    Temperature and threshold of a fold come from the other folds; a clip all of whose answers are unsure keeps them.
    """
    whole, sure = np.zeros(data.logits.shape), np.zeros(data.logits.shape)
    kept = 0
    for fold in np.unique(data.folds):
        others = by.only(by.folds != fold)
        fit = fitted(others)
        least = threshold_for(named(others, fit.probabilities(others.logits), PROTOCOL), ABSTAIN_RISK) or 0.0
        for at in np.flatnonzero(data.folds == fold).tolist():
            chances = fit.probabilities(said[at].answers)
            told = chances.max(axis=1) >= least
            kept += int(told.sum())
            whole[at] = chances.mean(axis=0)
            sure[at] = chances[told].mean(axis=0) if told.any() else whole[at]
    tables = {"all": named(data, whole, PROTOCOL), "sure": named(data, sure, PROTOCOL)}
    found = {
        f"{one.name}_{name}": measured_as(one, table)
        for name, table in tables.items()
        for one in (MACRO_F1, BRIER, ECE)
    }
    gains = {f"{one.name}_gained": _gain(one, tables["all"], tables["sure"]) for one in (MACRO_F1, BRIER)}
    share = round(kept / sum(len(one.answers) for one in said), 4)
    return {"aim": ABSTAIN_RISK, "answers_kept": share, **found, **gains}


def _gain(measure: Measure, before: Scores, after: Scores) -> dict[str, float | None]:
    """How much a measure moves, paired over actors."""
    draws = drawn([measure.of(before), measure.of(after)], before.clusters)
    low, high = ends(draws[1] - draws[0])
    return {"value": round(measure(after) - measure(before), 4), "low": low, "high": high}


def _held_out(said: Sequence[Said], numbers: Sequence[int], dimensions: Floats) -> HeldOut:
    logits = np.stack([one.scores for one in said])
    return pooled([one.clip for one in said], [logits], [dimensions], [np.array(numbers)])
