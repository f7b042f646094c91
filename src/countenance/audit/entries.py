"""One leaf of the log: its canonical bytes (RFC 8785), and what may stand in it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import orjson

from countenance.audit.merkle import leaf_hash
from countenance.contracts.errors import AuditError
from countenance.contracts.trust import LogEntry

VERSION = 1

KINDS = (
    "GATE", "CONSENT", "NOTICE", "LEASE", "RESULT", "SUPPRESSED", "OPT_OUT", "LEASE_CLOSE", "EXPORT", "ACCESS",
    "ERASURE", "RETENTION", "MODEL_LOAD", "POLICY_LOAD", "CONFIG", "CLOCK_ANOMALY", "RECOVERY", "KEY_ROTATION",
    "SUGGESTION",
)  # fmt: skip

ENVELOPE = ("v", "kind", "seq", "t_utc", "t_mono", "boot_id", "tenant")

FIELDS = (
    "call_ref", "subject_ref", "modality", "modalities", "purpose", "role", "decision", "rule_ids", "policy_digest",
    "consent_kind", "consent_index", "status", "version", "receipt_id", "at_us", "expires", "jurisdictions",
    "notice", "notice_version", "notice_sha256", "language", "ask", "basis",
    "lease", "start_us", "end_us", "valid_us", "limit", "counts", "payload_commit", "reason", "outputs",
    "model", "sha256", "model_digests", "profile", "config_digest", "software", "rules",
    "actor", "scope", "format", "items", "erasure_id", "epoch", "old_epoch", "key_id", "minimum", "size", "due",
    "back_us", "jump_us", "backup_id", "suggestion",
)  # fmt: skip
"""All that may stand in a body: references, counts, times and digests, nothing that was read of a person."""

LONGEST = 128
WORD = re.compile(rf"[A-Za-z0-9_.:/@+=-]{{0,{LONGEST}}}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
LARGEST = 2**53 - 1
LIMIT_BYTES = 65_535


@dataclass(frozen=True, slots=True)
class Stamp:
    """When an entry was made, on both clocks."""

    at: str
    """RFC 3339 UTC with microseconds."""
    mono_us: int
    boot_id: str


_KINDS, _FIELDS = frozenset(KINDS), frozenset(FIELDS)
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False).encode


def canonical(value: Mapping[str, object]) -> bytes:
    """RFC 8785 for plain ASCII texts, whole numbers, lists and tables, which is all that a leaf may hold."""
    return _encode(value).encode("ascii")


def check(kind: str, body: Mapping[str, object]) -> None:
    """Raise AuditError on a wrong kind or body."""
    if kind not in _KINDS:
        raise AuditError(f"the audit log knows no kind `{kind}`", f"Use one of: {', '.join(KINDS)}.")
    if not _FIELDS.issuperset(body):
        wrong = next(name for name in body if name not in _FIELDS)
        raise AuditError(f"`{wrong}` may not stand in an audit entry", "Log a reference or a commitment instead.")
    for name, value in body.items():
        # Nearly all values are words, and every append waits for this.
        if type(value) is not str or len(value) > LONGEST or not _is_word(value):
            _check_value(name, value)


def leaf_of(seq: int, kind: str, stamp: Stamp, tenant: str, body: Mapping[str, object]) -> bytes:
    """The canonical bytes of an entry that `check` lets pass; raises AuditError when there are too many."""
    leaf = orjson.dumps(
        {
            "v": VERSION,
            "kind": kind,
            "seq": seq,
            "t_utc": stamp.at,
            "t_mono": stamp.mono_us,
            "boot_id": stamp.boot_id,
            "tenant": tenant,
            **body,
        },
        option=orjson.OPT_SORT_KEYS,
    )
    if len(leaf) > LIMIT_BYTES:
        raise AuditError(f"an audit entry of kind {kind} exceeds {LIMIT_BYTES} bytes", "Log fewer modalities at once.")
    return leaf


def entry_of(leaf: bytes) -> LogEntry:
    """The entry in a leaf; raises AuditError when these are not the bytes the log would have written."""
    try:
        raw = json.loads(leaf)
        body = {name: value for name, value in raw.items() if name not in ENVELOPE}
        stamp = Stamp(raw["t_utc"], raw["t_mono"], raw["boot_id"])
        whole = all(type(number) is int and 0 <= number <= LARGEST for number in (raw["seq"], stamp.mono_us))
        words = all(isinstance(word, str) and WORD.fullmatch(word) for word in (stamp.boot_id, raw["tenant"]))
        check(raw["kind"], body)
        same = leaf_of(raw["seq"], raw["kind"], stamp, raw["tenant"], body) == leaf
        if not (whole and words and same and isinstance(stamp.at, str) and TIME.fullmatch(stamp.at)):
            raise _not_written()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise _not_written() from fault
    return LogEntry(
        raw["seq"], raw["kind"], stamp.at, stamp.mono_us, stamp.boot_id, raw["tenant"], body, leaf_hash(leaf).hex()
    )


def _not_written() -> AuditError:
    return AuditError("these are not the bytes of an audit entry", "Keep the file as evidence; restore a copy.")


@lru_cache(maxsize=4096)
def _is_word(text: str) -> bool:
    """Most words of an entry stood in the one before."""
    return WORD.fullmatch(text) is not None


def _check_value(name: str, value: object) -> None:
    if isinstance(value, str):
        if len(value) <= LONGEST and _is_word(value):
            return
    elif isinstance(value, int) and -LARGEST <= value <= LARGEST:
        return
    match value:
        case None:
            return
        case list() | tuple():
            for item in value:
                _check_value(name, item)
        case dict() if all(isinstance(key, str) and WORD.fullmatch(key) for key in value):
            for item in value.values():
                _check_value(name, item)
        case _:
            raise AuditError(
                f"the audit field `{name}` holds a {type(value).__name__} that may not stand there",
                "Only references, whole numbers and digests may stand in the log.",
            )
