"""The promise of the first command: a support call in California, a customer and an agent."""

import pytest
from tests.policy.cases import TODAY, case

from countenance.contracts.call import Purpose, Role
from countenance.contracts.trust import Case, Layer
from countenance.policy.gate import Gate
from countenance.policy.vocabulary import output_of


def plain(role: Role, modality: str, *places: str) -> Case:
    """As the command line asks: nothing is stated beyond role and place."""
    return Case(Purpose.SUPPORT_QA, role, modality, output_of(modality), "individual", places or ("US-CA",), TODAY)


@pytest.mark.parametrize("modality", ["face", "voice", "text"])
def test_the_customer_may_be_read_with_consent(gate: Gate, modality: str) -> None:
    ruling = gate.rule(plain(Role.CUSTOMER, modality))
    assert ruling.allowed
    assert ruling.duties.consent == ("explicit" if modality == "text" else "express_written")
    assert ruling.duties.human_role == "coach"
    assert {"notice_at_first_exposure", "consent_recorded", "mid_call_opt_out"} <= set(ruling.duties.names)


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.AGENT])
def test_turn_taking_needs_a_notice_and_no_consent(gate: Gate, role: Role) -> None:
    ruling = gate.rule(plain(role, "telemetry"))
    assert ruling.allowed
    assert ruling.duties.consent == "none"
    assert "notice_at_first_exposure" in ruling.duties.names
    assert ("never_to_hr" in ruling.duties.names) == (role is Role.AGENT)


@pytest.mark.parametrize("modality", ["face", "voice"])
def test_the_agent_is_refused_with_the_charter_in_california(gate: Gate, modality: str) -> None:
    ruling = gate.rule(plain(Role.AGENT, modality))
    assert not ruling.allowed
    assert [v.rule_id for v in ruling.verdicts] == ["P07"]
    assert ruling.verdicts[0].layer is Layer.PRODUCT
    assert "charter" in ruling.verdicts[0].citation


@pytest.mark.parametrize("modality", ["face", "voice"])
def test_the_agent_is_refused_by_the_law_first_in_the_eu(gate: Gate, modality: str) -> None:
    ruling = gate.rule(plain(Role.AGENT, modality, "EU"))
    assert [v.rule_id for v in ruling.verdicts] == ["E01", "E04", "P07"]
    assert "5(1)(f)" in ruling.verdicts[0].citation


def test_the_words_of_the_agent_are_not_scored(gate: Gate) -> None:
    assert [v.rule_id for v in gate.rule(plain(Role.AGENT, "text")).verdicts] == ["P09"]


def test_turn_taking_of_the_agent_is_only_an_aggregate_in_the_eu(gate: Gate) -> None:
    individual = case("support_qa", "agent", "telemetry", "EU", output="turn_taking")
    group = case("support_qa", "agent", "telemetry", "EU", output="turn_taking", consequence="aggregate_only")
    assert not gate.rule(individual).allowed
    assert gate.rule(group).allowed
    assert gate.rule(group).duties.aggregate_k == 10


def test_no_emotion_is_inferred_from_the_turn_taking_of_an_agent(gate: Gate) -> None:
    assert not gate.rule(case("support_qa", "agent", "telemetry", "US-CA", output="engagement")).allowed


@pytest.mark.parametrize("place", ["EU", "UK", "US-CA", "US-IL", "US-CO", "KR", "ROW", "US-OTHER"])
@pytest.mark.parametrize("modality", ["face", "voice", "text", "telemetry"])
@pytest.mark.parametrize("role", ["candidate", "customer", "guest"])
def test_hiring_is_refused_everywhere_with_a_citation(gate: Gate, place: str, modality: str, role: str) -> None:
    ruling = gate.rule(case("hiring", role, modality, place, output=output_of(modality)))
    assert not ruling.allowed
    assert "P01" in [v.rule_id for v in ruling.verdicts]
    assert all(v.citation for v in ruling.verdicts)
