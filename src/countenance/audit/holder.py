"""A lease in the hands of a worker: asked before each model call, it ends by the monotonic clock whatever happens."""

from collections import Counter
from collections.abc import Callable, Mapping

from countenance.contracts.call import Modality
from countenance.contracts.errors import RefusedError
from countenance.contracts.trust import Lease

VALID_US = 1_000_000
LIMIT = 100


class LeaseHolder:
    """What one worker may run on one participant now.

    The second of a lease is counted from before it was asked for, on the worker's own clock: no pause, partition or
    change of the wall clock makes it longer.
    """

    def __init__(self, mono_us: Callable[[], int]) -> None:
        self._mono_us = mono_us
        self._lease: Lease | None = None
        self._until_us = 0
        self._limit = 0
        self._stopped: set[Modality] = set()
        self._counts: Counter[Modality] = Counter()

    def hold(self, lease: Lease, asked_us: int, valid_us: int = VALID_US, limit: int = LIMIT) -> None:
        """Take a lease that was asked for at this monotonic time; one that is held is let go."""
        self._lease = lease
        self._until_us = asked_us + min(valid_us, VALID_US)
        self._limit = limit
        self._stopped = set()
        self._counts = Counter()

    def check(self, modality: Modality, calls: int = 1) -> None:
        """Before model calls on a modality: raises RefusedError where they may not run, else counts them."""
        lease = self._lease
        if lease is None:
            raise RefusedError(f"no lease is held for {modality}", "Ask the control plane for one.")
        who = f"{modality} of {lease.participant_id}"
        if modality not in lease.modalities:
            raise RefusedError(f"the lease does not cover {who}", "Leave this modality out.")
        if modality in self._stopped:
            raise RefusedError(f"{who} was stopped", "Drop what is queued of it.")
        if self._mono_us() >= self._until_us:
            raise RefusedError(f"the lease on {who} has run out", "Ask the control plane for a new one.")
        if self._counts[modality] + calls > self._limit:
            raise RefusedError(f"the lease on {who} allows {self._limit} model calls", "Wait for the next one.")
        self._counts[modality] += calls

    def stop(self, modality: Modality) -> None:
        """The person has stopped a modality: nothing of it runs under this lease any more."""
        self._stopped.add(modality)

    def has_stopped(self, modality: Modality) -> bool:
        """Whether a no came while this lease was held."""
        return modality in self._stopped

    def release(self) -> Mapping[Modality, int]:
        """Let the lease go; returns how many model calls ran of each modality that was not stopped."""
        self._lease = None
        return {modality: n for modality, n in self._counts.items() if modality not in self._stopped}

    @property
    def dropped(self) -> Mapping[Modality, int]:
        """Model calls of modalities that were stopped after them: what came of them is thrown away."""
        return {modality: n for modality, n in self._counts.items() if modality in self._stopped}
