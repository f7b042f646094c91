"""The rows of consent: answers that are added and never changed, the notices that were shown, and who was asked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import BigInteger, Exists, Row, Select, Text, bindparam, func, select

from countenance.storage.store import Transaction, of_tenant
from countenance.storage.tables import asks, consents, notices

OWN = consents.c.carries.is_(None)
LAST = of_tenant(consents, "person_tag", "modality", "purpose").where(OWN)
LAST = LAST.order_by(consents.c.version.desc()).limit(1)
NEWEST = of_tenant(consents, "person_tag").where(OWN)
NEWEST = NEWEST.order_by(*(consents.c[name].desc() for name in ("modality", "purpose", "version"))).limit(1)
NEXT_PURPOSE = NEWEST.where(
    consents.c.modality == bindparam("modality"), consents.c.purpose < bindparam("before", type_=Text)
)
NEXT_MODALITY = NEWEST.where(consents.c.modality < bindparam("modality"))
NEXT_END = of_tenant(consents).with_only_columns(func.min(consents.c.expires_utc_us).label("ends"))
NEXT_END = NEXT_END.where(consents.c.status == "given", consents.c.expires_utc_us > bindparam("now", type_=BigInteger))


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """One answer; who gave it and what it says stand behind the tag and in the sealed statement."""

    consent_id: str
    seq: int
    """The index of its CONSENT entry in the log."""
    subject_ref: str
    """Under whose key the statement is sealed."""
    person_tag: str
    modality: str
    purpose: str
    status: str
    kind: str
    version: int
    at_utc_us: int
    receipt_id: str
    sealed_id: str
    leaf: bytes
    """The bytes of its entry: it can be proven as long as it is kept, also when the log has been pruned."""
    call_ref: str | None = None
    at_us: int | None = None
    """Media time of the call, or None when it was given apart from any call."""
    expires_utc_us: int | None = None
    notice: str | None = None
    language: str | None = None
    notice_sha256: str | None = None
    substance: str | None = None
    carries: str | None = None
    """The consent_id of an earlier answer that this row repeats in a later call."""


@dataclass(frozen=True, slots=True)
class AskRow:
    """That a person was shown a notice about one modality."""

    ask_id: str
    person_tag: str
    subject_ref: str
    modality: str
    purpose: str
    substance: str
    notice_sha256: str
    at_utc_us: int


def add(tx: Transaction, rows: Iterable[ConsentRow]) -> None:
    """Add answers."""
    columns = tuple(ConsentRow.__dataclass_fields__)
    tx.add(consents, columns, map(attrgetter(*columns), rows))


def last_answer(tx: Transaction, person_tag: str, modality: str, purpose: str) -> ConsentRow | None:
    """The newest answer of a person to one question."""
    row = tx.one(LAST, person_tag=person_tag, modality=modality, purpose=purpose)
    return None if row is None else _consent(row)


def answers_of(tx: Transaction, person_tag: str) -> Sequence[ConsentRow]:
    """All answers of a person, in the order of the log."""
    return _rows(tx, _own(tx).where(consents.c.person_tag == person_tag))


def every_row_of(tx: Transaction, person_tag: str) -> Sequence[ConsentRow]:
    """All answers of a person, and each time one was said again in a later call."""
    return _rows(tx, tx.select(consents).where(consents.c.person_tag == person_tag))


def by_receipt(tx: Transaction, receipt_id: str) -> ConsentRow | None:
    """The answer with this receipt."""
    row = tx.find(consents, receipt_id=receipt_id)
    return None if row is None else _consent(row)


def standing(tx: Transaction, person_tag: str) -> Sequence[ConsentRow]:
    """The newest answer of a person to each question they ever answered; what came before is not looked at."""
    found, row = [], tx.one(NEWEST, person_tag=person_tag)
    while row is not None:
        found.append(_consent(row))
        # From each question to the next in one step over an index.
        here = {"person_tag": person_tag, "modality": row.modality}
        row = tx.one(NEXT_PURPOSE, **here, before=row.purpose) or tx.one(NEXT_MODALITY, **here)
    return tuple(sorted(found, key=lambda one: one.seq))


def ended(tx: Transaction, now_utc_us: int, after_utc_us: int = 0) -> Sequence[ConsentRow]:
    """Yeses whose time was over later than one moment and not later than another, and that nothing has followed yet."""
    return tuple(map(_consent, tx.every(_ended(), now=now_utc_us, after=after_utc_us)))


def next_end(tx: Transaction, now_utc_us: int) -> int | None:
    """When the next yes ends, not before now; None when there is none."""
    first = tx.one(NEXT_END, now=now_utc_us)
    return None if first is None or first.ends is None else int(first.ends)


def counts(tx: Transaction) -> Mapping[tuple[str, str, str], int]:
    """How many answers there are, by modality, purpose and status; nobody is named."""
    keys = (consents.c.modality, consents.c.purpose, consents.c.status)
    query = tx.select(consents, *keys, func.count().label("answers")).where(consents.c.carries.is_(None))
    rows = tx.rows(query.group_by(*keys).order_by(*keys))
    return {(row.modality, row.purpose, row.status): int(row.answers) for row in rows}


def put_notice(tx: Transaction, sha256: str, notice: str, language: str, text: str, at_utc_us: int) -> None:
    """Keep a text that is shown, once."""
    if tx.find(notices, sha256=sha256) is None:
        row = {"sha256": sha256, "notice": notice, "language": language, "text": text, "first_shown_utc_us": at_utc_us}
        tx.insert(notices, row)


def notice_text(tx: Transaction, sha256: str) -> str | None:
    """A text that was shown, word for word."""
    row = tx.find(notices, sha256=sha256)
    return None if row is None else str(row.text)


def add_asks(tx: Transaction, rows: Iterable[AskRow]) -> None:
    """Record who was shown what."""
    columns = tuple(AskRow.__dataclass_fields__)
    tx.add(asks, columns, map(attrgetter(*columns), rows))


def was_asked(tx: Transaction, ask: AskRow) -> bool:
    """True when there is such an ask, whatever its id and under whatever reference."""
    names = ("person_tag", "modality", "substance", "notice_sha256", "at_utc_us")
    return tx.first(tx.select(asks).where(*(asks.c[name] == getattr(ask, name) for name in names))) is not None


def asks_of(tx: Transaction, person_tag: str) -> Sequence[AskRow]:
    """What a person was shown, the oldest first."""
    query = tx.select(asks).where(asks.c.person_tag == person_tag).order_by(asks.c.at_utc_us, asks.c.ask_id)
    return tuple(AskRow(**{name: getattr(row, name) for name in AskRow.__dataclass_fields__}) for row in tx.rows(query))


@cache
def _ended() -> Select[Any]:
    """Asked before every lease once some yes may have ended, so built once."""
    over = (consents.c.expires_utc_us > bindparam("after", type_=BigInteger)) & (
        consents.c.expires_utc_us <= bindparam("now", type_=BigInteger)
    )
    return of_tenant(consents).where(OWN, consents.c.status == "given", over, ~_followed()).order_by(consents.c.seq)


def _followed() -> Exists:
    later = consents.alias("later")
    same = (
        (later.c.tenant == consents.c.tenant)
        & (later.c.person_tag == consents.c.person_tag)
        & (later.c.modality == consents.c.modality)
        & (later.c.purpose == consents.c.purpose)
        & (later.c.version > consents.c.version)
    )
    return select(later.c.consent_id).where(same).correlate(consents).exists()


def _own(tx: Transaction) -> Select[Any]:
    return tx.select(consents).where(OWN)


def _rows(tx: Transaction, query: Select[Any]) -> Sequence[ConsentRow]:
    return tuple(_consent(row) for row in tx.rows(query.order_by(consents.c.seq)))


def _consent(row: Row[Any]) -> ConsentRow:
    return ConsentRow(**{name: getattr(row, name) for name in ConsentRow.__dataclass_fields__})
