"""Five folds by actor and the final net on all actors: `python -m countenance.training.voice_emotion.folds --help`."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from countenance.inference.logmel import Floats, SpeakerPrior
from countenance.training.datasets.ravdess import LICENCE, Clip, read_clips
from countenance.training.voice_emotion.fit import Recipe, TrainingSet, answers, fit
from countenance.training.voice_emotion.frames import log_mels
from countenance.training.voice_emotion.net import VoiceNet
from countenance.training.voice_emotion.ravdess import ORDERS, folds, split
from countenance.training.voice_emotion.sessions import hear, prior_of


@dataclass(frozen=True, slots=True)
class Corpus:
    """All clips and their frames."""

    clips: list[Clip]
    versions: list[list[Floats]]

    def training(self, chosen: Sequence[Clip]) -> TrainingSet:
        """The training set of the chosen clips, with a prior from these alone."""
        rows = [self.clips.index(clip) for clip in chosen]
        versions = [[version[row] for row in rows] for version in self.versions]
        prior = prior_of(versions[0], [clip.actor for clip in chosen])
        return TrainingSet(chosen, versions, prior)


def held_out(net: VoiceNet, corpus: Corpus, test: Sequence[Clip], prior: SpeakerPrior) -> dict[str, np.ndarray]:
    """What the net says of held-out clips: in streams of each order, and each clip as the first one heard (cold)."""
    rows = [corpus.clips.index(clip) for clip in test]
    kinds = [f"stream{order}" for order in range(ORDERS)] + ["cold"]
    out: dict[str, np.ndarray] = {"rows": np.array(rows)}
    for kind in kinds:
        logits, dimensions = np.zeros((len(rows), 8), np.float32), np.zeros((len(rows), 2), np.float32)
        for actor in sorted({clip.actor for clip in test}):
            seed = 0 if kind == "cold" else int(kind[-1])
            own = [at for at, clip in enumerate(test) if clip.actor == actor]
            order = np.random.default_rng([actor, seed]).permutation(own)
            heard = hear([corpus.versions[0][rows[at]] for at in order], prior, forget=kind == "cold")
            logits[order], dimensions[order] = answers(net, heard)
        out[kind], out[f"{kind}_dimensions"] = logits, dimensions
    return out


def train_folds(corpus: Corpus, recipe: Recipe, out: Path) -> None:
    """Fit every fold that has no predictions yet, and write what it says of its held-out actors."""
    for at, actors in enumerate(folds(clip.actor for clip in corpus.clips), start=1):
        done = out / f"fold{at}.npz"
        if done.exists():
            continue
        train, test = split(corpus.clips, actors)
        data = corpus.training(train)
        net = fit(data, recipe, out / f"fold{at}.pt", lambda line, at=at: print(f"fold {at} {line}", flush=True))  # type: ignore[misc]
        np.savez(done, **held_out(net, corpus, test, data.prior))  # type: ignore[arg-type]


def train_all(corpus: Corpus, recipe: Recipe, out: Path) -> None:
    """Fit the net that is shipped on all actors, and keep it with its prior."""
    data = corpus.training(corpus.clips)
    net = fit(data, recipe, out / "all.pt", lambda line: print(f"all {line}", flush=True))
    torch.save({"net": net.state_dict()}, out / "net.pt")
    prior = {"mean": list(data.prior.mean), "variance": list(data.prior.variance)}
    (out / "prior.json").write_text(json.dumps(prior) + "\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Train folds, final net or both; a stopped run goes on where it was."""
    parser = argparse.ArgumentParser(description="Train the voice emotion net on RAVDESS, five folds by actor.")
    parser.add_argument("--ravdess", type=Path, required=True, help="folder with Actor_XX folders of 16 kHz clips")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and held-out predictions")
    parser.add_argument("--epochs", type=int, default=Recipe().epochs)
    parser.add_argument("--only", choices=("folds", "all", "both"), default="both")
    asked = parser.parse_args(arguments)
    print(LICENCE, flush=True)
    asked.out.mkdir(parents=True, exist_ok=True)
    recipe = Recipe(epochs=asked.epochs)
    clips = read_clips(asked.ravdess)
    corpus = Corpus(clips, log_mels(clips, asked.out / "frames.npz"))
    (asked.out / "recipe.json").write_text(json.dumps(asdict(recipe) | {"clips": len(clips)}) + "\n")
    if asked.only != "all":
        train_folds(corpus, recipe, asked.out)
    if asked.only != "folds":
        train_all(corpus, recipe, asked.out)


if __name__ == "__main__":
    main()
