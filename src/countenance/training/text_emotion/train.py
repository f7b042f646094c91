"""One course of training on GoEmotions: from the pretrained encoder to a checkpoint per epoch, resumable."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from countenance.training.datasets.goemotions import GoEmotionsSplit
from countenance.training.device import progress
from countenance.training.run import Run
from countenance.training.text_emotion.batches import augment, batches, encode, hide, pad
from countenance.training.text_emotion.lessons import Lessons
from countenance.training.text_emotion.net import LAYERS, TextNet
from countenance.training.text_emotion.outputs import float_logits
from countenance.training.text_emotion.recipe import Course

COARSE_WEIGHT = 0.5
_EVERY = 50
Report = Callable[[int, str], None]


class Training:
    """A net, its optimiser and where they stand."""

    def __init__(self, course: Course, lessons: Lessons, net: TextNet, device: torch.device) -> None:
        self.course, self.lessons, self.net, self.device = course, lessons, net, device
        if course.informed_start:
            _start_at(self.net, lessons)
        self.net.to(device)
        self.optimiser = torch.optim.AdamW(_groups(self.net, course), lr=course.rate, fused=True)
        self.steps = course.epochs * -(-len(lessons.texts) // course.batch)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimiser, self._rate)
        self.weights = torch.from_numpy(lessons.weights).to(device)

    def _rate(self, step: int) -> float:
        """Linear warm-up, then linear decay to zero."""
        warm = max(1, int(self.course.warm_up * self.steps))
        return step / warm if step < warm else max(0.0, (self.steps - step) / (self.steps - warm))

    def state(self, epoch: int) -> dict[str, Any]:
        """Everything needed to go on after an epoch."""
        parts = {"net": self.net, "optimiser": self.optimiser, "schedule": self.schedule}
        return {**{name: part.state_dict() for name, part in parts.items()}, "epoch": epoch}

    def restore(self, state: dict[str, Any]) -> int:
        """Go on from such a state; gives its epoch."""
        self.net.load_state_dict(state["net"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        return int(state["epoch"])

    def step(self, ids: NDArray[np.int64], mask: NDArray[np.bool_], batch: NDArray[np.int64]) -> float:
        """Learn from one batch; gives its loss."""
        # bf16 products with fp32 weights and sums: faster on GPUs and on processors with AVX-512 BF16 or AMX.
        with torch.autocast(self.device.type, torch.bfloat16):
            fine, coarse = self.net(torch.from_numpy(ids).to(self.device), torch.from_numpy(mask).to(self.device))
        bce = functional.binary_cross_entropy_with_logits
        loss = bce(fine.float(), self._targets(self.lessons.fine[batch]), weight=self.weights)
        loss = loss + COARSE_WEIGHT * bce(coarse.float(), self._targets(self.lessons.coarse[batch]))
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimiser.step()
        self.schedule.step()
        return float(loss.item())

    def _targets(self, rows: NDArray[np.float32]) -> Tensor:
        return torch.from_numpy(rows).to(self.device)


def train(run: Run, training: Training, tokenizer: Tokenizer, dev: GoEmotionsSplit) -> None:
    """Every epoch of a course that is not done yet; `<name>.pt` to go on from, `<name>-<epoch>.pt` to use."""
    name = training.course.name
    kept = run.load(name)
    done = 0 if kept is None else training.restore(kept)
    steps = training.steps // training.course.epochs
    for epoch in range(done, training.course.epochs):
        with progress(f"{name}, epoch {epoch + 1} of {training.course.epochs}", steps) as report:
            _epoch(run, training, tokenizer, epoch, report)
        run.log(f"{name} dev", epoch + 1, **judged(training.net, tokenizer, dev))
        run.save(f"{name}-{epoch + 1}", {"net": training.net.state_dict()})
        run.save(name, training.state(epoch + 1))


def judged(net: TextNet, tokenizer: Tokenizer, dev: GoEmotionsSplit) -> dict[str, float]:
    """Measures of dev that need no threshold: mean average precision of the 28 labels, and their cross-entropy."""
    logits, _ = float_logits(net, tokenizer, dev.texts, rough=True)
    truth = dev.labels.astype(np.float64)
    surprise = np.logaddexp(0.0, logits) - truth * logits
    held = truth.any(axis=0)
    precision = float(average_precision_score(truth[:, held] > 0.5, logits[:, held], average="macro"))
    return {"average_precision": round(precision, 4), "loss": round(float(surprise.mean()), 5)}


def _epoch(run: Run, training: Training, tokenizer: Tokenizer, epoch: int, report: Report) -> None:
    course = training.course
    seed = course.seed * 1000 + epoch
    random = np.random.default_rng(seed)
    torch.manual_seed(seed)
    rows = encode(tokenizer, augment(training.lessons.texts, random))
    training.net.train()
    total = 0.0
    for step, batch in enumerate(batches(rows, course.batch, random), start=1):
        ids, mask = pad([rows[i] for i in batch])
        total += training.step(hide(ids, mask, course.masked, random), mask, batch)
        if step % _EVERY == 0:
            report(step, f"loss {total / _EVERY:.4f}")
            run.log(course.name, epoch * (training.steps // course.epochs) + step, loss=round(total / _EVERY, 5))
            total = 0.0


def _start_at(net: TextNet, lessons: Lessons) -> None:
    """Set the offsets of the heads to the log-odds of each label."""
    with torch.no_grad():
        for head, share in zip((net.fine, net.coarse), lessons.shares, strict=True):
            odds = torch.from_numpy(np.log(share / (1.0 - share)))
            head.bias.copy_(odds)


def _groups(net: TextNet, course: Course) -> list[dict[str, Any]]:
    """Weights by learning rate and decay; offsets and norms do not decay."""
    found: dict[tuple[float, float], list[Tensor]] = {}
    for name, weight in net.named_parameters():
        if weight.requires_grad:
            decay = course.weight_decay if weight.ndim > 1 else 0.0
            found.setdefault((_rate_of(name, course), decay), []).append(weight)
    return [{"params": weights, "lr": rate, "weight_decay": decay} for (rate, decay), weights in found.items()]


def _rate_of(name: str, course: Course) -> float:
    if name.startswith(("fine.", "coarse.")):
        return course.head_rate
    layer = int(name.split(".")[1]) if name.startswith("layers.") else -1
    return course.rate * course.layer_decay ** (LAYERS - 1 - layer)
