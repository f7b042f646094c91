import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.consent.rulings import TERMS, ruled
from tests.control.desks import Desk

from countenance.audit.deletion import verify_deletion
from countenance.consent.ledger import Place
from countenance.consent.receipt import check_receipt
from countenance.contracts.errors import AuditError, ConsentError, VaultError
from countenance.control.access import Access
from countenance.control.erasure import Eraser
from countenance.control.export import to_page
from countenance.control.subject import MOST_WORDS, Subject
from countenance.storage.clocks import micros
from countenance.storage.holdings import holdings
from countenance.storage.tables import asks, consents, metadata, payloads, subjects
from countenance.storage.wiping import seats_of

PERSON, OTHER = "crm-4711-ana", "crm-9-ben"


@pytest.fixture
def subject(desk: Desk) -> Subject:
    return subject_of(desk)


def subject_of(desk: Desk) -> Subject:
    return Subject(desk.log, desk.vault, desk.consents, Eraser(desk.log, desk.vault, desk.clock))


def reading(desk: Desk, seat: Place, data: bytes = b'{"label":"engaged"}', context: str = "result") -> str:
    due = micros(desk.clock.utc() + timedelta(days=30))
    with desk.store.transaction() as tx:
        return desk.vault.seal(tx, seat.subject_ref, data, context, seat.call_ref, 0, due)


def looks(desk: Desk) -> list[tuple[object, object, object]]:
    found = (entry.body for entry in desk.log.entries() if entry.kind == "ACCESS")
    return [(body["actor"], body["reason"], body["counts"]) for body in found if "counts" in body]


def test_a_person_sees_answers_readings_and_disputes(desk: Desk, subject: Subject) -> None:
    seat = desk.seat(PERSON)
    desk.says(PERSON, "face", seat=seat)
    desk.says(PERSON, "voice")
    desk.consents.stop(PERSON, ["voice"])
    kept = reading(desk, seat)
    subject.dispute(PERSON, kept, "I was reading the slide.")
    seen = subject.see(PERSON)
    assert [(a.modality, a.status, a.until) for a in seen.answers] == [
        ("face", "given", "2027-11-22T09:30:00.000000Z"),
        ("voice", "withdrawn", None),
    ]
    assert [r.data for r in seen.readings if r.context == "result"] == [{"label": "engaged"}]
    assert [(d["reading"], d["words"]) for d in seen.disputes] == [(kept, "I was reading the slide.")]


def test_who_is_not_known_sees_nothing_and_leaves_no_trace(desk: Desk, subject: Subject) -> None:
    seen = subject.see("nobody")
    assert (seen.answers, seen.readings, seen.disputes) == ((), (), ())
    assert desk.log.size == 0


def test_a_look_is_in_the_log_before_anything_is_seen(desk: Desk) -> None:
    seat = desk.seat(PERSON)
    reading(desk, seat)
    reading(desk, seat)
    reading(desk, desk.seat(OTHER))
    found = Access(desk.log, desk.vault).read(PERSON, "coach:7", "coaching")
    assert len(found) == 2
    body = desk.last("ACCESS").body
    assert (body["actor"], body["reason"], body["counts"]) == ("coach:7", "coaching", {"readings": 2})
    assert (body["subject_ref"], body["call_ref"]) == (seat.subject_ref, seat.call_ref)


@pytest.mark.parametrize(("actor", "reason"), [("", "coaching"), ("coach:7", ""), ("Ana Person", "coaching")])
def test_nobody_looks_without_a_name_and_a_reason_that_name_nobody(desk: Desk, actor: str, reason: str) -> None:
    reading(desk, desk.seat(PERSON))
    with pytest.raises(AuditError):
        Access(desk.log, desk.vault).read(PERSON, actor, reason)
    assert desk.log.size == 0


def test_what_is_not_json_is_shown_as_base64(desk: Desk) -> None:
    reading(desk, desk.seat(PERSON), b"\xff")
    assert [one.data for one in Access(desk.log, desk.vault).read(PERSON, "a", "b")] == ["/w=="]


def test_one_call_can_be_read_alone(desk: Desk) -> None:
    here, there = desk.seat(PERSON), desk.seat(PERSON)
    reading(desk, here)
    reading(desk, there)
    (one,) = Access(desk.log, desk.vault).read(PERSON, "a", "b", here.call_ref)
    assert one.call_ref == here.call_ref


STEPS = st.lists(st.sampled_from(["read ana", "read ben", "see", "export", "write"]), max_size=12)


