"""Consents that are filed by person, in a table of their own, put to the labelled stretches of that person."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.label_tables import read_table
from countenance.training.datasets.store import Row

COLUMNS = ("subject_id", "consent_ref")
CALL = "call_id"


def with_consents(rows: Iterable[Row], path: Path) -> tuple[Row, ...]:
    """Fill `consent_ref` where a row has none, from a csv of `subject_id,consent_ref`, and `call_id` for one call only.

    An empty `consent_ref` is no consent. A person whom the table does not name keeps what the labels say.
    """
    filed: dict[tuple[str, str], str] = {}
    for line in read_table(path, COLUMNS):
        key = (line.values["subject_id"], line.values.get(CALL, ""))
        if not key[0]:
            raise line.wrong("it names no person", "Fill the column subject_id.")
        if filed.setdefault(key, line.values["consent_ref"]) != line.values["consent_ref"]:
            raise line.wrong(f"{key[0]} has another consent_ref above", "State one per person, or one per call.")
    if not any(filed.values()):
        raise DatasetError(f"{path} holds no consent", "Fill the column consent_ref.")
    return tuple(row if row.consent_ref else replace(row, consent_ref=_found(row, filed)) for row in rows)


def _found(row: Row, filed: dict[tuple[str, str], str]) -> str | None:
    """What stands for this call goes before what stands for the person; an empty cell for the call is a no."""
    who, call = row.subject_id or "", row.group_id or ""
    return filed.get((who, call), filed.get((who, ""), "")) or None
