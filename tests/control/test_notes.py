"""Notes that a human let leave: sealed, told of, once, and gone with the person."""

import json

import pytest
from tests.control.desks import Desk

from countenance.contracts.errors import NotFoundError, PreconditionError
from countenance.control.erasure import Eraser
from countenance.control.notes import Accepted, Notes
from countenance.control.remarks import UNREAD_LIFE, About
from countenance.storage.clocks import micros
from countenance.storage.holdings import holdings
from countenance.storage.outbox import unhanded
from countenance.surface.envelope import NOTE_ACCEPTED

PERSON = "crm-4711-ana"
TOLD = {"specversion": "1.0", "type": NOTE_ACCEPTED, "data": {"note_id": "n1"}}


@pytest.fixture
def notes(desk: Desk) -> Notes:
    return Notes(desk.log, desk.vault, desk.clock)


@pytest.fixture
def about(desk: Desk) -> About:
    seat = desk.seat(PERSON)
    assert seat.call_ref is not None
    return About(seat.call_ref, seat.subject_ref)


def note(about: About, system: str = "crm", *, edited: bool = False) -> Accepted:
    return Accepted(about, system, "n1", "reviewer:7", edited, {"text": "The price came up."}, TOLD)


def test_a_note_is_kept_and_told_of_with_the_step_in_the_log(desk: Desk, notes: Notes, about: About) -> None:
    assert not notes.has(about, "crm")
    notes.accept(note(about))
    notes.accept(note(about, "ehr", edited=True))
    assert notes.has(about, "crm")
    assert notes.read(about, "crm", "key:1") == {"text": "The price came up."}
    steps = [entry.body for entry in desk.log.entries() if entry.kind == "SUGGESTION"]
    assert [(one["format"], one["status"], one["scope"]) for one in steps] == [
        ("crm", "accepted", "note"),
        ("ehr", "edited", "note"),
    ]
    assert "price" not in str([entry.body for entry in desk.log.entries()])
    with desk.store.reading() as tx:
        rows = unhanded(tx)
        sealed = [desk.vault.open_sealed(tx, str(one.payload_id)).payload for one in rows]
    assert [one.topic for one in rows] == [NOTE_ACCEPTED, NOTE_ACCEPTED]
    assert [json.loads(one) for one in sealed] == [TOLD, TOLD]


def test_a_note_leaves_once_and_the_second_leaves_no_trace(desk: Desk, notes: Notes, about: About) -> None:
    notes.accept(note(about))
    size = desk.log.size
    with pytest.raises(PreconditionError):
        notes.accept(note(about))
    assert desk.log.size == size
    with desk.store.reading() as tx:
        assert len(unhanded(tx)) == 1


def test_it_goes_with_the_last_reading_and_at_once_with_the_person(desk: Desk, notes: Notes, about: About) -> None:
    notes.accept(note(about))
    with desk.store.transaction() as tx:
        usual = {one.delete_due_utc_us for one in holdings(tx, [about.subject_ref])}
        desk.vault.seal(tx, about.subject_ref, b"{}", "result", about.call_ref, 0, 77)
    assert usual == {micros(desk.clock.utc() + UNREAD_LIFE)}
    notes.accept(note(about, "ehr"))
    with desk.store.reading() as tx:
        kept = {one.context: one.delete_due_utc_us for one in holdings(tx, [about.subject_ref])}
    assert kept["note.ehr"] == 77
    Eraser(desk.log, desk.vault, desk.clock).erase(PERSON, "request", "officer")
    with pytest.raises(NotFoundError):
        notes.read(about, "crm", "key:1")
    with desk.store.reading() as tx:
        assert [one for one in unhanded(tx) if one.topic == NOTE_ACCEPTED] == []
