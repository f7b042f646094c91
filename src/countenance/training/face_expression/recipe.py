"""What decides how the expression network is trained, and what follows from it at each moment of a run."""

from __future__ import annotations

import math

from pydantic import Field, model_validator

from countenance.inference.tables import Table
from countenance.training.recipe import Recipe

Share = Field(ge=0, le=1)


class Again(Table):
    """A second fall of the rate (arXiv:1608.03983), in which the network learns from itself too (arXiv:1805.04770)."""

    epochs: int = Field(ge=1)
    share: float = Share
    """Of the peak, where the rate begins anew."""
    taught: float = Share
    """How much of a target is what the network of the first fall says of the face and its mirror image."""


class ExpressionRecipe(Recipe):
    """Keys of `recipes/face-expression.toml`."""

    widths: tuple[int, int, int]
    """Channels of the three stages."""
    blocks: tuple[int, int, int]
    """Residual blocks of the three stages."""
    embedding: int = Field(ge=8)
    drop: float = Share
    epochs: int = Field(ge=1)
    """Epochs of the first fall of the rate, the rise and the level stretch before it included."""
    again: Again | None = None
    """A second fall of the rate after the first."""
    steady: int = Field(ge=0)
    """Epochs before the rate begins to fall along half a cosine."""
    warm_up: float = Field(gt=0)
    """Epochs in which the rate rises to its peak."""
    batch: int = Field(ge=2)
    peak_rate: float = Field(gt=0)
    weight_decay: float = Field(ge=0)
    memory: float = Share
    """Decay of the running mean of the weights, per step."""
    rarity: float = Share
    """A face counts as often as the commonest class over its own to this power: 0 as it comes, 1 all classes alike."""
    sides: tuple[tuple[int, int], ...] = Field(min_length=1)
    """From which epoch on faces are shown at which side in pixels; small ones first cost little."""
    strength: tuple[float, float]
    """How much a camera does to a face: while the rate is steady, and at the end."""

    @model_validator(mode="after")
    def _ordered(self) -> ExpressionRecipe:
        starts = [start for start, _ in self.sides]
        if starts[0] != 0 or starts != sorted(set(starts)):
            raise ValueError("sides must begin at epoch 0 and go up")
        if any(side % 2 for _, side in self.sides):
            raise ValueError("every side must be even")
        if self.steady >= self.epochs:
            raise ValueError("steady must be less than epochs, or the rate never falls")
        return self

    @property
    def total(self) -> int:
        """Epochs of the whole run."""
        return self.epochs + (self.again.epochs if self.again else 0)

    def fallen(self, at: float) -> float:
        """Which share of its present fall the rate has behind it after `at` epochs."""
        if self.again and at >= self.epochs:
            return min(1.0, (at - self.epochs) / self.again.epochs)
        return min(1.0, max(0.0, (at - self.steady) / (self.epochs - self.steady)))

    def rate(self, at: float) -> float:
        """The learning rate after `at` epochs: a straight rise, a level stretch, half a cosine, and perhaps another."""
        top = self.again.share if self.again and at >= self.epochs else min(1.0, 0.04 + at / self.warm_up)
        return self.peak_rate * top * (1 + math.cos(math.pi * self.fallen(at))) / 2

    def augmentation(self, at: float) -> float:
        """How strongly faces are disturbed after `at` epochs."""
        first, last = self.strength
        return first + (last - first) * self.fallen(at)

    def side(self, epoch: int) -> int:
        """Pixels of a face's side in an epoch."""
        return [side for start, side in self.sides if epoch >= start][-1]
