"""What decides how the face finder is trained."""

from pydantic import Field

from countenance.training.recipe import Recipe


class FinderRecipe(Recipe):
    """Keys of `recipes/face-finder.toml`."""

    scenes: int = Field(ge=5000, multiple_of=5000)
    """Composites to draw; they are kept in files of 5,000."""
    steps: int = Field(ge=1)
    batch: int = Field(ge=2)
    peak_rate: float = Field(gt=0)
    weight_decay: float = Field(ge=0)
    memory: float = Field(ge=0, le=1)
    """Decay of the running mean of the weights, per step, once it is warm."""
    stretch: int = Field(ge=1)
    """Steps between two checkpoints."""