@given(steps=STEPS)
@settings(max_examples=20, deadline=None)
def test_every_reading_that_anybody_opens_is_counted_in_the_log(
    steps: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    desk = Desk(tmp_path_factory.mktemp("looks"))
    subject, access = subject_of(desk), Access(desk.log, desk.vault)
    seats = {PERSON: desk.seat(PERSON), OTHER: desk.seat(OTHER)}
    opened = 0
    for step in steps:
        match step:
            case "write":
                reading(desk, seats[PERSON])
                reading(desk, seats[OTHER])
            case "see":
                opened += len(subject.see(PERSON).readings)
            case "export":
                opened += len(subject.export(PERSON)["readings"])
            case _:
                who = PERSON if step.endswith("ana") else OTHER
                opened += len(access.read(who, "coach:7", "coaching"))
    counted = [entry.body["counts"] for entry in desk.log.entries() if entry.kind == "ACCESS"]
    assert sum(counts["readings"] for counts in counted if isinstance(counts, dict)) == opened
    desk.store.close()


def ids(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from ids(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from ids(inner)
    elif isinstance(value, str):
        yield value


def busy(desk: Desk) -> str:
    """A person with everything: answers in and apart from calls, readings, a dispute; returns a reading's id."""
    here, there = desk.seat(PERSON), desk.seat(PERSON, "p_9")
    desk.says(PERSON, "face", seat=here)
    desk.says(PERSON, "voice")
    desk.consents.carry(PERSON, there, ruled("EU", modalities=["face", "voice"]), TERMS)
    kept = reading(desk, here)
    reading(desk, there, b'{"event":1}', "event")
    reading(desk, desk.seat(OTHER), b'{"label":"of ben"}')
    desk.says(OTHER, "face")
    subject_of(desk).dispute(PERSON, kept, "That was a cough.")
    desk.consents.stop(PERSON, ["voice"])
    return kept


def test_an_export_holds_every_row_that_names_the_person(desk: Desk, subject: Subject) -> None:
    busy(desk)
    exported = json.loads(json.dumps(subject.export(PERSON)))
    said = set(ids(exported))
    with desk.store.reading() as tx:
        tag = desk.vault.tag(tx, "person", PERSON)
        mine = tx.rows(tx.select(subjects).where(subjects.c.person_tag == tag))
        refs = {row.subject_ref for row in mine}
        held = tx.rows(tx.select(payloads).where(payloads.c.subject_ref.in_(refs)))
        statements = [row for row in held if row.context == "consent"]
        other = [row for row in held if row.context != "consent"]
        answers = tx.rows(tx.select(consents).where(consents.c.person_tag == tag))
        shown = tx.rows(tx.select(asks).where(asks.c.person_tag == tag))
    assert {row.payload_id for row in other} <= said
    assert {row.receipt_id for row in answers} == {receipt["receipt_id"] for receipt in exported["receipts"]}
    assert len(statements) == len(answers) == 5
    assert {row.ask_id for row in shown} == {ask["ask_id"] for ask in exported["shown"]}
    assert {row.call_ref for row in mine if row.call_ref != "apart"} == {c["call_ref"] for c in exported["calls"]}
    assert set(exported["notices"]) == {row.notice_sha256 for row in shown}
    known = {"asks", "calls", "consents", "deks", "payloads", "subjects"}
    with desk.store.reading() as tx:
        for table in metadata.sorted_tables:
            if "subject_ref" in table.c and table.name not in known:
                assert not tx.rows(tx.select(table).where(table.c.subject_ref.in_(refs))), table.name


def test_an_export_names_nobody_else(desk: Desk, subject: Subject) -> None:
    busy(desk)
    text = json.dumps(subject.export(PERSON))
    assert "of ben" not in text
    assert OTHER not in text


def test_receipts_in_an_export_hold_on_their_own(desk: Desk, subject: Subject) -> None:
    busy(desk)
    for receipt in subject.export(PERSON)["receipts"]:
        check_receipt(receipt)


def test_an_export_is_in_the_log_with_the_number_of_its_items(desk: Desk, subject: Subject) -> None:
    busy(desk)
    subject.export(PERSON)
    body = desk.last("EXPORT").body
    assert (body["actor"], body["reason"], body["format"]) == ("self", "art15", "json")
    subject.export("nobody")
    assert desk.last("EXPORT").body["counts"] == {"items": 0}
    assert "subject_ref" not in desk.last("EXPORT").body


def test_an_export_tells_what_the_log_says_of_the_person_in_calls(desk: Desk, subject: Subject) -> None:
    busy(desk)
    call_ref = subject.export(PERSON)["calls"][0]["call_ref"]
    desk.log.append("GATE", {"call_ref": call_ref, "subject_ref": "f" * 32})
    kinds = [entry["kind"] for entry in subject.export(PERSON)["log"]]
    assert "GATE" not in kinds
    assert kinds.count("CONSENT") == 3
    assert "ACCESS" in kinds


def test_an_export_can_be_read_as_a_page_and_runs_nothing(desk: Desk, subject: Subject) -> None:
    kept = busy(desk)
    subject.dispute(PERSON, kept, "<script>alert(1)</script>")
    page = to_page(subject.export(PERSON))
    for words in (PERSON, "engaged", "That was a cough.", "Before the call: your choice", "&lt;script&gt;"):
        assert words in page
    assert "<script" not in page
    assert "{{" not in page
    empty = to_page(subject.export("nobody"))
    assert "Nothing is kept." in empty


def test_a_dispute_stays_with_the_reading_and_changes_nothing(desk: Desk, subject: Subject) -> None:
    seat = desk.seat(PERSON)
    kept = reading(desk, seat)
    with desk.store.reading() as tx:
        before = tx.first(tx.select(payloads).where(payloads.c.payload_id == kept))
    made = subject.dispute(PERSON, kept, "That was a cough.")
    with desk.store.reading() as tx:
        assert tx.first(tx.select(payloads).where(payloads.c.payload_id == kept)) == before
        said = tx.first(tx.select(payloads).where(payloads.c.payload_id == made))
        record = desk.vault.open_sealed(tx, made)
    assert said is not None
    assert before is not None
    assert said.delete_due_utc_us == before.delete_due_utc_us
    assert desk.last("ACCESS").body["payload_commit"] == record.commitment


@pytest.mark.parametrize("words", ["", "  ", "x" * (MOST_WORDS + 1)])
def test_a_dispute_has_words(desk: Desk, subject: Subject, words: str) -> None:
    kept = reading(desk, desk.seat(PERSON))
    with pytest.raises(ConsentError, match="no words, or too many"):
        subject.dispute(PERSON, kept, words)


def test_nobody_disputes_what_is_not_theirs(desk: Desk, subject: Subject) -> None:
    theirs = reading(desk, desk.seat(OTHER))
    desk.says(PERSON, "face")
    with desk.store.reading() as tx:
        statement = next(row.payload_id for row in tx.rows(tx.select(payloads)) if row.context == "consent")
    for payload_id in (theirs, statement, "none"):
        with pytest.raises(ConsentError, match="has no reading"):
            subject.dispute(PERSON, payload_id, "Wrong.")


def test_stop_ends_every_yes_and_keeps_what_was_read(desk: Desk, subject: Subject) -> None:
    seat = desk.seat(PERSON)
    desk.says(PERSON, "face", seat=seat)
    reading(desk, seat)
    assert [row.status for row in subject.stop(PERSON)] == ["withdrawn"]
    assert subject.stop(PERSON, ["face"]) == ()
    assert len([r for r in subject.see(PERSON).readings if r.context == "result"]) == 1


def test_stop_and_delete_leaves_a_receipt_and_nothing_else(desk: Desk, subject: Subject) -> None:
    busy(desk)
    receipt = desk.receipts.receipt(desk.says(PERSON, "text"))
    proof = subject.stop_and_delete(PERSON, at_once=True)
    assert verify_deletion(proof).statement["actor"] == "self"
    seen = subject.see(PERSON)
    assert (seen.answers, seen.readings, seen.disputes) == ((), (), ())
    check_receipt(receipt)
    with pytest.raises(ConsentError, match="no answer has the receipt"):
        desk.receipts.receipt(str(receipt["receipt_id"]))
    raw = b"".join(path.read_bytes() for path in desk.folder.glob("store.sqlite*"))
    for secret in (PERSON.encode(), b"That was a cough"):
        assert secret not in raw
    assert len(subject.see(OTHER).readings) == 2


def test_what_runs_is_ended_between_the_stop_and_the_deletion(desk: Desk) -> None:
    desk.says(PERSON, "face")
    seen: list[tuple[str, str]] = []

    def leave(person: str) -> None:
        seen.append((person, desk.kinds()[-1]))

    eraser = Eraser(desk.log, desk.vault, desk.clock)
    Subject(desk.log, desk.vault, desk.consents, eraser, leave).stop_and_delete(PERSON)
    assert seen == [(PERSON, "CONSENT")]
    assert "ERASURE" in desk.kinds()


def test_a_reading_that_was_erased_meanwhile_is_not_shown(desk: Desk, tmp_path: Path) -> None:
    seat = desk.seat(PERSON)
    reading(desk, seat)
    access = Access(desk.log, desk.vault)
    with desk.store.reading() as tx:
        found, seats = holdings(tx, [seat.subject_ref]), seats_of(desk.vault, tx, PERSON)
    subject_of(desk).stop_and_delete(PERSON)
    with pytest.raises(VaultError):
        access.open(found, seats, "a", "b")


def test_a_reading_is_shown_by_its_seconds_and_likeliest_names() -> None:
    told = {
        "start_us": 2_000_000,
        "end_us": 3_000_000,
        "scores": {"neutral": 0.7, "anger": 0.2, "fear": 0.06, "joy": 0.04},
    }
    made = {
        "participant_id": "x",
        "made_at": "now",
        "receipts": [],
        "other": [],
        "calls": [],
        "shown": [],
        "notices": {},
    }
    given: list[object] = [told, {"scores": {}}, "raw"]
    rows = [{"seq": 7, "data": data, "call_ref": None, "delete_due_at": None} for data in given]
    page = to_page(made | {"readings": rows, "log": []})
    assert "<td>2 to 3</td><td>neutral 0.70, anger 0.20, fear 0.06</td>" in page
    assert page.count("<td>not said</td><td>no names</td>") == 2
