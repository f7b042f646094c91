"""May this lease be given: law, consent and length, checked as one small proof."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from countenance.contracts.call import Modality
from countenance.contracts.errors import AuditError, RefusedError
from countenance.contracts.trust import CONSENT_KINDS, Consent, ConsentStatus, Lease, Ruling

LONGEST_US = 1_000_000
NOBODY: Mapping[tuple[str, Modality], int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Request:
    """What a lease is asked for: one person, some modalities, at most one second."""

    participant_id: str
    modalities: tuple[Modality, ...]
    start_us: int
    end_us: int
    rulings: Mapping[Modality, Ruling]
    consents: Mapping[Modality, Consent]
    """The answers that hold at `start_us`; none is needed where the ruling asks for none."""


def lease_for(request: Request, stopped: Mapping[tuple[str, Modality], int] = NOBODY) -> Lease:
    """The lease a request deserves; raises RefusedError without law or consent, AuditError when it is wrong."""
    name = f"{request.participant_id}/{request.start_us}"
    if not request.modalities:
        raise AuditError(f"the lease {name} names no modality", "Ask for at least one, or for no lease.")
    if not 0 < request.end_us - request.start_us <= LONGEST_US:
        raise AuditError(f"the lease {name} must last more than 0 and at most {LONGEST_US} us", "Renew it instead.")
    rulings = [_allowing(request, modality) for modality in request.modalities]
    for modality, ruling in zip(request.modalities, rulings, strict=True):
        stop_us = stopped.get((request.participant_id, modality))
        if stop_us is not None and stop_us <= request.start_us:
            who = f"{modality} of {request.participant_id}"
            raise RefusedError(f"{who} was stopped by the person", "Leave this modality out.")
        _check_consent(request, ruling)
    digests = {ruling.policy_digest for ruling in rulings}
    if len(digests) > 1:
        raise AuditError(f"the lease {name} mixes rulings of two policies", "Rule on the whole call with one policy.")
    receipts = tuple(request.consents[m].receipt_id for m in request.modalities if m in request.consents)
    span = (request.start_us, request.end_us)
    return Lease(name, request.participant_id, request.modalities, *span, digests.pop(), receipts)


def _allowing(request: Request, modality: Modality) -> Ruling:
    who = f"{modality} of {request.participant_id}"
    ruling = request.rulings.get(modality)
    if ruling is None or ruling.case.modality != modality:
        raise RefusedError(f"{who} has no ruling", "Put the case to the gate first.")
    if not ruling.allowed:
        first = ruling.verdicts[0]
        raise RefusedError(f"{who} is refused: {first.reason} [{first.citation}]", "Leave this modality out.")
    return ruling


def _check_consent(request: Request, ruling: Ruling) -> None:
    consent, wanted = request.consents.get(ruling.case.modality), ruling.duties.consent
    silence_is_enough = consent is None and wanted == "none"
    if not silence_is_enough and (consent is None or not _covers(consent, request, ruling)):
        who = f"{ruling.case.modality} of {request.participant_id}"
        raise RefusedError(
            f"{who} has no consent of kind {wanted} for {ruling.case.purpose} at {request.start_us} us",
            "Ask the person, or leave this modality out.",
        )


def _covers(consent: Consent, request: Request, ruling: Ruling) -> bool:
    kinds = CONSENT_KINDS
    return (
        consent.status is ConsentStatus.GIVEN
        and consent.participant_id == request.participant_id
        and consent.modality == ruling.case.modality
        and consent.purpose == ruling.case.purpose
        and consent.at_us <= request.start_us
        and kinds.index(consent.kind) >= kinds.index(ruling.duties.consent)
    )
