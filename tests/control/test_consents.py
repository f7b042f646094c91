import json
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from jsonschema import Draft202012Validator
from tests.consent.rulings import TERMS, ruled
from tests.control.desks import SIGNED, Calls, Desk

from countenance.audit.completeness import Completeness
from countenance.audit.note import VerifierKey
from countenance.audit.proof import parse_proof, verify_proof
from countenance.audit.quorum import Policy
from countenance.audit.reading import read
from countenance.consent.answers import Said, state
from countenance.consent.asking import Ask
from countenance.consent.ledger import Place
from countenance.consent.receipt import check_receipt
from countenance.contracts.call import Purpose
from countenance.contracts.errors import AuditError, ConsentError, RefusedError, StorageError
from countenance.contracts.trust import ConsentStatus
from countenance.control.changes import CHANGED
from countenance.storage import entries, outbox
from countenance.storage.consents import counts, notice_text
from countenance.storage.store import Transaction
from countenance.storage.tables import consents as consent_table
from countenance.surface.schemas import schemas

GIVEN, REFUSED = ConsentStatus.GIVEN, ConsentStatus.REFUSED
WITHDRAWN, EXPIRED = ConsentStatus.WITHDRAWN, ConsentStatus.EXPIRED
QA = Purpose.SUPPORT_QA
PERSON = "crm-4711-ana"


def status(desk: Desk, modality: str = "face", purpose: Purpose = QA, person: str = PERSON) -> ConsentStatus:
    with desk.store.reading() as tx:
        return state(desk.consents.ledger.history(tx, person, modality, purpose), desk.consents.now())


def events(desk: Desk) -> list[dict[str, object]]:
    with desk.store.reading() as tx:
        waiting = outbox.unhanded(tx)
        return [json.loads(desk.vault.open_sealed(tx, str(one.payload_id)).payload) for one in waiting]


def test_a_notice_and_an_answer_may_share_a_seat_or_references_of_their_own(desk: Desk) -> None:
    ruling = ruled("EU", modalities=["face"])["face"]
    apart = Place("ab" * 16)
    shown = desk.shown(PERSON, ruling, apart)
    desk.consents.answer(PERSON, Said("face", QA, GIVEN, "explicit", shown), ruling, TERMS, apart)
    assert {entry.body["subject_ref"] for entry in desk.log.entries()} == {"ab" * 16}
    desk.consents.answer(PERSON, Said("face", QA, REFUSED), ruling, TERMS, apart)
    assert status(desk) is REFUSED


def test_everything_is_off_until_the_person_turns_it_on(desk: Desk) -> None:
    assert {status(desk, m) for m in ("face", "voice", "text")} == {REFUSED}
    desk.says(PERSON, "face")
    assert [status(desk, m) for m in ("face", "voice", "text")] == [GIVEN, REFUSED, REFUSED]
    assert status(desk, person="someone-else") is REFUSED
    assert status(desk, purpose=Purpose.SALES_COACHING) is REFUSED


def test_a_yes_writes_notice_answer_statement_and_event(desk: Desk) -> None:
    desk.says(PERSON, "face")
    assert desk.kinds() == ["NOTICE", "CONSENT"]
    body = desk.last("CONSENT").body
    assert (body["status"], body["modality"], body["version"]) == ("given", "face", 1)
    assert body["notice_sha256"] == desk.last("NOTICE").body["notice_sha256"]
    assert body["expires"] == "2027-11-22"
    (event,) = events(desk)
    assert event["participant_id"] == PERSON
    Draft202012Validator(schemas()[CHANGED]).validate(event)


def test_the_text_that_was_shown_is_kept_word_for_word(desk: Desk) -> None:
    notice = desk.notice(ruled("EU"))
    shown = desk.consents.show(PERSON, notice, QA)
    desk.consents.show("someone-else", notice, QA)
    assert set(shown) == {"face", "voice", "text", "telemetry"}
    with desk.store.reading() as tx:
        assert notice_text(tx, notice.sha256) == notice.text
        assert notice_text(tx, "0" * 64) is None


