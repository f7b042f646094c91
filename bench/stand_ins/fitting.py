"""Fitting the second expert with a change, and what it names of the judged."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bench.stand_ins.groups import GROUPS
from bench.stand_ins.tasks import FOUR
from countenance.inference.functionals import FUNCTIONALS
from countenance.inference.logmel import Floats
from countenance.training.voice_emotion.fit import TrainingSet
from countenance.training.voice_emotion.net import LivelyNet, StatisticsNet, divided
from countenance.training.voice_emotion.recipe import VoiceRecipe
from countenance.training.voice_emotion.sessions import stacked
from countenance.training.voice_emotion.statistics_fit import Rows, _fit_member, _standardised, fit_lively, worded
from countenance.training.voice_emotion.targets import targets

PAIRS = tuple(combinations(range(len(FOUR)), 2))
_WORDS = "words:"
_PAIR_EPOCHS, _PAIR_WIDTH, _PAIR_SHARE = 10, 64, 0.5


@dataclass(frozen=True, slots=True)
class Change:
    """What is tried, joined by +: `words:1` moves rows so far, `pairs` judges pairs apart, `no-` leaves a group out."""

    name: str

    @property
    def columns(self) -> list[int]:
        """Columns of the rows that the net hears."""
        parts = [part.removeprefix("no-") for part in self.name.split("+") if part.startswith("no-")]
        out = {at for part in parts for at in GROUPS[part]}
        return [at for at in range(FUNCTIONALS) if at not in out]

    @property
    def pairs(self) -> bool:
        """Whether pairs of the four classes are judged apart besides."""
        return "pairs" in self.name.split("+")

    def words(self, shipped: float) -> float:
        """How far other words move a row; as in the recipe where nothing is said of it."""
        told = [float(part.removeprefix(_WORDS)) for part in self.name.split("+") if part.startswith(_WORDS)]
        return told[0] if told else shipped


@dataclass(frozen=True, slots=True)
class Fitted:
    """An expert as it was fitted."""

    change: Change
    net: StatisticsNet
    lively: LivelyNet
    pairs: list[nn.Module]

    def four(self, rows: Rows) -> Floats:
        """Log shares of the four classes (n, 4)."""
        own = _tensors(rows, self.change.columns)
        with torch.no_grad():
            logs = torch.log_softmax(self.net(*own)[0], 1)
            if self.pairs:
                inputs = self.net.standardised(self.net.relative(*own))
                logs = _shared_out(logs, torch.cat([one(inputs) for one in self.pairs], 1))
            odds, known = self.lively(torch.from_numpy(rows.lifts), own[3])
            found: Floats = divided(logs, odds, known * self.lively.asked.names)[:, list(FOUR)].numpy()
        return found


def _tensors(rows: Rows, chosen: list[int]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    usual, square, seconds = stacked(rows.manners)
    parts = (rows.rows[:, chosen], usual[:, chosen], square[:, chosen], seconds)
    first, second, third, last = (torch.from_numpy(np.asarray(part, np.float32)) for part in parts)
    return first, second, third, last


def fit(data: TrainingSet, rows: Rows, recipe: VoiceRecipe, change: Change, seed: int, moved: Floats) -> Fitted:
    """The second expert as the trainer fits it, with a change."""
    asked = recipe.statistics
    lively = fit_lively(rows.lifts, [data.clips[at].label for at in rows.clips], recipe.lively)
    torch.manual_seed(seed)
    net = StatisticsNet(len(change.columns), asked)
    inputs = _standardised(net, *_tensors(rows, change.columns))
    own = tuple(torch.from_numpy(part[rows.clips]) for part in targets(data.clips))
    strength = change.words(asked.words)
    heard = worded(net, inputs, moved[:, change.columns], strength) if strength else inputs
    for member in range(asked.members):
        _fit_member(net, member, heard, own, asked, np.random.default_rng([seed, member]))
    labels = np.array([data.clips[at].label for at in rows.clips])
    pairs = [_fit_pair(inputs, labels, FOUR[a], FOUR[b], recipe, seed) for a, b in PAIRS] if change.pairs else []
    return Fitted(change, net.eval(), lively, pairs)


def _fit_pair(
    inputs: Tensor, labels: NDArray[np.int64], first: int, second: int, recipe: VoiceRecipe, seed: int
) -> nn.Module:
    """Log odds of the first class against the second, from their clips alone; both weigh the same."""
    asked = recipe.statistics
    chosen = np.flatnonzero((labels == first) | (labels == second))
    inputs, wanted = inputs[chosen], torch.from_numpy((labels[chosen] == first).astype(np.float32))
    weights = torch.where(wanted > 0, 0.5 / wanted.mean(), 0.5 / (1 - wanted.mean()))
    net = nn.Sequential(
        nn.Dropout(asked.input_dropout[-1]),
        nn.Linear(inputs.shape[1], _PAIR_WIDTH),
        nn.BatchNorm1d(_PAIR_WIDTH),
        nn.ReLU(),
        nn.Dropout(asked.dropout[-1]),
        nn.Linear(_PAIR_WIDTH, 1),
    )
    rng = np.random.default_rng([seed, first, second])
    optimiser = torch.optim.AdamW(net.parameters(), lr=asked.rate, weight_decay=asked.decay)
    steps = max(1, len(inputs) // asked.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, asked.rate, total_steps=_PAIR_EPOCHS * steps + 1)
    for _ in range(_PAIR_EPOCHS):
        for rows in torch.tensor_split(torch.from_numpy(rng.permutation(len(inputs))), steps):
            share = float(rng.beta(asked.mixup, asked.mixup))
            heard = inputs[rows] + asked.noise * torch.randn(len(rows), inputs.shape[1])
            other = torch.from_numpy(rng.permutation(len(rows)))
            said = net(share * heard + (1 - share) * heard[other])[:, 0]
            truth, weight = (share * part + (1 - share) * part[other] for part in (wanted[rows], weights[rows]))
            soft = truth * (1 - asked.smoothing) + asked.smoothing / 2
            loss = nn.functional.binary_cross_entropy_with_logits(said, soft, weight)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return net.eval()


def _shared_out(logs: Tensor, odds: Tensor) -> Tensor:
    """Log shares (n, 8) in which what the four classes have together is divided half by these odds of their pairs."""
    four = logs[:, list(FOUR)]
    coupled = torch.zeros_like(four)
    for at, (first, second) in enumerate(PAIRS):
        coupled[:, first] += nn.functional.logsigmoid(odds[:, at])
        coupled[:, second] += nn.functional.logsigmoid(-odds[:, at])
    mixed = (1 - _PAIR_SHARE) * torch.log_softmax(four, 1) + _PAIR_SHARE * torch.log_softmax(coupled, 1)
    out = logs.clone()
    out[:, list(FOUR)] = torch.logsumexp(four, 1, keepdim=True) + torch.log_softmax(mixed, 1)
    return out
