"""The gaps that the first run of the decision table showed; each stays closed."""

from dataclasses import replace
from typing import Any

import pytest
from tests.policy.cases import TODAY, case

from countenance.contracts.call import Purpose, Role
from countenance.contracts.trust import Case
from countenance.policy.gate import Gate
from countenance.policy.vocabulary import JURISDICTIONS, WORKERS, modality_class, output_of

ALL = ("face", "voice", "text", "telemetry")


@pytest.mark.parametrize(
    ("field", "word"),
    [
        ("output", "charisma"),
        ("consequence", "promotion"),
        ("purpose", "curiosity"),
        ("role", "bystander"),
        ("jurisdictions", ("US-CA", "CN")),
        ("facts", {"age": "42"}),
        ("facts", {"minor": "perhaps"}),
    ],
)
def test_g1_an_unknown_word_is_refused_before_any_rule_is_asked(gate: Gate, field: str, word: object) -> None:
    fine = case("support_qa", "customer", "text", "US-CA")
    words: dict[str, Any] = {field: word}
    ruling = gate.rule(replace(fine, **words))
    assert gate.rule(fine).allowed
    assert not ruling.allowed
    assert all(v.rule_id.startswith("unknown.") for v in ruling.verdicts)


def test_g2_an_unstated_fact_counts_as_the_strict_one(gate: Gate) -> None:
    learner = ("education_engagement", "learner_independent", "face", "EU")
    stated = case(*learner)
    silent = replace(stated, facts={"minor": "adult"})
    assert gate.rule(stated).allowed
    assert not gate.rule(silent).allowed
    reason = gate.rule(silent).verdicts[0].reason
    assert "required_by_institution" in reason
    assert "issues_certificate" in reason


@pytest.mark.parametrize("modality", ALL)
@pytest.mark.parametrize("place", JURISDICTIONS)
@pytest.mark.parametrize("role", ["therapy_client", "candidate"])
def test_g3_g4_these_roles_are_refused_under_every_purpose(gate: Gate, modality: str, place: str, role: str) -> None:
    for purpose in Purpose:
        for consequence in ("individual", "aggregate_only"):
            asked = case(purpose, role, modality, place, output=output_of(modality), consequence=consequence)
            assert not gate.rule(asked).allowed


@pytest.mark.parametrize("place", JURISDICTIONS)
@pytest.mark.parametrize("role", WORKERS)
def test_g5_the_words_of_a_worker_are_never_scored_individually(gate: Gate, place: str, role: str) -> None:
    for purpose in Purpose:
        if purpose is not Purpose.SELF_TRAINING:
            assert not gate.rule(case(purpose, role, "text", place)).allowed


@pytest.mark.parametrize("role", WORKERS)
def test_g5_turn_taking_of_a_worker_is_for_coaching_only(gate: Gate, role: str) -> None:
    allowed = {
        purpose
        for purpose in Purpose
        if gate.rule(case(purpose, role, "telemetry", "US-CA", output="turn_taking")).allowed
    }
    assert allowed == {Purpose.SALES_COACHING, Purpose.SUPPORT_QA, Purpose.SELF_TRAINING}


@pytest.mark.parametrize("role", WORKERS)
def test_g5_in_the_eu_a_worker_alone_sees_their_own_turn_taking(gate: Gate, role: str) -> None:
    mine = case("self_training", role, "telemetry", "EU", output="turn_taking")
    assert "visible_to_subject_only" in gate.rule(mine).duties.names
    assert not gate.rule(replace(mine, purpose=Purpose.SALES_COACHING)).allowed, "never to a coach"
    assert not gate.rule(replace(mine, output="engagement")).allowed, "never as a state of mind"


@pytest.mark.parametrize("place", ["US-TX", "US-CO", "US-NY"])
def test_g6_a_guardian_agrees_in_the_form_that_the_law_asks_of_anybody(gate: Gate, place: str) -> None:
    teen = case("education_engagement", "student", "face", place, facts={"minor": "13_to_17"})
    assert gate.rule(teen).duties.consent == "parental_verifiable"
    assert "consent_in_writing" in gate.rule(teen).duties.names
    adult = replace(teen, facts={**teen.facts, "minor": "adult"})
    assert gate.rule(adult).duties.consent == "express_written"
    assert "consent_in_writing" not in gate.rule(adult).duties.names
    assert "consent_in_writing" not in gate.rule(replace(teen, jurisdictions=("UK",))).duties.names


