"""Train the FER+ expression network: grey 48x48 face crops to the votes of ten taggers.

``python -m countenance.training.face_expression.train --data <face_fer2013> --work <folder>`` trains and resumes; then
``python -m countenance.training.face_expression.bundle`` measures the result and writes the bundle.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from countenance.training.datasets import ferplus
from countenance.training.face_augment import augment
from countenance.training.face_net import FaceNet, Plan, follow, parameter_count, rate, set_rate

PLAN = Plan(epochs=36, batch=128, weight_decay=0.05, seed=7)


def expression_net() -> FaceNet:
    """Build the untrained network: 1 x 48 x 48 in, eight logits out."""
    return FaceNet(channels=1, outputs=len(ferplus.EXPRESSIONS))


def main() -> None:
    """Train or resume from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the unpacked face_fer2013 folder")
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--epochs", type=int, default=PLAN.epochs)
    given = parser.parse_args()
    torch.set_num_threads(1)
    given.work.mkdir(parents=True, exist_ok=True)
    print(ferplus.LICENCE)
    faces, counts = ferplus.training_faces(given.data)
    print(json.dumps(counts))
    dev = ferplus.read_split(given.data, "PublicTest")
    train(faces, dev.take(ferplus.has_plurality(dev.votes)), replace(PLAN, epochs=given.epochs), given.work)


def train(faces: ferplus.FerPlus, dev: ferplus.FerPlus, plan: Plan, work: Path) -> None:
    """Train on `faces`, print the accuracy on `dev` and write a checkpoint after every epoch."""
    torch.manual_seed(plan.seed)
    net = expression_net().to(memory_format=torch.channels_last)
    print(f"{parameter_count(net)} parameters")
    mean = copy.deepcopy(net).eval()
    optimiser = torch.optim.AdamW(net.parameters(), lr=plan.peak_rate, weight_decay=plan.weight_decay)
    per_epoch = len(faces) // plan.batch
    kept = work / "checkpoint.pt"
    parts = {"net": net, "mean": mean, "optimiser": optimiser}
    first = _resume(kept, parts)
    images, targets = as_tensor(faces.images), torch.from_numpy(ferplus.soft_targets(faces.votes))
    step = first * per_epoch
    for epoch in range(first, plan.epochs):
        started = time.process_time()
        random = torch.Generator().manual_seed(plan.seed * 1000 + epoch)
        losses = []
        for chosen in torch.randperm(len(faces), generator=random)[: per_epoch * plan.batch].split(plan.batch):
            set_rate(optimiser, rate(step / (per_epoch * plan.epochs), plan.peak_rate))
            losses.append(_step(net, optimiser, augment(images[chosen], random), targets[chosen]))
            step += 1
            follow(mean, net, min(plan.memory, step / (step + 9)))
        accuracy = float((logits_of(mean, dev.images).argmax(1) == dev.votes[:, :8].argmax(1)).mean())
        seconds = time.process_time() - started
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f} dev {accuracy:.4f} cpu {seconds:.0f} s", flush=True)
        state = {name: part.state_dict() for name, part in parts.items()}
        torch.save({**state, "epoch": epoch + 1, "seconds": seconds}, kept.with_suffix(".new"))
        kept.with_suffix(".new").replace(kept)


def _step(net: nn.Module, optimiser: torch.optim.Optimizer, images: Tensor, targets: Tensor) -> float:
    net.train()
    with torch.autocast("cpu", torch.bfloat16):
        logits = net(images.to(memory_format=torch.channels_last))
    loss = -(targets * torch.log_softmax(logits.float(), dim=1)).sum(dim=1).mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


@torch.no_grad()
def logits_of(net: nn.Module, images: NDArray[np.uint8], batch: int = 256) -> NDArray[np.float32]:
    """Give the raw outputs for grey images n x 48 x 48."""
    net.eval()
    parts = [net(as_tensor(images[i : i + batch])) for i in range(0, len(images), batch)]
    outputs: NDArray[np.float32] = torch.cat(parts).numpy()
    return outputs


def as_tensor(images: NDArray[np.uint8]) -> Tensor:
    """Give grey images n x 48 x 48 as n x 1 x 48 x 48 in 0..1."""
    return torch.from_numpy(images[:, None].astype(np.float32) / 255.0)


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
