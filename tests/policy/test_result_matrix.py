"""The table of results that the product promises: biometric, individual unless said, on 2026-11-22."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.policy.cases import STATED, case

from countenance.contracts.trust import Case
from countenance.policy.gate import Gate
from countenance.policy.vocabulary import FACTS, UNKNOWN_PLACE

STATES = ("US-TX", "US-WA", "US-CA", "US-NY")
OTHERS = ("US-OTHER", "KR", "ROW")
COLLEAGUE = {"relation": "same_organisation"}


@dataclass(frozen=True)
class Subject:
    purpose: str
    role: str
    consequence: str = "individual"
    facts: dict[str, str] = field(default_factory=dict)

    def on_a_call(self, modality: str, *places: str) -> Case:
        return case(self.purpose, self.role, modality, *places, consequence=self.consequence, facts=self.facts)


Table = dict[str, tuple[Subject, dict[str, str]]]

SALES = Subject("sales_coaching", "customer")
CALLER = Subject("support_qa", "customer")
REP = Subject("sales_coaching", "employee")
AGENT = Subject("support_qa", "agent")
TEACHER = Subject("education_engagement", "teacher")
MEETING = Subject("sales_coaching", "employee", facts=COLLEAGUE)
MIRROR = Subject("self_training", "employee")
STUDENT = Subject("education_engagement", "student")
LEARNER = Subject("education_engagement", "learner_independent")
PATIENT = Subject("telehealth_support", "patient")
CLIENT = Subject("psychotherapy", "therapy_client")
CANDIDATE = Subject("hiring", "candidate")
WATCHED = Subject("workplace_monitoring", "employee", facts=COLLEAGUE)
PANEL = Subject("focus_group", "panelist", consequence="aggregate_only")

# Per place the rule that allows; in REFUSED the first rule that refuses.
ALLOWED: Table = {
    "sales": (SALES, {"EU": "A01", "UK": "A12", "US-IL": "A10", "US-CO": "A11-CO", "states": "A11", "others": "A12"}),
    "caller": (CALLER, {"EU": "A01", "UK": "A12", "US-IL": "A10", "US-CO": "A11-CO", "states": "A11", "others": "A12"}),
    "mirror": (MIRROR, {"US-IL": "A10", "states": "A11"}),
    "student": (STUDENT, {"UK": "A12", "US-IL": "A10", "US-CO": "A11-CO", "states": "A11", "others": "A12"}),
    "learner": (
        LEARNER,
        {"EU": "A04", "UK": "A12", "US-IL": "A10", "US-CO": "A11-CO", "states": "A11", "others": "A12"},
    ),
    "patient": (
        PATIENT,
        {"EU": "A05", "UK": "A12", "US-IL": "A10", "US-CO": "A11-CO", "states": "A11", "others": "A12"},
    ),
    "panel": (PANEL, {"EU": "A06", "UK": "A12", "US-IL": "A10", "US-CO": "A11-CO", "states": "A11", "others": "A12"}),
}
REFUSED: Table = {
    "rep": (REP, {"EU": "E01", "UK": "P07", "US-IL": "P07", "US-CO": "C01", "states": "P07", "others": "P07"}),
    "agent": (AGENT, {"EU": "E01", "UK": "P07", "US-IL": "P07", "US-CO": "C01", "states": "P07", "others": "P07"}),
    "teacher": (TEACHER, {"EU": "E01", "UK": "P07", "US-IL": "P07", "US-CO": "C01", "states": "P07", "others": "P07"}),
    "meeting": (MEETING, {"EU": "E01", "UK": "P07", "US-IL": "P07", "US-CO": "C01", "states": "P07", "others": "P07"}),
    "mirror": (MIRROR, {"EU": "E03", "UK": "Z99", "US-CO": "C01", "others": "Z99"}),
    "student": (STUDENT, {"EU": "E02"}),
    "client": (CLIENT, {"EU": "T03", "UK": "T03", "US-IL": "T01", "US-CO": "T02", "states": "T03", "others": "T03"}),
    "candidate": (
        CANDIDATE,
        {"EU": "E01", "UK": "P01", "US-IL": "P01", "US-CO": "C01", "states": "P01", "others": "P01"},
    ),
    "watched": (WATCHED, {"EU": "E01", "UK": "P02", "US-IL": "P02", "US-CO": "C01", "states": "P02", "others": "P02"}),
}
UNKNOWN_ALLOWED = ("sales", "caller", "learner", "patient", "panel")
UNKNOWN_REFUSED = ("rep", "agent", "teacher", "meeting", "mirror", "student", "client", "candidate", "watched")


def rows(table: Table) -> list[Any]:
    return [
        pytest.param(subject, place, rule, id=f"{name}-{place}")
        for name, (subject, answers) in table.items()
        for group, rule in answers.items()
        for place in {"states": STATES, "others": OTHERS}.get(group, (group,))
    ]


@pytest.mark.parametrize(("subject", "place", "rule"), rows(ALLOWED))
@pytest.mark.parametrize("modality", ["face", "voice"])
def test_the_matrix_allows(gate: Gate, subject: Subject, place: str, rule: str, modality: str) -> None:
    ruling = gate.rule(subject.on_a_call(modality, place))
    assert ruling.allowed
    assert rule in [verdict.rule_id for verdict in ruling.verdicts]
    assert ruling.duties.consent != "none"
    assert 0 < ruling.duties.retention_days <= 30


@pytest.mark.parametrize(("subject", "place", "rule"), rows(REFUSED))
@pytest.mark.parametrize("modality", ["face", "voice"])
def test_the_matrix_refuses(gate: Gate, subject: Subject, place: str, rule: str, modality: str) -> None:
    ruling = gate.rule(subject.on_a_call(modality, place))
    assert not ruling.allowed
    assert ruling.verdicts[0].rule_id == rule


@pytest.mark.parametrize("name", UNKNOWN_ALLOWED)
def test_in_an_unknown_place_the_duties_of_the_strictest_places_add_up(gate: Gate, name: str) -> None:
    subject, _ = ALLOWED[name]
    ruling = gate.rule(subject.on_a_call("face"))
    assert ruling.allowed
    assert ruling.duties == gate.rule(subject.on_a_call("face", *UNKNOWN_PLACE)).duties
    assert ruling.duties.consent == "written_release"
    assert {"art50_3_notice", "public_retention_policy", "public_biometric_policy"} <= set(ruling.duties.names)


@pytest.mark.parametrize("name", UNKNOWN_REFUSED)
def test_in_an_unknown_place_the_strictest_refusal_holds(gate: Gate, name: str) -> None:
    subject, _ = REFUSED[name]
    assert not gate.rule(subject.on_a_call("face")).allowed


def test_an_approved_exception_opens_self_training_in_the_eu(gate: Gate) -> None:
    ruling = gate.rule(case("self_training", "employee", "face", "EU", facts={"exception_approved": "yes"}))
    assert ruling.allowed
    assert "visible_to_subject_only" in ruling.duties.names


def test_all_that_can_be_stated_is_stated_here() -> None:
    assert set(STATED) == set(FACTS)
