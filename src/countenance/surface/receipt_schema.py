"""The schema of a consent receipt: the fields of ISO/IEC TS 27560:2023, and what proves the answer offline."""

from countenance.contracts.call import Purpose
from countenance.contracts.trust import CONSENT_KINDS, ConsentStatus
from countenance.surface.schema_terms import DIGEST, TEXT, Schema, array, maybe, one_of, record

MOMENT: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"}
DAYS: Schema = {"type": "integer", "minimum": 0}
BASE64: Schema = {"type": "string", "pattern": "^[A-Za-z0-9+/]+={0,2}$"}


def receipt_schema() -> Schema:
    """`receipt.json`, as a person keeps it."""
    return record({**_about(), **_answer(), **_proof()})


def _about() -> Schema:
    return {
        "schema_version": {"const": "io.countenance.consent.receipt.v1"},
        "record_id": TEXT,
        "participant_id": TEXT,
        "controllers": {**array(TEXT), "minItems": 1},
        "contact": TEXT,
        "data_protection_officer": maybe(TEXT),
        "recipients": array(TEXT),
        "storage_locations": {**array(TEXT), "minItems": 1},
        "transfers": array(TEXT),
        "jurisdiction": array(TEXT),
        "retention": record({"days": DAYS, "contact_days": maybe(DAYS), "purpose_days": maybe(DAYS)}),
        "log_days": DAYS,
        "rights": array(TEXT),
        "authority": maybe(TEXT),
        "sensitive": {"type": "boolean"},
        "policy": record({"pack": TEXT, "version": TEXT, "digest": DIGEST, "rules": array(TEXT)}),
    }


def _answer() -> Schema:
    notice = record(
        {
            "id": TEXT,
            "language": {"type": "string", "pattern": "^[a-z]{2}$"},
            "text_sha256": DIGEST,
            "substance_sha256": DIGEST,
            "screenshot_sha256": maybe(DIGEST),
            "shown_at": MOMENT,
        }
    )
    purpose = record(
        {
            "purpose": one_of(*Purpose),
            "modality": TEXT,
            "status": one_of(*ConsentStatus),
            "kind": one_of(*CONSENT_KINDS[1:]),
            "lawful_basis": one_of("consent", "objection"),
            "retention_days": DAYS,
        }
    )
    guardian = record({"name": TEXT, "relation": TEXT, "check": TEXT, "checked_by": TEXT, "checked_at": MOMENT})
    return {
        "receipt_id": {"type": "string", "format": "uuid"},
        "version": {"type": "integer", "minimum": 1},
        "notice": maybe(notice),
        "answered_at": MOMENT,
        "given_at": maybe(MOMENT),
        "valid_until": maybe(MOMENT),
        "collection_method": TEXT,
        "own_wish": {"type": "boolean"},
        "evidence": record(
            {
                "act": TEXT,
                "name": maybe(TEXT),
                "document_sha256": maybe(DIGEST),
                "screenshot_sha256": maybe(DIGEST),
                "guardian": maybe(guardian),
            }
        ),
        "withdrawal": record({"method": TEXT, "withdrawn_at": maybe(MOMENT)}),
        "purposes": {**array(purpose), "minItems": 1, "maxItems": 1},
    }


def _proof() -> Schema:
    return {
        "audit": record({"seq": {"type": "integer", "minimum": 0}, "hash": DIGEST}),
        "salt": DIGEST,
        "leaf": BASE64,
        "log": record({"origin": TEXT, "vkey": TEXT}),
        "proof": {"type": "string", "pattern": "^c2sp\\.org/tlog-proof@v1\n"},
    }
