"""The register that lasts: every answer of every person, added and never changed, and who was shown what.

Who a person is stands behind a tag; what they said in full is sealed under a key of the subject that said it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from countenance.consent.answers import Answer, History, Shown
from countenance.consent.notice import Notice
from countenance.consent.statement import Statement, answer_of
from countenance.contracts.call import Modality, Purpose
from countenance.contracts.errors import ConsentError
from countenance.storage import consents as rows
from countenance.storage.clocks import micros
from countenance.storage.consents import AskRow, ConsentRow
from countenance.storage.outbox import random_id
from countenance.storage.sealing import Record
from countenance.storage.store import Transaction
from countenance.storage.vault import Vault

PERSON = "person"
"""The first word of the name of a person in the store; the second is the deployment's own id."""
CONTEXT = "consent"


@dataclass(frozen=True, slots=True)
class Place:
    """Under which references an answer stands: those of a seat in a call, or one drawn for this answer alone."""

    subject_ref: str
    call_ref: str | None = None
    at_us: int | None = None
    """Media time of the call."""
    participant: str | None = None
    """What the call calls the person."""


@dataclass(frozen=True, slots=True)
class Entered:
    """What is to be kept of one answer."""

    consent_id: str
    key_ref: str
    """The subject under whose key the statement is sealed."""
    answer: Answer
    record: Record
    """The canonical statement with the salt of its commitment."""
    seq: int
    leaf: bytes
    carries: str | None = None
    """The consent_id of the answer that this one repeats in another call."""


class Ledger:
    """The answers in one tenant's store."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def last(
        self, tx: Transaction, person: str, modality: Modality, purpose: Purpose
    ) -> tuple[ConsentRow, Answer] | None:
        """The newest answer of a person to one question, or None."""
        row = rows.last_answer(tx, self._tag(tx, person), modality, str(purpose))
        return None if row is None else (row, answer_of(self.statement(tx, row)))

    def history(self, tx: Transaction, person: str, modality: Modality, purpose: Purpose) -> History:
        """All answers of a person to one question."""
        found = rows.answers_of(tx, self._tag(tx, person))
        mine = (row for row in found if (row.modality, row.purpose) == (modality, str(purpose)))
        return tuple(answer_of(self.statement(tx, row)) for row in mine)

    def answers(self, tx: Transaction, person: str) -> Sequence[ConsentRow]:
        """All answers of a person, in the order of the log."""
        return rows.answers_of(tx, self._tag(tx, person))

    def in_call(self, tx: Transaction, person: str, call_ref: str) -> Sequence[ConsentRow]:
        """What a person answered in a call, and what they had answered before and held in it."""
        return tuple(row for row in rows.every_row_of(tx, self._tag(tx, person)) if row.call_ref == call_ref)

    def standing(self, tx: Transaction, person: str) -> Sequence[ConsentRow]:
        """The newest answer of a person to each question they ever answered."""
        return rows.standing(tx, self._tag(tx, person))

    def statement(self, tx: Transaction, row: ConsentRow) -> Statement:
        """What an answer says in full; raises VaultError once it is erased."""
        return dict(json.loads(self.sealed(tx, row).payload))

    def sealed(self, tx: Transaction, row: ConsentRow) -> Record:
        """The statement as it was committed to, with the salt."""
        return self._vault.open_sealed(tx, row.sealed_id)

    def receipted(self, tx: Transaction, receipt_id: str) -> ConsentRow:
        """The answer with this receipt; raises ConsentError when there is none."""
        row = rows.by_receipt(tx, receipt_id)
        if row is None:
            raise ConsentError(f"no answer has the receipt {receipt_id}", "It was erased, or belongs to another store.")
        return row

    def add(self, tx: Transaction, person: str, place: Place, one: Entered) -> ConsentRow:
        """Keep an answer, sealed, in the transaction of its entry."""
        row = self._row(tx, self._vault.name(tx, PERSON, person), place, one)
        rows.add(tx, [row])
        return row

    def show(
        self, tx: Transaction, person: str, subject_ref: str, notice: Notice, purpose: Purpose, at: datetime
    ) -> Mapping[Modality, Shown]:
        """Keep that a person has a notice before them; what is shown is what an answer refers to."""
        tag, at_us = self._vault.name(tx, PERSON, person), micros(at)
        rows.put_notice(tx, notice.sha256, notice.id, notice.language, notice.text, at_us)
        asked = (
            AskRow(random_id(), tag, subject_ref, modality, str(purpose), substance, notice.sha256, at_us)
            for modality, substance in notice.substance.items()
        )
        rows.add_asks(tx, asked)
        return {
            modality: Shown(notice.id, notice.language, notice.sha256, substance, at)
            for modality, substance in notice.substance.items()
        }

    def was_shown(self, tx: Transaction, person: str, modality: Modality, shown: Shown) -> bool:
        """True when this person had exactly this text before them, at that time, for this modality."""
        claimed = AskRow(
            "", self._tag(tx, person), "", modality, "", shown.substance, shown.text_sha256, micros(shown.shown_at)
        )
        return rows.was_asked(tx, claimed)

    def _tag(self, tx: Transaction, person: str) -> str:
        return self._vault.tag(tx, PERSON, person)

    def _row(self, tx: Transaction, tag: str, place: Place, one: Entered) -> ConsentRow:
        answer, said = one.answer, one.answer.said
        sealed = self._vault.seal(tx, one.key_ref, one.record, CONTEXT, place.call_ref, one.seq)
        shown = said.shown
        return ConsentRow(
            consent_id=one.consent_id,
            seq=one.seq,
            subject_ref=one.key_ref,
            person_tag=tag,
            modality=said.modality,
            purpose=str(said.purpose),
            status=str(said.status),
            kind=said.kind,
            version=answer.version,
            at_utc_us=micros(answer.at),
            receipt_id=answer.receipt_id,
            sealed_id=sealed,
            call_ref=place.call_ref,
            at_us=place.at_us,
            expires_utc_us=None if answer.expires is None else micros(answer.expires),
            notice=None if shown is None else shown.id,
            language=None if shown is None else shown.language,
            notice_sha256=None if shown is None else shown.text_sha256,
            substance=None if shown is None else shown.substance,
            carries=one.carries,
            leaf=one.leaf,
        )