def test_no_byte_of_the_log_or_of_the_open_columns_names_the_person(desk: Desk) -> None:
    desk.says(PERSON, "face", place="US-IL")
    with desk.store.reading() as tx:
        leaves = b"".join(entries.read(tx, 0, desk.log.size))
    raw = b"".join(path.read_bytes() for path in desk.folder.glob("store.sqlite*"))
    for secret in (PERSON.encode(), b"A. Person"):
        assert secret not in leaves
        assert secret not in raw


def test_two_answers_apart_from_calls_share_no_reference(desk: Desk) -> None:
    desk.says(PERSON, "face")
    desk.says(PERSON, "voice")
    found = [entry.body["subject_ref"] for entry in desk.log.entries()]
    assert len(set(found)) == len(found) == 4
    assert all("call_ref" not in entry.body for entry in desk.log.entries())


def test_a_yes_to_a_notice_that_was_never_shown_is_refused(desk: Desk) -> None:
    ruling = ruled("EU", modalities=["face"])["face"]
    shown = desk.shown("someone-else", ruling)
    for wrong in (shown, replace(shown, text_sha256="0" * 64)):
        with pytest.raises(ConsentError, match="never shown"):
            desk.consents.answer(PERSON, Said("face", QA, GIVEN, "explicit", wrong), ruling, TERMS)
    assert status(desk) is REFUSED


def test_a_yes_needs_the_form_of_the_place(desk: Desk) -> None:
    ruling = ruled("US-IL", modalities=["face"])["face"]
    shown = desk.shown(PERSON, ruling)
    with pytest.raises(ConsentError, match="asks for written_release"):
        desk.consents.answer(PERSON, Said("face", QA, GIVEN, "explicit", shown), ruling, TERMS)
    desk.consents.answer(PERSON, Said("face", QA, GIVEN, "written_release", shown, SIGNED), ruling, TERMS)
    assert status(desk) is GIVEN


def test_an_answer_is_judged_by_the_ruling_about_it(desk: Desk) -> None:
    ruling = ruled("EU", modalities=["face"])["face"]
    with pytest.raises(ConsentError, match="not about voice"):
        desk.consents.answer(PERSON, Said("voice", QA, REFUSED), ruling, TERMS)


def test_what_the_law_refuses_cannot_be_agreed_to(desk: Desk) -> None:
    ruling = ruled("EU", modalities=["face"])["face"]
    shown = desk.shown(PERSON, ruling)
    refused = replace(ruling, effect="deny")  # type: ignore[arg-type]
    with pytest.raises(RefusedError):
        desk.consents.answer(PERSON, Said("face", QA, GIVEN, "explicit", shown), refused, TERMS)


def test_after_a_no_the_person_is_left_alone_and_may_still_choose(desk: Desk) -> None:
    ruling = ruled("EU", modalities=["face"])["face"]
    assert desk.consents.asking(PERSON, ruling, TERMS).ask is Ask.ASK
    desk.says(PERSON, "face", REFUSED)
    assert desk.consents.asking(PERSON, ruling, TERMS).ask is Ask.LEAVE
    with pytest.raises(ConsentError, match="is not asked again before"):
        desk.says(PERSON, "face")
    shown = desk.shown(PERSON, ruling)
    with pytest.raises(ConsentError, match="asked for again"):
        desk.consents.answer(PERSON, Said("face", QA, GIVEN, "explicit", shown, SIGNED), ruling, TERMS)
    desk.says(PERSON, "face", own_wish=True)
    assert desk.consents.asking(PERSON, ruling, TERMS).ask is Ask.ANSWERED


