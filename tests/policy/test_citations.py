"""A rule cites what somebody has checked: every citation stands on a list that is kept by hand."""

import re
from pathlib import Path

import pytest

from countenance.policy.gate import Gate

PAGE = Path(__file__).with_name("citations.txt")
CHARTER = re.compile(r"Countenance charter [A-Z]\d\d")


def allowed() -> set[str]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def unknown(citation: str) -> list[str]:
    parts = [part.strip() for part in citation.split(";")]
    return [part for part in parts if part not in allowed() and not CHARTER.fullmatch(part)]


def test_every_citation_is_on_the_list(gate: Gate) -> None:
    assert [(rule.id, strange) for rule in gate.rules for strange in unknown(rule.citation)] == []


def test_the_list_holds_nothing_that_no_rule_cites(gate: Gate) -> None:
    cited = {part.strip() for rule in gate.rules for part in rule.citation.split(";")}
    assert allowed() <= cited


@pytest.mark.parametrize(
    "poisoned",
    [
        "Regulation 2024/1688, Article 23",
        "46 CFR Part 263",
        "AI Act 35 (conformity assessment)",
        "C(2025) 5052 para 253, hybrid team video calls",
        "NYC LL144",
        "Countenance charter",
    ],
)
def test_what_poisoned_or_draft_sources_say_is_not(poisoned: str) -> None:
    assert unknown(f"AI Act 5(1)(f); {poisoned}") == [poisoned]


def test_a_charter_rule_cites_itself(gate: Gate) -> None:
    for rule in gate.rules:
        for name in re.findall(r"Countenance charter ([A-Z]\d\d)", rule.citation):
            assert rule.id.rstrip("KR") == name, rule.id
