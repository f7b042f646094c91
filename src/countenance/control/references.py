"""What a thin webhook refers to: the event itself, for whoever may have it, and with a trace of who fetched it."""

from dataclasses import dataclass

from countenance.audit.log import Log
from countenance.contracts.errors import NotFoundError
from countenance.control.access import Access
from countenance.control.delivery import letter_of
from countenance.storage import outbox
from countenance.storage.holdings import Holding, holding
from countenance.storage.outbox import Waiting
from countenance.storage.vault import Vault
from countenance.storage.wiping import Seat
from countenance.surface.webhooks import Bodies, Body

UNKNOWN = ("nothing here has this id", "Check the id; what has ended or was erased is not found either.")
REASON = "webhook"


@dataclass(frozen=True, slots=True)
class Referred:
    """An event that is kept, not opened yet."""

    row: Waiting
    held: Holding | None
    """None where nobody is in it."""


class References:
    """The events of one tenant, by their ids."""

    def __init__(self, log: Log, vault: Vault, bodies: Bodies) -> None:
        self._vault = vault
        self._bodies = bodies
        self._access = Access(log, vault)

    def find(self, event_id: str) -> Referred:
        """An event; raises NotFoundError, also when the person in it was erased."""
        with self._vault.store.reading() as tx:
            row = outbox.find(tx, event_id)
            held = None if row is None or row.payload_id is None else holding(tx, row.payload_id)
        if row is None or (row.payload_id is not None and held is None):
            raise NotFoundError(*UNKNOWN)
        return Referred(row, held)

    def open(self, found: Referred, actor: str) -> Body:
        """The event with its data, once the log says who has it."""
        if found.held is not None:
            seat = Seat(found.held.subject_ref, found.row.call_ref)
            self._access.open([found.held], [seat], actor, REASON)
        with self._vault.store.reading() as tx:
            return self._bodies.whole(letter_of(self._vault, tx, found.row))
