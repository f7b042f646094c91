"""Train the face cues network on FairFace crops with the points of the mesh teacher."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from countenance.encoders.geometry import MESH, MIRRORED, NAMES, pose, ratios
from countenance.inference.facecrop import INNER_PX, MARGIN_PX
from countenance.training.device import progress
from countenance.training.face_augment import disturb
from countenance.training.face_cues.measure import point_errors
from countenance.training.face_cues.net import EYE_DISTANCE_PX, CuesNet, pair_gaps
from countenance.training.face_cues.recipe import CuesRecipe
from countenance.training.face_cues.teacher import CANVAS, MARGIN, CueFaces
from countenance.training.face_net import follow, rate, set_rate
from countenance.training.run import Run

CHECKPOINT = "checkpoint"
DEV_EVERY = 12
"""Every twelfth training face is kept for development."""
EDGE = MARGIN + MARGIN_PX
"""Pixels between the edge of a canvas and its inner square."""


def train(run: Run, recipe: CuesRecipe, faces: CueFaces, dev: CueFaces, device: torch.device) -> CuesNet:
    """Train on `faces`, log the error on `dev`, keep a checkpoint after every epoch; gives the running mean."""
    net = CuesNet(torch.from_numpy(faces.points.mean(axis=0)) - _edge())
    net = net.to(device=device, memory_format=torch.channels_last)
    mean = copy.deepcopy(net).eval()
    optimiser = torch.optim.AdamW(net.parameters(), lr=recipe.peak_rate, weight_decay=recipe.weight_decay)
    parts = {"net": net, "mean": mean, "optimiser": optimiser}
    per_epoch = len(faces) // recipe.batch
    marked = torch.from_numpy(how_marked(faces.points))
    first = _resume(run, parts)
    step = first * per_epoch
    with progress("face cues", recipe.epochs) as report:
        for epoch in range(first, recipe.epochs):
            random = torch.Generator().manual_seed(recipe.seed * 1000 + epoch)
            losses = []
            order = torch.multinomial(marked, per_epoch * recipe.batch, replacement=True, generator=random)
            for chosen in order.split(recipe.batch):
                set_rate(optimiser, rate(step / (per_epoch * recipe.epochs), recipe.peak_rate))
                losses.append(_step(net, optimiser, *moved(faces.take(chosen.numpy()), random)))
                step += 1
                follow(mean, net, min(recipe.memory, step / (step + 9)))
            error = float(point_errors(predicted(mean, dev), dev.points).mean())
            run.save(CHECKPOINT, {**{name: part.state_dict() for name, part in parts.items()}, "epoch": epoch + 1})
            run.log("train", epoch + 1, loss=float(np.mean(losses)), dev_error=error)
            report(epoch + 1, f"loss {np.mean(losses):.4f}, dev error {error:.4f}")
    return mean


def how_marked(points: NDArray[np.float32]) -> NDArray[np.float64]:
    """How often to draw each face, 1 to 7: turned heads and open mouths are rare in photos, and matter."""
    yaw = np.array([abs(pose(face).yaw) for face in points])
    lips = np.array([ratios(face).lips for face in points])
    return np.asarray(1 + np.minimum(yaw / 20, 3) + np.minimum(lips / 0.07, 3))


def moved(faces: CueFaces, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Cut the inner square with the errors an aligner makes, and with what a camera does; points move along."""
    images = torch.from_numpy(faces.canvases[:, None]).float() / 255.0
    points = torch.from_numpy(faces.points)
    mirrored = torch.rand(len(faces), generator=random) < 0.5
    images = torch.where(mirrored[:, None, None, None], images.flip(3), images)
    flipped = points[:, list(MIRRORED)] * torch.tensor([-1.0, 1, 1]) + torch.tensor([CANVAS - 1.0, 0, 0])
    points = torch.where(mirrored[:, None, None], flipped, points)
    angle = (torch.rand(len(faces), generator=random) - 0.5) * 2 * math.radians(12)
    size = torch.exp((torch.rand(len(faces), generator=random) - 0.5) * 0.3)
    shift = (torch.rand((len(faces), 2), generator=random) - 0.5) * 12
    cos, sin = torch.cos(angle) * size, torch.sin(angle) * size
    turn = torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)
    # The grid counts from -1 to 1 over the output and over the canvas; both are centred on the same point.
    theta = torch.cat([turn * (INNER_PX / CANVAS), (shift * 2 / CANVAS)[:, :, None]], 2)
    grid = functional.affine_grid(theta, [len(faces), 1, INNER_PX, INNER_PX], align_corners=False)
    cut = functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
    centre = (CANVAS - 1) / 2
    back = torch.linalg.solve(turn, (points[:, :, :2] - centre - shift[:, None]).transpose(1, 2)).transpose(1, 2)
    placed = torch.cat([back + (INNER_PX - 1) / 2, points[:, :, 2:] / size[:, None, None]], 2)
    return disturb(cut, random), placed


def _step(net: CuesNet, optimiser: torch.optim.Optimizer, images: Tensor, points: Tensor) -> float:
    net.train()
    device = net.head.weight.device
    images, points = images.to(device, memory_format=torch.channels_last), points.to(device)
    with torch.autocast(device.type, torch.bfloat16):
        said = net(images)
    distance = functional.smooth_l1_loss(said / EYE_DISTANCE_PX, points / EYE_DISTANCE_PX, beta=0.02, reduction="none")
    gaps = (pair_gaps(said) - pair_gaps(points)).abs().mean() / EYE_DISTANCE_PX
    loss = (distance * WEIGHTS.to(device)).mean() + gaps
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


def _weights() -> Tensor:
    """Eyes and mouth count twice, the outline half; depth half of the rest."""
    outline = torch.tensor([0.5 if number in MESH["outline"] else 1.0 for number in NAMES])
    fine = torch.tensor([2.0 if "eye" in part or part == "mouth" else 1.0 for part in MESH for _ in MESH[part]])
    return (outline * fine)[None, :, None] * torch.tensor([1.0, 1.0, 0.5])


WEIGHTS = _weights()


@torch.no_grad()
def predicted(net: CuesNet, faces: CueFaces, batch: int = 256) -> NDArray[np.float32]:
    """Points n x points x 3 in pixels of the canvas, from unmoved crops."""
    net.eval()
    inside = slice(EDGE, EDGE + INNER_PX)
    images = torch.from_numpy(faces.canvases[:, None, inside, inside])
    device = net.head.weight.device
    said = torch.cat([net(part.to(device).float() / 255.0).cpu() for part in images.split(batch)])
    return (said + _edge()).numpy()


def _edge() -> Tensor:
    return torch.tensor([EDGE, EDGE, 0.0])


def _resume(run: Run, parts: Mapping[str, Any]) -> int:
    """Load the last checkpoint, if there is one; gives the epochs behind it."""
    if (state := run.load(CHECKPOINT)) is None:
        return 0
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return int(state["epoch"])
