"""Rulings and terms that several tests of consent share."""

from collections.abc import Iterable, Mapping
from datetime import date

from countenance.consent.terms import Terms
from countenance.contracts.call import FACE, TELEMETRY, TEXT, VOICE, Modality, Purpose, Role
from countenance.contracts.trust import Case, Ruling
from countenance.policy.gate import Gate
from countenance.policy.vocabulary import output_of

DAY = date(2026, 11, 22)
GATE = Gate.load()
ALL = (FACE, VOICE, TEXT, TELEMETRY)
ADULT: Mapping[str, str] = {"minor": "adult", "b2b": "no"}
TERMS = Terms(
    controllers=("Example Ltd",),
    contact="privacy@example.org",
    storage_locations=("Frankfurt",),
    retention_url="https://example.org/privacy/retention",
)


def ruled(
    *places: str,
    purpose: Purpose = Purpose.SUPPORT_QA,
    role: Role = Role.CUSTOMER,
    modalities: Iterable[Modality] = ALL,
    consequence: str = "individual",
    facts: Mapping[str, str] = ADULT,
) -> dict[Modality, Ruling]:
    """What the gate says of each modality of one person, refusals left out."""
    cases = (Case(purpose, role, m, output_of(m), consequence, places, DAY, facts) for m in modalities)
    rulings = {case.modality: GATE.rule(case) for case in cases}
    return {modality: ruling for modality, ruling in rulings.items() if ruling.allowed}
