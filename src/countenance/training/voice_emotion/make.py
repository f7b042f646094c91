"""The voice bundle from one recipe: folds, figures, replay, lines and noise, the net on all actors, Emo-DB, bundle.

Every stage leaves its result in the run folder and is not repeated. Emo-DB is read by one stage, once per run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from countenance.encoders.voice import VoiceEncoder
from countenance.inference.bundle import Bundle
from countenance.inference.logmel import SpeakerPrior
from countenance.training.datasets.ravdess import LICENCE, read_clips
from countenance.training.device import Device, begin
from countenance.training.run import Run
from countenance.training.voice_emotion import bundle, emodb, figures, replay, robustness, tables
from countenance.training.voice_emotion.folds import ALL, KINDS, Corpus, net_of, train_all, train_folds
from countenance.training.voice_emotion.frames import soundings
from countenance.training.voice_emotion.net import VoiceNet
from countenance.training.voice_emotion.ravdess import folds, split
from countenance.training.voice_emotion.recipe import VoiceRecipe

RAVDESS, EMODB = "voice_ravdess_16k", "voice_emodb"
STAGES = ("train", "figures", "replay", "lines", "emodb")


@dataclass(frozen=True, slots=True)
class Places:
    """Where things lie on this machine; none of it changes what is learnt."""

    data: Path
    """The folder with the unpacked corpora, or the RAVDESS folder itself."""
    run: Path
    out: Path | None = None
    """Folder of bundles to write into; the run folder when left out."""

    @property
    def ravdess(self) -> Path:
        """Folder with the `Actor_XX` folders."""
        inner = self.data / RAVDESS
        return inner if inner.is_dir() else self.data

    @property
    def emodb(self) -> Path | None:
        """Folder of Emo-DB, where it is."""
        inner = self.data / EMODB
        return inner if inner.is_dir() else None


def make(recipe: VoiceRecipe, places: Places, device: Device) -> Path:
    """Go through every stage that is not done yet; gives the folder of the bundle."""
    run = Run.open(places.run, recipe)
    corpus = _train(run, recipe, places, device)
    begin("cpu", recipe.seed, recipe.threads)
    _figures(run, recipe, corpus)
    _in_use(run, recipe, corpus)
    target = (places.out or places.run) / recipe.bundle
    onnx = run.folder / "model.onnx"
    bundle.to_onnx(net_of(run.folder, ALL, recipe), onnx)
    prior = corpus.training(corpus.clips).prior
    bundle.write(target, onnx, prior, _results(run))
    if places.emodb is not None and run.result("emodb") is None:
        with run.stage("emodb", reads_of_the_test_set=1) as result:
            result.update(emodb.report(places.emodb, VoiceEncoder(Bundle.load(target))))
            result["by_rule"] = emodb.report(places.emodb, VoiceEncoder(None))
        bundle.write(target, onnx, prior, _results(run))
    return target


def _train(run: Run, recipe: VoiceRecipe, places: Places, device: Device) -> Corpus:
    clips = read_clips(places.ravdess)
    corpus = Corpus(clips, soundings(clips, run.folder / "soundings.npz"))
    if run.result("train") is None:
        place = begin(device, recipe.seed, recipe.threads)
        with run.stage("train", data=str(places.ravdess), device=str(place), terms=LICENCE) as result:
            train_folds(corpus, recipe, run, place)
            net, _ = train_all(corpus, recipe, run, place)
            result.update({"clips": len(clips), "parameters": sum(part.numel() for part in net.parameters())})
    return corpus


def _figures(run: Run, recipe: VoiceRecipe, corpus: Corpus) -> None:
    if run.result("figures") is not None:
        return
    heard = {kind: tables.read_held_out(run.folder, corpus.clips, kind) for kind in KINDS}
    with run.stage("figures") as result:
        result.update(figures.report(heard, recipe))
        figures.write_scores(run.folder, heard["stream0"], tables.streams(run.folder, corpus.clips))


def _in_use(run: Run, recipe: VoiceRecipe, corpus: Corpus) -> None:
    """The same nets through capture, and over lines and noise."""
    nets = fold_nets(run.folder, recipe, corpus)
    by = tables.streams(run.folder, corpus.clips)
    if run.result("replay") is None:
        with run.stage("replay") as result:
            result.update(replay.report(corpus.clips, nets, by))
    if run.result("lines") is None:
        with run.stage("lines") as result:
            result.update(robustness.report(corpus.clips, nets, by))


def fold_nets(folder: Path, recipe: VoiceRecipe, corpus: Corpus) -> list[tuple[VoiceNet, SpeakerPrior]]:
    """The net of every fold of a run, with the prior of the actors it heard."""
    groups = folds(clip.actor for clip in corpus.clips)
    torch.set_num_threads(1)
    return [
        (net_of(folder, f"fold{number}", recipe), corpus.training(split(corpus.clips, actors)[0]).prior)
        for number, actors in enumerate(groups, start=1)
    ]


def _results(run: Run) -> dict[str, dict[str, Any]]:
    return {name: found for name in STAGES if (found := run.result(name)) is not None}
