"""Trains a fusion network: modality dropout, the epoch with the least dev loss is kept, an interrupted run goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from countenance.training.device import progress
from countenance.training.fusion.examples import Batch, Source
from countenance.training.fusion.net import CrossmodalNet, LateNet
from countenance.training.fusion.recipe import FusionRecipe
from countenance.training.run import Run

DEV_DRAWS = 3
"""Draws of the dev side that every epoch is judged on; the first epoch's seeds lie far above."""
FIRST_SEED = 1000


def network(recipe: FusionRecipe, labels: tuple[str, ...]) -> nn.Module:
    """The untrained network of a recipe."""
    if recipe.task == "late":
        return LateNet(labels, recipe.width, recipe.dropout)
    return CrossmodalNet(labels, recipe.width, recipe.heads, recipe.dropout)


def fit(run: Run, recipe: FusionRecipe, train: Source, dev: Source, device: torch.device) -> nn.Module:
    """Train until the dev loss has not fallen for `patience` epochs; gives the best network."""
    net = network(recipe, train.labels).to(device)
    optimiser = torch.optim.AdamW(net.parameters(), recipe.rate, weight_decay=recipe.weight_decay)
    judged = dev_batch(dev, recipe)
    state: dict[str, Any] = run.load("fusion") or {"epoch": 0, "best": float("inf"), "best_epoch": 0, "kept": {}}
    if state["epoch"]:
        net.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
    with progress(f"fusion {recipe.task}", recipe.epochs) as report:
        for epoch in range(state["epoch"], recipe.epochs):
            if epoch - state["best_epoch"] > recipe.patience:
                break
            loss = _epoch(net, optimiser, train.draw(FIRST_SEED + epoch), recipe, epoch)
            cost = dev_loss(net, judged)
            if cost < state["best"]:
                state |= {"best": cost, "best_epoch": epoch, "kept": _copied(net)}
            state |= {"epoch": epoch + 1, "net": _copied(net), "optimiser": optimiser.state_dict()}
            run.save("fusion", state)
            run.log("fit", epoch, train_loss=loss, dev_loss=cost)
            report(epoch + 1, f"dev loss {cost:.4f}")
    net.load_state_dict(state["kept"])
    return net.cpu().eval()


def dev_batch(dev: Source, recipe: FusionRecipe) -> Batch:
    """The dev side, whole and with modalities hidden as in training, always the same."""
    drawn = [dev.draw(seed) for seed in range(DEV_DRAWS)]
    inputs = {name: np.concatenate([batch.inputs[name] for batch in drawn]) for name in drawn[0].inputs}
    targets = np.concatenate([batch.targets for batch in drawn])
    random = torch.Generator().manual_seed(recipe.seed)
    kept = hidden(_tensors(inputs), recipe.modality_dropout, random)
    return Batch({name: x.numpy() for name, x in kept.items()}, targets)


def hidden(inputs: Mapping[str, Tensor], chance: float, random: torch.Generator) -> dict[str, Tensor]:
    """Hide each modality with a chance; an example of which nothing would be left keeps what it has."""
    there = _present(inputs)
    keep = (torch.rand(there.shape, generator=random) >= chance) & there
    keep = torch.where(keep.any(dim=1, keepdim=True), keep, there).float()
    return {name: x * keep.view(*keep.shape, *([1] * (x.dim() - 2))) for name, x in inputs.items()}


def logits_of(net: nn.Module, inputs: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """Raw outputs n x k."""
    device = next(net.parameters()).device
    with torch.no_grad():
        said: NDArray[np.float32] = net.eval()(*(x.to(device) for x in _tensors(inputs).values())).cpu().numpy()
    return said


def dev_loss(net: nn.Module, batch: Batch) -> float:
    """Mean surprise at the targets."""
    return float(loss_of(net, torch.from_numpy(logits_of(net, batch.inputs)), torch.from_numpy(batch.targets)))


def loss_of(net: nn.Module, logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of a distribution over EMOTIONS, or of labels that stand alone."""
    if net.gates is not None:
        return functional.cross_entropy(logits, targets)
    return functional.binary_cross_entropy_with_logits(logits, targets)


def _epoch(net: nn.Module, optimiser: torch.optim.Optimizer, batch: Batch, recipe: FusionRecipe, epoch: int) -> float:
    random = torch.Generator().manual_seed(recipe.seed * 10_000 + epoch)
    torch.manual_seed(recipe.seed * 10_000 + epoch)
    device = next(net.parameters()).device
    inputs = hidden(_tensors(batch.inputs), recipe.modality_dropout, random)
    targets = torch.from_numpy(batch.targets)
    total = 0.0
    net.train()
    for rows in torch.randperm(len(batch), generator=random).split(recipe.batch):
        loss = loss_of(net, net(*(x[rows].to(device) for x in inputs.values())), targets[rows].to(device))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        total += loss.item() * len(rows)
    return total / len(batch)


def _present(inputs: Mapping[str, Tensor]) -> Tensor:
    """Which modalities are there, n x 3."""
    if "present" in inputs:
        return inputs["present"].amax(dim=2) > 0
    return inputs["modalities"].abs().amax(dim=2) > 0


def _tensors(inputs: Mapping[str, NDArray[np.float32]]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(x) for name, x in inputs.items()}


def _copied(net: nn.Module) -> dict[str, Tensor]:
    return {name: x.detach().cpu().clone() for name, x in net.state_dict().items()}
