"""The face finder's net: a small dense backbone to stride 16, context at stride 32, one head at stride 8."""

from __future__ import annotations

import torch
from torch import Tensor, nn

OUTPUTS = 20  # score, box 4 (offset, log size), landmarks 10, covered landmarks 5
STRIDE = 8
UNIT = 32.0  # pixels that one unit of box size and landmark offset stands for
COLUMNS, ROWS = 20, 12


def unit(inward: int, outward: int, stride: int = 1, size: int = 3, groups: int = 1) -> nn.Sequential:
    """Convolution, batch norm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inward, outward, size, stride, size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outward),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):
    """A dense 3x3 block added to its input."""

    def __init__(self, width: int) -> None:
        """Make the block for `width` channels."""
        super().__init__()
        self.inner = nn.Sequential(
            nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Add the block's reading to the input."""
        out: Tensor = x + self.inner(x)
        return out


class FinderNet(nn.Module):
    """RGB n x 3 x 96 x 160 in 0..1 to a grid n x 20 x 12 x 20 (raw numbers; see `decoded`)."""

    def __init__(self) -> None:
        """Make the layers; the score starts near 1 %."""
        super().__init__()
        self.stem = nn.Sequential(unit(3, 16, 2), unit(16, 32, 2), Residual(32))
        self.eight = nn.Sequential(unit(32, 48, 2), Residual(48), Residual(48))
        self.sixteen = nn.Sequential(unit(48, 64, 2), Residual(64))
        self.context = nn.Sequential(unit(64, 64, 2, groups=64), unit(64, 64, size=1), unit(64, 64, groups=64))
        self.wide = unit(64, 64, size=1)
        self.down = unit(64, 48, size=1)
        self.head = nn.Sequential(unit(48, 56), nn.Conv2d(56, OUTPUTS, 1))
        last = self.head[1]
        assert isinstance(last, nn.Conv2d)
        assert last.bias is not None
        nn.init.zeros_(last.bias)
        nn.init.normal_(last.weight, std=0.01)
        with torch.no_grad():
            last.bias[0] = -4.5

    def forward(self, x: Tensor) -> Tensor:
        """Read frames."""
        eight = self.eight(self.stem((x - 0.5) * 4))
        sixteen = self.sixteen(eight)
        sixteen = sixteen + nn.functional.interpolate(self.wide(self.context(sixteen)), scale_factor=2.0)
        grid: Tensor = self.head(eight + nn.functional.interpolate(self.down(sixteen), scale_factor=2.0))
        return grid


def centres(like: Tensor) -> Tensor:
    """Cell centres in pixels, 2 x 12 x 20 (x, y)."""
    y, x = torch.meshgrid(torch.arange(ROWS), torch.arange(COLUMNS), indexing="ij")
    return (torch.stack([x, y]).to(like) + 0.5) * STRIDE


def decoded(grid: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Raw grid to score logits n x 12 x 20, boxes n x 4, landmarks n x 10 (pixels), covered logits n x 5 per cell."""
    grid = grid.float()
    at = centres(grid)
    middle = at + grid[:, 1:3] * STRIDE
    half = torch.exp(grid[:, 3:5].clamp(-3, 3)) * UNIT / 2
    landmarks = at.repeat(5, 1, 1) + grid[:, 5:15] * UNIT
    return grid[:, 0], torch.cat([middle - half, middle + half], 1), landmarks, grid[:, 15:20]
