"""What reviewers write about people: kept sealed, seen in the log, gone with the person."""

from datetime import timedelta

import pytest
from tests.control.desks import Desk

from countenance.consent.ledger import Place
from countenance.contracts.errors import NotFoundError, VaultError
from countenance.control.erasure import Eraser
from countenance.control.remarks import COMMENT, SCORECARD, UNREAD_LIFE, About, Remarks
from countenance.control.subject import Subject
from countenance.storage.clocks import micros
from countenance.storage.holdings import holding, holdings

PERSON = "crm-4711-ana"
SAID = {"at_us": 5_000_000, "words": "Here the price came up."}


@pytest.fixture
def remarks(desk: Desk) -> Remarks:
    return Remarks(desk.log, desk.vault, desk.clock)


def about(seat: Place) -> About:
    assert seat.call_ref is not None
    return About(seat.call_ref, seat.subject_ref)


def looks(desk: Desk) -> list[tuple[object, object]]:
    return [(entry.body["actor"], entry.body["scope"]) for entry in desk.log.entries() if entry.kind == "ACCESS"]


def test_a_remark_is_read_back_as_it_was_written_and_the_log_knows_both(desk: Desk, remarks: Remarks) -> None:
    whom = about(desk.seat(PERSON))
    other = about(desk.seat("somebody-else"))
    written = remarks.add(whom, COMMENT, "reviewer:7", SAID)
    remarks.add(whom, SCORECARD, "reviewer:7", {"answers": []})
    assert remarks.all([whom, other], COMMENT, "reviewer:8") == [written]
    assert looks(desk) == [("reviewer:7", COMMENT), ("reviewer:7", SCORECARD), ("reviewer:8", COMMENT)]
    assert "price" not in str([entry.body for entry in desk.log.entries()])


def test_only_who_wrote_a_remark_takes_it_back(desk: Desk, remarks: Remarks) -> None:
    whom = about(desk.seat(PERSON))
    written = remarks.add(whom, COMMENT, "reviewer:7", SAID)
    with pytest.raises(NotFoundError):
        remarks.remove(written.remark_id, "reviewer:8")
    remarks.remove(written.remark_id, "reviewer:7")
    assert remarks.all([whom], COMMENT, "reviewer:7") == []
    with pytest.raises(NotFoundError):
        remarks.remove(written.remark_id, "reviewer:7")
    assert looks(desk)[-1] == ("reviewer:7", "comment_removed")


def test_nothing_but_a_remark_is_taken_back(desk: Desk, remarks: Remarks) -> None:
    seat = desk.seat(PERSON)
    with desk.store.transaction() as tx:
        kept = desk.vault.seal(tx, seat.subject_ref, b"{}", "result", seat.call_ref, 0, None)
    with pytest.raises(NotFoundError):
        remarks.remove(kept, "reviewer:7")


def test_a_remark_goes_with_the_last_reading_it_is_about_or_after_a_month(desk: Desk, remarks: Remarks) -> None:
    read, unread = desk.seat(PERSON), desk.seat("somebody-else")
    due = micros(desk.clock.utc() + timedelta(days=9))
    with desk.store.transaction() as tx:
        desk.vault.seal(tx, read.subject_ref, b"{}", "result", read.call_ref, 0, due)
        desk.vault.seal(tx, read.subject_ref, b"{}", "result", read.call_ref, 0, None)
    made = [remarks.add(about(seat), COMMENT, "reviewer:7", SAID).remark_id for seat in (read, unread)]
    with desk.store.reading() as tx:
        found = [holding(tx, one) for one in made]
    month = micros(desk.clock.utc() + UNREAD_LIFE)
    assert [one and one.delete_due_utc_us for one in found] == [due, month]


def test_erasing_a_person_erases_what_was_written_about_them(desk: Desk, remarks: Remarks) -> None:
    seat = desk.seat(PERSON)
    remarks.add(about(seat), COMMENT, "reviewer:7", SAID)
    eraser = Eraser(desk.log, desk.vault, desk.clock)
    exported = Subject(desk.log, desk.vault, desk.consents, eraser).export(PERSON)
    assert [one["data"]["said"] for one in exported["other"]] == [SAID]
    eraser.erase(PERSON, "art17", "self")
    with desk.store.reading() as tx:
        assert not holdings(tx, [seat.subject_ref])
    with pytest.raises(VaultError):
        remarks.add(about(seat), COMMENT, "reviewer:7", SAID)


def test_a_look_at_what_else_is_kept_is_in_the_log(desk: Desk, remarks: Remarks) -> None:
    remarks.look(about(desk.seat(PERSON)), "reviewer:7", "media")
    assert looks(desk) == [("reviewer:7", "media")]
