"""A clock that stands still until a test moves it, wall and monotonic time apart."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class ManualClock:
    """Both clocks under the hand of a test."""

    def __init__(self, start: datetime = START, boot_id: str = "boot-1") -> None:
        self.boot_id = boot_id
        self._utc = start
        self._mono_us = 1_000_000_000

    def utc(self) -> datetime:
        """The wall clock, in UTC."""
        return self._utc

    def mono_us(self) -> int:
        """Microseconds since the machine started."""
        return self._mono_us

    def pass_us(self, us: int) -> None:
        """Let time go by."""
        self._mono_us += us
        self.set_by(us)

    def set_by(self, us: int) -> None:
        """Set the wall clock forward, or back when negative; the monotonic clock does not notice."""
        self._utc += timedelta(microseconds=us)

    def reboot(self, boot_id: str) -> None:
        """Start the machine anew: the monotonic clock begins at 0."""
        self.boot_id, self._mono_us = boot_id, 0
