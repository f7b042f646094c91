"""What entries about rulings and answers say: references and words of the rules, nothing of the person."""

from collections.abc import Mapping

from countenance.contracts.trust import Consent, Ruling


def gate_body(call_ref: str, subject_ref: str, ruling: Ruling) -> Mapping[str, object]:
    """What the gate said of one modality of one person."""
    case = ruling.case
    return {
        "call_ref": call_ref,
        "subject_ref": subject_ref,
        "modality": case.modality,
        "purpose": str(case.purpose),
        "role": str(case.role),
        "jurisdictions": list(case.jurisdictions),
        "decision": str(ruling.effect),
        "rule_ids": [verdict.rule_id for verdict in ruling.verdicts],
        "consent_kind": ruling.duties.consent,
        "policy_digest": ruling.policy_digest,
    }


def consent_body(consent: Consent) -> Mapping[str, object]:
    """What a person answered; the receipt is not named, for its id could be computed from who they are."""
    return {
        "purpose": str(consent.purpose),
        "status": str(consent.status),
        "consent_kind": consent.kind,
        "version": consent.version,
        "notice": consent.notice,
    }
