"""Rulings and consents as the audit tests need them."""

from datetime import date

from countenance.contracts.call import Purpose, Role
from countenance.contracts.trust import Case, Consent, ConsentStatus, Duties, Effect, Layer, Ruling, Verdict

DIGEST = "d" * 64
DAY = date(2026, 11, 22)


def ruling(modality: str = "face", *, allowed: bool = True, consent: str = "explicit", digest: str = DIGEST) -> Ruling:
    case = Case(Purpose.SUPPORT_QA, Role.CUSTOMER, modality, "engagement", "individual", ("US-CA",), DAY)
    effect = Effect.ALLOW if allowed else Effect.DENY
    verdict = Verdict("T1", Layer.LAW, effect, "a reason", "Test Act 1")
    return Ruling(effect, case, (verdict,), Duties(consent=consent), digest)


def consent(
    modality: str = "face",
    at_us: int = 0,
    status: ConsentStatus = ConsentStatus.GIVEN,
    *,
    person: str = "p_1",
    kind: str = "explicit",
    purpose: Purpose = Purpose.SUPPORT_QA,
) -> Consent:
    return Consent(person, modality, purpose, status, at_us, f"r-{modality}-{at_us}", 1, kind)
