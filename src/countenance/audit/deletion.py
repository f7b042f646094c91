"""The deletion receipt: what was erased and when, signed by the log's key, with proof that the log says so too."""

import json
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785

from countenance.audit.checkpoint import Checkpoint
from countenance.audit.entries import entry_of
from countenance.audit.note import SigningKey, VerifierKey, parse_note, sign_note, verify_note
from countenance.audit.proof import Proof, parse_proof, verify_proof
from countenance.audit.quorum import Policy
from countenance.contracts.errors import AuditError
from countenance.contracts.trust import LogEntry

SCHEMA = "countenance.deletion.v1"
MOST_BYTES = 10_000_000
DAMAGED = "The receipt is damaged, or not one of a deletion."


@dataclass(frozen=True, slots=True)
class Proven:
    """An ERASURE entry with the proof that it is in the log."""

    leaf: bytes
    proof: Proof


@dataclass(frozen=True, slots=True)
class Deletion:
    """A receipt that holds."""

    statement: Mapping[str, Any]
    entries: tuple[LogEntry, ...]
    checkpoint: Checkpoint
    """The log's state under which the entries were shown to stand."""
    own_key: bool
    """The log's key came with the receipt itself: compare it with the one the deployment publishes."""


def deletion_receipt(statement: Mapping[str, Any], proven: Sequence[Proven], key: SigningKey) -> bytes:
    """The receipt as a file (`deletion-receipt.json`), which needs nobody's help to be checked."""
    text = rfc8785.dumps(dict(statement)).decode()
    first, *more = ({"leaf": b64encode(one.leaf).decode(), "proof": one.proof.data.decode()} for one in proven)
    receipt = {
        "schema": SCHEMA,
        "statement": dict(statement),
        "note": sign_note(text + "\n", key).data.decode(),
        **first,
        "more": more,
        "log": {"vkey": str(key.verifier)},
    }
    return json.dumps(receipt, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def verify_deletion(data: bytes, policy: Policy | None = None) -> Deletion:
    """The deletion a receipt proves; raises AuditError when signature, proof or words do not fit each other."""
    raw = _table(data)
    keys = [log.key for log in policy.logs] if policy else [VerifierKey.parse(_text(_inner(raw, "log"), "vkey"))]
    note = parse_note(_text(raw, "note").encode())
    verify_note(note, keys)
    statement = _table(note.text.encode())
    if raw.get("statement") != statement or raw.get("schema") != SCHEMA:
        raise AuditError("the receipt does not say what was signed", DAMAGED)
    trusted = policy or Policy.trusting(*keys)
    more = raw.get("more")
    proofs = [raw, *(more if isinstance(more, list) else ())]
    checked = [_entry(one, statement, trusted) for one in proofs]
    entries = tuple(entry for entry, _ in checked)
    if [entry.seq for entry in entries] != statement.get("entries"):
        raise AuditError("the receipt does not prove all the entries it names", DAMAGED)
    return Deletion(statement, entries, checked[0][1], own_key=policy is None)


def _entry(raw: object, statement: Mapping[str, Any], policy: Policy) -> tuple[LogEntry, Checkpoint]:
    if not isinstance(raw, dict):
        raise AuditError("an entry of the receipt is no table", DAMAGED)
    try:
        leaf = b64decode(_text(raw, "leaf"), validate=True)
    except Error as fault:
        raise AuditError("the leaf in the receipt is not base64", DAMAGED) from fault
    proof = parse_proof(_text(raw, "proof").encode())
    checkpoint = verify_proof(proof, leaf, policy)
    entry = entry_of(leaf)
    if (entry.kind, entry.seq) != ("ERASURE", proof.index) or entry.body.get("erasure_id") != statement.get(
        "erasure_id"
    ):
        raise AuditError(f"entry {proof.index} is not the erasure of this receipt", DAMAGED)
    return entry, checkpoint


def _table(data: bytes) -> Mapping[str, Any]:
    if len(data) > MOST_BYTES:
        raise AuditError(f"a receipt of {len(data)} bytes is too large", f"At most {MOST_BYTES} are read.")
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as fault:
        raise AuditError("the deletion receipt is not JSON", DAMAGED) from fault
    if not isinstance(raw, dict):
        raise AuditError("the deletion receipt is no table", DAMAGED)
    return raw


def _inner(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = raw.get(name)
    if not isinstance(value, dict):
        raise AuditError(f"the deletion receipt holds no table `{name}`", DAMAGED)
    return value


def _text(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str):
        raise AuditError(f"the deletion receipt holds no text `{name}`", DAMAGED)
    return value
