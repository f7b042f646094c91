"""What decides how a fusion is trained."""

from typing import Literal

from pydantic import Field

from countenance.training.recipe import Recipe


class FusionRecipe(Recipe):
    """Keys of `recipes/fusion-late.toml` and `recipes/fusion-crossmodal.toml`."""

    task: Literal["late", "crossmodal"]
    width: int = Field(ge=4, le=512)
    """Hidden units of `late`; numbers per token of `crossmodal`."""
    heads: int = Field(default=1, ge=1, le=16)
    """Of `crossmodal`."""
    epochs: int = Field(ge=1)
    batch: int = Field(ge=2)
    rate: float = Field(gt=0)
    weight_decay: float = Field(ge=0)
    dropout: float = Field(ge=0, lt=1)
    modality_dropout: float = Field(ge=0, lt=1)
    """Chance that a modality is hidden from an example; the last one never is."""
    each: int = Field(default=4, ge=1)
    """How often a clip is matched in an epoch of label-matched tuples."""
    patience: int = Field(ge=1)
    """Epochs without a better dev loss after which training ends."""
