"""From the outbox to each endpoint: at least once, under one id, each call in its order, on one schedule."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import random

from countenance.contracts.clock import Clock
from countenance.contracts.errors import VaultError
from countenance.control.addresses import open_address
from countenance.storage import calls, dispatches, endpoints, outbox
from countenance.storage.clocks import micros
from countenance.storage.dispatches import AT_ONCE, Dispatch
from countenance.storage.endpoints import LISTENING, EndpointRow
from countenance.storage.outbox import Waiting
from countenance.storage.points import Points, nowhere
from countenance.storage.store import Transaction
from countenance.storage.vault import Vault
from countenance.surface.webhooks import ERASED, Bodies, Letter, wants

SECOND_US = 1_000_000
WAITS_S = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Between attempts, after Standard Webhooks: 75.6 h in all, then the event is a dead letter."""
JITTER = 0.05
"""Each wait is longer by up to this share of it: receivers that were away are not met by all calls at once."""
GONE = 410
THROTTLING = (429, 502, 504)
LONGEST_PAUSE_US = 86_400 * SECOND_US
"""However long a receiver asks to be left alone."""
ERASED_MEANWHILE = "the person was erased"

Key = tuple[str, str]
"""Endpoint and event."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One attempt that is due."""

    dispatch: Dispatch
    url: str
    secrets: tuple[str, ...]
    body: bytes

    @property
    def key(self) -> Key:
        """What it is known by while it is on its way."""
        return self.dispatch.endpoint_id, self.dispatch.event_id


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt."""

    status: int | None
    """None where no answer came."""
    problem: str = ""
    retry_after_us: int | None = None

    @property
    def is_success(self) -> bool:
        """2xx alone; a redirection is none."""
        return self.status is not None and 200 <= self.status < 300


Send = Callable[[Parcel], Answer]
Counts = Mapping[str, int]
"""Attempts by result: `delivered`, `failed`, `dead_letter`, `disabled`."""


class Delivery:
    """The queues of one tenant's endpoints."""

    def __init__(
        self, vault: Vault, clock: Clock, bodies: Bodies, points: Points = nowhere, draw: Callable[[], float] = random
    ) -> None:
        self._vault = vault
        self._clock = clock
        self._bodies = bodies
        self._at = points
        self._draw = draw

    def hand_out(self, most: int = 500) -> int:
        """Put what came into the outbox into the queue of each endpoint that wants it; returns how many events."""
        with self._vault.store.reading() as tx:
            if not outbox.unhanded(tx, 1):
                return 0
        with self._vault.store.transaction() as tx:
            events, now = outbox.unhanded(tx, most), self._now()
            all_of_them = endpoints.every(tx)
            dispatches.put(tx, [row for event in events for one in all_of_them for row in queued(event, one, now)])
            outbox.handed(tx, events, now)
            self._at("outbox.before_handing")
        self._at("outbox.handed")
        return len(events)

    def due(self, busy: Collection[Key] = (), at_once: int = AT_ONCE) -> Sequence[Parcel]:
        """What may be sent now, but for what is on its way; of each call at each endpoint only the first."""
        parcels, erased = [], []
        with self._vault.store.reading() as tx:
            ends = {one.endpoint_id: one for one in endpoints.every(tx)}
            for row in dispatches.due(tx, self._now(), at_once):
                if (row.endpoint_id, row.event_id) in busy:
                    continue
                try:
                    parcels.append(self._parcel(tx, row, ends[row.endpoint_id]))
                except VaultError:
                    erased.append(row)
        self._bury(erased)
        return parcels

    def parcel(self, endpoint_id: str, event_id: str) -> Parcel | None:
        """What an attempt for one event would be now, for whoever looks at it; None where it is not queued."""
        with self._vault.store.reading() as tx:
            row, end = dispatches.find(tx, endpoint_id, event_id), endpoints.find(tx, endpoint_id)
            return None if row is None or end is None else self._parcel(tx, row, end)

    def settle(self, answers: Sequence[tuple[Parcel, Answer]]) -> Counts:
        """Note what came of attempts, all in one transaction; returns them by result."""
        if not answers:
            return {}
        self._at("outbox.after_send")
        counts: Counter[str] = Counter()
        with self._vault.store.transaction() as tx:
            # It may be called anew with the same answers when the disk fails: then nothing of this counts.
            for parcel, answer in answers:
                counts[self._settled(tx, parcel.dispatch, answer)] += 1
            self._at("outbox.before_commit")
        self._at("outbox.settled")
        return counts

    def run(self, send: Send) -> int:
        """Send what is due, one after the other; returns how many were taken. Call it until it returns 0."""
        self.hand_out()
        taken = 0
        for parcel in self.due():
            self._at("outbox.before_send")
            answer = send(parcel)
            self.settle([(parcel, answer)])
            taken += answer.is_success
        return taken

    def next_due_us(self) -> int | None:
        """The wall time, in UTC, at which something is due next; None when nothing waits."""
        with self._vault.store.reading() as tx:
            return self._now() if outbox.unhanded(tx, 1) else dispatches.next_due(tx)

    def _parcel(self, tx: Transaction, row: Dispatch, end: EndpointRow) -> Parcel:
        address, letter = open_address(self._vault, tx, str(end.sealed_id)), letter_of(self._vault, tx, row)
        body = self._bodies.write(letter, full=end.with_data)
        return Parcel(row, address.url, address.secrets(self._now()), body)

    def _settled(self, tx: Transaction, row: Dispatch, answer: Answer) -> str:
        now = self._now()
        if answer.status is not None and answer.is_success:
            dispatches.delivered(tx, row, now, answer.status)
            endpoints.fares_well(tx, row.endpoint_id)
            return "delivered"
        problem = answer.problem or f"the receiver answered {answer.status}"
        if answer.status == GONE:
            dispatches.given_up(tx, row, now, GONE, problem)
            dispatches.give_up_all(tx, row.endpoint_id, "the receiver is gone", now)
            endpoints.is_gone(tx, row.endpoint_id, problem, now)
            return "disabled"
        again = now + self._wait_us(row.attempts, answer)
        pause = again if answer.status in THROTTLING or answer.retry_after_us is not None else None
        endpoints.fares_badly(tx, row.endpoint_id, problem, now, pause)
        if row.attempts < len(WAITS_S):
            dispatches.failed(tx, row, now, answer.status, problem, again)
            return "failed"
        dispatches.given_up(tx, row, now, answer.status, problem)
        return "dead_letter"

    def _wait_us(self, attempts: int, answer: Answer) -> int:
        waits = WAITS_S[min(attempts, len(WAITS_S) - 1)] * SECOND_US
        return max(int(waits * (1 + JITTER * self._draw())), min(answer.retry_after_us or 0, LONGEST_PAUSE_US))

    def _bury(self, erased: Sequence[Dispatch]) -> None:
        if not erased:
            return
        with self._vault.store.transaction() as tx:
            for row in erased:
                dispatches.given_up(tx, row, self._now(), None, ERASED_MEANWHILE)

    def _now(self) -> int:
        return micros(self._clock.utc())


