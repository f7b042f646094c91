"""The log's own clocks: a stamp for each batch, and a note when the wall clock does not do what the monotonic did."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from countenance.audit.entries import Stamp
from countenance.contracts.clock import Clock
from countenance.contracts.errors import AuditError
from countenance.contracts.trust import LogEntry

TOLERANCE_US = 2_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Timekeeper:
    """Compares each stamp with the one before."""

    def __init__(self, clock: Clock, last: LogEntry | None = None) -> None:
        self._clock = clock
        self._last = None if last is None else Stamp(last.at, last.mono_us, last.boot_id)

    @property
    def last(self) -> Stamp | None:
        """The stamp of the last entry that is durable."""
        return self._last

    def stamp(self) -> tuple[Stamp, Mapping[str, object] | None]:
        """Now, and the body of a CLOCK_ANOMALY when the clocks disagree; `keep` makes the stamp the last one."""
        now = self._clock.utc()
        if now.tzinfo is None:
            raise AuditError("the clock of the audit log has no time zone", "Give a clock in UTC.")
        stamp = Stamp(text_of(now), self._clock.mono_us(), self._clock.boot_id)
        return stamp, None if self._last is None else anomaly(self._last, stamp)

    def keep(self, stamp: Stamp) -> None:
        """An entry with this stamp is durable."""
        self._last = stamp


def anomaly(last: Stamp, now: Stamp) -> Mapping[str, object] | None:
    """What is odd about the time between two stamps: the wall clock went back, or not as far as the monotonic one."""
    passed_us = _micros(now.at) - _micros(last.at)
    body: dict[str, object] = {"back_us": -passed_us} if passed_us < 0 else {}
    if now.boot_id == last.boot_id:
        jump_us = passed_us - (now.mono_us - last.mono_us)
        if abs(jump_us) > TOLERANCE_US:
            body["jump_us"] = jump_us
    return body or None


def text_of(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def moment_of(text: str) -> datetime:
    """The moment in a stamp."""
    return datetime.fromisoformat(text)


def _micros(text: str) -> int:
    return (moment_of(text) - EPOCH) // timedelta(microseconds=1)
