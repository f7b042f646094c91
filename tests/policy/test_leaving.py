"""What may leave for a system of record: never more than the ruling let be read, and of many people nothing at all."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import product

import pytest
from tests.policy.cases import STATED, TODAY

from countenance.contracts.call import FACE, TELEMETRY, TEXT, VOICE, Purpose, Role
from countenance.contracts.trust import Case, Ruling
from countenance.policy.gate import Gate
from countenance.policy.leaving import PURPOSES, ROLES, Stays, System, stays
from countenance.policy.vocabulary import JURISDICTIONS, SUBJECT_ONLY, WORKERS, output_of

CRM, LMS, EHR = System


def rulings(gate: Gate, purpose: Purpose, role: Role, place: str = "UK", **more: object) -> list[Ruling]:
    facts: Mapping[str, str] = STATED
    case = Case(purpose, role, FACE, "engagement", "individual", (place,), TODAY, facts)
    cases = [replace(case, modality=m, output=output_of(m), **more) for m in (FACE, VOICE, TEXT, TELEMETRY)]  # type: ignore[arg-type]
    return [gate.rule(one) for one in cases]


@pytest.mark.parametrize("place", JURISDICTIONS)
def test_what_a_ruling_refuses_leaves_for_nowhere(gate: Gate, place: str) -> None:
    for system, purpose, role in product(System, Purpose, Role):
        found = rulings(gate, purpose, role, place)
        read = [one for one in found if one.allowed and one.case.modality != TELEMETRY]
        if stays(system, purpose, role, found) is None:
            assert read, (system, purpose, role)
            assert all(one.duties.aggregate_k is None and SUBJECT_ONLY not in one.duties.names for one in read)
            assert role not in WORKERS
            assert (purpose in PURPOSES[system], role in ROLES[system]) == (True, True)


def test_without_a_human_reviewer_minors_included_nothing_leaves(gate: Gate) -> None:
    for system, purpose, role in product(System, Purpose, Role):
        for consequence in ("aggregate_only", "solely_automated"):
            assert stays(system, purpose, role, rulings(gate, purpose, role, consequence=consequence)) is not None
        for minor in ("13_to_17", "under_13"):
            young = rulings(gate, purpose, role, facts=STATED | {"minor": minor})
            assert stays(system, purpose, role, young) is not None


def test_each_system_takes_the_people_it_is_for(gate: Gate) -> None:
    for system, purpose, role in (
        (CRM, Purpose.SALES_COACHING, Role.PROSPECT),
        (CRM, Purpose.SUPPORT_QA, Role.CUSTOMER),
        (LMS, Purpose.EDUCATION_ENGAGEMENT, Role.LEARNER_INDEPENDENT),
        (EHR, Purpose.TELEHEALTH_SUPPORT, Role.PATIENT),
    ):
        assert stays(system, purpose, role, rulings(gate, purpose, role)) is None


def test_the_reason_is_the_first_that_speaks(gate: Gate) -> None:
    sales, buyer = Purpose.SALES_COACHING, Role.PROSPECT
    plain = rulings(gate, sales, buyer)
    assert stays(CRM, sales, Role.AGENT, plain) is Stays.WORKER
    assert stays(EHR, sales, buyer, plain) is Stays.PURPOSE
    assert stays(CRM, sales, Role.PATIENT, plain) is Stays.ROLE
    assert stays(CRM, sales, buyer, plain[3:]) is Stays.REFUSED
    assert stays(CRM, sales, buyer, rulings(gate, sales, buyer, facts={})) is Stays.MINOR
    limits = (("aggregate_k", 10, Stays.GROUP), ("names", (SUBJECT_ONLY,), Stays.OWN_EYES))
    for name, value, why in (*limits, ("names", ("mhmda_share_consent",), Stays.SHARING)):
        bound = [replace(one, duties=replace(one.duties, **{name: value})) for one in plain]  # type: ignore[arg-type]
        assert stays(CRM, sales, buyer, bound) is why
    unreviewed = [replace(one, case=replace(one.case, consequence="aggregate_only")) for one in plain]
    assert stays(CRM, sales, buyer, unreviewed) is Stays.GROUP


def test_where_passing_on_needs_a_consent_of_its_own_it_stays(gate: Gate) -> None:
    found = rulings(gate, Purpose.TELEHEALTH_SUPPORT, Role.PATIENT, "US-WA")
    assert stays(EHR, Purpose.TELEHEALTH_SUPPORT, Role.PATIENT, found) is Stays.SHARING
