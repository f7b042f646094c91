"""The machine's clocks."""

import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

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


def micros(moment: datetime) -> int:
    """A moment as microseconds since 1970 in UTC."""
    whole = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (whole.days * 86_400 + whole.seconds) * 1_000_000 + whole.microseconds
