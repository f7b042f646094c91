"""The voice net: 2-D convolutions over log-mels, 1-D convolutions over time, attentive statistics; no recurrence."""

import torch
from torch import Tensor, nn

from countenance.training.datasets.ravdess import LABELS

DIMENSIONS = ("valence", "arousal")

_TIME_STRIDE = 4


class VoiceNet(nn.Module):
    """Frames (n, 1, 64, 300) and their presence (n, 300) to 8 class logits and valence, arousal in -1..1."""

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
        seen = nn.functional.avg_pool1d(present.unsqueeze(1), _TIME_STRIDE)
        maps = self.mix(self.stem(frames).flatten(1, 2)) * (seen > 0)
        maps = self.far(self.near(maps) * (seen > 0)) * (seen > 0)
        weights = torch.softmax(self.attention(maps).float() + torch.log(seen + 1e-6), dim=2)
        maps = maps.float()
        mean = (weights * maps).sum(2)
        spread = torch.sqrt(((weights * maps * maps).sum(2) - mean * mean).clamp(min=1e-4))
        summary = self.summary(torch.cat([mean, spread], dim=1))
        return self.scores(summary), torch.tanh(self.dimensions(summary))


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
