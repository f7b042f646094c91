"""Whether the store can be written, and whether what ran is what was logged."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from countenance.contracts.call import Modality
from countenance.contracts.errors import CountenanceError, StorageError


@dataclass(frozen=True, slots=True)
class Health:
    """What an operator is told."""

    writes: bool
    """False: nothing is inferred; the call itself goes on."""
    why: str | None
    """What keeps the store from being written."""
    since_us: int | None
    """Monotonic time of the first failure."""
    log_size: int | None
    """None while the log cannot be read."""
    open_leases: int
    waiting: int | None
    """Events that are not delivered; None while the store cannot be read."""
    unaccounted: int
    """Model calls that ran and stand in no entry; anything but 0 is an alarm."""


class Watch:
    """Remembers the last fault of the store until something was written again."""

    def __init__(self) -> None:
        self.why: str | None = None
        self.since_us: int | None = None

    @contextmanager
    def over(self, now_us: int) -> Iterator[None]:
        """Watch over one piece of work; errors pass through."""
        try:
            yield
        except CountenanceError as fault:
            if is_of_the_store(fault):
                self.why = fault.problem
                self.since_us = now_us if self.since_us is None else self.since_us
            raise

    def well(self) -> None:
        """Something was written."""
        self.why, self.since_us = None, None


def is_of_the_store(fault: BaseException | None) -> bool:
    """Whether a fault of the store stands behind an error."""
    while fault is not None:
        if isinstance(fault, StorageError):
            return True
        fault = fault.__cause__
    return False


class Tally:
    """Model calls, counted twice: by those who run them, and in the entries that are durable."""

    def __init__(self) -> None:
        self._one = threading.Lock()
        self._ran: Counter[Modality] = Counter()
        self._logged: Counter[Modality] = Counter()

    def ran(self, counts: Mapping[Modality, int]) -> None:
        """A worker says what its models have run, whatever became of it."""
        with self._one:
            self._ran.update(counts)

    def logged(self, counts: Mapping[Modality, int]) -> None:
        """A durable entry counts these."""
        with self._one:
            self._logged.update(counts)

    @property
    def unaccounted(self) -> int:
        """The sum of the differences, in either direction."""
        with self._one:
            return sum(abs(self._ran[m] - self._logged[m]) for m in self._ran.keys() | self._logged.keys())
