"""Deleting all rows of a person, wherever they are: a table that names a subject cannot be forgotten here."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Table

from countenance.storage import calls, outbox
from countenance.storage.calls import SubjectRow
from countenance.storage.store import Transaction
from countenance.storage.tables import calls as call_table
from countenance.storage.tables import metadata, payloads, subjects
from countenance.storage.vault import Vault

ROWS_AT_ONCE = 500
PERSON = "person"
"""The first word of the name of a person; the second is the deployment's own id of that person."""


def subjects_behind(vault: Vault, tx: Transaction, person: str, call_ref: str | None = None) -> Sequence[SubjectRow]:
    """A person in every call, or in one."""
    found = calls.subjects_by_person(tx, vault.tag(tx, PERSON, person))
    return tuple(one for one in found if call_ref in (None, one.call_ref))


def wipe(vault: Vault, tx: Transaction, people: Sequence[SubjectRow], person_tag: str | None) -> Mapping[str, int]:
    """Delete keys, sealed payloads, mapping, tags and every other row of these subjects; the log stays.

    With `person_tag`, also what is kept about the person apart from any call. A call in which nobody is left goes as
    well. Returns how many rows went, by table.
    """
    counts: Counter[str] = Counter()
    for start in range(0, len(people), ROWS_AT_ONCE):
        _wipe_some(vault, tx, people[start : start + ROWS_AT_ONCE], counts)
    if person_tag is not None:
        for table in tables_of("person_tag"):
            counts[table.name] += tx.execute(tx.delete(table).where(table.c.person_tag == person_tag)).rowcount
        vault.forget_name(tx, person_tag)
    counts[call_table.name] += sum(_empty_call(vault, tx, ref) for ref in {one.call_ref for one in people})
    return {name: count for name, count in sorted(counts.items()) if count}


def tables_of(column: str) -> Iterator[Table]:
    """Every table with this column, those that others stand on last."""
    return (table for table in reversed(metadata.sorted_tables) if column in table.c)


def _wipe_some(vault: Vault, tx: Transaction, people: Sequence[SubjectRow], counts: Counter[str]) -> None:
    refs = [one.subject_ref for one in people]
    rows = tx.rows(tx.select(payloads, payloads.c.payload_id).where(payloads.c.subject_ref.in_(refs)))
    sealed = [row.payload_id for row in rows]
    for start in range(0, len(sealed), ROWS_AT_ONCE):
        counts["outbox"] += outbox.drop(tx, sealed[start : start + ROWS_AT_ONCE])
    for table in tables_of("subject_ref"):
        counts[table.name] += tx.execute(tx.delete(table).where(table.c.subject_ref.in_(refs))).rowcount
    for one in people:
        vault.forget_name(tx, one.seat_tag)


def _empty_call(vault: Vault, tx: Transaction, call_ref: str) -> int:
    row = tx.first(tx.select(call_table).where(call_table.c.call_ref == call_ref))
    if row is None or tx.first(tx.select(subjects).where(subjects.c.call_ref == call_ref)) is not None:
        return 0
    vault.forget(tx, call_ref)
    if row.call_tag is not None:
        vault.forget_name(tx, row.call_tag)
    tx.execute(tx.delete(call_table).where(call_table.c.call_ref == call_ref))
    return 1
