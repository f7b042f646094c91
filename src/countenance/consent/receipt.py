"""Consent receipts in the shape of ISO/IEC TS 27560:2023, as the person may keep them."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID, uuid5

from countenance.contracts.call import Modality, Purpose
from countenance.contracts.trust import Consent, ConsentStatus, Ruling

SCHEMA_VERSION = "countenance.receipt.v1"
NAMESPACE = UUID("6f1d2a52-3c0e-5b7c-9a56-0d0f4a1be2c7")
"""Fixed for ever: the same answer has the same receipt id on every machine."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the person was told when asked; the same for a whole deployment."""

    controllers: tuple[str, ...]
    notice_sha256: str
    language: str = "en"
    storage_locations: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    withdrawal_method: str = "one control on the call page, at any moment"
    collection_method: str = "stated by the deployment"


def receipt_id(call_id: str, participant_id: str, modality: Modality, purpose: Purpose, version: int) -> str:
    """The id of one answer, the same wherever it is computed."""
    parts = (call_id, participant_id, modality, str(purpose), str(version))
    # Lengths keep ("ab", "c") and ("a", "bc") apart.
    return str(uuid5(NAMESPACE, "".join(f"{len(part)}:{part}" for part in parts)))


def receipt(consent: Consent, ruling: Ruling, terms: Terms) -> Mapping[str, object]:
    """The receipt of one answer, ready for JSON."""
    withdrawn = consent.status is ConsentStatus.WITHDRAWN
    duties = ruling.duties
    return {
        "schema_version": SCHEMA_VERSION,
        "record_id": f"{consent.participant_id}/{consent.modality}/{consent.purpose}",
        "receipt_id": consent.receipt_id,
        "version": consent.version,
        "participant_id": consent.participant_id,
        "notice": {"id": consent.notice, "language": terms.language, "text_sha256": terms.notice_sha256},
        "purposes": [
            {
                "purpose": str(consent.purpose),
                "modality": consent.modality,
                "status": str(consent.status),
                "kind": consent.kind,
                "lawful_basis": "consent",
                "retention_days": duties.retention_days,
            }
        ],
        "controllers": list(terms.controllers),
        "recipients": list(terms.recipients),
        "storage_locations": list(terms.storage_locations),
        "jurisdiction": list(ruling.case.jurisdictions),
        "at_us": consent.at_us,
        "collection_method": terms.collection_method,
        "withdrawal": {"method": terms.withdrawal_method, "withdrawn_at_us": consent.at_us if withdrawn else None},
        "sensitive": duties.consent != "none",
        "policy": {"digest": ruling.policy_digest},
    }
