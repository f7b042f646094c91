"""The five questions, and what can be configured by nobody."""

import tomllib
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.contracts.call import FACE, TELEMETRY, TEXT, Purpose, Role
from countenance.contracts.trust import Effect
from countenance.policy.decision import Path, Questions, Residence, Timing, configuration, decide
from countenance.policy.gate import Gate
from countenance.policy.vocabulary import JURISDICTIONS

GATE = Gate.load()
ASKED = Questions(
    purpose=Purpose.SALES_COACHING,
    roles=(Role.CUSTOMER, Role.AGENT),
    jurisdictions=("UK",),
    facts={"minor": "adult", "relation": "other_organisation"},
    on=date(2026, 11, 23),
    minutes=50_000,
    timing=Timing.LIVE,
    residence=Residence.OWN,
    reviewed=True,
)


def test_each_role_and_modality_has_a_ruling_of_its_own() -> None:
    found = decide(GATE, ASKED)
    assert len(found.rulings) == 8
    assert (found.allowed, found.barred, found.consequence) == (True, None, "individual")
    assert found.rulings[Role.CUSTOMER, FACE].allowed
    assert not found.rulings[Role.AGENT, FACE].allowed


def test_without_a_human_who_decides_only_groups_are_told_of() -> None:
    found = decide(GATE, replace(ASKED, reviewed=False))
    assert found.consequence == "aggregate_only"
    assert {ruling.case.consequence for ruling in found.rulings.values()} == {"aggregate_only"}


@pytest.mark.parametrize("purpose", [Purpose.HIRING, Purpose.WORKPLACE_MONITORING])
@given(
    roles=st.lists(st.sampled_from(Role), min_size=1, max_size=3, unique=True),
    places=st.lists(st.sampled_from(JURISDICTIONS), max_size=3, unique=True),
    day=st.dates(date(2024, 1, 1), date(2032, 1, 1)),
    reviewed=st.booleans(),
)
def test_hiring_and_watching_people_at_work_are_allowed_to_nobody_anywhere_ever(
    purpose: Purpose, roles: list[Role], places: list[str], day: date, reviewed: bool
) -> None:
    asked = replace(ASKED, purpose=purpose, roles=tuple(roles), jurisdictions=tuple(places), on=day, reviewed=reviewed)
    found = decide(GATE, asked)
    assert found.barred is not None
    assert not found.allowed
    assert {ruling.effect for ruling in found.rulings.values()} == {Effect.DENY}
    assert all(found.barred.rule_id in [one.rule_id for one in ruling.verdicts] for ruling in found.rulings.values())


def test_turn_taking_alone_is_no_reading() -> None:
    found = decide(GATE, replace(ASKED, purpose=Purpose.EDUCATION_ENGAGEMENT, roles=(Role.STUDENT,)))
    assert found.rulings[Role.STUDENT, TELEMETRY].allowed
    assert found.allowed == found.rulings[Role.STUDENT, TEXT].allowed


@pytest.mark.parametrize(
    ("minutes", "residence", "path"),
    [
        (4_999, Residence.ANYWHERE, Path.RENT),
        (5_000, Residence.ANYWHERE, Path.MIXED),
        (30_000, Residence.ANYWHERE, Path.MIXED),
        (30_001, Residence.ANYWHERE, Path.OWN),
        (1, Residence.OWN, Path.OWN),
    ],
)
def test_the_way_follows_minutes_and_where_data_must_stay(minutes: int, residence: Residence, path: Path) -> None:
    assert decide(GATE, replace(ASKED, minutes=minutes, residence=residence)).path is path


def test_the_configuration_says_what_was_decided() -> None:
    text = configuration(decide(GATE, ASKED), GATE.digest)
    assert tomllib.loads(text) == {
        "deployment": {
            "purpose": "sales_coaching",
            "jurisdictions": ["UK"],
            "facts": {"minor": "adult", "relation": "other_organisation"},
        }
    }
    assert GATE.digest in text
    bare = configuration(decide(GATE, replace(ASKED, facts={})), GATE.digest)
    assert "facts" not in tomllib.loads(bare)["deployment"]


def test_only_what_is_refused_in_every_case_is_barred() -> None:
    barred = {purpose for purpose in Purpose if GATE.bars(purpose) is not None}
    assert barred == {Purpose.HIRING, Purpose.WORKPLACE_MONITORING, Purpose.PSYCHOTHERAPY}