def test_a_notice_is_not_shown_again_within_six_months_of_a_no(desk: Desk) -> None:
    rulings = ruled("EU", modalities=["face", "voice"])
    desk.says(PERSON, "face", REFUSED)
    before = desk.log.size
    with pytest.raises(ConsentError, match="said no to face and is not asked again before 2027-05-25"):
        desk.consents.show(PERSON, desk.notice(rulings), QA)
    assert desk.log.size == before
    assert set(desk.consents.show(PERSON, desk.notice({"voice": rulings["voice"]}), QA)) == {"voice"}
    assert set(desk.consents.show("someone-else", desk.notice(rulings), QA)) == {"face", "voice"}
    assert set(desk.consents.show(PERSON, desk.notice(rulings), QA, own_wish=True)) == {"face", "voice"}
    desk.clock.pass_us(184 * 86_400_000_000)
    assert set(desk.consents.show(PERSON, desk.notice(rulings), QA)) == {"face", "voice"}


def test_stopping_ends_every_yes_or_only_the_chosen(desk: Desk) -> None:
    for modality in ("face", "voice"):
        desk.says(PERSON, modality)
    desk.says(PERSON, "face", purpose=Purpose.SALES_COACHING)
    desk.says("someone-else", "face")
    assert [row.modality for row in desk.consents.stop(PERSON, ["voice"])] == ["voice"]
    assert len(desk.consents.stop(PERSON)) == 2
    assert desk.consents.stop(PERSON) == ()
    assert status(desk) is status(desk, purpose=Purpose.SALES_COACHING) is WITHDRAWN
    assert status(desk, person="someone-else") is GIVEN


def test_a_yes_in_a_call_stands_under_the_references_of_the_call(desk: Desk) -> None:
    seat = desk.seat(PERSON)
    desk.says(PERSON, "face", seat=seat)
    body = desk.last("CONSENT").body
    assert (body["call_ref"], body["subject_ref"], body["at_us"]) == (seat.call_ref, seat.subject_ref, 0)
    assert events(desk)[0]["participant_id"] == "p_1"


def test_a_no_in_a_call_is_an_opt_out_too(desk: Desk) -> None:
    seat = desk.seat(PERSON)
    desk.says(PERSON, "face", seat=seat)
    desk.consents.stop(PERSON, ["face"], replace(seat, at_us=7_000_000))
    assert desk.kinds()[-2:] == ["CONSENT", "OPT_OUT"]
    assert desk.last("OPT_OUT").body == {
        "call_ref": seat.call_ref,
        "subject_ref": seat.subject_ref,
        "modality": "face",
        "at_us": 7_000_000,
    }


def test_who_comes_back_has_their_yes_said_again_under_new_references(desk: Desk) -> None:
    first = desk.says(PERSON, "face")
    seat = desk.seat(PERSON)
    rulings = ruled("EU", modalities=["face", "voice"])
    (row,) = desk.consents.carry(PERSON, seat, rulings, TERMS)
    assert row.receipt_id != first
    assert desk.last("CONSENT").body["call_ref"] == seat.call_ref
    assert len(events(desk)) == 1
    with desk.store.reading() as tx:
        assert len(desk.consents.ledger.answers(tx, PERSON)) == 1
        assert counts(tx) == {("face", "support_qa", "given"): 1}


def test_nothing_is_carried_that_does_not_hold(desk: Desk) -> None:
    desk.says(PERSON, "face")
    desk.says(PERSON, "voice", REFUSED)
    seat = desk.seat(PERSON)
    stronger = ruled("US-IL", modalities=["face"])
    other_terms = TERMS.model_copy(update={"recipients": ("Crm Inc",)})
    here = ruled("EU", modalities=["face", "voice"])
    denied = {m: replace(r, effect="deny") for m, r in here.items()}  # type: ignore[arg-type]
    assert desk.consents.carry(PERSON, seat, stronger, TERMS) == ()
    assert desk.consents.carry(PERSON, seat, here, other_terms) == ()
    assert desk.consents.carry(PERSON, seat, denied, TERMS) == ()
    desk.pass_(days=365)
    assert desk.consents.carry(PERSON, seat, here, TERMS) == ()


def test_an_objection_to_turn_taking_is_said_again_in_every_call(desk: Desk) -> None:
    desk.says(PERSON, "telemetry", WITHDRAWN)
    (row,) = desk.consents.carry(PERSON, desk.seat(PERSON), ruled("EU", modalities=["telemetry"]), TERMS)
    assert row.status == "withdrawn"
    assert desk.kinds()[-1] == "OPT_OUT"


