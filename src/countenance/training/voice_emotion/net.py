"""The voice net: an expert over spectral frames, one over statistics, and a rule that divides lively from calm names.

Nothing in it hears ahead, so that one pass over a stretch serves every look at it.
"""

from collections.abc import Sequence
from itertools import cycle, islice

import torch
from torch import Tensor, nn

from countenance.training.datasets.ravdess import LABELS
from countenance.training.voice_emotion.ravdess import HIGH_AROUSAL, LOW_AROUSAL
from countenance.training.voice_emotion.recipe import LivelyRecipe, StatisticsRecipe

DIMENSIONS = ("valence", "arousal")

TIME_STRIDE = 4
"""Frames of 10 ms per place in time of the frames expert."""
_FAR = 5.0  # statistics further off are cut, in spreads of the training data
_LEAST_SPREAD = 1e-4  # of the variance over people: a statistic that hardly moves in a speaker says nothing
_WIDTHS = (16, 24, 40, 48)
_HIGH, _LOW, _NEITHER = (
    [at for at, label in enumerate(LABELS) if (label in HIGH_AROUSAL, label in LOW_AROUSAL) == told]
    for told in ((True, False), (False, True), (False, False))
)
_ORDER = sorted(range(len(LABELS)), key=[*_HIGH, *_LOW, *_NEITHER].__getitem__)
_HALF_ODDS = 0.5  # log odds to arousal: the tangent of so much of them
_ATTENTION = 4.0  # logarithms of weights in time stay within so much, so that sums never overflow


