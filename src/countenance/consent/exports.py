"""A receipt in other people's forms: JSON-LD in the W3C Data Privacy Vocabulary, and the older Kantara receipt 1.1."""

from collections.abc import Mapping
from typing import Any

from countenance.consent.blocks import GDPR_PLACES
from countenance.consent.statement import Statement, moment
from countenance.contracts.call import FACE, TELEMETRY, TEXT, VOICE

DPV_CONTEXT = {
    "dpv": "https://w3id.org/dpv#",
    "pd": "https://w3id.org/dpv/pd#",
    "ai": "https://w3id.org/dpv/ai#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dct": "http://purl.org/dc/terms/",
    "cnt": "https://countenance.readthedocs.io/terms#",
}
CONFORMS = "https://w3id.org/dpv/schema/dpv-27560"
STATUS = {
    "given": "dpv:ConsentGiven",
    "refused": "dpv:ConsentRefused",
    "withdrawn": "dpv:ConsentWithdrawn",
    "expired": "dpv:ConsentExpired",
}
PERSONAL_DATA = {FACE: "pd:Biometric", VOICE: "pd:Biometric", TEXT: "pd:Communication", TELEMETRY: "pd:Behavioral"}
GDPR_RIGHTS = {
    "access": "eu-gdpr:A15",
    "copy": "eu-gdpr:A20",
    "rectification": "eu-gdpr:A16",
    "erasure": "eu-gdpr:A17",
    "restriction": "eu-gdpr:A18",
    "objection": "eu-gdpr:A21",
    "withdrawal": "eu-gdpr:A7-3",
    "complaint": "eu-gdpr:A77",
}
TERMINATION = "at the latest after {days} days, earlier on withdrawal with deletion"


def to_dpv(said: Statement) -> dict[str, Any]:
    """The receipt as a `dpv:ConsentReceipt` around one `dpv:ConsentRecord` (DPV guide consent-27560)."""
    (purpose,) = said["purposes"]
    controllers = [
        {"@type": "dpv:DataController", "dpv:hasName": name, "dpv:hasContact": said["contact"]}
        for name in said["controllers"]
    ]
    event = {
        "@type": [STATUS[purpose["status"]], "dpv:ExplicitlyExpressedConsent"],
        "dpv:isIndicatedBy": "dpv:DataSubject",
        "dpv:hasIndicationMethod": said["collection_method"],
        "dpv:isIndicatedAtTime": said["answered_at"],
    }
    record = {
        "@type": "dpv:ConsentRecord",
        "dct:identifier": said["record_id"],
        "dct:conformsTo": f"{CONFORMS}#record",
        "dct:hasVersion": said["version"],
        "dpv:hasDataSubject": {"@id": f"cnt:{said['participant_id']}", "@type": "dpv:DataSubject"},
        "dpv:hasDataController": controllers,
        "dpv:hasJurisdiction": list(said["jurisdiction"]),
        "dpv:hasProcess": _process(said, purpose),
        "dpv:hasNotice": _notice(said["notice"]),
        "dpv:hasConsentStatus": [event],
        "dpv:hasConsentControl": {
            "@type": ["dpv:ProvideConsent", "dpv:WithdrawConsent"],
            "dpv:isExercisedAt": said["withdrawal"]["method"],
        },
        "dpv:hasRight": [{"@type": ["dpv:DataSubjectRight", _right(one)], "dct:title": one} for one in said["rights"]],
        "cnt:policyDigest": said["policy"]["digest"],
    }
    return {
        "@context": DPV_CONTEXT,
        "@type": "dpv:ConsentReceipt",
        "dct:identifier": said["receipt_id"],
        "dct:conformsTo": f"{CONFORMS}#receipt",
        "dct:created": said["answered_at"],
        "dpv:hasRecordOfActivity": [record],
    }


def to_kantara(said: Statement) -> dict[str, Any]:
    """The receipt with the field names of Kantara Consent Receipt 1.1."""
    (purpose,) = said["purposes"]
    notice = said["notice"] or {}
    return {
        "version": "KI-CR-v1.1.0",
        "jurisdiction": ",".join(said["jurisdiction"]),
        "consentTimestamp": int(moment(said["answered_at"]).timestamp()),
        "collectionMethod": said["collection_method"],
        "consentReceiptID": said["receipt_id"],
        "language": notice.get("language", ""),
        "piiPrincipalId": said["participant_id"],
        "piiControllers": [{"piiController": name, "contact": said["contact"]} for name in said["controllers"]],
        "policyUrl": notice.get("id", ""),
        "services": [
            {
                "service": "Countenance",
                "purposes": [
                    {
                        "purpose": purpose["purpose"],
                        "purposeCategory": [purpose["purpose"]],
                        "consentType": purpose["kind"].upper(),
                        "piiCategory": [purpose["modality"]],
                        "primaryPurpose": False,
                        "termination": TERMINATION.format(days=purpose["retention_days"]),
                        "thirdPartyDisclosure": bool(said["recipients"]),
                        "thirdPartyName": ", ".join(said["recipients"]),
                    }
                ],
            }
        ],
        "sensitive": said["sensitive"],
        "spiCat": [purpose["modality"]] if said["sensitive"] else [],
    }


def _process(said: Statement, purpose: Mapping[str, Any]) -> dict[str, Any]:
    storage = [
        {"@type": "dpv:StorageLocation", "dpv:hasLocation": list(said["storage_locations"])},
        {"@type": "dpv:StorageDuration", "dpv:hasDuration": f"P{purpose['retention_days']}D"},
    ]
    european = not said["jurisdiction"] or bool(GDPR_PLACES.intersection(said["jurisdiction"]))
    basis = {True: "eu-gdpr:A9-2-a", False: "eu-gdpr:A6-1-a"}[said["sensitive"]] if european else "dpv:Consent"
    return {
        "@type": "dpv:Process",
        "dpv:hasPurpose": f"cnt:{purpose['purpose']}",
        "dpv:hasPersonalData": [PERSONAL_DATA.get(purpose["modality"], f"cnt:{purpose['modality']}")],
        "dpv:hasProcessing": ["dpv:Infer", *(["ai:BiometricEmotionRecognition"] if said["sensitive"] else [])],
        "dpv:hasLegalBasis": "dpv:LegitimateInterest" if purpose["lawful_basis"] == "objection" else basis,
        "dpv:hasRecipient": list(said["recipients"]),
        "dpv:hasStorageCondition": storage,
    }


def _notice(notice: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if notice is None:
        return None
    return {
        "@type": "dpv:ConsentNotice",
        "dct:identifier": notice["id"],
        "dct:language": notice["language"],
        "dct:date": notice["shown_at"],
        "cnt:sha256": notice["text_sha256"],
    }


def _right(name: str) -> str:
    return GDPR_RIGHTS.get(name, f"cnt:{name}")