def test_a_no_holds_at_once_in_every_running_call_for_that_purpose(desk: Desk) -> None:
    desk.says(PERSON, "face")
    running, over, other = desk.seat(PERSON), desk.seat(PERSON), desk.seat(PERSON, purpose=Purpose.SALES_COACHING)
    for seat in (running, over):
        desk.consents.carry(PERSON, seat, ruled("EU", modalities=["face"]), TERMS)
    desk.consents.running = Calls({running.call_ref: 5_000_000, other.call_ref: 6_000_000})
    desk.consents.stop(PERSON)
    stopped = [entry.body for entry in desk.log.entries() if entry.kind == "OPT_OUT"]
    assert [(body["call_ref"], body["at_us"]) for body in stopped] == [(running.call_ref, 5_000_000)]


def test_a_no_in_one_call_holds_in_the_other_that_runs(desk: Desk) -> None:
    here, there = desk.seat(PERSON), desk.seat(PERSON)
    desk.consents.running = Calls({here.call_ref: 3_000_000, there.call_ref: 4_000_000})
    desk.says(PERSON, "face", seat=here)
    desk.says(PERSON, "face", REFUSED, seat=replace(here, at_us=3_000_000))
    stopped = {entry.body["call_ref"]: entry.body["at_us"] for entry in desk.log.entries() if entry.kind == "OPT_OUT"}
    assert stopped == {here.call_ref: 3_000_000, there.call_ref: 4_000_000}


def test_a_yes_ends_with_its_time_also_in_a_running_call(desk: Desk) -> None:
    desk.says(PERSON, "face")
    desk.says(PERSON, "voice", REFUSED)
    desk.pass_(days=364)
    assert desk.consents.expire() == ()
    seat = desk.seat(PERSON)
    desk.consents.carry(PERSON, seat, ruled("EU", modalities=["face"]), TERMS)
    desk.consents.running = Calls({seat.call_ref: 9_000_000})
    desk.pass_(days=1)
    assert [row.status for row in desk.consents.expire()] == ["expired", "expired"]
    assert desk.kinds()[-1] == "OPT_OUT"
    assert status(desk) is EXPIRED
    assert desk.consents.expire() == ()
    desk.says(PERSON, "face")
    assert status(desk) is GIVEN


def test_each_yes_ends_at_its_own_time_whichever_was_first(desk: Desk) -> None:
    desk.says(PERSON, "face")
    desk.pass_(days=10)
    assert desk.consents.expire() == ()
    desk.says("other", "face")
    desk.says("other", "voice")
    desk.pass_(days=355)
    assert len(desk.consents.expire()) == 1
    desk.pass_(days=10, microseconds=-1)
    assert desk.consents.expire() == ()
    desk.pass_(microseconds=1)
    assert len(desk.consents.expire()) == 2
    desk.pass_(days=1000)
    assert desk.consents.expire() == ()
    desk.says(PERSON, "face")
    desk.pass_(days=365)
    assert len(desk.consents.expire()) == 1


def test_a_clock_that_goes_back_revives_no_consent(desk: Desk) -> None:
    desk.says(PERSON, "face")
    desk.pass_(days=366)
    assert status(desk) is EXPIRED
    desk.clock.set_by(-30 * 86_400_000_000)
    assert status(desk) is EXPIRED
    assert desk.consents.now() == desk.clock.utc() + timedelta(days=30)
    assert [row.status for row in desk.consents.expire()] == ["expired"]


def test_a_receipt_is_checked_with_nothing_but_itself(desk: Desk) -> None:
    receipt = json.loads(json.dumps(desk.receipts.receipt(desk.says(PERSON, "face", place="US-IL"))))
    desk.says(PERSON, "voice")
    leaf = check_receipt(receipt)
    Draft202012Validator(schemas()["io.countenance.consent.receipt.v1"]).validate(receipt)
    policy = Policy.trusting(VerifierKey.parse(receipt["log"]["vkey"]))
    checkpoint = verify_proof(parse_proof(receipt["proof"].encode()), leaf, policy)
    assert checkpoint.origin == receipt["log"]["origin"] == desk.log.key.name
    assert receipt["participant_id"] == PERSON
    assert receipt["evidence"]["name"] == "A. Person"
    with pytest.raises(ConsentError, match="do not agree on `payload_commit`"):
        check_receipt(receipt | {"controllers": ["Someone Else"]})


