"""Fitting the statistics expert: every clip in many sessions, voices and places, then a few small nets on the rows."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from countenance.encoders.functionals import FUNCTIONALS, functionals
from countenance.inference.hearing import Sounding
from countenance.inference.logmel import Floats
from countenance.training.datasets.ravdess import LABELS
from countenance.training.device import progress
from countenance.training.run import Run
from countenance.training.voice_emotion.fit import TrainingSet
from countenance.training.voice_emotion.net import StatisticsNet, statistics_like
from countenance.training.voice_emotion.recipe import StatisticsRecipe, VoiceRecipe
from countenance.training.voice_emotion.sessions import CONTEXT_FRAMES, hear, part_of, sessions
from countenance.training.voice_emotion.sounds import CLEAN_SPEEDS, VERSIONS
from countenance.training.voice_emotion.targets import targets

_SHORTEST = 100  # frames of a piece, 1 s
_PRIOR_JITTER = 0.1  # octaves: what is usual for nobody in particular is not known well


def fit_statistics(data: TrainingSet, recipe: VoiceRecipe, run: Run, name: str, device: torch.device) -> StatisticsNet:
    """Train on all given clips and keep the net; one that was kept before is read."""
    kept = run.load(f"{name}-statistics")
    if kept is not None:
        return statistics_like(kept).eval()
    asked = recipe.statistics
    rows, clips = rows_of(data, asked, np.random.default_rng(recipe.seed))
    torch.manual_seed(recipe.seed)
    net = StatisticsNet(FUNCTIONALS, asked.widths, asked.members, asked.dropout, asked.input_dropout).to(device)
    net.mean.copy_(torch.from_numpy(rows.mean(axis=0)))
    net.spread.copy_(torch.from_numpy(rows.std(axis=0) + 1e-3))
    inputs = net.standardised(torch.from_numpy(rows).to(device))
    own = tuple(torch.from_numpy(part[clips]).to(device) for part in targets(data.clips))
    with progress(f"statistics expert, {name}", asked.members) as report:
        for member in range(asked.members):
            losses = _fit_member(net, member, inputs, own, asked, np.random.default_rng([recipe.seed, member]))
            for epoch, loss in enumerate(losses, start=1):
                run.log(f"{name}-statistics-{member + 1}", epoch, loss=loss)
            report(member + 1, f"loss {losses[-1]:.3f}")
    net = net.cpu().eval()
    run.save(f"{name}-statistics", net.state_dict())
    return net


def rows_of(data: TrainingSet, asked: StatisticsRecipe, rng: np.random.Generator) -> tuple[Floats, NDArray[np.intp]]:
    """Functionals of every clip in every pass (n, k), and which clip each row is."""
    rows: list[Floats] = []
    clips: list[int] = []
    for number in range(asked.clean_passes + asked.disturbed_passes):
        for chosen in sessions(data.speakers, rng):
            first, last = (0, len(CLEAN_SPEEDS)) if number < asked.clean_passes else (len(CLEAN_SPEEDS), VERSIONS)
            soundings = data.versions[int(rng.integers(first, min(last, len(data.versions))))]
            voice = 2 ** rng.normal(0.0, _PRIOR_JITTER)
            pieces = [_higher(soundings[at], voice) for at in chosen]
            for at, heard in zip(chosen, hear(pieces, data.prior), strict=True):
                length = min(len(heard.frames), CONTEXT_FRAMES)
                if rng.random() < 0.5:
                    length = int(rng.integers(min(_SHORTEST, length), length + 1))
                start = int(rng.integers(len(heard.frames) - length + 1))
                rows.append(functionals(part_of(heard, start, length)))
                clips.append(int(at))
    return np.stack(rows), np.array(clips)


def _higher(sounding: Sounding, factor: float) -> Sounding:
    return Sounding(sounding.frames, sounding.pitch * np.float32(factor), sounding.periodic)


def _fit_member(
    net: StatisticsNet,
    member: int,
    inputs: Tensor,
    own: tuple[Tensor, ...],
    asked: StatisticsRecipe,
    rng: np.random.Generator,
) -> list[float]:
    """Train one member; the mean loss of every epoch."""
    body, head = net.bodies[member].train(), net.heads[member]
    parameters = [*body.parameters(), *head.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=asked.rate, weight_decay=asked.decay)
    steps = max(1, len(inputs) // asked.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, asked.rate, total_steps=asked.epochs * steps + 1)
    losses = []
    for _ in range(asked.epochs):
        order = torch.from_numpy(rng.permutation(len(inputs))).to(inputs.device)
        total = 0.0
        for rows in torch.tensor_split(order, steps):
            said, wanted = _mixed(inputs[rows], tuple(part[rows] for part in own), asked, rng)
            loss = _loss(head(body(said)), wanted, asked)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += float(loss.detach())
        losses.append(total / steps)
    body.eval()
    return losses


def _mixed(
    rows: Tensor, own: tuple[Tensor, ...], asked: StatisticsRecipe, rng: np.random.Generator
) -> tuple[Tensor, tuple[Tensor, ...]]:
    rows = rows + asked.noise * torch.randn_like(rows)
    if not asked.mixup:
        return rows, own
    share = float(rng.beta(asked.mixup, asked.mixup))
    other = torch.from_numpy(rng.permutation(len(rows))).to(rows.device)
    return share * rows + (1 - share) * rows[other], tuple(share * part + (1 - share) * part[other] for part in own)


def _loss(said: Tensor, wanted: tuple[Tensor, ...], asked: StatisticsRecipe) -> Tensor:
    classes, places, weights = wanted
    soft = classes * (1 - asked.smoothing) + asked.smoothing / len(LABELS)
    named = -(weights * (soft * torch.log_softmax(said[:, : len(LABELS)], 1)).sum(1)).mean()
    off = ((torch.tanh(said[:, len(LABELS) :]) - places) ** 2).sum(1).mean()
    return named + asked.dimension_weight * off
