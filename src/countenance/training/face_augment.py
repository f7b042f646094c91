"""What a camera does to a face, drawn at random for a batch of crops."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


def augment(images: Tensor, random: torch.Generator) -> Tensor:
    """Flip, move, light, blur, disturb and partly cover crops of shape n x c x s x s in 0..1."""
    flip = torch.rand(len(images), generator=random) < 0.5
    images = torch.where(flip[:, None, None, None], images.flip(3), images)
    images = functional.grid_sample(
        images, _grid(images, random), mode="bilinear", padding_mode="border", align_corners=False
    )
    return disturb(images, random)


def disturb(images: Tensor, random: torch.Generator) -> Tensor:
    """Light, blur, add noise and partly cover crops, none of which moves the face."""
    return _cover(_noise(_blur(_light(images, random), random), random), random)


def _uniform(count: int, low: float, high: float, random: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(count, generator=random)


def _grid(images: Tensor, random: torch.Generator) -> Tensor:
    """Draw turns within 18 degrees, sizes of 0.83 to 1.2, shears and shifts within a tenth of the side."""
    count = len(images)
    angle = _uniform(count, -math.pi / 10, math.pi / 10, random)
    size = torch.exp(_uniform(count, -0.18, 0.18, random))
    stretch = torch.exp(_uniform(count, -0.08, 0.08, random))
    shear = _uniform(count, -0.1, 0.1, random)
    move = _uniform(2 * count, -0.2, 0.2, random).view(count, 2)
    cos, sin = torch.cos(angle), torch.sin(angle)
    top = torch.stack([cos * size * stretch, (shear - sin) * size, move[:, 0]], dim=1)
    bottom = torch.stack([sin * size, cos * size / stretch, move[:, 1]], dim=1)
    return functional.affine_grid(torch.stack([top, bottom], dim=1), list(images.shape), align_corners=False)


def _light(images: Tensor, random: torch.Generator) -> Tensor:
    """Draw a gamma, and a slope of light across a third of the crops."""
    count, side = len(images), images.shape[-1]
    gamma = torch.exp(_uniform(count, -0.5, 0.5, random)).view(-1, 1, 1, 1)
    ramp = torch.linspace(-1, 1, side)
    across, down = _uniform(2 * count, -0.4, 0.4, random).view(2, count, 1, 1, 1)
    slope = 1 + across * ramp.view(1, 1, 1, -1) + down * ramp.view(1, 1, -1, 1)
    lit = (torch.rand(count, generator=random) < 0.33).view(-1, 1, 1, 1)
    return (images.clamp(0, 1) ** gamma * torch.where(lit, slope, torch.ones_like(slope))).clamp(0, 1)


def _blur(images: Tensor, random: torch.Generator) -> Tensor:
    """Shrink and enlarge a quarter of the crops, as a low video layer does."""
    count, side = len(images), images.shape[-1]
    small = int(side * _uniform(1, 0.4, 0.8, random).item())
    coarse = functional.interpolate(images, size=(small, small), mode="bilinear", antialias=True)
    coarse = functional.interpolate(coarse, size=(side, side), mode="bilinear")
    blurred = (torch.rand(count, generator=random) < 0.25).view(-1, 1, 1, 1)
    return torch.where(blurred, coarse, images)


def _noise(images: Tensor, random: torch.Generator) -> Tensor:
    noise = torch.randn(images.shape, generator=random)
    strength = _uniform(len(images), -0.05, 0.05, random).clamp(min=0).view(-1, 1, 1, 1)
    return (images + noise * strength).clamp(0, 1)


def _cover(images: Tensor, random: torch.Generator) -> Tensor:
    """Put a grey rectangle over a third of the crops (hands, cups, microphones)."""
    count, side = len(images), images.shape[-1]
    place = torch.arange(side).float() / side
    height, width = _uniform(2 * count, 0.1, 0.4, random).view(2, count, 1)
    top, left = _uniform(2 * count, -0.2, 1.0, random).view(2, count, 1)
    rows = (place >= top) & (place < top + height)
    columns = (place >= left) & (place < left + width)
    covered = (torch.rand(count, generator=random) < 0.33).view(-1, 1, 1)
    area = (rows[:, :, None] & columns[:, None, :] & covered)[:, None]
    return torch.where(area, torch.rand((count, 1, 1, 1), generator=random), images)
