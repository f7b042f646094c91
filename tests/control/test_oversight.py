"""The lists of an officer: complete, newest first, and nobody named."""

from datetime import timedelta

import pytest
from tests.control.desks import Desk

from countenance.contracts.call import Purpose
from countenance.contracts.errors import NotFoundError
from countenance.contracts.trust import ConsentStatus
from countenance.control.erasure import Eraser
from countenance.control.oversight import Oversight
from countenance.control.retention import Retention
from countenance.storage.clocks import micros

PERSON, OTHER = "crm-4711-ana", "crm-9-ben"


@pytest.fixture
def oversight(desk: Desk) -> Oversight:
    return Oversight(desk.log, desk.vault)


def test_the_ledger_shows_answers_and_nobody(desk: Desk, oversight: Oversight) -> None:
    desk.says(PERSON, "face", seat=desk.seat(PERSON))
    desk.says(OTHER, "voice")
    desk.says(OTHER, "face", ConsentStatus.REFUSED)
    found = oversight.answers(10)
    assert [(one.modality, one.status) for one in found] == [("face", "refused"), ("voice", "given"), ("face", "given")]
    assert [one.modality for one in oversight.answers(1)] == ["face"]
    assert [one.seq for one in oversight.answers(10, before=found[0].seq)] == [one.seq for one in found[1:]]
    assert [one.status for one in oversight.answers(10, modality="face", status="given", purpose=None)] == ["given"]
    assert not any(name in str(found) for name in (PERSON, OTHER, "receipt"))


def test_looking_up_a_persons_answers_stands_in_the_log(desk: Desk, oversight: Oversight) -> None:
    seat = desk.seat(PERSON)
    desk.says(PERSON, "face", seat=seat)
    desk.says(PERSON, "face", ConsentStatus.WITHDRAWN, seat=seat)
    desk.says(OTHER, "voice")
    assert [one.status for one in oversight.answers_of(PERSON, "key:7")] == ["withdrawn", "given"]
    noted = [entry.body for entry in desk.log.entries() if entry.kind == "ACCESS"]
    assert {(body["actor"], body["scope"]) for body in noted} == {("key:7", "ledger")}
    assert seat.subject_ref in [body["subject_ref"] for body in noted]
    assert oversight.answers_of("nobody", "key:7") == []


def test_an_erasure_has_its_clocks(desk: Desk, oversight: Oversight) -> None:
    desk.says(PERSON, "face", seat=desk.seat(PERSON))
    eraser = Eraser(desk.log, desk.vault, desk.clock)
    eraser.erase(PERSON, "art17", "self")
    (now,) = oversight.erasures(10)
    assert (now.destroyed_utc_us, now.waiting, now.not_reached) == (None, 1, 0)
    assert now.due_utc_us - now.asked_utc_us == timedelta(hours=24) // timedelta(microseconds=1)
    eraser.finish(at_once=True)
    (later,) = oversight.erasures(10)
    assert later.destroyed_utc_us is not None
    assert oversight.erasures(10, later.seq) == ()


def test_what_was_deleted_by_age_is_listed(desk: Desk, oversight: Oversight) -> None:
    assert oversight.runs(5) == ()
    Retention(desk.log, desk.vault, desk.clock).end_purpose(Purpose.SUPPORT_QA)
    (run,) = oversight.runs(5)
    assert run.body["scope"] == "purpose_ended"
    assert oversight.runs(5, run.seq) == ()


def test_the_log_is_searched_by_person_and_by_call(desk: Desk, oversight: Oversight) -> None:
    seat = desk.seat(PERSON)
    desk.says(PERSON, "face", seat=seat)
    desk.says(PERSON, "voice")
    desk.says(OTHER, "voice", seat=desk.seat(OTHER))
    with desk.store.transaction() as tx:
        desk.vault.seal(tx, seat.subject_ref, b"{}", "result", seat.call_ref, 0, micros(desk.clock.utc()))
    desk.log.append("ACCESS", {"call_ref": str(seat.call_ref), "subject_ref": seat.subject_ref, "actor": "key:1"})
    found = oversight.of_person(PERSON, "key:7", 10)
    assert found[0].kind == "ACCESS"
    assert sum(one.kind == "CONSENT" for one in found) == 2
    assert [one.seq for one in found] == sorted((one.seq for one in found), reverse=True)
    assert desk.last("ACCESS").body["scope"] == "log"
    assert len(oversight.of_person(PERSON, "key:7", 1)) == 1
    with pytest.raises(NotFoundError):
        oversight.of_person("nobody", "key:7", 10)
    with pytest.raises(NotFoundError):
        oversight.of_call("no-call", 10)
    assert [one.kind for one in oversight.newest("ACCESS", 1)] == ["ACCESS"]
    assert len(oversight.newest(None, 3)) == 3
