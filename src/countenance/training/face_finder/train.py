"""Train the face finder on composites; one CPU thread, a checkpoint every few hundred steps, resumable."""

from __future__ import annotations

import argparse
import copy
import math
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from countenance.training.face_finder.losses import finder_loss
from countenance.training.face_finder.net import FinderNet
from countenance.training.face_finder.people import MIRROR
from countenance.training.face_finder.scenery import WIDTH
from countenance.training.face_finder.shards import SHARD, ready

BATCH = 64
EVERY = 400


def main() -> None:
    """Train the net and write `finder.pt` (averaged weights) into the out folder."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=12_000)
    parser.add_argument("--rate", type=float, default=3e-3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    run = Run(options.out / "state.pt", options.steps, options.rate)
    run.go(options.cache / "face_finder_composites")
    torch.save(run.mean.state_dict(), options.out / "finder.pt")


class Run:
    """Net, averaged net, optimiser and step; kept on disk so that a killed run goes on where it was."""

    def __init__(self, store: Path, steps: int, rate: float) -> None:
        """Start, or load the state that an earlier run left."""
        torch.manual_seed(0)
        self.store, self.steps, self.rate = store, steps, rate
        self.net = FinderNet().to(memory_format=torch.channels_last)
        self.mean = copy.deepcopy(self.net)
        decay = [p for p in self.net.parameters() if p.ndim > 1]
        plain = [p for p in self.net.parameters() if p.ndim <= 1]
        groups = [{"params": decay, "weight_decay": 0.02}, {"params": plain, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.99))
        self.step = 0
        if store.exists():
            state = torch.load(store)
            self.net.load_state_dict(state["net"])
            self.mean.load_state_dict(state["mean"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step = state["step"]

    def go(self, folder: Path) -> None:
        """Train until the planned number of steps; every stretch reopens the shards that exist by then."""
        while self.step < self.steps:
            pictures, rows = ready(folder)
            began, total = time.process_time(), 0.0
            for _ in range(min(EVERY, self.steps - self.step)):
                total += self._advance(pictures, rows)
            self._keep()
            spent = time.process_time() - began
            print(f"step {self.step} shards {len(pictures)} loss {total / EVERY:.4f} cpu {spent:.0f} s", flush=True)

    def _advance(self, pictures: list[NDArray[np.uint8]], rows: list[NDArray[np.float32]]) -> float:
        rng = np.random.default_rng((2, self.step))
        shard, index = int(rng.integers(len(pictures))), np.sort(rng.choice(SHARD, BATCH, replace=False))
        frames, wanted = varied(rng, pictures[shard][index], rows[shard][index])
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * schedule(self.step, self.steps)
        with torch.autocast("cpu", torch.bfloat16):
            grid = self.net(frames)
        loss = finder_loss(grid, wanted)
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        self._average(min(0.998, self.step / (self.step + 50)))
        return loss.item()

    @torch.no_grad()
    def _average(self, keep: float) -> None:
        for slow, fast in zip(self.mean.state_dict().values(), self.net.state_dict().values(), strict=True):
            if slow.is_floating_point():
                slow.lerp_(fast, 1 - keep)

    def _keep(self) -> None:
        state = {"net": self.net.state_dict(), "mean": self.mean.state_dict(), "step": self.step}
        part = self.store.with_suffix(".part")
        torch.save({**state, "optimiser": self.optimiser.state_dict()}, part)
        part.rename(self.store)


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


if __name__ == "__main__":
    main()
