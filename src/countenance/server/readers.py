"""How many event streams a tenant has open."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from countenance.contracts.errors import OverloadError


class Readers:
    """Counts open streams; one more than the limit is refused."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: Counter[str] = Counter()

    def of(self, tenant: str) -> int:
        """How many are open."""
        return self._open[tenant]

    @contextmanager
    def one_more(self, tenant: str) -> Iterator[None]:
        """Room for one stream while it lasts; raises OverloadError."""
        if self._open[tenant] >= self._most:
            raise OverloadError(f"{self._most} event streams are open already", "Close one, or raise [limits] sockets.")
        self._open[tenant] += 1
        try:
            yield
        finally:
            self._open[tenant] -= 1
