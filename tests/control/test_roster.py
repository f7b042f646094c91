"""Calls and people found again in the store, and nobody who was erased."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from countenance.contracts.call import Call, Participant, Purpose, Role
from countenance.contracts.errors import NotFoundError
from countenance.control.access import Access
from countenance.control.erasure import Eraser
from countenance.control.opening import Tenant, open_tenant
from countenance.control.roster import Roster
from countenance.control.seating import seated
from countenance.storage import calls
from countenance.storage.calls import CallRow, SubjectRow
from countenance.storage.clocks import micros
from countenance.testing.clocks import ManualClock

ANA, BEN = Participant("p_1", "Ana", Role.CUSTOMER), Participant("p_2", "Ben", Role.AGENT)


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[Tenant]:
    with open_tenant(tmp_path, clock=ManualClock()) as opened:
        yield opened


def seat(tenant: Tenant, call_id: str, *people: Participant) -> str:
    call = Call(call_id, "local", Purpose.SALES_COACHING, people)
    persons = {one.id: f"person-{one.name}" for one in people}
    return seated(tenant.vault, call, persons, micros(tenant.clock.utc())).call_ref


def test_people_are_found_behind_their_seats(tenant: Tenant) -> None:
    call_ref = seat(tenant, "c1", ANA, BEN)
    call, person = Roster(tenant.vault).person("c1", "p_2")
    assert (call.call_ref, call.purpose, call.closed_utc_us) == (call_ref, "sales_coaching", None)
    assert (person.person, person.role) == ("person-Ben", "agent")


@pytest.mark.parametrize(("call_id", "participant_id"), [("c1", "p_9"), ("c9", "p_1")])
def test_who_is_not_there_is_not_found(tenant: Tenant, call_id: str, participant_id: str) -> None:
    seat(tenant, "c1", ANA)
    with pytest.raises(NotFoundError):
        Roster(tenant.vault).person(call_id, participant_id)


def test_who_was_erased_is_not_found(tenant: Tenant) -> None:
    seat(tenant, "c1", ANA, BEN)
    Eraser(tenant.log, tenant.vault, tenant.clock).erase("person-Ana", "art17", "self")
    call = Roster(tenant.vault).call("c1")
    assert [one.participant_id for one in Roster(tenant.vault).people(call.call_ref)] == ["p_2"]


def test_calls_come_page_by_page_also_those_of_one_moment(tenant: Tenant) -> None:
    for number in range(5):
        seat(tenant, f"c{number}", ANA)
    found, before = [], None
    while page := Roster(tenant.vault).page(2, before):
        found += [one.call_id for one in page]
        before = (page[-1].opened_utc_us, page[-1].call_ref)
    assert sorted(found) == ["c0", "c1", "c2", "c3", "c4"]


def test_a_row_without_a_name_is_no_call_and_nobody(tenant: Tenant) -> None:
    with tenant.store.transaction() as tx:
        calls.open_call(tx, CallRow("ref", "sales_coaching", 1))
        calls.add_subjects(tx, [SubjectRow("s", "ref", "tag")])
    roster = Roster(tenant.vault)
    assert roster.page(5) == ()
    assert roster.people("ref") == ()


def test_a_call_that_was_deleted_while_it_was_looked_up_is_not_found(tenant: Tenant) -> None:
    with tenant.store.reading() as tx, pytest.raises(NotFoundError):
        Roster(tenant.vault)._call(tx, "gone")


def test_a_page_of_readings_opens_and_logs_only_what_is_on_it(tenant: Tenant) -> None:
    call_ref = seat(tenant, "c1", ANA)
    _, person = Roster(tenant.vault).person("c1", "p_1")
    with tenant.store.transaction() as tx:
        for number in range(3):
            tenant.vault.seal(tx, person.subject_ref, b"%d" % number, "result", call_ref, number)
        tenant.vault.seal(tx, person.subject_ref, b"{}", "dispute", call_ref, 3)
    access = Access(tenant.log, tenant.vault)
    pages = [access.page("person-Ana", "key:1", "review", call_ref, start, 2) for start in (0, 2, 4)]
    assert [([one.data for one in readings], more) for readings, more in pages] == [
        ([0, 1], True), ([2], False), ([], False),
    ]  # fmt: skip
    logged = [entry.body["counts"] for entry in tenant.log.entries() if entry.kind == "ACCESS"]
    assert logged == [{"readings": 2}, {"readings": 1}]


def test_a_look_stands_in_the_log(tenant: Tenant) -> None:
    call_ref = seat(tenant, "c1", ANA)
    _, person = Roster(tenant.vault).person("c1", "p_1")
    Access(tenant.log, tenant.vault).look(call_ref, person.subject_ref, "reviewer:7", "live")
    (entry,) = tenant.log.of_call(call_ref, "ACCESS")
    assert (entry.body["actor"], entry.body["scope"]) == ("reviewer:7", "stream")
