import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from tests.consent.rulings import TERMS, ruled

from countenance.consent.answers import Answer, Said, Shown, follow
from countenance.consent.evidence import Evidence, Guardian
from countenance.consent.exports import to_dpv, to_kantara
from countenance.consent.receipt import Issue, check_receipt, commitment, issue, new_receipt_id, statement_in
from countenance.consent.register import receipt_id
from countenance.consent.statement import answer_of, moment, next_statement, stamp, statement
from countenance.contracts.call import Purpose
from countenance.contracts.errors import ConsentError
from countenance.contracts.trust import ConsentStatus

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SHOWN = Shown("call.v1", "en", "a" * 64, "b" * 64, NOW - timedelta(minutes=1))
FACE = ruled("US-CA", modalities=["face"])["face"]
GIVEN, WITHDRAWN = ConsentStatus.GIVEN, ConsentStatus.WITHDRAWN
GUARDIAN = Guardian("G. Guardian", "mother", "video_call", "agent 7", NOW - timedelta(hours=1))
EVIDENCE = Evidence("typed_name", "A. Person", None, "c" * 64, GUARDIAN)
SALT = bytes(range(32))


def yes(**change: object) -> Answer:
    said = Said("face", Purpose.SUPPORT_QA, GIVEN, "express_written", SHOWN, EVIDENCE)
    return follow((), replace(said, **change), NOW, "r-1", timedelta(days=365))  # type: ignore[arg-type]


def leaf(said: dict[str, Any], **change: object) -> bytes:
    (purpose,) = said["purposes"]
    entry = {
        "kind": "CONSENT",
        "seq": 7,
        "receipt_id": said["receipt_id"],
        "version": said["version"],
        "payload_commit": commitment(SALT, said),
        **{name: purpose[name] for name in ("modality", "purpose", "status")},
    }
    return json.dumps(entry | change).encode()


def paper(**change: object) -> dict[str, Any]:
    said = dict(statement("p_1", yes(), FACE, TERMS))
    return issue(said, Issue(7, "d" * 64, SALT, leaf(said, **change), "example.org/log", "vkey", "proof"))


def test_the_same_stated_answer_has_the_same_receipt_id_everywhere() -> None:
    again = receipt_id("call-1", "p_1", "face", Purpose.SUPPORT_QA, 1)
    assert again == receipt_id("call-1", "p_1", "face", Purpose.SUPPORT_QA, 1)
    assert again == "ccf0537c-16dd-5973-bd88-d735ea7985b9"


def test_no_two_stated_answers_share_a_receipt_id() -> None:
    ids = {
        receipt_id(call, person, modality, purpose, version)
        for call, person in (("a", "bc"), ("ab", "c"), ("abc", ""))
        for modality in ("face", "voice")
        for purpose in (Purpose.SUPPORT_QA, Purpose.SALES_COACHING)
        for version in (1, 2, 11)
    }
    assert len(ids) == 3 * 2 * 2 * 3


def test_a_receipt_id_of_the_store_is_random_and_nothing_else() -> None:
    assert new_receipt_id(bytes(16)) == "00000000-0000-4000-8000-000000000000"


def test_a_statement_says_what_was_asked_of_whom_and_how_to_withdraw() -> None:
    said = statement("p_1", yes(), FACE, TERMS)
    assert json.loads(json.dumps(said)) == said
    assert said["purposes"] == [
        {
            "purpose": "support_qa",
            "modality": "face",
            "status": "given",
            "kind": "express_written",
            "lawful_basis": "consent",
            "retention_days": 30,
        }
    ]
    assert said["participant_id"] == "p_1"
    assert said["jurisdiction"] == ["US-CA"]
    assert said["policy"]["digest"] == FACE.policy_digest
    assert said["policy"]["rules"][0] == "A11"
    assert said["sensitive"] is True
    assert said["given_at"] == said["answered_at"] == "2026-11-22T09:30:00.000000Z"
    assert said["valid_until"] == "2027-11-22T09:30:00.000000Z"
    assert said["retention"] == {"days": 30, "contact_days": None, "purpose_days": 365}
    assert said["withdrawal"]["withdrawn_at"] is None
    assert said["notice"]["screenshot_sha256"] == "c" * 64


def test_an_answer_comes_back_out_of_its_statement() -> None:
    for answer in (yes(), yes(evidence=Evidence(), own_wish=True)):
        assert answer_of(statement("p_1", answer, FACE, TERMS)) == answer
    no = follow((), Said("face", Purpose.SUPPORT_QA, ConsentStatus.REFUSED), NOW, "r-0")
    assert answer_of(statement("p_1", no, FACE, TERMS)) == no


def test_a_withdrawal_keeps_the_terms_and_says_when() -> None:
    first = statement("p_1", yes(), FACE, TERMS)
    later = follow([answer_of(first)], Said("face", Purpose.SUPPORT_QA, WITHDRAWN), NOW + timedelta(days=1), "r-2")
    said = next_statement(first, later)
    assert said["version"] == 2
    assert said["receipt_id"] == "r-2"
    assert said["withdrawal"]["withdrawn_at"] == "2026-11-23T09:30:00.000000Z"
    assert said["given_at"] == first["given_at"]
    assert said["notice"] == first["notice"]
    assert said["purposes"][0]["status"] == "withdrawn"
    assert said["controllers"] == first["controllers"]
    assert answer_of(said).said.status is WITHDRAWN


