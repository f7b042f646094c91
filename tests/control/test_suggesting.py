"""Advice: each step in the log, what it says sealed, what is counted apart, and nothing left of who was erased."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import Place
from tests.control.test_plane import Plane

from countenance.contracts.errors import AuditError
from countenance.control.access import Access
from countenance.control.erasure import Eraser
from countenance.control.suggesting import FACT_DAYS, Suggestion, What
from countenance.storage import outbox
from countenance.storage.coached import CoachedCall, PromptFact
from countenance.storage.holdings import holdings

ISSUED = "io.countenance.prompt.issued.v1"
ENVELOPE = {"type": ISSUED, "sequence": "000000000007", "data": {"text": "consider a question"}}


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[Plane]:
    made = Plane(Place(tmp_path / "store", "local"), tmp_path)
    made.permit("p_1", "face")
    yield made
    made.tenant.store.close()


def fact(day: str, outcome: str = "accepted") -> PromptFact:
    return PromptFact(day, "sales.v1", "engagement_fell", "shown", outcome, 1, 1, 8_000_000, 2_000_000, 90_000)


def test_a_step_is_an_entry_that_says_nothing_of_anybody(plane: Plane) -> None:
    entry = plane.control.suggestions.note(plane.call, Suggestion("pr_1", "issued", about="p_1", envelope=ENVELOPE))
    assert entry.kind == "SUGGESTION"
    assert set(entry.body) == {
        "call_ref", "subject_ref", "suggestion", "scope", "status", "actor", "payload_commit",
    }  # fmt: skip
    assert (entry.body["scope"], entry.body["status"], entry.body["actor"]) == ("card", "issued", "system")


def test_what_it_says_is_sealed_waits_in_the_outbox_and_is_due_with_the_readings(plane: Plane) -> None:
    plane.control.suggestions.note(plane.call, Suggestion("pr_1", "issued", about="p_1", envelope=ENVELOPE))
    subject = plane.call.seats["p_1"].subject_ref
    with plane.tenant.store.reading() as tx:
        (kept,) = [one for one in holdings(tx, [subject]) if one.context == "event"]
        told = [one for one in outbox.unhanded(tx) if one.topic == ISSUED]
    assert kept.delete_due_utc_us is not None
    assert [(one.payload_id, one.body) for one in told] == [(kept.payload_id, None)]
    read = Access(plane.tenant.log, plane.tenant.vault).read("crm-ana", "key:1", "review")
    assert [one.data for one in read][-1] == ENVELOPE


def test_what_is_about_nobody_is_told_as_it_is(plane: Plane) -> None:
    entry = plane.control.suggestions.note(plane.call, Suggestion("pr_2", "issued", envelope=ENVELOPE))
    assert "subject_ref" not in entry.body
    with plane.tenant.store.reading() as tx:
        (told,) = [one for one in outbox.unhanded(tx) if one.topic == ISSUED]
    assert told.payload_id is None
    assert json.loads(told.body or "") == ENVELOPE


def test_of_somebody_who_may_not_be_read_it_has_no_day_of_its_own(plane: Plane) -> None:
    plane.control.suggestions.note(plane.call, Suggestion("pr_3", "issued", about="p_2", envelope=ENVELOPE))
    with plane.tenant.store.reading() as tx:
        (kept,) = [one for one in holdings(tx, [plane.call.seats["p_2"].subject_ref]) if one.context == "event"]
    assert kept.delete_due_utc_us is None


@pytest.mark.parametrize("what", list(What))
def test_cards_drafts_and_notes_go_one_way(plane: Plane, what: What) -> None:
    entry = plane.control.suggestions.note(plane.call, Suggestion("s", "accepted", what, actor="key:9"))
    assert (entry.kind, entry.body["scope"], entry.body["actor"]) == ("SUGGESTION", what.value, "key:9")


def test_when_the_disk_fails_nothing_of_a_step_counts(plane: Plane) -> None:
    before, today = plane.tenant.log.size, plane.control.suggestions.day()
    plane.disk.broken = True
    with pytest.raises(AuditError):
        plane.control.suggestions.note(plane.call, Suggestion("pr", "settled", about="p_1", fact=fact(today)))
    plane.disk.broken = False
    assert plane.tenant.log.size == before
    assert plane.control.suggestions.facts(1) == ((), ())


def test_what_is_counted_outlives_a_person_and_says_nothing_of_them(plane: Plane) -> None:
    suggestions, tenant = plane.control.suggestions, plane.tenant
    done = fact(suggestions.day())
    suggestions.note(plane.call, Suggestion("pr_1", "settled", about="p_1", envelope=ENVELOPE, fact=done))
    suggestions.ended("sales.v1", 90_000_000)
    Eraser(tenant.log, tenant.vault, plane.clock).erase("crm-ana", "art17", "self")
    assert suggestions.facts(1) == ((done,), (CoachedCall(suggestions.day(), "sales.v1", 90_000_000),))
    with tenant.store.reading() as tx:
        assert not holdings(tx, [plane.call.seats["p_1"].subject_ref])
        assert not [one for one in outbox.unhanded(tx) if one.topic == ISSUED]


def test_old_numbers_go(plane: Plane) -> None:
    suggestions = plane.control.suggestions
    suggestions.note(plane.call, Suggestion("a", "settled", fact=fact(suggestions.day())))
    suggestions.ended("sales.v1", 1)
    plane.clock.pass_us((FACT_DAYS + 1) * 86_400_000_000)
    suggestions.note(plane.call, Suggestion("b", "settled", fact=fact(suggestions.day(), "expired")))
    suggestions.ended("sales.v1", 2)
    facts, calls = suggestions.facts(2 * FACT_DAYS)
    assert [one.outcome for one in facts] == ["expired"]
    assert [one.media_us for one in calls] == [2]
