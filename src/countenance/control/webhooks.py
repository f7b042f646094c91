"""The endpoints of a tenant: adding, changing and removing them, trying one out, sending anew, and the delivery log."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement

from countenance.audit.log import Log
from countenance.contracts.clock import Clock
from countenance.contracts.errors import NotFoundError, UsageError
from countenance.control.addresses import Address, open_address, seal_address
from countenance.control.delivery import queued
from countenance.storage import dispatches, endpoints, outbox
from countenance.storage.clocks import micros
from countenance.storage.dispatches import Dispatch
from countenance.storage.endpoints import LISTENING, EndpointRow, Status
from countenance.storage.outbox import Waiting, random_id
from countenance.storage.store import Transaction
from countenance.storage.tables import dispatches as dispatch_rows
from countenance.storage.vault import Vault
from countenance.surface.destinations import Allowed, destination
from countenance.surface.webhooks import KEY_BYTES, PUBLIC, SECRET, TEST, check_types, new_secret, verifier_of

OVERLAP_US = 24 * 3_600 * 1_000_000
"""How long is signed with the former secret too."""
MOST_ENDPOINTS = 50
PAGE = 500


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """An endpoint as it is asked for."""

    url: str
    types: tuple[str, ...] = ()
    """Types of events, or beginnings with `*`; none: everything but samples."""
    full: bool = False
    asymmetric: bool = False
    """Sign with ed25519 instead of a shared secret."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as it is shown: never with its secret."""

    row: EndpointRow
    url: str
    public_key: str | None
    """`whpk_...` where it signs with ed25519."""


