"""Train the FER+ expression network: grey 48 x 48 face crops to the votes of ten taggers."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from countenance.training.datasets import ferplus
from countenance.training.device import progress
from countenance.training.face_augment import augment
from countenance.training.face_expression.net import ExpressionNet, scores_of
from countenance.training.face_expression.recipe import ExpressionRecipe
from countenance.training.face_net import follow, set_rate
from countenance.training.run import Run

CHECKPOINT = "checkpoint"
TEACHER = "teacher"


@dataclass(slots=True)
class Learner:
    """Everything that a run carries from epoch to epoch."""

    net: ExpressionNet
    mean: ExpressionNet
    """The running mean of the weights, which becomes the bundle."""
    optimiser: torch.optim.Optimizer
    epoch: int = 0
    step: int = 0

    @classmethod
    def begin(cls, recipe: ExpressionRecipe, device: torch.device) -> Learner:
        """An untrained network; `device.begin` has fixed the seed."""
        net = expression_net(recipe).to(device=device, memory_format=torch.channels_last)
        rate, decay = recipe.peak_rate, recipe.weight_decay
        optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=decay, fused=True)
        return cls(net, copy.deepcopy(net).eval(), optimiser)

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        for name in ("net", "mean", "optimiser"):
            getattr(self, name).load_state_dict(state[name])
        self.epoch, self.step = int(state["epoch"]), int(state["step"])

    def state(self) -> dict[str, Any]:
        """A checkpoint."""
        parts = {name: getattr(self, name).state_dict() for name in ("net", "mean", "optimiser")}
        return {**parts, "epoch": self.epoch, "step": self.step}


def expression_net(recipe: ExpressionRecipe) -> ExpressionNet:
    """Build the untrained network: 1 x 48 x 48 in, eight raw values and the features out."""
    return ExpressionNet(len(ferplus.EXPRESSIONS), recipe.widths, recipe.blocks, recipe.embedding, recipe.drop)


def train(
    run: Run, recipe: ExpressionRecipe, faces: ferplus.FerPlus, dev: ferplus.FerPlus, device: torch.device
) -> Learner:
    """Train on `faces`; log the accuracy on `dev` and write a checkpoint after every epoch."""
    learner = Learner.begin(recipe, device)
    if (state := run.load(CHECKPOINT)) is not None:
        learner.load(state)
    images, targets = torch.from_numpy(faces.images[:, None]), torch.from_numpy(ferplus.soft_targets(faces.votes))
    often = how_often(targets, recipe.rarity)
    truth = dev.votes[:, : len(ferplus.EXPRESSIONS)].argmax(axis=1)
    taught = False
    with progress("face expression", recipe.total) as report:
        while learner.epoch < recipe.total:
            if learner.epoch == recipe.epochs:
                run.save(TEACHER, {"net": learner.mean.state_dict()})
            if recipe.again and learner.epoch >= recipe.epochs and not taught:
                targets, taught = _taught(run, recipe, images, targets, device), True
            loss = _epoch(learner, recipe, images, targets, often)
            accuracy = float((logits_of(learner.mean, dev.images).argmax(axis=1) == truth).mean())
            run.save(CHECKPOINT, learner.state())
            run.log("train", learner.epoch, loss=loss, dev_accuracy=accuracy)
            report(learner.epoch, f"loss {loss:.3f}, dev accuracy {accuracy:.3f}")
    return learner


def how_often(targets: Tensor, rarity: float) -> Tensor:
    """How often an epoch shows each face, 1 on average; a vote for a rare class makes a face more frequent."""
    shares = targets.mean(dim=0).clamp(min=1e-6)
    wanted = targets @ (shares.max() / shares) ** rarity
    return wanted / wanted.mean()


def order(often: Tensor, batch: int, random: torch.Generator) -> tuple[Tensor, ...]:
    """The batches of an epoch: each face as often as `often` says, rounded up or down by chance."""
    times = (often + torch.rand(len(often), generator=random)).floor().long()
    shown = torch.repeat_interleave(torch.arange(len(often)), times)
    shown = shown[torch.randperm(len(shown), generator=random)]
    return shown[: len(shown) // batch * batch].split(batch)


def _epoch(learner: Learner, recipe: ExpressionRecipe, images: Tensor, targets: Tensor, often: Tensor) -> float:
    """One epoch; gives the mean loss. Everything random hangs on the seed and the epoch alone."""
    random = torch.Generator().manual_seed(recipe.seed * 1000 + learner.epoch)
    batches = order(often, recipe.batch, random)
    device = next(learner.net.parameters()).device
    losses = []
    learner.net.train()
    for number, chosen in enumerate(batches):
        at = learner.epoch + number / len(batches)
        set_rate(learner.optimiser, recipe.rate(at))
        crops = augment(images[chosen].float() / 255, random, recipe.augmentation(at), recipe.side(learner.epoch))
        said = scores_of(learner.net, crops.to(device), low_precision=True)
        losses.append(_learn(learner.optimiser, said, targets[chosen].to(device)))
        learner.step += 1
        follow(learner.mean, learner.net, min(recipe.memory, learner.step / (learner.step + 9)))
    learner.epoch += 1
    return float(np.mean(losses))


def _taught(run: Run, recipe: ExpressionRecipe, images: Tensor, targets: Tensor, device: torch.device) -> Tensor:
    """The targets of the second fall: votes mixed with what the network of the first one says."""
    state = run.load(TEACHER)
    assert state is not None, "the first fall has left its network"
    assert recipe.again is not None, "asked for in a second fall only"
    net = expression_net(recipe).to(device)
    net.load_state_dict(state["net"])
    grey = images[:, 0].numpy()
    said = (logits_of(net, grey) + logits_of(net, np.ascontiguousarray(grey[:, :, ::-1]))) / 2
    share = recipe.again.taught
    return (1 - share) * targets + share * torch.softmax(torch.from_numpy(said), dim=1)


def _learn(optimiser: torch.optim.Optimizer, said: Tensor, wanted: Tensor) -> float:
    loss = -(wanted * torch.log_softmax(said, dim=1)).sum(dim=1).mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


@torch.no_grad()
def logits_of(net: ExpressionNet, images: NDArray[np.uint8], batch: int = 256) -> NDArray[np.float32]:
    """Give the raw outputs for grey images n x 48 x 48."""
    net.eval()
    device = next(net.parameters()).device
    parts = [
        net(torch.from_numpy(images[at : at + batch, None]).to(device).float() / 255)[0].cpu()
        for at in range(0, len(images), batch)
    ]
    outputs: NDArray[np.float32] = torch.cat(parts).numpy()
    return outputs