def test_an_objection_to_turn_taking_rests_on_no_consent_and_is_not_sensitive() -> None:
    turns = ruled("US-CA", modalities=["telemetry"])["telemetry"]
    objection = follow((), Said("telemetry", Purpose.SUPPORT_QA, WITHDRAWN), NOW, "r-3")
    said = statement("p_1", objection, turns, TERMS)
    assert said["sensitive"] is False
    assert said["purposes"][0]["lawful_basis"] == "objection"
    assert said["notice"] is None
    assert said["given_at"] is None
    assert to_dpv(said)["dpv:hasRecordOfActivity"][0]["dpv:hasNotice"] is None
    assert to_dpv(said)["dpv:hasRecordOfActivity"][0]["dpv:hasProcess"]["dpv:hasLegalBasis"] == "dpv:LegitimateInterest"
    assert to_kantara(said)["spiCat"] == []


def test_a_receipt_that_holds_gives_the_leaf_to_prove() -> None:
    receipt = paper()
    assert check_receipt(json.loads(json.dumps(receipt))) == base64.b64decode(receipt["leaf"])
    assert statement_in(receipt) == statement("p_1", yes(), FACE, TERMS)


@pytest.mark.parametrize("name", sorted(set(paper()) - {"leaf", "proof", "log"}))
def test_no_field_of_a_receipt_can_be_changed(name: str) -> None:
    receipt = paper()
    receipt[name] = {"changed": 1} if isinstance(receipt[name], dict) else "0" * 64
    with pytest.raises(ConsentError):
        check_receipt(receipt)


@pytest.mark.parametrize("name", ["leaf", "salt", "audit", "log", "proof", "purposes", "receipt_id", "version"])
def test_a_receipt_that_lacks_something_says_what(name: str) -> None:
    receipt = paper()
    del receipt[name]
    with pytest.raises(ConsentError, match=f"has no `{name}`"):
        check_receipt(receipt)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "NOTICE"},
        {"status": "withdrawn"},
        {"modality": "voice"},
        {"purpose": "sales_coaching"},
        {"version": 2},
        {"seq": 8},
        {"receipt_id": "other"},
        {"payload_commit": "0" * 64},
    ],
)
def test_a_leaf_that_says_something_else_is_caught(change: dict[str, object]) -> None:
    with pytest.raises(ConsentError, match="do not agree on"):
        check_receipt(paper(**change))


@pytest.mark.parametrize(
    "change",
    [
        {"leaf": "not base64!"},
        {"leaf": base64.b64encode(b"no json").decode()},
        {"leaf": 3},
        {"salt": "zz"},
        {"purposes": []},
        {"audit": {}},
    ],
)
def test_a_receipt_that_is_none_is_an_error_and_no_crash(change: dict[str, object]) -> None:
    with pytest.raises(ConsentError, match="cannot be read"):
        check_receipt(paper() | change)


def test_a_leaf_that_is_no_table_is_caught() -> None:
    with pytest.raises(ConsentError, match="is not an entry"):
        check_receipt(paper() | {"leaf": base64.b64encode(b"[]").decode()})


def test_in_the_data_privacy_vocabulary_the_receipt_wraps_one_record() -> None:
    said = statement("p_1", yes(), ruled("EU", modalities=["face"])["face"], TERMS)
    wrapped = to_dpv(said)
    (record,) = wrapped["dpv:hasRecordOfActivity"]
    assert wrapped["@type"] == "dpv:ConsentReceipt"
    assert wrapped["dct:identifier"] == "r-1"
    assert record["dpv:hasConsentStatus"][0]["@type"][0] == "dpv:ConsentGiven"
    assert record["dpv:hasProcess"]["dpv:hasLegalBasis"] == "eu-gdpr:A9-2-a"
    assert record["dpv:hasProcess"]["dpv:hasStorageCondition"][1]["dpv:hasDuration"] == "P30D"
    assert record["dpv:hasNotice"]["cnt:sha256"] == "a" * 64
    assert {"@type": ["dpv:DataSubjectRight", "cnt:dispute"], "dct:title": "dispute"} in record["dpv:hasRight"]
    prefixes = {word.split(":")[0] for word in json.dumps(wrapped).split('"') if ":" in word and " " not in word[:12]}
    assert {"dpv", "pd", "ai", "eu-gdpr", "dct", "cnt"} <= prefixes & set(wrapped["@context"])


@pytest.mark.parametrize(
    ("place", "modality", "basis"),
    [
        ("EU", "text", "eu-gdpr:A6-1-a"),
        ("UK", "face", "eu-gdpr:A9-2-a"),
        ("US-CA", "face", "dpv:Consent"),
    ],
)
def test_the_legal_basis_follows_the_place(place: str, modality: str, basis: str) -> None:
    ruling = ruled(place, modalities=[modality])[modality]
    said = statement("p_1", yes(modality=modality), ruling, TERMS)
    assert to_dpv(said)["dpv:hasRecordOfActivity"][0]["dpv:hasProcess"]["dpv:hasLegalBasis"] == basis


def test_the_older_form_of_kantara_has_its_own_names() -> None:
    terms = TERMS.model_copy(update={"recipients": ("Crm Inc",)})
    old = to_kantara(statement("p_1", yes(), FACE, terms))
    assert old["version"] == "KI-CR-v1.1.0"
    assert old["consentTimestamp"] == int(NOW.timestamp())
    assert old["piiPrincipalId"] == "p_1"
    (purpose,) = old["services"][0]["purposes"]
    assert purpose["consentType"] == "EXPRESS_WRITTEN"
    assert purpose["thirdPartyDisclosure"] is True
    assert purpose["thirdPartyName"] == "Crm Inc"
    assert "30 days" in purpose["termination"]
    assert old["sensitive"] is True


def test_a_stamp_is_utc_with_microseconds_and_comes_back() -> None:
    east = NOW.astimezone(timezone(timedelta(hours=9)))
    assert stamp(east) == "2026-11-22T09:30:00.000000Z"
    assert moment(stamp(NOW)) == NOW
