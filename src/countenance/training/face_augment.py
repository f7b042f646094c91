"""What a camera does to a face, drawn at random for a batch of crops."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


def augment(images: Tensor, random: torch.Generator, strength: float = 1.0, side: int | None = None) -> Tensor:
    """Flip, move, light, blur, disturb and partly cover crops n x c x s x s in 0..1; `side` gives them another size."""
    flip = torch.rand(len(images), generator=random) < 0.5
    images = torch.where(flip[:, None, None, None], images.flip(3), images)
    grid = _grid(images, random, strength, side or images.shape[-1])
    images = functional.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return disturb(images, random, strength)


def disturb(images: Tensor, random: torch.Generator, strength: float = 1.0) -> Tensor:
    """Light, blur, add noise and partly cover crops, none of which moves the face."""
    lit = _light(images, random, strength)
    return _cover(_noise(_blur(lit, random, strength), random, strength), random, strength)


def _uniform(count: int, low: float, high: float, random: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(count, generator=random)


def _grid(images: Tensor, random: torch.Generator, strength: float, side: int) -> Tensor:
    """Draw turns within 18 degrees, sizes of 0.83 to 1.2, shears and shifts within a tenth of the side."""
    count, channels = images.shape[:2]
    angle = _uniform(count, -math.pi / 10, math.pi / 10, random) * strength
    size = torch.exp(_uniform(count, -0.18, 0.18, random) * strength)
    stretch = torch.exp(_uniform(count, -0.08, 0.08, random) * strength)
    shear = _uniform(count, -0.1, 0.1, random) * strength
    move = _uniform(2 * count, -0.2, 0.2, random).view(count, 2) * strength
    cos, sin = torch.cos(angle), torch.sin(angle)
    top = torch.stack([cos * size * stretch, (shear - sin) * size, move[:, 0]], dim=1)
    bottom = torch.stack([sin * size, cos * size / stretch, move[:, 1]], dim=1)
    return functional.affine_grid(torch.stack([top, bottom], dim=1), [count, channels, side, side], align_corners=False)


def _light(images: Tensor, random: torch.Generator, strength: float) -> Tensor:
    """Draw a gamma, and a slope of light across a third of the crops."""
    count, side = len(images), images.shape[-1]
    gamma = torch.exp(_uniform(count, -0.5, 0.5, random) * strength).view(-1, 1, 1, 1)
    ramp = torch.linspace(-1, 1, side)
    across, down = _uniform(2 * count, -0.4, 0.4, random).view(2, count, 1, 1, 1)
    slope = 1 + across * ramp.view(1, 1, 1, -1) + down * ramp.view(1, 1, -1, 1)
    lit = (torch.rand(count, generator=random) < 0.33 * strength).view(-1, 1, 1, 1)
    return (images.clamp(0, 1) ** gamma * torch.where(lit, slope, torch.ones_like(slope))).clamp(0, 1)


def _blur(images: Tensor, random: torch.Generator, strength: float) -> Tensor:
    """Shrink and enlarge a quarter of the crops, as a low video layer does."""
    count, side = len(images), images.shape[-1]
    small = int(side * _uniform(1, 0.4, 0.8, random).item())
    coarse = functional.interpolate(images, size=(small, small), mode="bilinear", antialias=True)
    coarse = functional.interpolate(coarse, size=(side, side), mode="bilinear")
    blurred = (torch.rand(count, generator=random) < 0.25 * strength).view(-1, 1, 1, 1)
    return torch.where(blurred, coarse, images)


def _noise(images: Tensor, random: torch.Generator, strength: float) -> Tensor:
    noise = torch.randn(images.shape, generator=random)
    level = _uniform(len(images), -0.05, 0.05, random).clamp(min=0).view(-1, 1, 1, 1) * strength
    return (images + noise * level).clamp(0, 1)


def _cover(images: Tensor, random: torch.Generator, strength: float) -> Tensor:
    """Put a grey rectangle over a third of the crops (hands, cups, microphones)."""
    count, side = len(images), images.shape[-1]
    place = torch.arange(side).float() / side
    height, width = _uniform(2 * count, 0.1, 0.4, random).view(2, count, 1)
    top, left = _uniform(2 * count, -0.2, 1.0, random).view(2, count, 1)
    rows = (place >= top) & (place < top + height)
    columns = (place >= left) & (place < left + width)
    covered = (torch.rand(count, generator=random) < 0.33 * strength).view(-1, 1, 1)
    area = (rows[:, :, None] & columns[:, None, :] & covered)[:, None]
    return torch.where(area, torch.rand((count, 1, 1, 1), generator=random), images)
