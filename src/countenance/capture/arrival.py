"""Media time of what arrives over a network: the arrival clock of the call, smoothed by the sender's own stamps."""

from countenance.contracts.media import SECOND_US

WRAP = 1 << 32
SPAN_US = 10 * SECOND_US
"""The least delay of about so long is what the network takes; what comes later than that was held up."""
ANEW_US = 2 * SECOND_US
"""Stamps that disagree with the clock by more than this are those of a sender that began to count anew."""


class Arrival:
    """When each packet of one stream would have come over a network without jitter."""

    def __init__(self, rate: int) -> None:
        """`rate`: stamps per second."""
        self._rate = rate
        self._last: int | None = None
        self._least_us: int | None = None
        self._before_us: int | None = None
        self._span_began_us = 0
        self.restarts = 0

    def unwrapped(self, stamp: int) -> int:
        """A 32 bit stamp as one that never wraps; stamps may come out of order."""
        if self._last is None:
            self._last = stamp
        ahead = (stamp - self._last + WRAP // 2) % WRAP - WRAP // 2
        return self._last + ahead

    def place(self, stamp: int, arrived_us: int) -> int:
        """The media time of a packet with this stamp; never later than it arrived."""
        whole = self.unwrapped(stamp)
        self._last = whole if self._last is None else max(self._last, whole)
        sent_us = whole * SECOND_US // self._rate
        delay_us = arrived_us - sent_us
        if self._least_us is None or abs(delay_us - self._least_us) > ANEW_US:
            self.restarts += self._least_us is not None
            # Whatever came before says nothing about these stamps.
            self._last = whole
            self._least_us, self._before_us, self._span_began_us = delay_us, None, arrived_us
        elif arrived_us - self._span_began_us > SPAN_US:
            self._before_us, self._least_us, self._span_began_us = self._least_us, delay_us, arrived_us
        self._least_us = min(self._least_us, delay_us)
        least_us = self._least_us if self._before_us is None else min(self._least_us, self._before_us)
        return max(0, sent_us + least_us)