def test_every_answer_has_a_receipt_the_withdrawal_too(desk: Desk) -> None:
    desk.says(PERSON, "face")
    (row,) = desk.consents.stop(PERSON)
    receipt = desk.receipts.receipt(row.receipt_id)
    check_receipt(receipt)
    Draft202012Validator(schemas()["io.countenance.consent.receipt.v1"]).validate(receipt)
    assert receipt["withdrawal"]["withdrawn_at"] == "2026-11-22T09:30:00.000000Z"
    with pytest.raises(ConsentError, match="no answer has the receipt"):
        desk.receipts.receipt("none")


def test_a_no_bars_at_once_even_when_the_disk_is_full(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    seat = desk.seat(PERSON)
    calls = desk.consents.running = Calls({seat.call_ref: 1})
    desk.says(PERSON, "face", seat=seat)
    assert [entry.body["status"] for entry in calls.entries] == ["given"]

    def full(*_: object) -> None:
        raise StorageError("the disk is full", "Make room.")

    monkeypatch.setattr(outbox, "put", full)
    with pytest.raises(AuditError):
        desk.consents.stop(PERSON, seat=seat)
    assert calls.barred == [(seat.subject_ref, "face")]
    assert len(calls.entries) == 1


def test_the_schema_names_every_field_of_a_receipt_and_no_other(desk: Desk) -> None:
    receipt = desk.receipts.receipt(desk.says(PERSON, "face"))
    required = schemas()["io.countenance.consent.receipt.v1"]["required"]
    assert isinstance(required, list)
    assert set(required) == set(receipt)


def test_what_is_not_on_the_disk_did_not_happen(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.says(PERSON, "face")
    before = desk.log.size

    def full(tx: Transaction, *_: object) -> None:
        raise StorageError("the disk is full", "Make room.")

    with monkeypatch.context() as broken:
        broken.setattr(outbox, "put", full)
        with pytest.raises(AuditError, match="the disk is full"):
            desk.consents.stop(PERSON)
    assert desk.log.size == before
    assert status(desk) is GIVEN
    desk.consents.stop(PERSON)
    assert status(desk) is WITHDRAWN


def test_answers_of_several_threads_have_versions_without_a_gap(desk: Desk) -> None:
    ruling = ruled("EU", modalities=["face"])["face"]

    def refuse() -> None:
        for _ in range(5):
            desk.consents.answer(PERSON, Said("face", QA, REFUSED), ruling, TERMS)

    threads = [threading.Thread(target=refuse) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with desk.store.reading() as tx:
        versions = [row.version for row in desk.consents.ledger.answers(tx, PERSON)]
    assert versions == list(range(1, 21))


def test_the_completeness_check_finds_nothing_in_all_this(desk: Desk) -> None:
    desk.says(PERSON, "face")
    seat = desk.seat(PERSON)
    desk.consents.carry(PERSON, seat, ruled("EU", modalities=["face"]), TERMS)
    desk.consents.running = Calls({seat.call_ref: 2_000_000})
    desk.consents.stop(PERSON)
    with desk.store.reading() as tx:
        leaves, wrong = read(entries.read(tx, 0, desk.log.size), 0)
    rules = Completeness()
    assert wrong == []
    assert [*rules.see(leaves), *rules.end()] == []


def test_rows_of_consent_are_only_added(desk: Desk) -> None:
    desk.says(PERSON, "face")
    with desk.store.reading() as tx:
        (before,) = tx.rows(tx.select(consent_table))
    desk.consents.stop(PERSON)
    with desk.store.reading() as tx:
        after = tx.rows(tx.select(consent_table).order_by(consent_table.c.seq))
    assert after[0] == before
    assert len(after) == 2