@pytest.mark.parametrize("age", ["under_13", "13_to_17"])
@pytest.mark.parametrize("role", ["student", "customer"])
def test_g6_the_words_of_a_minor_need_a_guardian(gate: Gate, age: str, role: str) -> None:
    ruling = gate.rule(case("education_engagement", role, "text", "US-TX", facts={"minor": age}))
    assert ruling.allowed
    assert ruling.duties.consent == "parental_verifiable"


@pytest.mark.parametrize("role", ["student", "customer"])
def test_g6_face_and_voice_of_minors_are_refused(gate: Gate, role: str) -> None:
    for place in JURISDICTIONS:
        child = case("education_engagement", role, "face", place, facts={"minor": "under_13"})
        assert not gate.rule(child).allowed
    teen = case("support_qa", "customer", "voice", "EU", facts={"minor": "13_to_17"})
    assert not gate.rule(teen).allowed
    assert gate.rule(replace(teen, jurisdictions=("US-CA",))).duties.consent == "parental_verifiable"


def test_g6_a_student_of_unstated_age_counts_as_a_child_and_a_customer_does_not(gate: Gate) -> None:
    student = case("education_engagement", "student", "face", "US-TX")
    assert gate.rule(student).allowed
    assert not gate.rule(replace(student, facts={})).allowed
    assert gate.rule(replace(case("support_qa", "customer", "face", "US-TX"), facts={})).allowed


@pytest.mark.parametrize("place", ["US-IL", "US-CO", "US-CA", "US-OTHER"])
@pytest.mark.parametrize("modality", ["face", "text"])
def test_g7_federal_duties_follow_the_role_in_every_state(gate: Gate, place: str, modality: str) -> None:
    patient = gate.rule(case("telehealth_support", "patient", modality, place))
    student = gate.rule(case("education_engagement", "student", modality, place))
    assert {"baa", "audit_log_2190d"} <= set(patient.duties.names)
    assert "ferpa_contract" in student.duties.names


@pytest.mark.parametrize("approved", ["no", "yes"])
def test_g8_a_student_in_the_eu_is_not_read_for_self_training_even_with_an_approval(gate: Gate, approved: str) -> None:
    asked = case("self_training", "student", "face", "EU", facts={"exception_approved": approved})
    ruling = gate.rule(asked)
    assert not ruling.allowed
    assert ruling.verdicts[0].rule_id == "E02", "the ban on institutions reads broadly, and is named first"
    assert gate.rule(replace(asked, role=Role.AGENT)).allowed is (approved == "yes")


@pytest.mark.parametrize("place", [place for place in JURISDICTIONS if place != "EU"])
def test_g9_safety_opens_face_and_voice_in_the_eu_alone_and_the_refusal_says_so(gate: Gate, place: str) -> None:
    asked = case("safety", "agent", "voice", place, facts={"exception_approved": "yes"})
    ruling = gate.rule(asked)
    assert not ruling.allowed
    assert "in the EU alone" in "; ".join(verdict.reason for verdict in ruling.verdicts)
    assert gate.rule(replace(asked, jurisdictions=("EU",))).allowed


@pytest.mark.parametrize(
    ("word", "remedy"),
    [
        ("us-ca", "Did you mean US-CA?"),
        ("DE", "The countries of the European Union are EU"),
        ("GB", "The United Kingdom is UK"),
        ("US-FL", "every other state is US-OTHER"),
        ("US", "every other state is US-OTHER"),
        ("CN", "A place is never taken for another"),
        ("EUU", "Did you mean EU?"),
    ],
)
def test_g10_a_place_without_a_code_is_never_told_to_be_its_nearest_spelling(
    gate: Gate, word: str, remedy: str
) -> None:
    ruling = gate.rule(replace(case("support_qa", "customer", "text", "ROW"), jurisdictions=(word,)))
    assert not ruling.allowed
    assert remedy in ruling.verdicts[0].reason


def test_g10_a_place_without_a_code_is_never_the_rest_of_the_world(gate: Gate) -> None:
    row = Case(Purpose.SUPPORT_QA, Role.CUSTOMER, "text", "engagement", "individual", ("ROW",), TODAY)
    china = replace(row, jurisdictions=("CN",))
    assert gate.rule(row).allowed
    ruling = gate.rule(china)
    assert [v.rule_id for v in ruling.verdicts] == ["unknown.jurisdiction"]
    assert "`CN`" in ruling.verdicts[0].reason


@pytest.mark.parametrize(
    ("modality", "seen"),
    [
        ("face", "biometric"),
        ("voice", "biometric"),
        ("text", "text"),
        ("telemetry", "telemetry"),
        ("gait", "biometric"),
        ("", "biometric"),
    ],
)
def test_a_modality_nobody_knows_is_treated_as_biometric(modality: str, seen: str) -> None:
    assert modality_class(modality) == seen
