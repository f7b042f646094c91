"""The voice net: two experts, one over spectral frames and one over statistics, and the weighted mean of their logs."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from countenance.training.datasets.ravdess import LABELS

DIMENSIONS = ("valence", "arousal")

_TIME_STRIDE = 4
_FAR = 5.0  # statistics further off are cut, in spreads of the training data


class FramesNet(nn.Module):
    """2-D convolutions over log-mels, 1-D convolutions over time, attentive statistics; no recurrence.

    Frames (n, 1, 64, 300) and their presence (n, 300) to 8 class logits and valence, arousal in -1..1.
    """

    def __init__(self, width: int = 96, dropout: float = 0.3) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            _conv(1, 24, 5, (2, 2)), _conv(24, 32, 3, (2, 1)), _conv(32, 48, 3, (2, 2)), _conv(48, 64, 3, (2, 1))
        )
        self.mix = nn.Sequential(nn.Conv1d(256, width, 1, bias=False), nn.BatchNorm1d(width), nn.ReLU())
        self.near, self.far = _Along(width, 1), _Along(width, 3)
        self.attention = nn.Sequential(nn.Conv1d(width, 32, 1), nn.Tanh(), nn.Conv1d(32, width, 1))
        self.summary = nn.Sequential(nn.Dropout(dropout), nn.Linear(2 * width, 64), nn.ReLU(), nn.Dropout(dropout))
        self.scores = nn.Linear(64, len(LABELS))
        self.dimensions = nn.Linear(64, len(DIMENSIONS))

    def forward(self, frames: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (n, 8) and dimensions (n, 2)."""
        summary = self.summarised(frames, present)
        return self.scores(summary), torch.tanh(self.dimensions(summary))

    def summarised(self, frames: Tensor, present: Tensor) -> Tensor:
        """What the heads see (n, 64)."""
        seen = nn.functional.avg_pool1d(present.unsqueeze(1), _TIME_STRIDE)
        maps = self.mix(self.stem(frames).flatten(1, 2)) * (seen > 0)
        maps = self.far(self.near(maps) * (seen > 0)) * (seen > 0)
        weights = torch.softmax(self.attention(maps).float() + torch.log(seen + 1e-6), dim=2)
        maps = maps.float()
        mean = (weights * maps).sum(2)
        spread = torch.sqrt(((weights * maps * maps).sum(2) - mean * mean).clamp(min=1e-4))
        summary: Tensor = self.summary(torch.cat([mean, spread], dim=1))
        return summary


class StatisticsNet(nn.Module):
    """A few small nets side by side over functionals (n, k), standardised by the training data."""

    mean: Tensor
    spread: Tensor

    def __init__(self, inputs: int, widths: tuple[int, int], members: int, dropout: float, at_input: float) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("spread", torch.ones(inputs))
        self.bodies = nn.ModuleList(_body(inputs, widths, dropout, at_input) for _ in range(members))
        heads = (nn.Linear(widths[1], len(LABELS) + len(DIMENSIONS)) for _ in range(members))
        self.heads = nn.ModuleList(heads)

    def forward(self, functionals: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mean logits (n, 8), dimensions (n, 2), and what the head of the first member sees (n, w)."""
        rows = self.standardised(functionals)
        inner = [body(rows) for body in self.bodies]
        said = torch.stack([head(one) for head, one in zip(self.heads, inner, strict=True)]).mean(0)
        return said[:, : len(LABELS)], torch.tanh(said[:, len(LABELS) :]), inner[0]

    def standardised(self, functionals: Tensor) -> Tensor:
        """Rows in spreads from the mean of the training data."""
        return ((functionals - self.mean) / self.spread).clamp(-_FAR, _FAR)


class VoiceNet(nn.Module):
    """Both experts; their log probabilities are averaged, the frames expert with the given share."""

    def __init__(self, frames: FramesNet, statistics: StatisticsNet, share: float) -> None:
        super().__init__()
        self.frames, self.statistics, self.share = frames, statistics, share

    def forward(self, frames: Tensor, present: Tensor, functionals: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits (n, 8), dimensions (n, 2) and embedding (n, 64 + w)."""
        summary = self.frames.summarised(frames, present)
        scores, places, inner = self.statistics(functionals)
        own = torch.log_softmax(self.frames.scores(summary), 1)
        mixed = self.share * own + (1 - self.share) * torch.log_softmax(scores, 1)
        dimensions = self.share * torch.tanh(self.frames.dimensions(summary)) + (1 - self.share) * places
        return mixed, dimensions, torch.cat([summary, inner], dim=1)


def statistics_like(state: dict[str, Tensor], dropout: float = 0.0) -> StatisticsNet:
    """An untrained net of the shape of a saved one."""
    members = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("heads."))
    first, second = state["bodies.0.1.weight"], state["bodies.0.5.weight"]
    net = StatisticsNet(first.shape[1], (first.shape[0], second.shape[0]), members, dropout, dropout)
    net.load_state_dict(state)
    return net


class _Along(nn.Module):
    """A residual step along time."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.step = nn.Sequential(
            nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation, bias=False),
            nn.BatchNorm1d(width),
            nn.ReLU(),
        )

    def forward(self, maps: Tensor) -> Tensor:
        return maps + self.step(maps)


def _conv(inputs: int, outputs: int, size: int, stride: tuple[int, int]) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU())


def _body(inputs: int, widths: Sequence[int], dropout: float, at_input: float) -> nn.Sequential:
    parts: list[nn.Module] = [nn.Dropout(at_input)]
    for before, after in zip((inputs, *widths[:-1]), widths, strict=True):
        parts += [nn.Linear(before, after), nn.BatchNorm1d(after), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*parts)
