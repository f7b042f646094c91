"""What shows that a person said yes in the form the law asks for: an act, a signature, a guardian who was checked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from countenance.contracts.errors import ConsentError
from countenance.inference.tables import near

ACTS = ("toggle", "spoken", "typed_name", "electronic_signature", "paper")
"""How an answer was given; the last three are in writing (740 ILCS 14/10 knows the electronic signature)."""
WRITTEN = frozenset(ACTS[2:])
CHECKS = ("signed_form", "payment", "phone_call", "video_call", "government_id")
"""How a guardian may be shown to be one (after 16 CFR 312.5(b)(2), without the comparison of faces)."""
IN_WRITING = frozenset({"express_written", "written_release"})
ALSO_IN_WRITING = frozenset({"written_release", "consent_in_writing"})
"""Duties that ask a guardian, too, for writing."""
DIGEST = 64


@dataclass(frozen=True, slots=True)
class Guardian:
    """Who agreed for a young person, and how they were checked."""

    name: str
    relation: str
    """Such as `mother`, in the words of whoever checked."""
    check: str
    """One of CHECKS."""
    checked_by: str
    checked_at: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """What stands behind one answer; kept sealed."""

    act: str = "toggle"
    """One of ACTS."""
    name: str | None = None
    """The full name, as typed or signed."""
    document_sha256: str | None = None
    """Of the signed paper, or of the signature file."""
    screenshot_sha256: str | None = None
    """Of the screen as it stood when the person answered."""
    guardian: Guardian | None = None


BY_TOGGLE = Evidence()
"""The person's own act on the screen, without a signature."""


def check_evidence(kind: str, evidence: Evidence, duties: Iterable[str] = ()) -> None:
    """Raise ConsentError when a yes of this kind is not borne out."""
    if evidence.act not in ACTS:
        raise ConsentError(f"consent cannot be given by {evidence.act!r}", near(evidence.act, ACTS))
    for digest in (evidence.document_sha256, evidence.screenshot_sha256):
        if digest is not None and (len(digest) != DIGEST or not set(digest) <= set("0123456789abcdef")):
            raise ConsentError(f"{digest!r} is not a SHA-256 digest", "Write 64 hexadecimal digits, in small letters.")
    if kind == "parental_verifiable":
        _check_guardian(evidence.guardian)
    if kind in IN_WRITING or ALSO_IN_WRITING.intersection(duties):
        _check_writing(kind, evidence)


def _check_guardian(guardian: Guardian | None) -> None:
    if guardian is None:
        raise ConsentError("the consent of a guardian is missing", "Ask a parent or guardian, and check who they are.")
    if guardian.check not in CHECKS:
        raise ConsentError(f"a guardian cannot be checked by {guardian.check!r}", near(guardian.check, CHECKS))
    for field in ("name", "relation", "checked_by"):
        if not str(getattr(guardian, field)).strip():
            raise ConsentError(f"the guardian's `{field}` is empty", "Write it down; it is kept sealed.")


def _check_writing(kind: str, evidence: Evidence) -> None:
    signer = evidence.name or (evidence.guardian.name if evidence.guardian else None)
    if evidence.act not in WRITTEN or not (signer or "").strip():
        problem = f"a consent of kind {kind} is in writing here, and this one is not signed"
        raise ConsentError(problem, "Have the full name typed (act `typed_name`, with `name`), or signed.")
    if evidence.act == "paper" and evidence.document_sha256 is None:
        raise ConsentError("a consent on paper has no digest of the paper", "Scan it and record its SHA-256.")
