"""What teachers say of the texts they were trained on: the soft part of a later course's targets."""

from collections.abc import Sequence

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from countenance.contracts.errors import UsageError
from countenance.training.run import Run
from countenance.training.text_emotion.calibrate import sigmoid
from countenance.training.text_emotion.lessons import Told
from countenance.training.text_emotion.net import TextNet
from countenance.training.text_emotion.outputs import float_logits
from countenance.training.text_emotion.recipe import Course


def told(run: Run, checkpoints: Sequence[str], texts: Sequence[str], tokenizer: Tokenizer) -> Told:
    """Mean probabilities of several checkpoints, on the texts as written."""
    fine, coarse = [], []
    for checkpoint in checkpoints:
        logits = float_logits(net_of(run, checkpoint), tokenizer, texts, rough=True)
        fine.append(sigmoid(logits[0]))
        coarse.append(sigmoid(logits[1]))
    return Told(np.mean(fine, axis=0).astype(np.float32), np.mean(coarse, axis=0).astype(np.float32))


def net_of(run: Run, *checkpoints: str) -> TextNet:
    """The net of a finished epoch, such as `first-3`, or the mean of several of one course; ready to read."""
    found = [_weights(run, checkpoint) for checkpoint in checkpoints]
    net = TextNet()
    net.load_state_dict({name: torch.stack([one[name] for one in found]).mean(0) for name in found[0]})
    return net.eval()


def finished(run: Run, course: Course, average: int) -> TextNet:
    """What a course leaves: the mean of its last epochs, with a share of what it began with where it keeps one."""
    end = net_of(run, *(f"{course.name}-{epoch}" for epoch in range(course.epochs, course.epochs - average, -1)))
    if not course.keeps:
        return end
    began, ended = net_of(run, *course.goes_on_from).state_dict(), end.state_dict()
    end.load_state_dict({name: course.keeps * began[name] + (1 - course.keeps) * ended[name] for name in ended})
    return end


def _weights(run: Run, checkpoint: str) -> dict[str, Tensor]:
    state = run.load(checkpoint)
    if state is None:
        problem = f"{run.folder / f'{checkpoint}.pt'} is not there"
        raise UsageError(problem, "Name an epoch of an earlier course in the recipe, or train that course again.")
    weights: dict[str, Tensor] = state["net"]
    return weights
