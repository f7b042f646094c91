"""Deleting all rows of a person, wherever they are: a table that names a subject cannot be forgotten here."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Table

from countenance.storage import outbox
from countenance.storage.calls import subjects_by_person
from countenance.storage.store import Transaction
from countenance.storage.tables import calls as call_table
from countenance.storage.tables import metadata, payloads, subjects
from countenance.storage.vault import Vault

ROWS_AT_ONCE = 500
PERSON = "person"
"""The first word of the name of a person; the second is the deployment's own id of that person."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a person is found: a place in a call, or a reference drawn for one answer given apart from any call."""

    subject_ref: str
    call_ref: str | None = None
    seat_tag: str | None = None


def seats_of(vault: Vault, tx: Transaction, person: str, call_ref: str | None = None) -> tuple[Seat, ...]:
    """Everything under which a person is known here, or what stands for one call."""
    tag = vault.tag(tx, PERSON, person)
    seats = {one.subject_ref: Seat(one.subject_ref, one.call_ref, one.seat_tag) for one in subjects_by_person(tx, tag)}
    if call_ref is not None:
        return tuple(seat for seat in seats.values() if seat.call_ref == call_ref)
    for table in tables_of("person_tag"):
        refs = tx.rows(tx.select(table, table.c.subject_ref).where(table.c.person_tag == tag).distinct())
        seats = {row.subject_ref: Seat(row.subject_ref) for row in refs if row.subject_ref is not None} | seats
    return tuple(seats[ref] for ref in sorted(seats))


def anything_of(tx: Transaction, seats: Sequence[Seat], person_tag: str | None) -> bool:
    """Whether there is anything to delete."""
    if seats or person_tag is None:
        return bool(seats)
    tables = tables_of("person_tag")
    return any(tx.find(table, person_tag=person_tag) is not None for table in tables)


def wipe(vault: Vault, tx: Transaction, seats: Sequence[Seat], person_tag: str | None) -> Mapping[str, int]:
    """Delete keys, sealed payloads, mapping, tags and every other row of these subjects; the log stays.

    With `person_tag`, also what is kept about the person apart from any call. A call in which nobody is left goes as
    well. Returns how many rows went, by table.
    """
    counts: Counter[str] = Counter()
    tags = {person_tag} if person_tag else _person_tags(tx, seats)
    for start in range(0, len(seats), ROWS_AT_ONCE):
        _wipe_some(vault, tx, seats[start : start + ROWS_AT_ONCE], counts)
    if person_tag is not None:
        for table in tables_of("person_tag"):
            counts[table.name] += tx.execute(tx.delete(table).where(table.c.person_tag == person_tag)).rowcount
    # The name of a person erased from one call stays while other rows stand under it.
    for tag in tags:
        if not anything_of(tx, (), tag):
            vault.forget_name(tx, tag)
    counts[call_table.name] += sum(_empty_call(vault, tx, ref) for ref in {seat.call_ref for seat in seats} if ref)
    return {name: count for name, count in sorted(counts.items()) if count}


def tables_of(column: str) -> Iterator[Table]:
    """Every table with this column, those that others stand on last."""
    return (table for table in reversed(metadata.sorted_tables) if column in table.c)


def _wipe_some(vault: Vault, tx: Transaction, seats: Sequence[Seat], counts: Counter[str]) -> None:
    refs = [seat.subject_ref for seat in seats]
    rows = tx.rows(tx.select(payloads, payloads.c.payload_id).where(payloads.c.subject_ref.in_(refs)))
    sealed = [row.payload_id for row in rows]
    for start in range(0, len(sealed), ROWS_AT_ONCE):
        counts["outbox"] += outbox.drop(tx, sealed[start : start + ROWS_AT_ONCE])
    for table in tables_of("subject_ref"):
        counts[table.name] += tx.execute(tx.delete(table).where(table.c.subject_ref.in_(refs))).rowcount
    for seat in seats:
        if seat.seat_tag is not None:
            vault.forget_name(tx, seat.seat_tag)


def _person_tags(tx: Transaction, seats: Sequence[Seat]) -> set[str]:
    tags: set[str] = set()
    for start in range(0, len(seats), ROWS_AT_ONCE):
        refs = [seat.subject_ref for seat in seats[start : start + ROWS_AT_ONCE]]
        for table in tables_of("person_tag"):
            rows = tx.rows(tx.select(table, table.c.person_tag).where(table.c.subject_ref.in_(refs)).distinct())
            tags.update(row.person_tag for row in rows if row.person_tag is not None)
    return tags


def _empty_call(vault: Vault, tx: Transaction, call_ref: str) -> int:
    row = tx.find(call_table, call_ref=call_ref)
    if row is None or tx.find(subjects, call_ref=call_ref) is not None:
        return 0
    vault.forget(tx, call_ref)
    vault.forget_name(tx, row.call_tag)
    tx.execute(tx.delete(call_table).where(call_table.c.call_ref == call_ref))
    return 1
