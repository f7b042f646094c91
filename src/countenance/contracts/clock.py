"""What the guards ask a clock; the clocks themselves are in `storage.clocks`, and tests bring their own."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The wall clock, which people and leap seconds may set, and the monotonic one, which only runs."""

    @property
    def boot_id(self) -> str:
        """Names the run of the machine to which `mono_us` belongs."""
        ...

    def utc(self) -> datetime:
        """The wall clock, in UTC."""
        ...

    def mono_us(self) -> int:
        """Microseconds since the machine started, time asleep included."""
        ...
