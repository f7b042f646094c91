from tests.policy.cases import case

from countenance.policy.explain import explain
from countenance.policy.gate import Gate


def test_a_refusal_names_the_law_first_and_then_the_charter(gate: Gate) -> None:
    head, first, *_, last = explain(gate.rule(case("support_qa", "agent", "face", "EU")))
    assert head == "refused: face of the agent for support_qa in EU on 2026-11-22"
    assert first.startswith("law E01 refuses: ")
    assert "5(1)(f)" in first
    assert first.endswith("since 2025-02-02]")
    assert last.startswith("charter P07 refuses: ")
    assert last.endswith("[Countenance charter P07]")


def test_a_refusal_lists_no_duties(gate: Gate) -> None:
    assert not [line for line in explain(gate.rule(case("hiring", "candidate", "face"))) if "consent needed" in line]


def test_an_unstated_fact_is_pointed_out(gate: Gate) -> None:
    asked = case("support_qa", "guest", "face", "EU")
    lines = explain(gate.rule(type(asked)(**{f: getattr(asked, f) for f in asked.__slots__} | {"facts": {}})))
    assert any("not stated, so the strictest is assumed: relation, exception_approved" in line for line in lines)


def test_a_permission_names_who_allows_and_what_is_owed(gate: Gate) -> None:
    lines = explain(gate.rule(case("support_qa", "customer", "face")))
    assert lines[0] == "allowed: face of the customer for support_qa in an unknown place on 2026-11-22"
    assert any(line.startswith("law A10 allows: ") for line in lines)
    assert any(line.startswith("charter D01 requires: ") for line in lines)
    assert "consent needed: written_release" in lines
    assert "kept at most: 30 days" in lines
    assert "a person decides: coach" in lines
    assert lines[-1].startswith("duties: ")


def test_an_aggregate_names_the_size_of_the_group(gate: Gate) -> None:
    lines = explain(gate.rule(case("focus_group", "panelist", "face", "EU", consequence="aggregate_only")))
    assert "only in groups of at least: 10" in lines


def test_few_duties_make_few_lines(gate: Gate) -> None:
    ruling = gate.rule(case("support_qa", "customer", "text", "UK"))
    bare = type(ruling)(ruling.effect, ruling.case, ruling.verdicts, type(ruling.duties)(), ruling.policy_digest)
    assert explain(bare)[-2:] == ["consent needed: explicit", "kept at most: 30 days"]
