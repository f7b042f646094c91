"""Train the face cues network on FairFace crops with the points of the mesh teacher.

``python -m countenance.training.face_cues.train --cache <unpacked archives> --shared <shared folder> --work <folder>``
trains and resumes; then ``python -m countenance.training.face_cues.bundle`` measures it and writes the bundle.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from countenance.encoders.geometry import MESH, MIRRORED, NAMES, pose, ratios
from countenance.inference.facecrop import INNER_PX, MARGIN_PX
from countenance.training.face_augment import disturb
from countenance.training.face_cues.measure import point_errors
from countenance.training.face_cues.net import EYE_DISTANCE_PX, CuesNet, pair_gaps
from countenance.training.face_cues.teacher import CANVAS, MARGIN, CueFaces, cue_faces
from countenance.training.face_net import Plan, follow, parameter_count, rate, set_rate

DEV_EVERY = 12
"""Every twelfth training face is kept for development."""
EDGE = MARGIN + MARGIN_PX
"""Pixels between the edge of a canvas and its inner square."""


PLAN = Plan(epochs=27, batch=64, weight_decay=0.02, seed=11)


def main() -> None:
    """Train or resume from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=PLAN.epochs)
    given = parser.parse_args()
    torch.set_num_threads(1)
    given.work.mkdir(parents=True, exist_ok=True)
    faces = cue_faces(given.cache, given.shared, "fairface_train")
    dev = np.arange(len(faces)) % DEV_EVERY == 0
    train(faces.take(~dev), faces.take(dev), replace(PLAN, epochs=given.epochs), given.work)


def train(faces: CueFaces, dev: CueFaces, plan: Plan, work: Path) -> None:
    """Train on `faces`, print the error on `dev` and write a checkpoint after every epoch."""
    torch.manual_seed(plan.seed)
    net = CuesNet(torch.from_numpy(faces.points.mean(axis=0)) - _edge()).to(memory_format=torch.channels_last)
    print(f"{parameter_count(net)} parameters, {len(faces)} faces, {len(dev)} for development")
    mean = copy.deepcopy(net).eval()
    optimiser = torch.optim.AdamW(net.parameters(), lr=plan.peak_rate, weight_decay=plan.weight_decay)
    per_epoch = len(faces) // plan.batch
    kept = work / "checkpoint.pt"
    parts = {"net": net, "mean": mean, "optimiser": optimiser}
    first = _resume(kept, parts)
    marked = torch.from_numpy(how_marked(faces.points))
    step = first * per_epoch
    for epoch in range(first, plan.epochs):
        started = time.process_time()
        random = torch.Generator().manual_seed(plan.seed * 1000 + epoch)
        losses = []
        order = torch.multinomial(marked, per_epoch * plan.batch, replacement=True, generator=random)
        for chosen in order.split(plan.batch):
            set_rate(optimiser, rate(step / (per_epoch * plan.epochs), plan.peak_rate))
            losses.append(_step(net, optimiser, *moved(faces.take(chosen.numpy()), random)))
            step += 1
            follow(mean, net, min(plan.memory, step / (step + 9)))
        error = float(point_errors(predicted(mean, dev), dev.points).mean())
        print(
            f"epoch {epoch + 1}: loss {np.mean(losses):.4f} dev error {error:.4f} "
            f"cpu {time.process_time() - started:.0f} s",
            flush=True,
        )
        state = {name: part.state_dict() for name, part in parts.items()}
        torch.save({**state, "epoch": epoch + 1}, kept.with_suffix(".new"))
        kept.with_suffix(".new").replace(kept)


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
    with torch.autocast("cpu", torch.bfloat16):
        said = net(images.to(memory_format=torch.channels_last))
    distance = functional.smooth_l1_loss(said / EYE_DISTANCE_PX, points / EYE_DISTANCE_PX, beta=0.02, reduction="none")
    gaps = (pair_gaps(said) - pair_gaps(points)).abs().mean() / EYE_DISTANCE_PX
    loss = (distance * WEIGHTS).mean() + gaps
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
    said = torch.cat([net(part.float() / 255.0) for part in images.split(batch)])
    return (said + _edge()).numpy()


def _edge() -> Tensor:
    return torch.tensor([EDGE, EDGE, 0.0])


def _resume(kept: Path, parts: dict[str, object]) -> int:
    if not kept.is_file():
        return 0
    state = torch.load(kept, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(state[name])  # type: ignore[attr-defined]
    print(f"resumed after epoch {state['epoch']}")
    return int(state["epoch"])


if __name__ == "__main__":
    main()
