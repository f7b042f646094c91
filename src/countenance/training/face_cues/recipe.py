"""What decides how the cues network is trained."""

from pydantic import Field

from countenance.training.recipe import Recipe


class CuesRecipe(Recipe):
    """Keys of `recipes/face-cues.toml`."""

    epochs: int = Field(ge=1)
    batch: int = Field(ge=2)
    peak_rate: float = Field(gt=0)
    weight_decay: float = Field(ge=0)
    memory: float = Field(ge=0, le=1)
    """Decay of the running mean of the weights, per step."""
