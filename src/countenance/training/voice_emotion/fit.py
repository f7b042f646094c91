"""Fitting one voice net: AdamW with a cosine, mixup, soft labels, an average of the weights, a checkpoint per epoch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from countenance.inference.logmel import Floats, SpeakerPrior
from countenance.training.datasets.ravdess import LABELS, Clip
from countenance.training.voice_emotion.net import VoiceNet
from countenance.training.voice_emotion.sessions import augmented_epoch, cropped, padded

# Places of the acted classes on the circumplex (Russell 1980), valence and arousal; chosen by us, not measured.
PLACES = {
    "neutral": (0.0, -0.2),
    "calm": (0.3, -0.6),
    "happy": (0.8, 0.5),
    "sad": (-0.7, -0.4),
    "angry": (-0.6, 0.8),
    "fearful": (-0.6, 0.7),
    "disgust": (-0.6, 0.2),
    "surprised": (0.2, 0.7),
}
_NORMAL_INTENSITY = 0.75  # a clip acted with normal intensity lies this far out, a strong one all the way


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one net is trained."""

    epochs: int = 60
    batch: int = 16
    rate: float = 2e-3
    decay: float = 0.02
    smoothing: float = 0.1
    mixup: float = 0.3
    dropout: float = 0.2
    dimension_weight: float = 0.5
    average: float = 0.995
    seed: int = 7


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Clips with their log-mels in several speeds; versions[v][i] are the frames of clips[i]."""

    clips: Sequence[Clip]
    versions: Sequence[Sequence[Floats]]
    prior: SpeakerPrior


def fit(data: TrainingSet, recipe: Recipe, checkpoint: Path, tell: Callable[[str], None]) -> VoiceNet:
    """Train on all given clips, going on from the checkpoint if there is one, and return the averaged net."""
    torch.set_num_threads(1)
    torch.manual_seed(recipe.seed)
    state = _State(recipe)
    start = state.load(checkpoint)
    targets = _targets(data.clips)
    speakers = [clip.actor for clip in data.clips]
    for epoch in range(start, recipe.epochs):
        rng = np.random.default_rng([recipe.seed, epoch])
        torch.manual_seed(recipe.seed * 1000 + epoch)
        heard = list(augmented_epoch(data.versions, speakers, data.prior, rng))
        losses = []
        order = rng.permutation(len(heard))
        batches = np.array_split(order, max(1, len(order) // recipe.batch))
        for at, batch in enumerate(batches):
            state.set_rate((epoch + at / len(batches)) / recipe.epochs)
            pieces = [cropped(heard[one].frames, rng) for one in batch]
            rows = [heard[one].clip for one in batch]
            losses.append(state.step(padded(pieces), tuple(part[rows] for part in targets), rng))
        state.save(checkpoint, epoch + 1)
        tell(f"epoch {epoch + 1} of {recipe.epochs}: loss {np.mean(losses):.3f}")
    return state.averaged.eval()


def answers(net: VoiceNet, pieces: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Logits (n, 8) and dimensions (n, 2) of normalised clips."""
    logits, dimensions = [], []
    with torch.no_grad():
        for at in range(0, len(pieces), 64):
            frames, present = padded(pieces[at : at + 64])
            scores, places = net(torch.from_numpy(frames), torch.from_numpy(present))
            logits.append(scores.numpy())
            dimensions.append(places.numpy())
    return np.concatenate(logits), np.concatenate(dimensions)


class _State:
    """Net, average, optimiser: all that a checkpoint holds."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.net = VoiceNet(dropout=recipe.dropout).to(memory_format=torch.channels_last)
        self.averaged = VoiceNet(dropout=recipe.dropout)
        self.averaged.load_state_dict(self.net.state_dict())
        self.optimiser = torch.optim.AdamW(self.net.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
        self.steps = 0

    def set_rate(self, progress: float) -> None:
        warm = min(1.0, progress / 0.05)
        for group in self.optimiser.param_groups:
            group["lr"] = float(self.recipe.rate * warm * 0.5 * (1 + np.cos(np.pi * progress)) + 1e-6)

    def step(self, inputs: tuple[Floats, Floats], targets: tuple[Floats, ...], rng: np.random.Generator) -> float:
        self.net.train()
        frames, present = (torch.from_numpy(part) for part in inputs)
        classes, places, weights = (torch.from_numpy(part) for part in targets)
        if rng.random() < 0.5 and self.recipe.mixup:
            share, other = (
                float(rng.beta(self.recipe.mixup, self.recipe.mixup)),
                torch.from_numpy(rng.permutation(len(frames))),
            )
            frames = share * frames + (1 - share) * frames[other]
            present = torch.maximum(present, present[other])
            classes, places, weights = (share * p + (1 - share) * p[other] for p in (classes, places, weights))
        with torch.autocast("cpu", torch.bfloat16):
            logits, dimensions = self.net(frames.contiguous(memory_format=torch.channels_last), present)
        loss = self._loss(logits.float(), dimensions.float(), classes, places, weights)
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimiser.step()
        self._average()
        return float(loss.detach())

    def _loss(self, logits: Tensor, dimensions: Tensor, classes: Tensor, places: Tensor, weights: Tensor) -> Tensor:
        soft = classes * (1 - self.recipe.smoothing) + self.recipe.smoothing / len(LABELS)
        named = -(weights * (soft * torch.log_softmax(logits, 1)).sum(1)).mean()
        return named + self.recipe.dimension_weight * ((dimensions - places) ** 2).sum(1).mean()

    def _average(self) -> None:
        self.steps += 1
        keep = min(self.recipe.average, self.steps / (self.steps + 10))
        with torch.no_grad():
            mine = self.net.state_dict()
            for name, value in self.averaged.state_dict().items():
                if value.dtype.is_floating_point:
                    value.lerp_(mine[name], 1 - keep)

    def save(self, path: Path, epoch: int) -> None:
        parts: dict[str, Any] = {
            "net": self.net.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "steps": self.steps,
            "epoch": epoch,
        }
        torch.save(parts, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def load(self, path: Path) -> int:
        if not path.exists():
            return 0
        parts = torch.load(path, weights_only=True)
        self.net.load_state_dict(parts["net"])
        self.averaged.load_state_dict(parts["averaged"])
        self.optimiser.load_state_dict(parts["optimiser"])
        self.steps = parts["steps"]
        return int(parts["epoch"])


def _targets(clips: Sequence[Clip]) -> tuple[Floats, Floats, Floats]:
    """One-hot classes, places on the circumplex, and weights that give every class the same say."""
    labels = np.array([clip.label for clip in clips])
    classes = np.eye(len(LABELS), dtype=np.float32)[labels]
    reach = np.array([1.0 if clip.strong else _NORMAL_INTENSITY for clip in clips])
    places = np.array([PLACES[LABELS[label]] for label in labels]) * reach[:, None]
    counts = np.bincount(labels, minlength=len(LABELS))
    weights = len(labels) / (np.count_nonzero(counts) * counts[labels])
    return classes, places.astype(np.float32), weights.astype(np.float32)
