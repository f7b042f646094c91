"""Calls and the people in them, as references."""

from tests.conftest import Place

from countenance.storage import calls
from countenance.storage.calls import CallRow, SubjectRow

CALL = CallRow("c1", "support_qa", 5, "tag-1")
ANA = SubjectRow("s2", "c1", "seat-a", "person-a", "customer", 9)
BEN = SubjectRow("s1", "c1", "seat-b")


def test_a_call_is_found_by_its_reference_and_while_it_is_open_by_its_tag(place: Place) -> None:
    with place.open() as store, store.transaction() as tx:
        calls.open_call(tx, CALL)
        assert calls.find_call(tx, "c1") == calls.find_open_call(tx, "tag-1") == CALL
        assert calls.find_call(tx, "c2") is None
        calls.close_call(tx, "c1", 7)
        closed = calls.find_call(tx, "c1")
        assert closed is not None
        assert closed.closed_utc_us == 7
        assert calls.find_open_call(tx, "tag-1") is None


def test_people_are_found_by_call_and_by_tag(place: Place) -> None:
    with place.open() as store, store.transaction() as tx:
        calls.open_call(tx, CALL)
        calls.add_subjects(tx, [ANA, BEN])
        calls.add_subjects(tx, [])
        assert calls.subjects_of(tx, "c1") == (BEN, ANA)
        assert calls.subjects_of(tx, "c2") == ()
        assert calls.subjects_by_person(tx, "person-a") == (ANA,)
