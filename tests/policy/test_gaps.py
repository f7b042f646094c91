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
