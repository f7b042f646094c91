"""The nets of the voice run's folds as encoders, so that every actor is heard by a net that never heard them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from countenance.encoders.voice import VoiceEncoder
from countenance.inference.bundle import Bundle, sha256
from countenance.inference.calibration import Calibration
from countenance.inference.onnx import OnnxModel
from countenance.training.datasets.ravdess import Clip
from countenance.training.fusion.calibrate import fit_temperature
from countenance.training.voice_emotion.bundle import to_onnx
from countenance.training.voice_emotion.folds import Corpus
from countenance.training.voice_emotion.frames import soundings
from countenance.training.voice_emotion.make import fold_nets
from countenance.training.voice_emotion.ravdess import folds
from countenance.training.voice_emotion.recipe import VoiceRecipe
from countenance.training.voice_emotion.tables import streams

TEST_FOLDS = (1, 2)
TRAIN_FOLDS = (3, 4)
DEV_FOLDS = (5,)
"""Settings of the voice net were chosen on actors of folds 4 and 5, so these are no test."""


def sides(clips: Sequence[Clip]) -> dict[str, tuple[int, ...]]:
    """The actors of each side."""
    groups = folds(clip.actor for clip in clips)
    chosen = {"train": TRAIN_FOLDS, "dev": DEV_FOLDS, "test": TEST_FOLDS}
    return {
        side: tuple(actor for number in numbers for actor in groups[number - 1]) for side, numbers in chosen.items()
    }


def encoders(
    run: Path, clips: Sequence[Clip], shipped: Bundle, work: Path
) -> tuple[dict[int, VoiceEncoder], dict[str, str]]:
    """Per actor the encoder of the fold that held them out, and the hash of each fold's network.

    One temperature for all, fitted on the held-out predictions of actors that are no test actors.
    """
    held = streams(run, clips)
    known = held.only(~np.isin(held.folds, TEST_FOLDS))
    heat = fit_temperature(
        known.logits.astype(np.float32), np.eye(known.logits.shape[1], dtype=np.float32)[known.labels]
    )
    recipe = VoiceRecipe.model_validate(json.loads((run / "recipe.json").read_text(encoding="utf-8")))
    nets = fold_nets(run, recipe, Corpus(clips, soundings(clips, run / "soundings.npz")))
    made: dict[int, VoiceEncoder] = {}
    hashes: dict[str, str] = {}
    for number, (actors, (net, prior)) in enumerate(zip(folds(c.actor for c in clips), nets, strict=True), start=1):
        path = work / f"voice-fold{number}.onnx"
        to_onnx(net, path)
        told = {
            "id": f"fold{number}",
            "method": "temperature",
            "temperature": heat,
            "prior": {"mean": list(prior.mean), "variance": list(prior.variance)},
        }
        path.with_suffix(".json").write_text(json.dumps(told), encoding="utf-8")
        bundle = replace(shipped, model=OnnxModel(path), calibration=Calibration.read(path.with_suffix(".json")))
        made |= dict.fromkeys(actors, VoiceEncoder(bundle))
        hashes[f"voice-emotion fold {number}"] = sha256(path)
    return made, hashes
