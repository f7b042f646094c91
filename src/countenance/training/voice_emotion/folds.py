"""Five folds by actor and the final net on all actors."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from countenance.contracts.errors import DatasetError
from countenance.inference.functionals import functionals
from countenance.inference.hearing import Sounding
from countenance.inference.lift import lifts
from countenance.inference.logmel import Floats, SpeakerPrior
from countenance.inference.looks import Stretch
from countenance.training.datasets.ravdess import LABELS, Clip
from countenance.training.run import Run
from countenance.training.voice_emotion.fit import TrainingSet, fit_frames
from countenance.training.voice_emotion.net import DIMENSIONS, FramesNet, VoiceNet, lively_like, statistics_like
from countenance.training.voice_emotion.ravdess import ORDERS, folds, split
from countenance.training.voice_emotion.recipe import VoiceRecipe
from countenance.training.voice_emotion.sessions import hear, padded, prior_of, recent, stacked, with_before
from countenance.training.voice_emotion.statistics_fit import fit_statistics

ALL = "all"
"""Name of the net on all actors; the nets of the folds are `fold1`, `fold2`, ..."""
COLD = "cold"
"""Every clip heard as the first of its speaker."""
KINDS = (*(f"stream{order}" for order in range(ORDERS)), COLD)


@dataclass(frozen=True, slots=True)
class Corpus:
    """All clips and what was measured of them."""

    clips: Sequence[Clip]
    versions: Sequence[Sequence[Sounding]]
    places: dict[Clip, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", {clip: at for at, clip in enumerate(self.clips)})

    def training(self, chosen: Sequence[Clip]) -> TrainingSet:
        """The training set of the chosen clips, with a prior from these alone."""
        rows = [self.places[clip] for clip in chosen]
        versions = [[version[row] for row in rows] for version in self.versions]
        return TrainingSet(chosen, versions, prior_of(versions[0], [clip.actor for clip in chosen]))


def train_folds(corpus: Corpus, recipe: VoiceRecipe, run: Run, device: torch.device) -> None:
    """Fit every fold that has no predictions yet, and write what it says of its held-out actors."""
    for at, actors in enumerate(folds(clip.actor for clip in corpus.clips), start=1):
        done = run.folder / f"fold{at}.npz"
        if done.exists():
            continue
        train, test = split(corpus.clips, actors)
        data = corpus.training(train)
        net = _trained(data, recipe, run, f"fold{at}", device)
        rows = np.array([corpus.places[clip] for clip in test])
        np.savez(done, rows=rows, **held_out(net, test, [corpus.versions[0][row] for row in rows], data.prior))  # type: ignore[arg-type]


def train_all(corpus: Corpus, recipe: VoiceRecipe, run: Run, device: torch.device) -> tuple[VoiceNet, SpeakerPrior]:
    """Fit the net that is shipped on all actors; with it the prior."""
    data = corpus.training(corpus.clips)
    return _trained(data, recipe, run, ALL, device), data.prior


def _trained(data: TrainingSet, recipe: VoiceRecipe, run: Run, name: str, device: torch.device) -> VoiceNet:
    frames = fit_frames(data, recipe, run, name, device).cpu()
    statistics, lively = fit_statistics(data, recipe, run, name, device)
    return VoiceNet(frames, statistics, lively, recipe.frames_share).eval()


def net_of(folder: Path, name: str, recipe: VoiceRecipe) -> VoiceNet:
    """A net that the run in this folder trained: `fold1` to `fold5`, or `all`."""
    paths = folder / f"{name}.pt", folder / f"{name}-statistics.pt"
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise DatasetError(f"{missing[0]}: no net of a fold", "Give the run folder of `countenance train voice`.")
    frames = FramesNet()
    frames.load_state_dict(torch.load(paths[0], weights_only=True)["averaged"])
    kept = torch.load(paths[1], weights_only=True)
    lively = lively_like(kept["lively"], recipe.lively)
    statistics = statistics_like(kept["statistics"], recipe.statistics)
    return VoiceNet(frames, statistics, lively, recipe.frames_share).eval()


def held_out(
    net: VoiceNet,
    test: Sequence[Clip],
    soundings: Sequence[Sounding],
    prior: SpeakerPrior,
    kinds: Sequence[str] = KINDS,
) -> dict[str, Floats]:
    """What a net says of held-out clips: in streams of each order, and each clip as the first one heard (cold)."""
    out: dict[str, Floats] = {}
    for kind in kinds:
        logits = np.zeros((len(test), len(LABELS)), np.float32)
        dimensions = np.zeros((len(test), len(DIMENSIONS)), np.float32)
        for actor in sorted({clip.actor for clip in test}):
            seed = 0 if kind == COLD else int(kind[-1])
            own = [at for at, clip in enumerate(test) if clip.actor == actor]
            order = np.random.default_rng([actor, seed]).permutation(own)
            heard = hear([soundings[at] for at in order], prior, forget=kind == COLD)
            logits[order], dimensions[order] = answers(net, heard)
        out[kind], out[f"{kind}_dimensions"] = logits, dimensions
    return out


def answers(net: VoiceNet, heard: Sequence[Stretch]) -> tuple[Floats, Floats]:
    """Logits (n, 8) and dimensions (n, 2) of the last 3 s of voice in each clip."""
    logits, dimensions = [], []
    with torch.no_grad():
        for at in range(0, len(heard), 64):
            looks = [(one, recent(one)) for one in heard[at : at + 64]]
            frames = padded([with_before(one.frames, 2 * first, 2 * last) for one, (first, last) in looks])
            rows = np.concatenate([functionals(one.heard, [look]) for one, look in looks])
            seconds = np.array([one.seconds for one, _ in looks], np.float32)
            lift = np.concatenate([lifts(one.above, [look]) for one, look in looks])
            manners = stacked([one.manner for one, _ in looks])
            scores, places, _ = net(*(torch.from_numpy(part) for part in (*frames, rows, seconds, lift, *manners)))
            logits.append(scores.numpy())
            dimensions.append(places.numpy())
    return np.concatenate(logits), np.concatenate(dimensions)
