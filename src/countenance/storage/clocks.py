"""The machine's clocks."""

import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from countenance.contracts.clock import Clock

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class SystemClock:
    """The wall clock in UTC, and the monotonic clock that counts sleep too where the system has one."""

    def __init__(self, boot_id: Path = BOOT_ID) -> None:
        # Without a name for the boot, no two processes compare their monotonic clocks.
        self.boot_id = boot_id.read_text(encoding="ascii").strip() if boot_id.exists() else str(uuid.uuid4())
        self._source = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

    def utc(self) -> datetime:
        """The wall clock, in UTC."""
        return datetime.now(UTC)

    def mono_us(self) -> int:
        """Microseconds since the machine started, time asleep included."""
        return time.clock_gettime_ns(self._source) // 1000


class SteadyClock:
    """A wall clock that never runs back and never stands still: what has expired by it stays expired.

    It follows the wall clock forward. Where that is set back, it goes on by the monotonic clock from the latest time
    it has shown; so an error of the wall clock can end a permission early, never lengthen it.
    """

    def __init__(self, clock: Clock, not_before: datetime | None = None) -> None:
        """`not_before`: the latest time that is known to have passed, such as that of the last entry of the log."""
        self._clock = clock
        self._one = threading.Lock()
        self._shown = max(clock.utc(), not_before or clock.utc())
        self._shown_mono_us = clock.mono_us()

    @property
    def boot_id(self) -> str:
        """Names the run of the machine to which `mono_us` belongs."""
        return self._clock.boot_id

    def utc(self) -> datetime:
        """The wall clock in UTC, or what it would show had it not been set back."""
        with self._one:
            mono_us = self._clock.mono_us()
            passed = timedelta(microseconds=max(0, mono_us - self._shown_mono_us))
            self._shown, self._shown_mono_us = max(self._clock.utc(), self._shown + passed), mono_us
            return self._shown

    def mono_us(self) -> int:
        """Microseconds since the machine started."""
        return self._clock.mono_us()


def micros(moment: datetime) -> int:
    """A moment as microseconds since 1970 in UTC."""
    return (moment - EPOCH) // MICROSECOND