class Endpoints:
    """Everything that can be done with the endpoints of one tenant; each change is in the log."""

    def __init__(
        self,
        log: Log,
        vault: Vault,
        clock: Clock,
        allowed: Allowed | None = None,
        *,
        phi: bool = False,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._log = log
        self._vault = vault
        self._clock = clock
        self._allowed = allowed or Allowed()
        self._phi = phi
        self._random = random

    def add(self, new: NewEndpoint, actor: str = "operator") -> tuple[Endpoint, str]:
        """A new endpoint, and what its receiver checks signatures with, which is shown this once."""
        destination(new.url, self._allowed)
        if new.full and self._phi:
            raise UsageError("health data is never sent in a webhook", "Leave `full` out; the receiver fetches it.")
        if len(self.every()) >= MOST_ENDPOINTS:
            raise UsageError(f"a tenant has at most {MOST_ENDPOINTS} endpoints", "Remove one.")
        name = random_id()
        address = Address(new.url, new_secret(self._random(KEY_BYTES), asymmetric=new.asymmetric))
        types = check_types(new.types)

        def write(tx: Transaction) -> None:
            sealed = seal_address(self._vault, tx, name, address)
            endpoints.add(tx, EndpointRow(name, sealed, types, new.full, self._now()))

        self._change("added", name, actor, write)
        return self.get(name), verifier_of(address.secret)

    def get(self, endpoint_id: str) -> Endpoint:
        """One endpoint; raises NotFoundError, also once removed."""
        with self._vault.store.reading() as tx:
            return self._shown(tx, self._find(tx, endpoint_id))

    def every(self) -> Sequence[Endpoint]:
        """All endpoints that are not removed, the oldest first."""
        with self._vault.store.reading() as tx:
            return tuple(self._shown(tx, row) for row in endpoints.every(tx) if row.status is not Status.REMOVED)

    def remove(self, endpoint_id: str, actor: str = "operator") -> None:
        """Send nothing more to an endpoint, and forget its address and its secrets."""
        self.get(endpoint_id)

        def write(tx: Transaction) -> None:
            self._vault.forget(tx, endpoint_id)
            dispatches.give_up_all(tx, endpoint_id, "the endpoint is removed", self._now())
            endpoints.change(tx, endpoint_id, status=Status.REMOVED, sealed_id=None, problem=None)

        self._change("removed", endpoint_id, actor, write)

    def rotate(self, endpoint_id: str, actor: str = "operator") -> str:
        """A new secret; for a day the former signs as well. Returns what the receiver checks with, shown this once."""
        with self._vault.store.reading() as tx:
            address = self._address(tx, self._find(tx, endpoint_id))
        secret = new_secret(self._random(KEY_BYTES), asymmetric=address.secret.startswith(SECRET))
        fresh = replace(address, secret=secret, former=address.secret, former_until_utc_us=self._now() + OVERLAP_US)

        def write(tx: Transaction) -> None:
            endpoints.change(tx, endpoint_id, sealed_id=seal_address(self._vault, tx, endpoint_id, fresh))

        self._change("rotated", endpoint_id, actor, write)
        return verifier_of(secret)

    def enable(self, endpoint_id: str, actor: str = "operator") -> int:
        """Let an endpoint that was gone go on where it was: all that waited or came meanwhile; returns how much."""
        count = 0

        def write(tx: Transaction) -> None:
            nonlocal count
            row = self._find(tx, endpoint_id)
            well = {"status": Status.ACTIVE, "problem": None, "failing_utc_us": None, "not_before_utc_us": None}
            endpoints.change(tx, endpoint_id, **well)
            if row.status is Status.DISABLED:
                gone_us = row.failing_utc_us or 0
                count = dispatches.again(tx, endpoint_id, dispatch_rows.c.given_up_utc_us >= gone_us, self._now())
                events = self._pages(lambda after: outbox.handed_since(tx, gone_us, PAGE, after))
                count += self._queue(tx, self._find(tx, endpoint_id), events)

        self._change("enabled", endpoint_id, actor, write)
        return count

    def test(self, endpoint_id: str) -> str:
        """Queue an event that says nothing of anyone; returns its id, under which the delivery log has it."""
        name, now = random_id(), self._now()
        with self._vault.store.transaction() as tx:
            self._listening(tx, endpoint_id)
            body = json.dumps({"message": "This is a test."})
            dispatches.put(tx, [Dispatch(endpoint_id, name, 0, 0, TEST, None, None, body, now, now)])
        return name

    def log(self, endpoint_id: str, before: tuple[int, str] | None = None, most: int = 50) -> Sequence[Dispatch]:
        """What was sent to an endpoint and what it answered, the newest event first."""
        with self._vault.store.reading() as tx:
            self._find(tx, endpoint_id)
            return dispatches.of_endpoint(tx, endpoint_id, before, most)

    def replay(self, endpoint_id: str, event_id: str, actor: str = "operator") -> int:
        """Send one event again, whatever became of it; NotFoundError when it is not kept."""
        return self._replay(endpoint_id, dispatch_rows.c.event_id == event_id, actor, event_id=event_id)

    def replay_since(self, endpoint_id: str, since_utc_us: int, actor: str = "operator") -> int:
        """Send again everything that happened since a time, also what came while the endpoint was away."""
        return self._replay(endpoint_id, dispatch_rows.c.at_utc_us >= since_utc_us, actor, since_utc_us=since_utc_us)

    def replay_dead(self, endpoint_id: str, actor: str = "operator") -> int:
        """Send again what was given up; returns how many."""
        return self._replay(endpoint_id, dispatch_rows.c.given_up_utc_us.is_not(None), actor)

    def _replay(
        self,
        endpoint_id: str,
        which: ColumnElement[bool],
        actor: str,
        *,
        event_id: str | None = None,
        since_utc_us: int | None = None,
    ) -> int:
        count = 0

        def write(tx: Transaction) -> None:
            nonlocal count
            row = self._listening(tx, endpoint_id)
            count = dispatches.again(tx, endpoint_id, which, self._now())
            if event_id is not None or since_utc_us is not None:
                count += self._missed(tx, row, event_id, since_utc_us or 0)
            if event_id is not None and dispatches.find(tx, endpoint_id, event_id) is None:
                raise NotFoundError(f"no event {event_id} is kept for this endpoint", "See its delivery log.")

        self._change("replayed", endpoint_id, actor, write)
        return count

    def _missed(self, tx: Transaction, row: EndpointRow, event_id: str | None, since_utc_us: int) -> int:
        """Queue what the outbox still has and the endpoint never had."""
        if event_id is None:
            return self._queue(tx, row, self._pages(lambda after: outbox.since(tx, since_utc_us, PAGE, after)))
        one = outbox.find(tx, event_id)
        # What was not handed on yet comes by itself.
        return 0 if one is None or one.handed_utc_us is None else self._queue(tx, row, [one])

    def _queue(self, tx: Transaction, row: EndpointRow, events: Sequence[Waiting]) -> int:
        new = [event for event in events if dispatches.find(tx, row.endpoint_id, event.event_id) is None]
        rows = [dispatch for event in new for dispatch in queued(event, row, self._now())]
        dispatches.put(tx, rows)
        return len(rows)

    def _pages(self, page_after: Callable[[Waiting | None], Sequence[Waiting]]) -> Sequence[Waiting]:
        events: list[Waiting] = []
        while page := page_after(events[-1] if events else None):
            events += page
        return events

    def _change(self, what: str, endpoint_id: str, actor: str, write: Callable[[Transaction], None]) -> None:
        body = {"scope": f"webhook.{what}", "items": [endpoint_id], "actor": actor}
        self._log.append_all([("CONFIG", body)], lambda tx, _: write(tx))

    def _listening(self, tx: Transaction, endpoint_id: str) -> EndpointRow:
        row = self._find(tx, endpoint_id)
        if row.status not in LISTENING:
            raise UsageError("the endpoint is disabled: its receiver said that it is gone", "Enable it first.")
        return row

    def _find(self, tx: Transaction, endpoint_id: str) -> EndpointRow:
        row = endpoints.find(tx, endpoint_id)
        if row is None or row.status is Status.REMOVED:
            raise NotFoundError(f"there is no endpoint {endpoint_id}", "List them, and name one.")
        return row

    def _address(self, tx: Transaction, row: EndpointRow) -> Address:
        return open_address(self._vault, tx, str(row.sealed_id))

    def _shown(self, tx: Transaction, row: EndpointRow) -> Endpoint:
        address = self._address(tx, row)
        checks = verifier_of(address.secret)
        return Endpoint(row, address.url, checks if checks.startswith(PUBLIC) else None)

    def _now(self) -> int:
        return micros(self._clock.utc())
