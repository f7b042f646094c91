"""Calls and the people in them, as random references; who they are stands only behind tags and in sealed payloads."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Select, bindparam

from countenance.storage.store import ROWS_AT_ONCE, Transaction, of_tenant
from countenance.storage.tables import calls, subjects

LATEST = calls.c.opened_utc_us.desc()
BY_REF = of_tenant(calls, "call_ref").order_by(LATEST).limit(1)
OPEN = of_tenant(calls, "call_tag").where(calls.c.closed_utc_us.is_(None)).order_by(LATEST).limit(1)
OF_CALL, OF_PERSON = (of_tenant(subjects, name).order_by(subjects.c.subject_ref) for name in ("call_ref", "person_tag"))


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call."""

    call_ref: str
    purpose: str
    opened_utc_us: int
    call_tag: str | None = None
    closed_utc_us: int | None = None
    delete_due_utc_us: int | None = None


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """One person in one call."""

    subject_ref: str
    call_ref: str
    seat_tag: str
    person_tag: str | None = None
    role: str | None = None
    delete_due_utc_us: int | None = None


def open_call(tx: Transaction, call: CallRow) -> None:
    """Add a call."""
    tx.insert(
        calls,
        {
            "call_ref": call.call_ref,
            "call_tag": call.call_tag,
            "purpose": call.purpose,
            "opened_utc_us": call.opened_utc_us,
            "delete_due_utc_us": call.delete_due_utc_us,
        },
    )


def find_call(tx: Transaction, call_ref: str) -> CallRow | None:
    """The call with this reference."""
    return _call(tx.one(BY_REF, call_ref=call_ref))


def find_open_call(tx: Transaction, call_tag: str) -> CallRow | None:
    """The call behind a tag that was not closed."""
    return _call(tx.one(OPEN, call_tag=call_tag))


def calls_by_tag(tx: Transaction, call_tag: str) -> Sequence[str]:
    """The references of all calls behind a tag, the newest first."""
    rows = tx.rows(tx.select(calls).where(calls.c.call_tag == call_tag).order_by(calls.c.opened_utc_us.desc()))
    return tuple(row.call_ref for row in rows)


def _call(row: Row[Any] | None) -> CallRow | None:
    if row is None:
        return None
    return CallRow(row.call_ref, row.purpose, row.opened_utc_us, row.call_tag, row.closed_utc_us, row.delete_due_utc_us)


def close_call(tx: Transaction, call_ref: str, at_utc_us: int) -> None:
    """Say when a call ended."""
    tx.connection.execute(tx.update(calls).where(calls.c.call_ref == call_ref).values(closed_utc_us=at_utc_us))


def add_subjects(tx: Transaction, people: Sequence[SubjectRow]) -> None:
    """Add people to a call."""
    rows = (
        {
            "subject_ref": one.subject_ref,
            "call_ref": one.call_ref,
            "seat_tag": one.seat_tag,
            "person_tag": one.person_tag,
            "role": one.role,
            "delete_due_utc_us": one.delete_due_utc_us,
        }
        for one in people
    )
    tx.insert(subjects, *rows)


def subjects_of(tx: Transaction, call_ref: str) -> Sequence[SubjectRow]:
    """The people of a call."""
    return tuple(map(_subject, tx.every(OF_CALL, call_ref=call_ref)))


def subjects_by_person(tx: Transaction, person_tag: str) -> Sequence[SubjectRow]:
    """A person in every call, found by the tag of this epoch."""
    return tuple(map(_subject, tx.every(OF_PERSON, person_tag=person_tag)))


def seats_in(tx: Transaction, person_tag: str, call_refs: Collection[str]) -> Sequence[SubjectRow]:
    """Where a person sits in some of their calls."""
    refs = sorted(call_refs)
    found: list[Row[Any]] = []
    for start in range(0, len(refs), ROWS_AT_ONCE):
        some = refs[start : start + ROWS_AT_ONCE]
        found += tx.every(_sitting(len(some)), person_tag=person_tag, **{f"ref{n}": one for n, one in enumerate(some)})
    return tuple(map(_subject, found))


@lru_cache(maxsize=64)
def _sitting(count: int) -> Select[Any]:
    """A person in so many calls."""
    return OF_PERSON.where(subjects.c.call_ref.in_([bindparam(f"ref{n}") for n in range(count)]))


def _subject(row: Row[Any]) -> SubjectRow:
    return SubjectRow(row.subject_ref, row.call_ref, row.seat_tag, row.person_tag, row.role, row.delete_due_utc_us)
