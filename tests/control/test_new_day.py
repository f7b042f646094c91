"""A call that goes on past midnight is under the law of the new day."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from tests.conftest import Place
from tests.consent.rulings import DAY
from tests.control.test_plane import MODEL, QA, Plane
from tests.policy.cases import ACME

from countenance.audit.outcome import Outcome
from countenance.contracts.call import Role
from countenance.contracts.errors import AuditError
from countenance.contracts.trust import Case
from countenance.policy.gate import Gate

DAY_US = 86_400_000_000
TOMORROW = date(2026, 11, 23)
RULE = """
[[rule]]
id = "ACME-1"
effect = "{effect}"
applies_from = 2026-11-23
reason = "from tomorrow on"
citation = "House rules 1"
when = {{ modality = ["biometric"] }}
{duties}
[[rule.example]]
speaks = true
ruling = "deny"
purpose = "hiring"
role = "candidate"
modality = "face"
output = "engagement"
consequence = "individual"
jurisdictions = ["EU"]
on = 2026-11-23
"""
REVIEW = """
[[review]]
settles = "P12K"
decided_by = "A. Example, counsel"
authority = "opinion of 2026-11-01, file 7"
decided_on = 2026-11-01
until = 2026-11-22
"""
REFUSES = RULE.format(effect="deny", duties="")
IN_WRITING = RULE.format(effect="require", duties='duties = { consent = "express_written" }')


@pytest.fixture
def plane(place: Place, tmp_path: Path) -> Iterator[Plane]:
    made = Plane(place, tmp_path)
    made.permit("p_1", "face", "text")
    yield made
    made.tenant.store.close()


def house(plane: Plane, folder: Path, rules: str) -> None:
    """From now on the gate knows the deployer's own rules; today they say nothing yet."""
    (folder / "acme.toml").write_text(ACME + rules, encoding="utf-8")
    plane.control.gate = Gate.load(overlays=[folder / "acme.toml"])
    plane.control.loaded(MODEL, "1.0")
    for modality in ("face", "text"):
        plane.rule("p_1", modality)


def test_what_is_refused_from_today_is_stopped_and_the_rest_goes_on(plane: Plane, tmp_path: Path) -> None:
    house(plane, tmp_path, REFUSES)
    (before,) = plane.grant(0)
    assert before.modalities == ("face", "text")
    plane.control.close_lease(plane.call, before, "hang_up")
    plane.clock.pass_us(DAY_US)
    (after,) = plane.grant(1)
    assert after.modalities == ("text",)
    assert plane.stops == [("p_1", "face")], "whoever decodes the face is told"
    ruling = plane.call.rulings["p_1", "face"]
    assert (ruling.allowed, ruling.case.on) == (False, TOMORROW)
    assert [e.body["decision"] for e in plane.tenant.log.entries() if e.kind == "GATE"][-1] == "deny"
    assert plane.findings() == ()


def test_a_stronger_consent_that_is_needed_from_today_must_be_given_first(plane: Plane, tmp_path: Path) -> None:
    house(plane, tmp_path, IN_WRITING)
    plane.clock.pass_us(DAY_US)
    (lease,) = plane.grant(0)
    assert lease.modalities == ("text",)
    plane.control.close_lease(plane.call, lease, "hang_up")
    plane.says("p_1", "face")
    (lease,) = plane.grant(1)
    assert lease.modalities == ("face", "text")


def test_a_result_that_was_read_under_yesterdays_law_is_not_taken_after_todays_no(plane: Plane, tmp_path: Path) -> None:
    house(plane, tmp_path, REFUSES)
    (lease,) = plane.grant(0)
    plane.clock.pass_us(DAY_US)
    plane.grant(1)
    with pytest.raises(AuditError, match="was stopped before this result"):
        plane.control.results(plane.call, [Outcome(lease, {"face": 5}, b"x")])
    plane.control.results(plane.call, [Outcome(lease, {"text": 1}, b"x")])
    plane.control.end_call(plane.call)
    assert plane.findings() == ()


def test_where_the_law_says_the_same_nothing_is_written_and_nobody_is_stopped(plane: Plane) -> None:
    gates = plane.kinds().count("GATE")
    plane.clock.pass_us(DAY_US)
    assert plane.grant(0)
    assert plane.kinds().count("GATE") == gates
    assert plane.call.rulings["p_1", "face"].case.on == TOMORROW
    assert plane.stops == []


def test_who_never_agreed_is_ruled_on_anew_too_and_no_stop_is_said(plane: Plane, tmp_path: Path) -> None:
    house(plane, tmp_path, REFUSES)
    plane.rule("p_2", "face")
    plane.clock.pass_us(DAY_US)
    plane.grant(0)
    assert not plane.call.rulings["p_2", "face"].allowed
    assert plane.stops == [("p_1", "face")]


def test_a_legal_review_ends_while_people_talk(plane: Plane, tmp_path: Path) -> None:
    house(plane, tmp_path, REVIEW)
    at_work = Case(
        QA, Role.CUSTOMER, "face", "engagement", "individual", ("EU",), DAY, {"minor": "adult", "b2b": "yes"}
    )
    assert plane.control.rule(plane.call, "p_1", at_work).allowed
    (lease,) = plane.grant(0)
    assert "face" in lease.modalities
    plane.clock.pass_us(DAY_US)
    (lease,) = plane.grant(1)
    assert lease.modalities == ("text",)
    assert plane.call.rulings["p_1", "face"].verdicts[0].rule_id == "P12K"
