"""A file that claims one entry is in a log: a proof that carries the entry, or a receipt with entry, proof and key."""

import json
from dataclasses import dataclass

from countenance.audit.checkpoint import Checkpoint
from countenance.audit.note import VerifierKey
from countenance.audit.proof import HEADER, Proof, parse_proof, verify_proof
from countenance.audit.quorum import Policy
from countenance.audit.reading import Leaf, read
from countenance.audit.wire import from_base64
from countenance.contracts.errors import AuditError

DAMAGED = "It is damaged, or another kind of file."


@dataclass(frozen=True, slots=True)
class Claim:
    """What a file claims; nothing of it is believed by reading."""

    leaf: bytes
    proof: Proof
    key: VerifierKey | None
    """The key that came with it, if any."""


def parse_claim(data: bytes) -> Claim:
    """The claim in a `.tlog-proof` file with its entry, or in a receipt; raises AuditError."""
    if data.startswith(HEADER.encode()):
        proof = parse_proof(data)
        if proof.extra is None:
            raise AuditError("the proof does not carry its entry", "Make it with `countenance audit prove`.")
        return Claim(proof.extra, proof, None)
    try:
        receipt = json.loads(data)
    except (ValueError, RecursionError) as fault:
        raise AuditError("this is neither a proof nor a receipt", DAMAGED) from fault
    match receipt:
        case {"leaf": str() as leaf, "proof": str() as proof_text, "log": {"vkey": str() as key}}:
            entry = from_base64(leaf, "the leaf in the receipt")
            return Claim(entry, parse_proof(proof_text.encode()), VerifierKey.parse(key))
    raise AuditError("the receipt lacks its leaf, its proof or the log's key", DAMAGED)


def verify_claim(claim: Claim, policy: Policy) -> tuple[Leaf, Checkpoint]:
    """The fields of the entry, shown to be in the log, and the checkpoint under which it stands; raises AuditError."""
    point = verify_proof(claim.proof, claim.leaf, policy)
    leaves, findings = read([claim.leaf], claim.proof.index)
    if findings:
        raise AuditError(f"entry {claim.proof.index}: {findings[0].problem}", "The log itself wrote it wrong.")
    return leaves[0], point