class FramesNet(nn.Module):
    """2-D convolutions over log-mels, 1-D convolutions over time, attentive statistics; causal, no recurrence.

    Frames (m, 1, 64, t) and which of them each of k looks takes in (m, k, t) to 8 class logits and valence, arousal.
    """

    def __init__(self, width: int = 96, dropout: float = 0.3) -> None:
        super().__init__()
        one, two, three, four = _WIDTHS
        self.stem = nn.Sequential(
            _conv(1, one, 5, (2, 2)),
            _conv(one, two, 3, (2, 2)),
            _conv(two, three, 3, (2, 1)),
            _conv(three, four, 3, (2, 1)),
        )
        self.mix = nn.Sequential(nn.Conv1d(4 * four, width, 1, bias=False), nn.BatchNorm1d(width), nn.ReLU())
        self.near, self.far = _Along(width, 1), _Along(width, 3)
        self.attention = nn.Sequential(nn.Conv1d(width, 32, 1), nn.Tanh(), nn.Conv1d(32, width, 1))
        self.summary = nn.Sequential(nn.Dropout(dropout), nn.Linear(2 * width, 64), nn.ReLU(), nn.Dropout(dropout))
        self.scores = nn.Linear(64, len(LABELS))
        self.dimensions = nn.Linear(64, len(DIMENSIONS))

    def forward(self, frames: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (m k, 8) and dimensions (m k, 2)."""
        summary = self.summarised(frames, present)
        return self.scores(summary), torch.tanh(self.dimensions(summary))

    def summarised(self, frames: Tensor, present: Tensor) -> Tensor:
        """What the heads see of each look (m k, 64)."""
        maps = self.far(self.near(self.mix(self.stem(frames).flatten(1, 2))))
        weights = torch.exp(_ATTENTION * torch.tanh(self.attention(maps).float() / _ATTENTION))
        maps = maps.float()
        seen = (nn.functional.avg_pool1d(present, TIME_STRIDE) > 1 - 1e-3).float()
        sums = torch.matmul(seen, torch.cat([weights, weights * maps, weights * maps * maps], dim=1).transpose(1, 2))
        whole, mean, square = sums.chunk(3, dim=2)
        mean, square = mean / (whole + 1e-6), square / (whole + 1e-6)
        spread = torch.sqrt((square - mean * mean).clamp(min=1e-4))
        summary: Tensor = self.summary(torch.cat([mean, spread], dim=2).flatten(0, 1))
        return summary


class RelativeRows(nn.Module):
    """Functionals (n, k) in units of how the speaker usually talks, at first of how people do; beside them, how far."""

    usual: Tensor
    square: Tensor

    def __init__(self, inputs: int, known_s: float) -> None:
        super().__init__()
        self.known_s = known_s
        self.register_buffer("usual", torch.zeros(inputs))
        self.register_buffer("square", torch.ones(inputs))

    def learn(self, rows: Tensor) -> None:
        """How people usually talk."""
        self.usual.copy_(rows.mean(0))
        self.square.copy_((rows * rows).mean(0))

    def forward(self, rows: Tensor, usual: Tensor, square: Tensor, seconds: Tensor) -> Tensor:
        """`usual` and `square` (n, k) are means over `seconds` (n) of the speaker's speech."""
        share = (seconds / (seconds + self.known_s)).unsqueeze(1)
        mean = self.usual + share * (usual - self.usual)
        least = _LEAST_SPREAD * (self.square - self.usual * self.usual)
        variance = torch.maximum(self.square + share * (square - self.square) - mean * mean, least)
        return torch.cat([(rows - mean) / torch.sqrt(variance + 1e-6), share], 1)


class StatisticsNet(nn.Module):
    """A few small nets side by side over relative functionals (n, k), standardised by the training data."""

    mean: Tensor
    spread: Tensor

    def __init__(self, inputs: int, asked: StatisticsRecipe) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(inputs + 1))
        self.register_buffer("spread", torch.ones(inputs + 1))
        self.relative = RelativeRows(inputs, asked.known_s)
        drops = islice(zip(cycle(asked.dropout), cycle(asked.input_dropout), strict=False), asked.members)
        self.bodies = nn.ModuleList(_body(inputs + 1, asked.widths, *drop) for drop in drops)
        self.heads = nn.ModuleList(nn.Linear(asked.widths[1], len(LABELS) + len(DIMENSIONS)) for _ in self.bodies)

    def forward(self, functionals: Tensor, *usual: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mean logits (n, 8), dimensions (n, 2), and what the head of the first member sees (n, w)."""
        rows = self.standardised(self.relative(functionals, *usual))
        inner = [body(rows) for body in self.bodies]
        said = torch.stack([head(one) for head, one in zip(self.heads, inner, strict=True)]).mean(0)
        return said[:, : len(LABELS)], torch.tanh(said[:, len(LABELS) :]), inner[0]

    def standardised(self, relative: Tensor) -> Tensor:
        """Rows in spreads from the mean of the training data."""
        return ((relative - self.mean) / self.spread).clamp(-_FAR, _FAR)


class LivelyNet(nn.Module):
    """Log odds of high against low arousal from the published rule (`inference.lift`).

    A slope and a constant can learn nothing by heart. What they say counts the more, the longer a speaker was heard.
    """

    slope: Tensor
    constant: Tensor

    def __init__(self, asked: LivelyRecipe) -> None:
        super().__init__()
        self.asked = asked
        self.register_buffer("slope", torch.ones(1))
        self.register_buffer("constant", torch.zeros(1))

    def forward(self, lift: Tensor, seconds: Tensor) -> tuple[Tensor, Tensor]:
        """Log odds (n, 1), and how far the speaker is known, 0..1 (n, 1)."""
        odds = self.slope * lift.clamp(-_FAR, _FAR) + self.constant
        return odds.unsqueeze(1), (seconds / (seconds + self.asked.known_s)).unsqueeze(1)


class VoiceNet(nn.Module):
    """All experts: two name, their log probabilities averaged; the third moves shares between lively and calm names."""

    def __init__(self, frames: FramesNet, statistics: StatisticsNet, lively: LivelyNet, share: float) -> None:
        super().__init__()
        self.frames, self.statistics, self.lively, self.share = frames, statistics, lively, share

    def forward(
        self, frames: Tensor, present: Tensor, functionals: Tensor, seconds: Tensor, lift: Tensor, *usual: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Logits (n, 8), dimensions (n, 2) and embedding (n, 64 + w).

        `seconds` (n) were heard of the speaker, `lift` (n) is what the rule says; `usual` is how the speaker usually
        talks, as `RelativeRows` takes it.
        """
        summary = self.frames.summarised(frames, present)
        scores, places, inner = self.statistics(functionals, *usual)
        own = torch.log_softmax(self.frames.scores(summary), 1)
        mixed = self.share * own + (1 - self.share) * torch.log_softmax(scores, 1)
        places = self.share * torch.tanh(self.frames.dimensions(summary)) + (1 - self.share) * places
        odds, known = self.lively(lift, seconds)
        say = known * self.lively.asked.arousal
        arousal = (1 - say) * places[:, 1:] + say * torch.tanh(_HALF_ODDS * odds)
        logits = divided(mixed, odds, known * self.lively.asked.names)
        return logits, torch.cat([places[:, :1], arousal], 1), torch.cat([summary, inner], 1)


def divided(logits: Tensor, odds: Tensor, say: Tensor) -> Tensor:
    """Log probabilities (n, 8) with the odds of lively against calm names moved towards the given ones (n, 1)."""
    logs = torch.log_softmax(logits, 1)
    high, low, rest = logs[:, _HIGH], logs[:, _LOW], logs[:, _NEITHER]
    all_high, all_low = torch.logsumexp(high, 1, keepdim=True), torch.logsumexp(low, 1, keepdim=True)
    both = torch.logsumexp(torch.cat([all_high, all_low], 1), 1, keepdim=True)
    moved = (1 - say) * (all_high - all_low) + say * odds
    softplus = nn.functional.softplus
    parts = (high - all_high + both - softplus(-moved), low - all_low + both - softplus(moved), rest)
    return torch.cat(parts, 1)[:, _ORDER]


def statistics_like(state: dict[str, Tensor], asked: StatisticsRecipe) -> StatisticsNet:
    """A saved net."""
    net = StatisticsNet(len(state["mean"]) - 1, asked)
    net.load_state_dict(state)
    return net.eval()


def lively_like(state: dict[str, Tensor], asked: LivelyRecipe) -> LivelyNet:
    """A saved net."""
    net = LivelyNet(asked)
    net.load_state_dict(state)
    return net.eval()


class _Along(nn.Module):
    """A residual step along time that looks back only."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.step = nn.Sequential(
            nn.ConstantPad1d((2 * dilation, 0), 0.0),
            nn.Conv1d(width, width, 3, dilation=dilation, bias=False),
            nn.BatchNorm1d(width),
            nn.ReLU(),
        )

    def forward(self, maps: Tensor) -> Tensor:
        return maps + self.step(maps)


def _conv(inputs: int, outputs: int, size: int, stride: tuple[int, int]) -> nn.Sequential:
    """A convolution that sees as far up and down the bands, but in time never further than its own stride."""
    pad = nn.ZeroPad2d((size - stride[1], 0, size // 2, size // 2))
    conv = nn.Conv2d(inputs, outputs, size, stride, bias=False)
    return nn.Sequential(pad, conv, nn.BatchNorm2d(outputs), nn.ReLU())


def _body(inputs: int, widths: Sequence[int], dropout: float, at_input: float) -> nn.Sequential:
    parts: list[nn.Module] = [nn.Dropout(at_input)]
    for before, after in zip((inputs, *widths[:-1]), widths, strict=True):
        parts += [nn.Linear(before, after), nn.BatchNorm1d(after), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*parts)
