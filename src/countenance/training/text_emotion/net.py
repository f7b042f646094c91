"""The text net: a six-layer MiniLM encoder, the mean of its tokens, and two linear heads."""

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from countenance.training.text_emotion.labels import COARSE, FINE

VOCABULARY, POSITIONS = 30_522, 128
WIDTH, HEADS, LAYERS, HIDDEN = 384, 12, 6, 1536
_HEAD_WIDTH = WIDTH // HEADS
_NORM_EPS = 1e-12
_NOWHERE = -1e4


class Layer(nn.Module):
    """One BERT layer with post-normalisation; the three attention inputs share one matrix product."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.mix = nn.Linear(WIDTH, WIDTH)
        self.mix_norm = nn.LayerNorm(WIDTH, eps=_NORM_EPS)
        self.up = nn.Linear(WIDTH, HIDDEN)
        self.down = nn.Linear(HIDDEN, WIDTH)
        self.down_norm = nn.LayerNorm(WIDTH, eps=_NORM_EPS)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Map n x t x 384 to the same shape; `mask` is n x 1 x 1 x t, true where a token stands."""
        n, t = x.shape[0], x.shape[1]
        # By hand: on a CPU the backward pass of the fused attention takes longer than all matrix products together.
        q, k, v = self.qkv(x).view(n, t, 3 * HEADS, _HEAD_WIDTH).transpose(1, 2).chunk(3, dim=1)
        likeness = q @ k.transpose(-1, -2) * _HEAD_WIDTH**-0.5
        if mask is not None:
            likeness = likeness.masked_fill(~mask, _NOWHERE)
        heads = likeness.softmax(-1).to(v.dtype) @ v
        mixed = self.mix(heads.transpose(1, 2).reshape(n, t, WIDTH))
        x = self.mix_norm(x + self.dropout(mixed))
        return self.down_norm(x + self.dropout(self.down(functional.gelu(self.up(x)))))


class TextNet(nn.Module):
    """Token ids to logits of the fine and the coarse labels."""

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Embedding(POSITIONS, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=_NORM_EPS)
        self.layers = nn.ModuleList(Layer(dropout) for _ in range(LAYERS))
        self.dropout = nn.Dropout(dropout)
        self.fine = nn.Linear(WIDTH, len(FINE))
        self.coarse = nn.Linear(WIDTH, len(COARSE))
        self.words.weight.requires_grad_(False)
        self.positions.weight.requires_grad_(False)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Map n x t ids and their n x t mask to fine logits (n x 28) and coarse logits (n x 8)."""
        *_, last = self.depths(ids, mask)
        pooled = self.dropout(mean_of_tokens(last, mask))
        return self.fine(pooled), self.coarse(pooled)

    def depths(self, ids: Tensor, mask: Tensor | None) -> Iterator[Tensor]:
        """What stands after the embedding and after each layer, n x t x 384; without a mask, every token counts."""
        x = self.dropout(self.norm(self.words(ids) + self.positions.weight[: ids.shape[1]]))
        yield x
        for layer in self.layers:
            x = layer(x, None if mask is None else mask[:, None, None, :])
            yield x


def mean_of_tokens(x: Tensor, mask: Tensor | None) -> Tensor:
    """Mean of n x t x 384 over the tokens that stand in a text: n x 384."""
    if mask is None:
        return x.mean(1)
    weight = mask.unsqueeze(-1).to(x.dtype)
    return (x * weight).sum(1) / weight.sum(1)


def load_minilm(net: TextNet, folder: Path) -> None:
    """Fill the encoder from a folder holding the MiniLM-L6 `model.safetensors`; heads stay as they are."""
    from safetensors.torch import load_file

    source = load_file(folder / "model.safetensors")
    state = net.state_dict()
    state["words.weight"] = source["embeddings.word_embeddings.weight"]
    # Every token has type 0 here, so that row is added to the positions once and for all.
    first_type = source["embeddings.token_type_embeddings.weight"][0]
    state["positions.weight"] = source["embeddings.position_embeddings.weight"][:POSITIONS] + first_type
    for kind in ("weight", "bias"):
        state[f"norm.{kind}"] = source[f"embeddings.LayerNorm.{kind}"]
        for index in range(LAYERS):
            theirs, ours = f"encoder.layer.{index}.", f"layers.{index}."
            parts = [source[f"{theirs}attention.self.{name}.{kind}"] for name in ("query", "key", "value")]
            state[f"{ours}qkv.{kind}"] = torch.cat(parts)
            state[f"{ours}mix.{kind}"] = source[f"{theirs}attention.output.dense.{kind}"]
            state[f"{ours}mix_norm.{kind}"] = source[f"{theirs}attention.output.LayerNorm.{kind}"]
            state[f"{ours}up.{kind}"] = source[f"{theirs}intermediate.dense.{kind}"]
            state[f"{ours}down.{kind}"] = source[f"{theirs}output.dense.{kind}"]
            state[f"{ours}down_norm.{kind}"] = source[f"{theirs}output.LayerNorm.{kind}"]
    net.load_state_dict(state)
