from dataclasses import replace
from pathlib import Path

import pytest

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.store import Row, Split
from countenance.training.windows.consents import with_consents

ROW = Row("a", "elan", Split.UNASSIGNED, "line 1", subject_id="ana", group_id="call 1")


def table(folder: Path, *lines: str, head: str = "subject_id,call_id,consent_ref") -> Path:
    path = folder / "consents.csv"
    path.write_text("\n".join((head, *lines)) + "\n", encoding="utf-8")
    return path


def test_a_consent_of_a_person_stands_behind_all_their_stretches(tmp_path: Path) -> None:
    rows = [ROW, replace(ROW, uid="b", group_id="call 2"), replace(ROW, uid="c", subject_id="ben")]
    found = with_consents(rows, table(tmp_path, "ana,form 7", head="subject_id,consent_ref"))
    assert [row.consent_ref for row in found] == ["form 7", "form 7", None]


def test_what_is_filed_for_a_call_goes_before_what_is_filed_for_the_person(tmp_path: Path) -> None:
    rows = [ROW, replace(ROW, uid="b", group_id="call 2"), replace(ROW, uid="c", group_id="call 3")]
    found = with_consents(rows, table(tmp_path, "ana,,form 7", "ana,call 2,form 9", "ana,call 3,"))
    assert [row.consent_ref for row in found] == ["form 7", "form 9", None]


def test_what_the_labels_say_stays(tmp_path: Path) -> None:
    (found,) = with_consents([replace(ROW, consent_ref="own")], table(tmp_path, "ana,,form 7"))
    assert found.consent_ref == "own"


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        (("ana,,form 7", "ana,,form 8"), "line 3: ana has another consent_ref above"),
        ((",,form 7",), "names no person"),
        (("ana,,",), "holds no consent"),
    ],
)
def test_a_wrong_table_is_named(lines: tuple[str, ...], named: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=named):
        with_consents([ROW], table(tmp_path, *lines))
