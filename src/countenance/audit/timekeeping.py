"""The log's own clocks: a stamp for each batch, and a note when the wall clock does not do what the monotonic did."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from countenance.audit.entries import Stamp
from countenance.contracts.clock import Clock
from countenance.contracts.errors import AuditError
from countenance.contracts.trust import LogEntry
from countenance.storage.clocks import EPOCH, MICROSECOND

TOLERANCE_US = 2_000_000


class Timekeeper:
    """Compares each stamp with the one before, and with the last from which nothing was odd: small steps add up."""

    def __init__(self, clock: Clock, last: LogEntry | None = None, kept: Stamp | None = None) -> None:
        """`kept`: what `latest` was when something was odd last; a restart has it from the store."""
        self._clock = clock
        self._last = None if last is None else Stamp(last.at, last.mono_us, last.boot_id)
        self._since = self._last
        self._kept = kept

    def stamp(self) -> tuple[Stamp, Mapping[str, object] | None]:
        """Now, and the body of a CLOCK_ANOMALY when the clocks disagree; `keep` makes the stamp the last one."""
        now = self._clock.utc()
        if now.tzinfo is None:
            raise AuditError("the clock of the audit log has no time zone", "Give a clock in UTC.")
        stamp = Stamp(text_of(now), self._clock.mono_us(), self._clock.boot_id)
        if self._last is None or self._since is None:
            return stamp, None
        return stamp, anomaly(self._last, stamp) or drift(self._since, stamp)

    def keep(self, stamp: Stamp, latest: Stamp | None = None) -> None:
        """An entry with this stamp is durable, and after something odd what `latest` was."""
        self._last = stamp
        self._kept = latest or self._kept
        if latest is not None or self._since is None or self._since.boot_id != stamp.boot_id:
            self._since = stamp

    def latest(self) -> Stamp | None:
        """The latest wall-clock time that is known to have passed, now: setting a clock back does not bring it back."""
        known = [self._counted(stamp) for stamp in (self._last, self._kept) if stamp is not None]
        return Stamp(text_of(max(known)), self._clock.mono_us(), self._clock.boot_id) if known else None

    def _counted(self, stamp: Stamp) -> datetime:
        """The time of a stamp, and what the machine has counted since, unless it was started anew."""
        same = stamp.boot_id == self._clock.boot_id
        counted_us = max(0, self._clock.mono_us() - stamp.mono_us) if same else 0
        return moment_of(stamp.at) + timedelta(microseconds=counted_us)


def anomaly(last: Stamp, now: Stamp) -> Mapping[str, object] | None:
    """What is odd about the time between two stamps: the wall clock went back, or not as far as the monotonic one."""
    passed_us = _micros(now.at) - _micros(last.at)
    apart = drift(last, now)
    return apart if passed_us >= 0 else {"back_us": -passed_us, **(apart or {})}


def drift(since: Stamp, now: Stamp) -> Mapping[str, object] | None:
    """How far the wall clock ran apart from the monotonic one, when that is too far."""
    jump_us = _micros(now.at) - _micros(since.at) - (now.mono_us - since.mono_us)
    apart = now.boot_id == since.boot_id and abs(jump_us) > TOLERANCE_US
    return {"jump_us": jump_us} if apart else None


def text_of(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def moment_of(text: str) -> datetime:
    """The moment in a stamp."""
    return datetime.fromisoformat(text)


@lru_cache(maxsize=16)
def _micros(text: str) -> int:
    return (datetime.fromisoformat(text) - EPOCH) // MICROSECOND
