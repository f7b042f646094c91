"""Train the face finder on composites."""

from __future__ import annotations

import copy
import math
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from countenance.training.device import progress
from countenance.training.face_finder.losses import finder_loss
from countenance.training.face_finder.net import FinderNet
from countenance.training.face_finder.people import MIRROR
from countenance.training.face_finder.recipe import FinderRecipe
from countenance.training.face_finder.scenery import WIDTH
from countenance.training.face_finder.shards import ready
from countenance.training.face_net import follow
from countenance.training.run import Run

CHECKPOINT = "checkpoint"


class Trainer:
    """Net, averaged net, optimiser and step; kept in the run so that a killed one goes on where it was."""

    def __init__(self, run: Run, recipe: FinderRecipe, device: torch.device) -> None:
        """Start, or load the state that an earlier process left."""
        self.run, self.recipe, self.device = run, recipe, device
        self.net = FinderNet().to(device=device, memory_format=torch.channels_last)
        self.mean = copy.deepcopy(self.net)
        decay = [p for p in self.net.parameters() if p.ndim > 1]
        plain = [p for p in self.net.parameters() if p.ndim <= 1]
        groups = [{"params": decay, "weight_decay": recipe.weight_decay}, {"params": plain, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=recipe.peak_rate, betas=(0.9, 0.99))
        self.step = 0
        if (state := run.load(CHECKPOINT)) is not None:
            self.net.load_state_dict(state["net"])
            self.mean.load_state_dict(state["mean"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step = int(state["step"])

    def go(self, folder: Path) -> None:
        """Train on the composites of a folder until the planned number of steps."""
        pictures, rows = ready(folder)
        with progress("face finder", self.recipe.steps) as report:
            while self.step < self.recipe.steps:
                stretch = min(self.recipe.stretch, self.recipe.steps - self.step)
                loss = sum(self._advance(pictures, rows) for _ in range(stretch)) / stretch
                self._keep()
                self.run.log("train", self.step, loss=loss)
                report(self.step, f"loss {loss:.4f}")

    def _advance(self, pictures: list[NDArray[np.uint8]], rows: list[NDArray[np.float32]]) -> float:
        recipe = self.recipe
        rng = np.random.default_rng((2, self.step))
        shard = int(rng.integers(len(pictures)))
        index = np.sort(rng.choice(len(rows[shard]), recipe.batch, replace=False))
        frames, wanted = (part.to(self.device) for part in varied(rng, pictures[shard][index], rows[shard][index]))
        for group in self.optimiser.param_groups:
            group["lr"] = recipe.peak_rate * schedule(self.step, recipe.steps)
        with torch.autocast(self.device.type, torch.bfloat16):
            grid = self.net(frames)
        loss = finder_loss(grid, wanted)
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        follow(self.mean, self.net, min(recipe.memory, self.step / (self.step + 50)))
        return loss.item()

    def _keep(self) -> None:
        parts = {"net": self.net, "mean": self.mean, "optimiser": self.optimiser}
        self.run.save(CHECKPOINT, {**{name: part.state_dict() for name, part in parts.items()}, "step": self.step})


def schedule(step: int, steps: int) -> float:
    """Share of the peak rate: a short warm-up, then a cosine down to 1 %."""
    warm = min(1.0, (step + 1) / 300)
    return warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / steps)))


def varied(rng: np.random.Generator, pictures: NDArray[np.uint8], rows: NDArray[np.float32]) -> tuple[Tensor, Tensor]:
    """Mirror half the batches and shift the exposure a little."""
    rows = rows.copy()
    if rng.random() < 0.5:
        pictures = pictures[:, :, ::-1]
        rows[..., [0, 2]] = WIDTH - rows[..., [2, 0]]
        points = rows[..., 4:14].reshape(*rows.shape[:2], 5, 2)[:, :, MIRROR]
        points[..., 0] = WIDTH - points[..., 0]
        rows[..., 4:14] = points.reshape(*rows.shape[:2], 10)
        rows[..., 14:19] = rows[..., 14:19][..., MIRROR]
    frames = torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float() / 255
    gain = torch.from_numpy(rng.uniform(0.85, 1.15, (len(rows), 1, 1, 1)).astype(np.float32))
    return (frames * gain).clamp(0, 1).contiguous(memory_format=torch.channels_last), torch.from_numpy(rows)
