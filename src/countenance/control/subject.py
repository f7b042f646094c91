"""What a person may ask of their own data: see it, take it along, dispute it, stop, stop and delete."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from countenance.audit.log import Log
from countenance.consent.canonical import canonical
from countenance.consent.ledger import Ledger
from countenance.consent.statement import stamp
from countenance.contracts.call import Modality
from countenance.contracts.errors import ConsentError
from countenance.contracts.trust import LogEntry
from countenance.control.access import SCORES, Access, Reading, plain
from countenance.control.consents import Consents
from countenance.control.erasure import Eraser
from countenance.control.export import Exporter
from countenance.storage.consents import ConsentRow
from countenance.storage.holdings import Holding, holding, holdings
from countenance.storage.store import Transaction
from countenance.storage.vault import Vault
from countenance.storage.wiping import seats_of

SELF = "self"
DISPUTE = "dispute"
MOST_WORDS = 4_000


Leave = Callable[[str], None]


def leaves_nothing(person: str) -> None:
    """Nothing runs on anybody here."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person has answered to one question, as it stands."""

    modality: Modality
    purpose: str
    status: str
    since: str
    until: str | None
    retention_days: int
    receipt_id: str


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that a person sees of their own."""

    person: str
    answers: tuple[Standing, ...]
    readings: tuple[Reading, ...]
    disputes: tuple[Mapping[str, Any], ...]
    """Each with the `reading` it is about and the words of the person."""


class Subject:
    """The requests of the people in one tenant's store. Who asks has been checked by the caller."""

    def __init__(
        self, log: Log, vault: Vault, consents: Consents, eraser: Eraser, leave: Leave = leaves_nothing
    ) -> None:
        """`leave` ends what runs on a person before they are erased: `Control.leave` where calls run."""
        self._log = log
        self._vault = vault
        self._store = vault.store
        self._consents = consents
        self._eraser = eraser
        self._leave = leave
        self._ledger = Ledger(vault)
        self._access = Access(log, vault)

    def see(self, person: str, reason: str = "art15") -> Seen:
        """What is kept of the person; their own look is in the log like everybody's."""
        readings = self._access.read(person, SELF, reason)
        with self._store.reading() as tx:
            seats = seats_of(self._vault, tx, person)
            answers = tuple(self._standing(tx, row) for row in self._ledger.standing(tx, person))
            kept = holdings(tx, [seat.subject_ref for seat in seats])
            disputes = tuple(self._dispute(tx, one) for one in kept if one.context == DISPUTE)
        return Seen(person, answers, tuple(readings), disputes)

    def dispute(self, person: str, payload_id: str, words: str) -> str:
        """Keep with a reading that the person says it is wrong; the reading itself stays as it is."""
        if not words.strip() or len(words) > MOST_WORDS:
            raise ConsentError("the dispute has no words, or too many", f"Say what is wrong in {MOST_WORDS} letters.")
        with self._store.reading() as tx:
            about = self._own(tx, person, payload_id)
        now = stamp(self._consents.now())
        record = self._vault.record(canonical({"reading": payload_id, "words": words, "said_at": now}))
        body = self._body(about, "dispute") | {"payload_commit": record.commitment}
        made: list[str] = []

        def also(tx: Transaction, entries: Sequence[LogEntry]) -> None:
            made.clear()
            due = about.delete_due_utc_us
            made.append(self._vault.seal(tx, about.subject_ref, record, DISPUTE, about.call_ref, entries[0].seq, due))

        self._log.append_all([("ACCESS", body)], also)
        return made[0]

    def export(self, person: str, reason: str = "art15") -> dict[str, Any]:
        """Everything kept of the person, complete, ready for JSON (GDPR 15 and 20); the log says that it was given."""
        return Exporter(self._log, self._vault, self._consents.now).export(person, SELF, reason)

    def stop(self, person: str, modalities: Iterable[Modality] | None = None) -> Sequence[ConsentRow]:
        """Withdraw every yes, or those to some modalities; running calls stop reading within their lease."""
        return self._consents.stop(person, modalities)

    def stop_and_delete(self, person: str, reason: str = "art17", *, at_once: bool = False) -> bytes:
        """Withdraw everything, then erase the person; returns the signed deletion receipt."""
        self._consents.stop(person)
        self._leave(person)
        return self._eraser.erase(person, reason, SELF, at_once=at_once)

    def _standing(self, tx: Transaction, row: ConsentRow) -> Standing:
        said = self._ledger.statement(tx, row)
        (purpose,) = said["purposes"]
        until = said["valid_until"] if row.status == "given" else None
        since, days = said["answered_at"], int(purpose["retention_days"])
        return Standing(row.modality, row.purpose, row.status, since, until, days, row.receipt_id)

    def _dispute(self, tx: Transaction, one: Holding) -> Mapping[str, Any]:
        return dict(plain(self._vault.open_sealed(tx, one.payload_id).payload))

    def _own(self, tx: Transaction, person: str, payload_id: str) -> Holding:
        found = holding(tx, payload_id)
        mine = {seat.subject_ref for seat in seats_of(self._vault, tx, person)}
        if found is None or found.subject_ref not in mine or found.context not in SCORES:
            raise ConsentError(f"this person has no reading {payload_id}", "Name one that `see` shows.")
        return found

    def _body(self, about: Holding, scope: str) -> dict[str, object]:
        call = {} if about.call_ref is None else {"call_ref": about.call_ref}
        return {**call, "subject_ref": about.subject_ref, "actor": SELF, "reason": scope, "scope": scope}
