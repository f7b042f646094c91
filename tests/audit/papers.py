"""Rulings, consents and logs as the audit tests need them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from countenance.audit.chain_leases import Leases
from countenance.audit.chain_log import AuditLog
from countenance.contracts.call import Purpose, Role
from countenance.contracts.trust import Case, Consent, ConsentStatus, Duties, Effect, Layer, Ruling, Verdict

SECOND_US = 1_000_000
DIGEST = "d" * 64
DAY = date(2026, 11, 22)
CALL = "call-1"


def ticking() -> Callable[[], datetime]:
    """A clock that goes on by a millisecond whenever it is read."""
    now = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

    def read() -> datetime:
        nonlocal now
        now += timedelta(milliseconds=1)
        return now

    return read


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


def open_log(folder: Path) -> AuditLog:
    return AuditLog.open(folder / "audit.jsonl", ticking())


def second_of_face(leases: Leases, second: int, faces: int = 5) -> None:
    """One lease and one result, as the session writes them."""
    start_us = second * SECOND_US
    lease = leases.grant("p_1", ["face"], start_us, start_us + SECOND_US, {"face": ruling()}, {"face": consent()})
    leases.result(lease, {"face": faces}, b"what was read")


def whole_call(folder: Path, seconds: int = 3) -> bytes:
    """The bytes of a small call's log."""
    with open_log(folder) as log:
        log.append("CONFIG", {"config_digest": "c" * 64, "software": "0.1.0"})
        leases = Leases(log, CALL)
        leases.ruled("p_1", ruling())
        leases.answered(consent())
        for second in range(seconds):
            second_of_face(leases, second)
    return (folder / "audit.jsonl").read_bytes()
