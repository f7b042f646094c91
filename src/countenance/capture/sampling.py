"""Which frames are worth looking at: a fixed grid in media time."""

from collections.abc import Sequence
from dataclasses import dataclass

from countenance.contracts.errors import UsageError
from countenance.contracts.media import SECOND_US

SLOWEST_FPS = 5
FASTEST_FPS = 10


@dataclass(frozen=True, slots=True)
class Grid:
    """Slots of media time, the same for every track; slot 0 begins at call start."""

    fps: int = FASTEST_FPS
    """Slots per second, 5 to 10."""

    def __post_init__(self) -> None:
        if not SLOWEST_FPS <= self.fps <= FASTEST_FPS:
            raise UsageError(
                f"a sampling grid of {self.fps} frames per second is not offered",
                f"Choose {SLOWEST_FPS} to {FASTEST_FPS}.",
            )

    def slot(self, at_us: int) -> int:
        """The slot that holds this moment."""
        return at_us * self.fps // SECOND_US

    def begins_us(self, slot: int) -> int:
        """The first microsecond of a slot."""
        return -(-slot * SECOND_US // self.fps)


class Sampler:
    """Takes at most one frame per slot and never a frame of the past; counts what it leaves."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._last: int | None = None
        self.taken = 0
        self.dropped = 0

    def due(self, at_us: int) -> bool:
        """Whether a frame that arrives now opens a slot; it is sampled on arrival, later ones of the slot are not."""
        slot = self._grid.slot(at_us)
        if self._last is not None and slot <= self._last:
            self.dropped += 1
            return False
        self._last = slot
        self.taken += 1
        return True

    def newest(self, waiting: Sequence[int]) -> int | None:
        """Of frames that waited together, the index of the newest if it is due; all others are dropped."""
        if not waiting:
            return None
        index = max(range(len(waiting)), key=lambda i: (waiting[i], i))
        self.dropped += len(waiting) - 1
        return index if self.due(waiting[index]) else None
