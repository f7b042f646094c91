"""What one answer says, as the person may keep it and as it is sealed: the fields of ISO/IEC TS 27560:2023, and ours.

The log holds only a commitment to it; the statement and the salt open that commitment.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from countenance import __version__
from countenance.consent.answers import Answer, Said, Shown
from countenance.consent.evidence import Evidence, Guardian
from countenance.consent.retention import limits
from countenance.consent.terms import Terms
from countenance.contracts.call import TELEMETRY, TEXT, Purpose
from countenance.contracts.trust import ConsentStatus, Ruling

SCHEMA_VERSION = "io.countenance.consent.receipt.v1"
WITHDRAWAL = "one control on the call page, or `stop` at any later time"
RIGHTS = (
    "access",
    "copy",
    "rectification",
    "dispute",
    "erasure",
    "restriction",
    "objection",
    "withdrawal",
    "complaint",
)

Statement = Mapping[str, Any]


def statement(person: str, answer: Answer, ruling: Ruling, terms: Terms) -> Statement:
    """The statement of an answer to a notice."""
    duties, case = ruling.duties, ruling.case
    kept = limits([duties], terms.log_days)
    return {
        "schema_version": SCHEMA_VERSION,
        "record_id": f"{person}/{case.modality}/{case.purpose}",
        "participant_id": person,
        "controllers": list(terms.controllers),
        "contact": terms.contact,
        "data_protection_officer": terms.data_protection_officer,
        "recipients": list(terms.recipients),
        "storage_locations": list(terms.storage_locations),
        "transfers": list(terms.transfers),
        "jurisdiction": list(case.jurisdictions),
        "retention": {"days": kept.days, "contact_days": kept.contact_days, "purpose_days": kept.purpose_days},
        "log_days": kept.log_days,
        "rights": list(RIGHTS),
        "authority": terms.authority,
        "sensitive": case.modality not in (TEXT, TELEMETRY),
        "policy": {
            "pack": "countenance",
            "version": __version__,
            "digest": ruling.policy_digest,
            "rules": [verdict.rule_id for verdict in ruling.verdicts],
        },
        **_said(answer, None),
        "purposes": [
            {
                "purpose": str(case.purpose),
                "modality": case.modality,
                "status": str(answer.said.status),
                "kind": answer.said.kind,
                "lawful_basis": "objection" if duties.consent == "none" else "consent",
                "retention_days": duties.retention_days,
            }
        ],
    }


def next_statement(before: Statement, answer: Answer) -> Statement:
    """The statement of an answer that ends or repeats an earlier one: the same terms, another status."""
    (purpose,) = before["purposes"]
    changed = {**purpose, "status": str(answer.said.status), "kind": answer.said.kind}
    return {**before, **_said(answer, before), "purposes": [changed]}


def answer_of(said: Statement) -> Answer:
    """The answer a statement speaks of."""
    (purpose,) = said["purposes"]
    notice = said["notice"]
    shown = None
    if notice is not None:
        shown = Shown(
            notice["id"], notice["language"], notice["text_sha256"], notice["substance_sha256"],
            moment(notice["shown_at"]),
        )  # fmt: skip
    status = ConsentStatus(purpose["status"])
    answered = Said(
        purpose["modality"], Purpose(purpose["purpose"]), status, purpose["kind"], shown, _evidence(said),
        said["own_wish"],
    )  # fmt: skip
    ends = said["valid_until"]
    expires = moment(ends) if status is ConsentStatus.GIVEN and ends is not None else None
    return Answer(answered, said["version"], moment(said["answered_at"]), expires, said["receipt_id"])


def stamp(at: datetime) -> str:
    """RFC 3339 in UTC, microseconds always written."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def moment(text: str) -> datetime:
    """The moment of a stamp."""
    return datetime.fromisoformat(text).astimezone(UTC)


def _said(answer: Answer, before: Statement | None) -> dict[str, object]:
    said = answer.said
    status = said.status
    given = status is ConsentStatus.GIVEN
    shown = said.shown
    notice = before["notice"] if before is not None and shown is None else None
    if shown is not None:
        notice = {
            "id": shown.id,
            "language": shown.language,
            "text_sha256": shown.text_sha256,
            "substance_sha256": shown.substance,
            "screenshot_sha256": said.evidence.screenshot_sha256,
            "shown_at": stamp(shown.shown_at),
        }
    at = stamp(answer.at)
    ended = before["valid_until"] if before is not None and status is not ConsentStatus.REFUSED else None
    return {
        "receipt_id": answer.receipt_id,
        "version": answer.version,
        "notice": notice,
        "answered_at": at,
        "given_at": at if given else before["given_at"] if before is not None else None,
        "valid_until": stamp(answer.expires) if answer.expires is not None else ended,
        "collection_method": said.evidence.act,
        "own_wish": said.own_wish,
        "evidence": _plain(said.evidence),
        "withdrawal": {"method": WITHDRAWAL, "withdrawn_at": at if status is ConsentStatus.WITHDRAWN else None},
    }


def _plain(evidence: Evidence) -> dict[str, object]:
    found = asdict(evidence)
    if evidence.guardian is not None:
        found["guardian"]["checked_at"] = stamp(evidence.guardian.checked_at)
    return found


def _evidence(said: Statement) -> Evidence:
    found = dict(said["evidence"])
    guardian = found.pop("guardian")
    if guardian is not None:
        guardian = Guardian(**{**guardian, "checked_at": moment(guardian["checked_at"])})
    return Evidence(**found, guardian=guardian)
