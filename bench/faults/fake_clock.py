"""A clock that does what it is told: runs, is set by someone, sleeps with the machine, starts again after a boot."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class FakeClock:
    """Fits `contracts.clock.Clock`."""

    def __init__(self, start: datetime = START) -> None:
        self._utc = start
        self._mono_us = 1_000_000_000
        self._boots = 1

    @property
    def boot_id(self) -> str:
        """Names the run of the machine."""
        return f"boot-{self._boots}"

    def utc(self) -> datetime:
        """The wall clock, in UTC."""
        return self._utc

    def mono_us(self) -> int:
        """Microseconds since the machine started, time asleep included."""
        return self._mono_us

    def run(self, by_us: int) -> None:
        """Time goes on."""
        self._utc += timedelta(microseconds=by_us)
        self._mono_us += by_us

    def set_wall(self, by_us: int) -> None:
        """Someone, or the network, sets the wall clock; no time passes."""
        self._utc += timedelta(microseconds=by_us)

    def boot(self, after_us: int) -> None:
        """The machine starts again: its monotonic clock begins anew."""
        self._utc += timedelta(microseconds=after_us)
        self._mono_us = 1_000_000
        self._boots += 1
