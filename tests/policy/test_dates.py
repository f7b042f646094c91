from datetime import date

import pytest
from tests.policy.cases import case

from countenance.contracts.trust import Duties
from countenance.policy.gate import Gate


def speaking(gate: Gate, rule: str, purpose: str, role: str, place: str, on: date) -> bool:
    ruling = gate.rule(case(purpose, role, "face", place, on=on))
    return rule in [verdict.rule_id for verdict in ruling.verdicts]


@pytest.mark.parametrize(
    ("rule", "purpose", "role", "place", "before", "first"),
    [
        ("E01", "support_qa", "agent", "EU", date(2025, 2, 1), date(2025, 2, 2)),
        ("E02", "education_engagement", "student", "EU", date(2025, 2, 1), date(2025, 2, 2)),
        ("C01", "self_training", "employee", "US-CO", date(2025, 6, 30), date(2025, 7, 1)),
        ("T01", "psychotherapy", "therapy_client", "US-IL", date(2025, 7, 31), date(2025, 8, 1)),
        ("EU-50", "support_qa", "customer", "EU", date(2026, 8, 1), date(2026, 8, 2)),
        ("T02", "psychotherapy", "therapy_client", "US-CO", date(2026, 8, 11), date(2026, 8, 12)),
        ("EU-HR", "support_qa", "customer", "EU", date(2027, 12, 1), date(2027, 12, 2)),
    ],
)
def test_a_law_speaks_from_its_first_day(
    gate: Gate, rule: str, purpose: str, role: str, place: str, before: date, first: date
) -> None:
    assert not speaking(gate, rule, purpose, role, place, before)
    assert speaking(gate, rule, purpose, role, place, first)
    assert speaking(gate, rule, purpose, role, place, date(2099, 1, 1))


def duties(gate: Gate, on: date) -> Duties:
    return gate.rule(case("sales_coaching", "customer", "face", "EU", on=on)).duties


def test_high_risk_duties_are_recommended_until_they_bind(gate: Gate) -> None:
    early, late = duties(gate, date(2027, 12, 1)), duties(gate, date(2027, 12, 2))
    assert "recommended:art12_logs" in early.names
    assert "art12_logs" not in early.names
    assert "art12_logs" in late.names
    assert not [name for name in late.names if name.startswith("recommended:")]


def test_a_refusal_shows_since_when(gate: Gate) -> None:
    ruling = gate.rule(case("support_qa", "agent", "face", "EU"))
    assert ruling.verdicts[0].applies_from == date(2025, 2, 2)
