"""The receipt of an answer: the statement, where it stands in the log, and the proof, checked without us.

Three things make it hold: the proof shows that the leaf is in the log that the key signs; the commitment in the leaf
opens to the statement with the salt; the plain fields of the leaf say what the statement says.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from countenance.consent.canonical import canonical
from countenance.consent.statement import Statement
from countenance.contracts.errors import ConsentError

OURS = ("audit", "salt", "leaf", "log", "proof")
"""What a receipt has beside the statement."""
DAMAGED = "The file is damaged or was altered; ask for the receipt again."


@dataclass(frozen=True, slots=True)
class Issue:
    """Where the answer stands in the log, and what proves it."""

    seq: int
    hash: str
    """The leaf hash (RFC 6962), hexadecimal."""
    salt: bytes
    leaf: bytes
    origin: str
    vkey: str
    """The verifier key of the log, as C2SP signed notes write it."""
    proof: str
    """The text of a C2SP tlog-proof file."""


def issue(said: Statement, where: Issue) -> dict[str, Any]:
    """The receipt, ready for JSON."""
    return {
        **said,
        "audit": {"seq": where.seq, "hash": where.hash},
        "salt": where.salt.hex(),
        "leaf": base64.b64encode(where.leaf).decode(),
        "log": {"origin": where.origin, "vkey": where.vkey},
        "proof": where.proof,
    }


def new_receipt_id(random: bytes) -> str:
    """A receipt id of 16 random bytes; it tells nothing and links nothing."""
    return str(UUID(bytes=random[:16], version=4))


def commitment(salt: bytes, said: Statement) -> str:
    """What the log holds of a statement, HMAC-SHA256 over its canonical form."""
    return hmac.new(salt, canonical(said), hashlib.sha256).hexdigest()


def statement_in(receipt: Mapping[str, Any]) -> Statement:
    """The statement in a receipt."""
    return {name: value for name, value in receipt.items() if name not in OURS}


def check_receipt(receipt: Mapping[str, Any]) -> bytes:
    """The leaf whose proof is still to be verified; raises ConsentError when the receipt does not say what it says."""
    missing = [name for name in (*OURS, "purposes", "receipt_id", "version") if name not in receipt]
    if missing:
        raise ConsentError(f"the receipt has no `{missing[0]}`", DAMAGED)
    try:
        leaf = base64.b64decode(receipt["leaf"], validate=True)
        salt = bytes.fromhex(receipt["salt"])
        entry = json.loads(leaf)
        (purpose,) = receipt["purposes"]
        told = {name: purpose[name] for name in ("modality", "purpose", "status")}
        said = commitment(salt, statement_in(receipt))
        seq = receipt["audit"]["seq"]
    except (binascii.Error, ValueError, TypeError, KeyError, RecursionError) as error:
        raise ConsentError(f"the receipt cannot be read ({error})", DAMAGED) from error
    if not isinstance(entry, dict):
        raise ConsentError("the leaf of the receipt is not an entry", DAMAGED)
    told |= {"kind": "CONSENT", "seq": seq, "receipt_id": receipt["receipt_id"], "version": receipt["version"]}
    for name, value in (told | {"payload_commit": said}).items():
        if entry.get(name) != value:
            raise ConsentError(f"the receipt and the log do not agree on `{name}`", DAMAGED)
    return leaf
