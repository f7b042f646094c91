"""The finder's targets on the grid and its losses."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from countenance.training.face_finder.net import COLUMNS, ROWS, STRIDE, centres, decoded

REACH = 0.36  # share of the face's width, in cells, within which a neighbouring cell is positive too
HIDDEN = 0.65  # a face hidden more than this is neither asked for nor punished


def assign(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Which face each cell answers for (-1 none, -2 free of loss), n x 12 x 20, from label rows n x 3 x 20."""
    owner = torch.full((len(rows), ROWS, COLUMNS), -1, dtype=torch.long)
    at = centres(rows) / STRIDE
    for k in range(rows.shape[1]):
        box = rows[:, k, :4]
        there = ~torch.isnan(box[:, 0])
        middle = ((box[:, :2] + box[:, 2:]) / 2 / STRIDE).nan_to_num(-99.0)[:, :, None, None]
        size = ((box[:, 2:] - box[:, :2]) / STRIDE).nan_to_num(0.1)
        away = (at - middle).abs()
        far = away.pow(2).sum(1)
        reach = (REACH * size[:, 0]).clamp(0.3, 1.05)[:, None, None]
        nearest = far.flatten(1).argmin(1)
        best = functional.one_hot(nearest, ROWS * COLUMNS).view_as(far).bool() & there[:, None, None]
        core = ((away < 1).all(1) & (far.sqrt() < reach)) | best
        ring = ((away < 1.6).all(1) | (far.sqrt() < 1.4 * reach)) & there[:, None, None]
        lost = rows[:, k, 19].nan_to_num(0)[:, None, None] > HIDDEN
        body = (away < size[:, :, None, None] / 2).all(1) & lost
        owner[(ring & (owner < 0)) | body] = -2
        owner[core & there[:, None, None] & ~lost] = k
    return owner, owner >= 0


def finder_loss(grid: Tensor, rows: Tensor) -> Tensor:
    """Focal score + DIoU box x2 + smooth-L1 landmarks x6 + covered landmarks x0.3, per positive cell."""
    owner, positive = assign(rows)
    score, boxes, landmarks, covered = decoded(grid)
    count = positive.sum().clamp(min=1)
    loss = focal(score, positive, owner != -2) / count
    image, y, x = positive.nonzero(as_tuple=True)
    wanted = rows[image, owner[image, y, x]]
    weight = 1 / positive.sum((1, 2)).clamp(min=1)[image].float()
    weight = weight / weight.mean().clamp(min=1e-6)
    loss = loss + 2 * (diou(boxes[image, :, y, x], wanted[:, :4]) * weight).mean()
    side = (wanted[:, 2:4] - wanted[:, :2]).prod(1).sqrt()[:, None]
    miss = (landmarks[image, :, y, x] - wanted[:, 4:14]) / side
    loss = (
        loss
        + 6
        * (functional.smooth_l1_loss(miss, torch.zeros_like(miss), beta=0.05, reduction="none").mean(1) * weight).mean()
    )
    return loss + 0.3 * functional.binary_cross_entropy_with_logits(covered[image, :, y, x], wanted[:, 14:19])


def focal(score: Tensor, positive: Tensor, counted: Tensor) -> Tensor:
    """Focal cross-entropy (gamma 2) summed over the counted cells."""
    chance = torch.sigmoid(score)
    hit = -(1 - chance).pow(2) * functional.logsigmoid(score)
    false = -chance.pow(2) * functional.logsigmoid(-score)
    return (torch.where(positive, hit, false) * counted).sum()


def diou(boxes: Tensor, wanted: Tensor) -> Tensor:
    """1 - IoU + squared centre distance over squared diagonal of the enclosing box."""
    low, high = torch.maximum(boxes[:, :2], wanted[:, :2]), torch.minimum(boxes[:, 2:], wanted[:, 2:])
    shared = (high - low).clamp(min=0).prod(1)
    union = (boxes[:, 2:] - boxes[:, :2]).prod(1) + (wanted[:, 2:] - wanted[:, :2]).prod(1) - shared
    hull = torch.maximum(boxes[:, 2:], wanted[:, 2:]) - torch.minimum(boxes[:, :2], wanted[:, :2])
    apart = (boxes[:, :2] + boxes[:, 2:] - wanted[:, :2] - wanted[:, 2:]) / 2
    return 1 - shared / union.clamp(min=1e-6) + apart.pow(2).sum(1) / hull.pow(2).sum(1).clamp(min=1e-6)
