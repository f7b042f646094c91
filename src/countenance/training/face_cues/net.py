"""The network of the face cues: a grey 96 x 96 crop to the mesh points of `geometry.NAMES`."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from countenance.contracts.media import FACE_TEMPLATE
from countenance.encoders.geometry import NAMES
from countenance.training.face_net import Convolution, Residual, Standardise

EYE_DISTANCE_PX = float(FACE_TEMPLATE[1, 0] - FACE_TEMPLATE[0, 0])
"""Unit of the network's raw values: pixels between the eyes of an aligned crop."""


class CuesNet(nn.Module):
    """Four stages that halve the side, a narrow map, then one linear head around the mean face."""

    def __init__(self, mean_face: Tensor, widths: tuple[int, int, int, int] = (16, 24, 48, 96)) -> None:
        super().__init__()
        stem, low, middle, high = widths
        self.stages = nn.Sequential(
            Standardise(),
            Convolution(1, stem, 2),
            Convolution(stem, low, 2),
            Residual(low, gated=False),
            Convolution(low, middle, 2),
            Residual(middle, gated=True),
            Convolution(middle, high, 2),
            Residual(high, gated=True),
            nn.Conv2d(high, 32, 1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(inplace=True),
        )
        self.head = nn.Linear(32 * 6 * 6, len(NAMES) * 3)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.register_buffer("mean_face", mean_face.reshape(1, len(NAMES), 3))

    def forward(self, images: Tensor) -> Tensor:
        """Take n x 1 x 96 x 96 values in 0..1 and give n x points x 3 in pixels of the crop."""
        moved = self.head(self.stages(images).flatten(1)).float().reshape(-1, len(NAMES), 3)
        return self.mean_face + moved * EYE_DISTANCE_PX


def pair_gaps(points: Tensor) -> Tensor:
    """The vertical gaps that the cues rest on: lids, inner lips, brows over eyes; n x gaps, in pixels."""
    upper, lower = (torch.tensor([NAMES.index(n) for n in part]) for part in zip(*PAIRS, strict=True))
    return points[:, lower, 1] - points[:, upper, 1]


PAIRS = (
    (160, 144), (159, 145), (158, 153), (387, 373), (386, 374), (385, 380),
    (13, 14), (82, 87), (312, 317), (0, 17), (61, 13), (291, 13), (61, 14), (291, 14),
    (105, 159), (334, 386), (107, 133), (336, 362), (70, 33), (300, 263),
)  # fmt: skip
"""Mesh numbers of an upper and a lower point."""
