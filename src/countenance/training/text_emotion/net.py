"""The text net: a six-layer MiniLM encoder, the mean of its tokens, and two linear heads."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from countenance.training.text_emotion.labels import COARSE, FINE

VOCABULARY, POSITIONS = 30_522, 128
WIDTH, HEADS, LAYERS, HIDDEN = 384, 12, 6, 1536
_NORM_EPS = 1e-12


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
        q, k, v = self.qkv(x).view(n, t, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4).unbind(0)
        heads = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        mixed = self.mix(heads.transpose(1, 2).reshape(n, t, WIDTH))
        x = self.mix_norm(x + self.dropout(mixed))
        return self.down_norm(x + self.dropout(self.down(functional.gelu(self.up(x)))))


class TextNet(nn.Module):
    """Token ids to logits of the fine and the coarse labels, and to the pooled features below them."""

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

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Map n x t ids and their n x t mask to fine logits, coarse logits and pooled features."""
        x = self.norm(self.words(ids) + self.positions.weight[: ids.shape[1]])
        x = self.dropout(x)
        for layer in self.layers:
            x = layer(x, mask[:, None, None, :])
        weight = mask.unsqueeze(-1).to(x.dtype)
        pooled = (x * weight).sum(1) / weight.sum(1)
        dropped = self.dropout(pooled)
        return self.fine(dropped), self.coarse(dropped), pooled


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
