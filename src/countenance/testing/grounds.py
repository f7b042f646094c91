"""A made call, with what was answered and ruled on it."""

from dataclasses import replace
from datetime import date

from countenance.contracts.call import Call, Participant, Purpose, Role
from countenance.contracts.trust import Case, Consent, ConsentStatus, Duties, Effect, Layer, Ruling, Verdict
from countenance.surface.blocks import Grounds

CALL = Call(
    id="c 1",
    deployment_id="d1",
    purpose=Purpose.SUPPORT_QA,
    participants=(Participant("p1", "Ana", Role.CUSTOMER), Participant("p2", "Ben", Role.AGENT)),
    started_at="2026-11-22T09:30:00Z",
)
TIMELESS = replace(CALL, started_at=None)
CONSENT = Consent("p1", "face", Purpose.SUPPORT_QA, ConsentStatus.GIVEN, 0, "r-7", version=2)
GROUNDS = Grounds({"face": CONSENT}, "builtin", "ab" * 32, "g-1", "p1/0")
RULING = Ruling(
    effect=Effect.DENY,
    case=Case(Purpose.SUPPORT_QA, Role.AGENT, "face", "engagement", "individual", ("US-CA",), date(2026, 11, 22)),
    verdicts=(
        Verdict("E01", Layer.LAW, Effect.DENY, "no", "Art. 5(1)(f)", date(2025, 2, 2)),
        Verdict("P07", Layer.PRODUCT, Effect.DENY, "never at work", "Charter 3"),
    ),
    duties=Duties(),
    policy_digest="ab" * 32,
)
