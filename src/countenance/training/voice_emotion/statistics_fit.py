"""Fitting what hears statistics, and the rule: every clip in many sessions, voices and places, then the nets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from countenance.contracts.media import Manner
from countenance.inference.functionals import FUNCTIONALS, functionals
from countenance.inference.hearing import Sounding
from countenance.inference.lift import lifts
from countenance.inference.logmel import Floats
from countenance.training.datasets.ravdess import LABELS
from countenance.training.device import progress
from countenance.training.run import Run
from countenance.training.voice_emotion.fit import TrainingSet
from countenance.training.voice_emotion.net import LivelyNet, StatisticsNet, lively_like, statistics_like
from countenance.training.voice_emotion.ravdess import HIGH_AROUSAL, LOW_AROUSAL
from countenance.training.voice_emotion.recipe import LivelyRecipe, StatisticsRecipe, VoiceRecipe
from countenance.training.voice_emotion.sessions import hear, higher, other_voice, piece, sessions, skewed, stacked
from countenance.training.voice_emotion.sounds import CLEAN_SPEEDS
from countenance.training.voice_emotion.targets import targets
from countenance.training.voice_emotion.words import Worded, moves, voices

_NEWTON_STEPS, _RIDGE = 25, 1.0


def fit_statistics(
    data: TrainingSet, recipe: VoiceRecipe, run: Run, name: str, device: torch.device
) -> tuple[StatisticsNet, LivelyNet]:
    """Train on all given clips and keep the nets; those that were kept before are read."""
    kept = run.load(f"{name}-statistics")
    if kept is not None:
        return statistics_like(kept["statistics"], recipe.statistics), lively_like(kept["lively"], recipe.lively)
    asked = recipe.statistics
    heard = rows_of(data, asked, np.random.default_rng(recipe.seed))
    lively = fit_lively(heard.lifts, [data.clips[at].label for at in heard.clips], recipe.lively)
    torch.manual_seed(recipe.seed)
    net = StatisticsNet(FUNCTIONALS, asked).to(device)
    inputs = _standardised(net, *(torch.from_numpy(part).to(device) for part in (heard.rows, *stacked(heard.manners))))
    taken: Tensor | Worded = inputs
    if asked.words:
        moved = moves(voices(run.folder / "words.npz"), data.prior, recipe.seed)
        taken = worded(net, inputs, moved, asked.words)
    own = tuple(torch.from_numpy(part[heard.clips]).to(device) for part in targets(data.clips))
    with progress(f"statistics expert, {name}", asked.members) as report:
        for member in range(asked.members):
            losses = _fit_member(net, member, taken, own, asked, np.random.default_rng([recipe.seed, member]))
            for epoch, loss in enumerate(losses, start=1):
                run.log(f"{name}-statistics-{member + 1}", epoch, loss=loss)
            report(member + 1, f"loss {losses[-1]:.3f}")
    net = net.cpu().eval()
    run.save(f"{name}-statistics", {"statistics": net.state_dict(), "lively": lively.state_dict()})
    return net, lively


def _standardised(net: StatisticsNet, rows: Tensor, *usual: Tensor) -> Tensor:
    """Learn the units of the rows, and give the rows in them."""
    net.relative.learn(rows)
    relative = net.relative(rows, *usual)
    net.mean.copy_(relative.mean(0))
    net.spread.copy_(relative.std(0, correction=0) + 1e-3)
    return net.standardised(relative)


def worded(net: StatisticsNet, inputs: Tensor, moved: Floats, strength: float) -> Worded:
    """The inputs as other words would have moved them, in the units of how people usually talk."""
    people = torch.sqrt(net.relative.square - net.relative.usual**2 + 1e-6)
    relative = torch.from_numpy(moved).to(inputs.device) / people
    return Worded(inputs, nn.functional.pad(relative, (0, 1)) / net.spread, strength)


def fit_lively(said: Floats, labels: Sequence[int], asked: LivelyRecipe) -> LivelyNet:
    """The rule as odds: logistic regression of high against low arousal, both halves weighing the same."""
    words = np.array(LABELS)[np.array(labels)]
    told = np.isin(words, HIGH_AROUSAL + LOW_AROUSAL)
    net = LivelyNet(asked)
    for part, value in zip(
        (net.slope, net.constant), _odds(said[told], np.isin(words[told], HIGH_AROUSAL)), strict=True
    ):
        part.fill_(value)
    return net.eval()


def _odds(said: Floats, high: NDArray[np.bool_]) -> list[float]:
    """Slope and constant that turn what is said into log odds."""
    inputs = np.stack([said.astype(np.float64), np.ones(len(said))], axis=1)
    weights = np.where(high, 0.5 / high.mean(), 0.5 / (1 - high.mean()))
    found = np.zeros(2)
    for _ in range(_NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-inputs @ found))
        bend = (inputs * (weights * chance * (1 - chance))[:, None]).T @ inputs + _RIDGE * np.eye(2)
        found += np.linalg.solve(bend, inputs.T @ (weights * (high - chance)) - _RIDGE * found)
    return [float(value) for value in found]


@dataclass(frozen=True, slots=True)
class Rows:
    """Pieces of clips as they were heard, in every pass."""

    rows: Floats
    """Functionals (n, k)."""
    manners: Sequence[Manner]
    """How the speaker usually talked."""
    lifts: Floats
    """What the rule says (n)."""
    clips: NDArray[np.intp]
    """Which clip each is of (n)."""


def rows_of(data: TrainingSet, asked: StatisticsRecipe, rng: np.random.Generator) -> Rows:
    """Every clip of every pass, a piece of each."""
    rows: list[Floats] = []
    lifted: list[Floats] = []
    manners: list[Manner] = []
    clips: list[int] = []
    for chosen, soundings, forget in _passes(data, asked, rng):
        voice = other_voice(rng)
        pieces = [higher(soundings[at], voice) for at in chosen]
        for at, heard in zip(chosen, hear(pieces, data.prior, forget), strict=True):
            look = [piece(heard, rng)]
            rows.append(functionals(heard.heard, look))
            lifted.append(lifts(heard.above, look))
            manners.append(heard.manner)
            clips.append(int(at))
    return Rows(np.concatenate(rows), manners, np.concatenate(lifted), np.array(clips))


def _passes(
    data: TrainingSet, asked: StatisticsRecipe, rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.intp], Sequence[Sounding], bool]]:
    """Clips of a session, the version it is heard in, and whether every clip is the first one heard of its speaker.

    In every second pass a speaker acts some classes more than others; in the rest every clip is heard once.
    """
    labels = [clip.label for clip in data.clips]
    warm = asked.clean_passes + asked.disturbed_passes
    for number in range(warm + asked.cold_passes):
        cold = number >= warm
        drawn = skewed(data.speakers, labels, rng) if number % 2 and not cold else sessions(data.speakers, rng)
        clean = (number - warm) % 2 == 0 if cold else number < asked.clean_passes
        among = data.versions[: len(CLEAN_SPEEDS)] if clean else data.versions[len(CLEAN_SPEEDS) :]
        for chosen in drawn:
            yield chosen, among[int(rng.integers(len(among)))], cold


def _fit_member(
    net: StatisticsNet,
    member: int,
    inputs: Tensor | Worded,
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
