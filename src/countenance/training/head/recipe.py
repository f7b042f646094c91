"""What decides a head beside its data and its taxonomy."""

from typing import Literal

from countenance.training.recipe import Recipe


class HeadRecipe(Recipe):
    """A head needs no more than its name and a seed; everything else is chosen out of fold."""

    kind: Literal["head"] = "head"
    seed: int = 0
