"""What a condition answers: it holds, it does not, nobody can know; and what the answer rests on."""

from collections.abc import Callable
from dataclasses import dataclass

from countenance.coaching.conditions import Certainty
from countenance.coaching.scene import Scene


@dataclass(frozen=True, slots=True)
class Found:
    """An answer, and what it rests on."""

    holds: bool | None
    seconds: int = 0
    """For how long it has been so."""
    since_us: int | None = None
    certainty: Certainty | None = None
    """The least of the estimates it rests on."""
    share: float | None = None
    words: str | None = None
    """The phrase that was said."""
    features: tuple[tuple[str, float], ...] = ()
    """Measured things behind it, the weightiest first."""


NO, UNKNOWN = Found(holds=False), Found(holds=None)
Judge = Callable[[Scene, int], Found]
"""Asked once a second; the second argument: nothing before this media time counts."""
