"""One line of the log: its canonical bytes, its hash, and what may stand in it."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping

from countenance.contracts.errors import AuditError
from countenance.contracts.trust import AuditEntry

FIRST = "0" * 64
"""What the first entry holds in place of the hash of the one before."""

KINDS = (
    "GATE", "CONSENT", "NOTICE", "LEASE", "RESULT", "SUPPRESSED", "OPT_OUT", "LEASE_CLOSE", "EXPORT", "ACCESS",
    "ERASURE", "RETENTION", "MODEL_LOAD", "POLICY_LOAD", "CONFIG", "CLOCK_ANOMALY", "RECOVERY", "KEY_ROTATION",
)  # fmt: skip

FIELDS = (
    "call_ref", "subject_ref", "modality", "modalities", "purpose", "role", "decision", "rule_ids", "policy_digest",
    "consent_kind", "status", "kind", "version", "receipt_id", "receipts", "lease", "start_us", "end_us", "at_us",
    "counts", "payload_commit", "reason", "model", "sha256", "model_digests", "profile", "config_digest", "software",
    "cut_bytes", "cut_sha256", "rules", "notice", "jurisdictions",
)  # fmt: skip
"""All that may stand in an entry's body: references, counts, times and digests, nothing that was read of a person."""

WORD = re.compile(r"[A-Za-z0-9_.:/@+=-]{0,128}")
LARGEST = 2**53 - 1
LIMIT_BYTES = 65_535


def canonical(value: object) -> bytes:
    """JSON in one form only (RFC 8785 for texts, whole numbers, lists and tables with plain keys)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def seal(seq: int, kind: str, at: str, body: Mapping[str, object], previous: str) -> AuditEntry:
    """An entry with its hash over the hash before it and everything it says; raises AuditError on a wrong body."""
    if kind not in KINDS:
        raise AuditError(f"the audit log knows no kind `{kind}`", f"Use one of: {', '.join(KINDS)}.")
    for name, value in body.items():
        if name not in FIELDS:
            raise AuditError(f"`{name}` may not stand in an audit entry", "Log a reference or a commitment instead.")
        _check_leaf(name, value)
    # A copy in the form in which it will be read back: later changes of the caller's table reach nothing.
    kept = json.loads(canonical(dict(body)))
    sealed = AuditEntry(seq, kind, at, kept, previous, digest(AuditEntry(seq, kind, at, kept, previous, "")))
    if len(line_of(sealed)) > LIMIT_BYTES:
        raise AuditError(f"an audit entry of kind {kind} exceeds {LIMIT_BYTES} bytes", "Log fewer modalities at once.")
    return sealed


def digest(entry: AuditEntry) -> str:
    """The hash an entry must have: sha256 over the previous hash, then its canonical content."""
    content = {"seq": entry.seq, "kind": entry.kind, "at": entry.at, "body": entry.body}
    return hashlib.sha256(entry.previous.encode() + canonical(content)).hexdigest()


def line_of(entry: AuditEntry) -> bytes:
    """The entry as it stands in the file, with its end of line."""
    content = {
        "seq": entry.seq,
        "kind": entry.kind,
        "at": entry.at,
        "body": entry.body,
        "previous": entry.previous,
        "hash": entry.hash,
    }
    return canonical(content) + b"\n"


def entry_of(line: bytes) -> AuditEntry | None:
    """The entry in a line, or None when these are not the bytes the log would have written."""
    try:
        raw = json.loads(line)
        entry = AuditEntry(raw["seq"], raw["kind"], raw["at"], raw["body"], raw["previous"], raw["hash"])
        same = line_of(entry) == line
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return entry if same and isinstance(entry.body, dict) else None


def commitment(salt: bytes, payload: bytes) -> str:
    """Binds a result to its payload without telling it: HMAC-SHA256 under a salt kept outside the log."""
    return hmac.new(salt, payload, hashlib.sha256).hexdigest()


def _check_leaf(name: str, value: object) -> None:
    match value:
        case None | bool():
            return
        case int() if abs(value) <= LARGEST:
            return
        case str() if WORD.fullmatch(value):
            return
        case list() | tuple():
            for item in value:
                _check_leaf(name, item)
        case dict() if all(isinstance(key, str) and WORD.fullmatch(key) for key in value):
            for item in value.values():
                _check_leaf(name, item)
        case _:
            raise AuditError(
                f"the audit field `{name}` holds a {type(value).__name__} that may not stand there",
                "Only references, whole numbers and digests may stand in the log.",
            )
