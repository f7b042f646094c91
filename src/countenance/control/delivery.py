"""Sending what waits in the outbox: at least once, under one id, each call in its order."""

from collections.abc import Callable
from dataclasses import dataclass

from countenance.contracts.clock import Clock
from countenance.contracts.errors import DeliveryError, VaultError
from countenance.storage import outbox
from countenance.storage.clocks import micros
from countenance.storage.outbox import Waiting
from countenance.storage.points import Points, nowhere
from countenance.storage.vault import Vault

SECOND_US = 1_000_000
WAITS_S = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Between attempts, after Standard Webhooks: 75.6 h in all, then the event is given up."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One event on its way."""

    event_id: str
    """The same on each attempt: receivers drop what they know."""
    topic: str
    call_ref: str | None
    seq: int
    """The entry of the log it came with."""
    payload: bytes


Send = Callable[[Letter], None]
"""Returns when the receiver has the letter; raises DeliveryError when it has not."""


class Delivery:
    """The outbox of one tenant."""

    def __init__(self, vault: Vault, clock: Clock, send: Send, points: Points = nowhere) -> None:
        self._vault = vault
        self._clock = clock
        self._send = send
        self._at = points

    def run(self, most: int = 100) -> int:
        """Send what is due, the first of each call; returns how many were taken. Call it until it returns 0."""
        with self._vault.store.reading() as tx:
            due = outbox.due(tx, self._now(), most)
        return sum(self._deliver(event) for event in due)

    def _deliver(self, event: Waiting) -> bool:
        letter = self._letter(event)
        if letter is None:
            return False
        try:
            self._at("outbox.before_send")
            self._send(letter)
        except DeliveryError as fault:
            self._put_off(event, fault.problem)
            return False
        self._at("outbox.after_send")
        with self._vault.store.transaction() as tx:
            outbox.delivered(tx, event, self._now())
            self._at("outbox.before_commit")
        self._at("outbox.delivered")
        return True

    def _letter(self, event: Waiting) -> Letter | None:
        """The letter, or None when the person in it was erased meanwhile."""
        body = (event.body or "").encode()
        if event.payload_id is not None:
            try:
                with self._vault.store.reading() as tx:
                    body = self._vault.open_sealed(tx, event.payload_id).payload
            except VaultError:
                with self._vault.store.transaction() as tx:
                    outbox.given_up(tx, event, "erased", self._now())
                return None
        return Letter(event.event_id, event.topic, event.call_ref, event.seq, body)

    def _put_off(self, event: Waiting, problem: str) -> None:
        with self._vault.store.transaction() as tx:
            if event.attempts < len(WAITS_S):
                outbox.failed(tx, event, problem, self._now() + WAITS_S[event.attempts] * SECOND_US)
            else:
                outbox.given_up(tx, event, problem, self._now())
        self._at("outbox.put_off")

    def _now(self) -> int:
        return micros(self._clock.utc())
