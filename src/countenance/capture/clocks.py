"""Media time that can be relied on, made from the timestamps that files really have.

Both clocks count in microseconds of the file. They never run back, and count what they had to repair.
"""

from countenance.contracts.media import SECOND_US

RESTART_US = SECOND_US
"""A step back at least this long is a recorder that began to count anew; a shorter one is a frame out of place."""
LEAP_US = 60 * SECOND_US
"""A step forward this long that also lands after the end of the file is a broken timestamp."""
JITTER_US = 50_000
"""Sound whose timestamp is off by no more than this continues what came before."""
UNKNOWN_END_US = 48 * 3600 * SECOND_US


class FrameClock:
    """When each picture of a stream was shown."""

    def __init__(self, end_us: int | None = None) -> None:
        self._end_us = _latest(end_us)
        self._last: int | None = None
        self._shift = 0
        self.repaired = 0

    def place(self, stamp_us: int | None, length_us: int) -> int:
        """The time of the next frame; `length_us` is how long a frame lasts when its timestamp cannot say."""
        after = 0 if self._last is None else self._last + length_us
        at = after if stamp_us is None else stamp_us + self._shift
        if stamp_us is None or _is_leap(at, after, self._end_us):
            at = after
            self.repaired += 1
        elif self._last is not None and at <= self._last:
            if self._last - at >= RESTART_US:
                self._shift += after - at
                at = after
            at = max(at, self._last + 1)
            self.repaired += 1
        self._last = at if self._last is None else max(at, self._last + 1)
        return self._last


class SoundClock:
    """When each run of sound of a stream was heard; what follows without a gap is counted in samples, exactly."""

    def __init__(self, end_us: int | None = None) -> None:
        self._end_us = _latest(end_us)
        self._began: int | None = None
        self._samples = 0
        self._rate = 1
        self._shift = 0
        self.repaired = 0
        self.gaps = 0

    def place(self, stamp_us: int | None, samples: int, rate: int) -> int | None:
        """The time of the next run, or None for one that repeats what was heard already and is to be dropped."""
        after = self._after_us()
        at = after if stamp_us is None else stamp_us + self._shift
        if stamp_us is None or _is_leap(at, after, self._end_us):
            at = after
            self.repaired += 1
        elif self._began is not None and at > after + JITTER_US:
            self.gaps += 1
        elif self._began is not None and at >= after - JITTER_US:
            at = after
        elif self._began is not None:
            self.repaired += 1
            if after - at < RESTART_US:
                return None
            self._shift += after - at
            at = after
        self._count(at, after, samples, rate)
        return at

    def _after_us(self) -> int:
        """Just after all that was heard."""
        return 0 if self._began is None else self._began + self._samples * SECOND_US // self._rate

    def _count(self, at: int, after: int, samples: int, rate: int) -> None:
        if self._began is None or at != after or rate != self._rate:
            self._began, self._samples, self._rate = at, 0, rate
        self._samples += samples


def _latest(end_us: int | None) -> int:
    """After this a timestamp is suspect; containers round their duration, and some know none."""
    return UNKNOWN_END_US if end_us is None else end_us + LEAP_US


def _is_leap(at: int, expected: int, end_us: int) -> bool:
    return at > end_us and at - expected > LEAP_US