def queued(event: Waiting, one: EndpointRow, now_utc_us: int) -> Sequence[Dispatch]:
    """The row of an event in the queue of an endpoint, or none when that does not want it.

    Whoever may hold something of a person who was erased is listed: where the endpoint cannot be told, as given up.
    """
    listens = one.status in LISTENING
    if not wants(one.types, event.topic) or not (listens or event.topic == ERASED):
        return ()
    row = Dispatch(
        one.endpoint_id, event.event_id, event.seq, event.turn, event.topic, event.call_ref, event.payload_id,
        event.body, event.at_utc_us, now_utc_us,
        problem=None if listens else f"the endpoint is {one.status}",
        given_up_utc_us=None if listens else now_utc_us,
    )  # fmt: skip
    return (row,)


def letter_of(vault: Vault, tx: Transaction, row: Dispatch | Waiting) -> Letter:
    """An event, opened; raises VaultError when the person in it was erased meanwhile."""
    payload = (row.body or "").encode()
    if row.payload_id is not None:
        payload = vault.open_sealed(tx, row.payload_id).payload
    call_id = call_named(vault, tx, row.call_ref)
    return Letter(row.event_id, row.topic, call_id, row.seq, row.turn, row.at_utc_us, payload)


def call_named(vault: Vault, tx: Transaction, call_ref: str | None) -> str | None:
    """The deployment's own id of a call; None apart from calls, or once nobody of it is left."""
    found = None if call_ref is None else calls.find_call(tx, call_ref)
    if found is None or found.call_tag is None:
        return None
    with suppress(VaultError):
        return vault.named(tx, found.call_tag)[-1]
    return None
