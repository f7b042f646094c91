"""A tenant's store, log and consents in a folder, under clocks and randomness that tests set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.consent.rulings import TERMS, ruled

from countenance.consent.answers import Said, Shown
from countenance.consent.evidence import Evidence
from countenance.consent.ledger import PERSON, Place
from countenance.consent.notice import Notice, write_notice
from countenance.consent.terms import Terms
from countenance.consent.wording import load
from countenance.contracts.call import Modality, Purpose
from countenance.contracts.trust import ConsentStatus, LogEntry, Ruling
from countenance.control.consents import Consents
from countenance.control.opening import open_tenant
from countenance.control.receipts import Receipts
from countenance.control.seating import SEAT
from countenance.storage.calls import CallRow, SubjectRow, add_subjects, open_call
from countenance.storage.clocks import micros
from countenance.storage.entries import minimum
from countenance.storage.outbox import random_id
from countenance.testing.clocks import ManualClock

START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SIGNED = Evidence("typed_name", "A. Person")
EN = load("en")


@dataclass
class Calls:
    """Calls that a test lets run, with the media time they have reached."""

    reached: Mapping[str | None, int]
    barred: list[tuple[str, str]] = field(default_factory=list)
    entries: list[LogEntry] = field(default_factory=list)

    def times(self) -> Mapping[str, int]:
        return {str(ref): at_us for ref, at_us in self.reached.items()}

    def bar(self, seat: Place, modality: Modality) -> None:
        self.barred.append((seat.subject_ref, modality))

    def heard(self, entries: Sequence[LogEntry]) -> None:
        self.entries += entries


class Desk:
    """Everything one tenant needs to answer for consent."""

    def __init__(self, folder: Path, place: Path | str | None = None, tenant: str = "local") -> None:
        self.folder = folder
        self.clock = ManualClock(START)
        self.tenant = open_tenant(place or folder, tenant, folder / "keys", self.clock)
        self.keys, self.store = self.tenant.keys, self.tenant.store
        self.vault, self.log = self.tenant.vault, self.tenant.log
        self.consents = Consents(self.log, self.vault, self.clock)
        self.receipts = Receipts(self.log, self.vault)

    def pass_(self, **time: float) -> None:
        """Let time go by."""
        self.clock.pass_us(timedelta(**time) // timedelta(microseconds=1))

    def notice(self, rulings: Mapping[Modality, Ruling], terms: Terms = TERMS) -> Notice:
        return write_notice(EN, rulings, terms)

    def says(
        self,
        person: str,
        modality: Modality,
        status: ConsentStatus = ConsentStatus.GIVEN,
        *,
        place: str = "EU",
        purpose: Purpose = Purpose.SUPPORT_QA,
        seat: Place | None = None,
        own_wish: bool = False,
    ) -> str:
        """Show the notice and answer; returns the receipt id."""
        ruling = ruled(place, purpose=purpose, modalities=[modality])[modality]
        shown = self.shown(person, ruling, seat, own_wish=own_wish) if status is ConsentStatus.GIVEN else None
        kind = ruling.duties.consent if ruling.duties.consent != "none" else "explicit"
        said = Said(modality, purpose, status, kind, shown, SIGNED, own_wish)
        return self.consents.answer(person, said, ruling, TERMS, seat).receipt_id

    def shown(self, person: str, ruling: Ruling, seat: Place | None = None, *, own_wish: bool = True) -> Shown:
        """Show the notice for one modality."""
        modality, notice = ruling.case.modality, self.notice({ruling.case.modality: ruling})
        return self.consents.show(person, notice, ruling.case.purpose, seat, own_wish=own_wish)[modality]

    def seat(self, person: str, participant: str = "p_1", purpose: Purpose = Purpose.SUPPORT_QA) -> Place:
        """A call with one person in it."""
        call, subject = random_id(), random_id()
        with self.store.transaction() as tx:
            open_call(tx, CallRow(call, str(purpose), micros(self.clock.utc())))
            self.vault.enrol(tx, subject)
            tag = self.vault.name(tx, SEAT, call, participant)
            add_subjects(tx, [SubjectRow(subject, call, tag, self.vault.name(tx, PERSON, person))])
        return Place(subject, call, 0, participant)

    def kinds(self) -> list[str]:
        return [entry.kind for entry in self.log.entries()]

    def last(self, kind: str) -> LogEntry:
        with self.store.reading() as tx:
            kept = minimum(tx)
        return next(entry for entry in reversed(self.log.entries(kept)) if entry.kind == kind)
