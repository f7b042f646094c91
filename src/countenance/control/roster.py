"""The calls of a tenant and the people in them, as the store knows them, long after they ended."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_

from countenance.contracts.errors import NotFoundError
from countenance.control.seating import CALL
from countenance.storage import calls
from countenance.storage.store import Transaction
from countenance.storage.tables import calls as call_rows
from countenance.storage.vault import Vault

UNKNOWN = ("nothing here has this id", "Check the id; what has ended or was erased is not found either.")


@dataclass(frozen=True, slots=True)
class KnownCall:
    """A call that was opened here."""

    call_id: str
    call_ref: str
    purpose: str
    opened_utc_us: int
    closed_utc_us: int | None


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """Somebody in a call."""

    participant_id: str
    subject_ref: str
    person: str
    """The deployment's own id."""
    role: str


class Roster:
    """Looks calls and people up behind their tags."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def page(self, most: int, before: tuple[int, str] | None = None) -> Sequence[KnownCall]:
        """Calls, the newest first; `before`: opening time and reference of the last one seen."""
        with self._vault.store.reading() as tx:
            query = tx.select(call_rows).where(call_rows.c.call_tag.is_not(None))
            if before is not None:
                at_us, ref = before
                earlier, same = call_rows.c.opened_utc_us < at_us, call_rows.c.opened_utc_us == at_us
                query = query.where(or_(earlier, same & (call_rows.c.call_ref < ref)))
            newest = query.order_by(call_rows.c.opened_utc_us.desc(), call_rows.c.call_ref.desc())
            return tuple(self._call(tx, row.call_ref) for row in tx.rows(newest.limit(most)))

    def call(self, call_id: str) -> KnownCall:
        """The newest call of this id; raises NotFoundError."""
        with self._vault.store.reading() as tx:
            refs = calls.calls_by_tag(tx, self._vault.tag(tx, CALL, call_id))
            if not refs:
                raise NotFoundError(*UNKNOWN)
            return self._call(tx, refs[0])

    def people(self, call_ref: str) -> Sequence[KnownPerson]:
        """Everybody in a call who was not erased."""
        with self._vault.store.reading() as tx:
            return tuple(
                KnownPerson(
                    self._vault.named(tx, row.seat_tag)[-1],
                    row.subject_ref,
                    self._vault.named(tx, row.person_tag)[-1],
                    str(row.role),
                )
                for row in calls.subjects_of(tx, call_ref)
                if row.person_tag is not None
            )

    def person(self, call_id: str, participant_id: str) -> tuple[KnownCall, KnownPerson]:
        """A participant of a call; raises NotFoundError."""
        call = self.call(call_id)
        for one in self.people(call.call_ref):
            if one.participant_id == participant_id:
                return call, one
        raise NotFoundError(*UNKNOWN)

    def _call(self, tx: Transaction, call_ref: str) -> KnownCall:
        row = calls.find_call(tx, call_ref)
        if row is None or row.call_tag is None:
            raise NotFoundError(*UNKNOWN)
        call_id = self._vault.named(tx, row.call_tag)[-1]
        return KnownCall(call_id, call_ref, row.purpose, row.opened_utc_us, row.closed_utc_us)
