"""The network of the face expression: a grey 48 x 48 crop to eight raw values, and the features they rest on."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from countenance.training.face_net import Convolution, Residual, Standardise


class ExpressionNet(nn.Module):
    """Squares of 2 x 2 pixels as channels, three stages of residual blocks, a wide mean, one linear head.

    Taking four neighbours as channels lets the first convolution work on a quarter of the places: it costs a fifth of
    one at full size, in training and on a call.
    """

    def __init__(
        self, outputs: int, widths: tuple[int, int, int], blocks: tuple[int, int, int], embedding: int, drop: float
    ) -> None:
        super().__init__()
        low, middle, high = widths
        self.standardise = Standardise()
        self.stages = nn.Sequential(
            Convolution(4, low),
            *(Residual(low, gated=False) for _ in range(blocks[0])),
            Convolution(low, middle, 2),
            *(Residual(middle, gated=True) for _ in range(blocks[1])),
            Convolution(middle, high, 2),
            *(Residual(high, gated=True) for _ in range(blocks[2])),
            nn.Conv2d(high, embedding, 1, bias=False),
            nn.BatchNorm2d(embedding),
            nn.ReLU(inplace=True),
        )
        self.drop = nn.Dropout(drop)
        self.head = nn.Linear(embedding, outputs)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Take n x 1 x s x s values in 0..1, s even; give n x outputs raw values and n x embedding features."""
        maps = self.stages(functional.pixel_unshuffle(self.standardise(images), 2))
        features = maps.mean(dim=(2, 3))
        scores: Tensor = self.head(self.drop(features))
        return scores, features


def scores_of(net: nn.Module, images: Tensor, *, low_precision: bool) -> Tensor:
    """The raw values alone, as 32-bit numbers."""
    with torch.autocast(images.device.type, torch.bfloat16, enabled=low_precision):
        scores, _ = net(images.to(memory_format=torch.channels_last))
    return scores.float()
