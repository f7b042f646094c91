"""The two fusion networks. Both add what they learn to a gated sum of the modalities' own logits."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from countenance.contracts.readings import EMOTIONS
from countenance.fusion.features import MODALITIES, SAID, SUMMARY, TOKEN

COUNT = len(MODALITIES)
STATED, QUALITY_OF_SUMMARY, QUALITY_OF_TOKEN = SAID, SAID + 2, SAID + 1


class Gates(nn.Module):
    """How much each modality's own logits count, from its quality; what is absent counts nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.level = nn.Parameter(torch.full((COUNT,), -0.5))
        self.slope = nn.Parameter(torch.ones(COUNT))

    def forward(self, logits: Tensor, quality: Tensor) -> Tensor:
        """Sum n x 7 of logits n x 3 x 7, by qualities n x 3; logits of what is absent are 0."""
        gate = functional.softplus(self.level + self.slope * quality)
        return (gate[..., None] * logits).sum(dim=1)


class LateNet(nn.Module):
    """An MLP over the means of each modality."""

    def __init__(self, labels: tuple[str, ...], hidden: int, dropout: float) -> None:
        super().__init__()
        self.gates = Gates() if labels == EMOTIONS else None
        self.body = nn.Sequential(
            nn.Linear(COUNT * SUMMARY, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, len(labels))
        )
        _start_at_nothing(self.body[-1], self.gates)

    def forward(self, modalities: Tensor) -> Tensor:
        """Logits n x k of summaries n x 3 x SUMMARY."""
        said = self.body(modalities.flatten(1))
        if self.gates is None:
            return said
        return said + self.gates(modalities[..., : len(EMOTIONS)], modalities[..., QUALITY_OF_SUMMARY])


class CrossmodalNet(nn.Module):
    """Each modality's observations attend to those of the others, then one mean per modality through a linear layer."""

    def __init__(self, labels: tuple[str, ...], width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.gates = Gates() if labels == EMOTIONS else None
        self.embed = nn.ModuleList(nn.Linear(TOKEN, width) for _ in MODALITIES)
        self.attend = nn.ModuleList(Attention(width, heads, dropout) for _ in MODALITIES)
        self.nothing = nn.Parameter(torch.zeros(1, 1, width))
        self.absent = nn.Parameter(torch.zeros(COUNT, width))
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(COUNT * width, len(labels)))
        _start_at_nothing(self.head[-1], self.gates)

    def forward(self, tokens: Tensor, present: Tensor) -> Tensor:
        """Logits n x k of tokens n x 3 x t x TOKEN, of which `present` n x 3 x t says which are there."""
        own = [embed(tokens[:, m]) for m, embed in enumerate(self.embed)]
        nothing = self.nothing.expand(tokens.shape[0], 1, -1)
        there = torch.ones_like(present[:, 0, :1])
        means = []
        for m, attend in enumerate(self.attend):
            others = torch.cat([nothing, *(own[o] for o in range(COUNT) if o != m)], dim=1)
            mask = torch.cat([there, *(present[:, o] for o in range(COUNT) if o != m)], dim=1)
            heard = _mean(attend(own[m], others, mask), present[:, m])
            some = present[:, m].amax(dim=1, keepdim=True)
            means.append(some * heard + (1 - some) * self.absent[m])
        said = self.head(torch.cat(means, dim=1))
        if self.gates is None:
            return said
        # The mean of log-probabilities is taken where the product's own summary takes the log of the mean.
        stated = present * tokens[..., STATED]
        weight = stated * tokens[..., QUALITY_OF_TOKEN].clamp(min=1e-3)
        logits = _mean(tokens[..., : len(EMOTIONS)].flatten(0, 1), weight.flatten(0, 1)).unflatten(0, (-1, COUNT))
        return said + self.gates(logits, _mean(tokens[..., QUALITY_OF_TOKEN, None].flatten(0, 1),
                                               stated.flatten(0, 1)).reshape(-1, COUNT))  # fmt: skip


class Attention(nn.Module):
    """One modality's tokens ask those of the others; then a small feed-forward layer."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.scale = heads, (width // heads) ** -0.5
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.out = nn.Linear(width, width)
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.forward_layer = nn.Sequential(
            nn.Linear(width, 2 * width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(2 * width, width)
        )

    def forward(self, own: Tensor, others: Tensor, mask: Tensor) -> Tensor:
        """Own tokens n x t x d after asking others n x u x d, of which `mask` n x u are there."""
        ask, key, value = (self._parts(layer(x)) for layer, x in
                           ((self.query, own), (self.key, others), (self.value, others)))  # fmt: skip
        fit = ask @ key.transpose(-1, -2) * self.scale
        fit = fit + (1.0 - mask[:, None, None, :]) * -1e4
        heard = (fit.softmax(dim=-1) @ value).transpose(1, 2).flatten(2)
        met = self.before(own + self.out(heard))
        return self.after(met + self.forward_layer(met))

    def _parts(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


def _mean(rows: Tensor, weight: Tensor) -> Tensor:
    """Mean n x d of rows n x t x d by weights n x t; 0 without weight."""
    return (rows * weight[..., None]).sum(dim=1) / weight.sum(dim=1, keepdim=True).clamp(min=1e-6)


def _start_at_nothing(last: nn.Module, gates: Gates | None) -> None:
    """With gates the learnt part begins at zero, so that training starts from a plain weighted sum."""
    if gates is not None and isinstance(last, nn.Linear):
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
