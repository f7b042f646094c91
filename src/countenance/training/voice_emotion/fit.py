"""Fitting the frames expert: AdamW with a cosine, mixup, soft labels, an average of the weights, resumable by epoch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from countenance.inference.hearing import Sounding
from countenance.inference.logmel import (
    Floats,
    SpeakerPrior,
    normalised,
    speech_frames,
    spoken_frames,
    unheard,
    updated,
)
from countenance.training.datasets.ravdess import LABELS, Clip
from countenance.training.device import progress
from countenance.training.run import Run
from countenance.training.voice_emotion.augment import augmented, cropped
from countenance.training.voice_emotion.net import FramesNet
from countenance.training.voice_emotion.recipe import FramesRecipe, VoiceRecipe
from countenance.training.voice_emotion.sessions import padded, sessions
from countenance.training.voice_emotion.sounds import CLEAN_SPEEDS
from countenance.training.voice_emotion.targets import targets

KEPT_FOR = 2
"""Epochs for which sessions, voices and places stay as they are drawn; pieces, masks and mixtures are always new."""

_Sessions = dict[int, tuple[Floats, tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Clips with what was measured of them; versions[v][i] is clips[i] in version v."""

    clips: Sequence[Clip]
    versions: Sequence[Sequence[Sounding]]
    prior: SpeakerPrior

    @property
    def speakers(self) -> list[int]:
        """Actor of every clip."""
        return [clip.actor for clip in self.clips]


def fit_frames(data: TrainingSet, recipe: VoiceRecipe, run: Run, name: str, device: torch.device) -> FramesNet:
    """Train on all given clips, going on from the checkpoint if there is one, and return the averaged net."""
    torch.manual_seed(recipe.seed)
    state = _State(recipe.frames, device)
    start = state.load(run, name)
    own = targets(data.clips)
    heard: _Sessions = {}
    with progress(f"frames expert, {name}", recipe.frames.epochs) as report:
        for epoch in range(start, recipe.frames.epochs):
            rng = np.random.default_rng([recipe.seed, epoch])
            torch.manual_seed(recipe.seed * 1000 + epoch)
            if epoch % KEPT_FOR == 0 or not heard:
                heard = _session_frames(data, np.random.default_rng([recipe.seed, epoch // KEPT_FOR, 1]))
            loss = _epoch(state, heard, own, epoch, rng)
            state.save(run, name, epoch + 1)
            run.log(f"{name}-frames", epoch + 1, loss=loss)
            report(epoch + 1, f"loss {loss:.3f}")
    return state.averaged.eval()


def _epoch(state: "_State", heard: _Sessions, own: tuple[Floats, ...], epoch: int, rng: np.random.Generator) -> float:
    clips = sorted(heard)
    losses = []
    order = rng.permutation(len(clips))
    batches = np.array_split(order, max(1, len(order) // state.recipe.batch))
    for at, batch in enumerate(batches):
        state.set_rate((epoch + at / len(batches)) / state.recipe.epochs)
        rows = [clips[one] for one in batch]
        pieces = [cropped(*heard[row], rng) for row in rows]
        losses.append(state.step(padded(pieces), tuple(part[rows] for part in own), rng))
    return float(np.mean(losses))


def _session_frames(data: TrainingSet, rng: np.random.Generator) -> _Sessions:
    """Every clip once, in its session's voice (speed, formant shift), room, noise and band, by its number.

    With the frames come those from the first to the last voice.
    """
    out: _Sessions = {}
    versions = data.versions[: len(CLEAN_SPEEDS)]
    for chosen in sessions(data.speakers, rng):
        clips = versions[int(rng.integers(len(versions)))]
        baseline = unheard()
        changed = augmented([np.asarray(clips[at].frames, np.float32) for at in chosen], rng)
        for at, frames in zip(chosen, changed, strict=True):
            baseline = updated(baseline, frames[speech_frames(frames)])
            voice = np.flatnonzero(spoken_frames(frames))
            out[int(at)] = normalised(frames, baseline, data.prior), (int(voice[0]), int(voice[-1]) + 1)
    return out


class _State:
    """Net, average, optimiser: all that a checkpoint holds."""

    def __init__(self, recipe: FramesRecipe, device: torch.device) -> None:
        self.recipe, self.device = recipe, device
        self.net = FramesNet(dropout=recipe.dropout).to(device).to(memory_format=torch.channels_last)
        self.averaged = FramesNet(dropout=recipe.dropout).to(device)
        self.averaged.load_state_dict(self.net.state_dict())
        self.optimiser = torch.optim.AdamW(self.net.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
        self.steps = 0

    def set_rate(self, done: float) -> None:
        warm = min(1.0, done / 0.05)
        for group in self.optimiser.param_groups:
            group["lr"] = float(self.recipe.rate * warm * 0.5 * (1 + np.cos(np.pi * done)) + 1e-6)

    def step(self, inputs: tuple[Floats, Floats], own: tuple[Floats, ...], rng: np.random.Generator) -> float:
        self.net.train()
        frames, present = (torch.from_numpy(part).to(self.device) for part in inputs)
        classes, places, weights = (torch.from_numpy(part).to(self.device) for part in own)
        if rng.random() < 0.5 and self.recipe.mixup:
            share = float(rng.beta(self.recipe.mixup, self.recipe.mixup))
            other = torch.from_numpy(rng.permutation(len(frames))).to(self.device)
            frames = share * frames + (1 - share) * frames[other]
            present = torch.maximum(present, present[other])
            classes, places, weights = (share * p + (1 - share) * p[other] for p in (classes, places, weights))
        with torch.autocast(self.device.type, torch.bfloat16):
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

    def save(self, run: Run, name: str, epoch: int) -> None:
        parts = {"net": self.net.state_dict(), "averaged": self.averaged.state_dict()}
        run.save(name, {**parts, "optimiser": self.optimiser.state_dict(), "steps": self.steps, "epoch": epoch})

    def load(self, run: Run, name: str) -> int:
        parts = run.load(name)
        if parts is None:
            return 0
        self.net.load_state_dict(parts["net"])
        self.averaged.load_state_dict(parts["averaged"])
        self.optimiser.load_state_dict(parts["optimiser"])
        self.steps = parts["steps"]
        return int(parts["epoch"])
