"""What was told of groups in a call: plain, for nothing of a single person is in it, and kept with what goes out."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from countenance.contracts.clock import Clock
from countenance.storage import outbox
from countenance.storage.clocks import micros
from countenance.storage.outbox import Event
from countenance.storage.store import Store
from countenance.surface.envelope import AGGREGATE


class Groups:
    """The groups of one tenant's calls. Like every event they stay 30 days after they were handed on."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def keep(self, call_ref: str, block: Mapping[str, Any]) -> None:
        """Make a window of a group durable, and put it out; it may be told when this returns."""
        with self._store.transaction() as tx:
            outbox.put_last(tx, Event(AGGREGATE, call_ref, body=json.dumps(block)), micros(self._clock.utc()))

    def of_call(self, call_ref: str) -> Sequence[Mapping[str, Any]]:
        """Every window that was told of a call, in order."""
        with self._store.reading() as tx:
            return [json.loads(one.body or "{}") for one in outbox.of_call(tx, call_ref, AGGREGATE)]
