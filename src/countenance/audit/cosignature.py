"""Cosignatures (C2SP tlog-cosignature, Ed25519): a witness says when it saw a checkpoint and found it consistent."""

from collections.abc import Collection, Mapping

from countenance.audit.note import COSIGNATURE, SIGNATURE_BYTES, Note, Signature, SigningKey, VerifierKey
from countenance.audit.wire import LARGEST
from countenance.contracts.errors import AuditError

TIME_BYTES = 8


def cosign(text: str, key: SigningKey, at_s: int) -> Signature:
    """The cosignature of a checkpoint's text at a time in seconds since 1970, UTC."""
    if key.kind != COSIGNATURE:
        raise AuditError(f"the key of {key.name} is not for cosignatures", "A witness signs with a key of type 4.")
    blob = at_s.to_bytes(TIME_BYTES, "big") + key.sign(_message(text, at_s))
    return Signature(key.name, key.verifier.id, blob)


def cosignatures(note: Note, keys: Collection[VerifierKey]) -> Mapping[VerifierKey, int]:
    """Which of the witnesses cosigned, and when; strangers are passed over.

    Raises AuditError when a cosignature under the name and id of one of them is wrong.
    """
    found: dict[VerifierKey, int] = {}
    for key in keys:
        for signature in note.signatures:
            if key.kind == COSIGNATURE and signature.by(key):
                found[key] = _seen_at(note.text, signature, key)
    return found


def _seen_at(text: str, signature: Signature, key: VerifierKey) -> int:
    stamp, made = signature.blob[:TIME_BYTES], signature.blob[TIME_BYTES:]
    at_s = int.from_bytes(stamp, "big")
    if len(made) != SIGNATURE_BYTES or at_s > LARGEST or not key.verifies(_message(text, at_s), made):
        raise AuditError(f"the cosignature of {key.name} is wrong", "Checkpoint or cosignature was changed.")
    return at_s


def _message(text: str, at_s: int) -> bytes:
    return f"cosignature/v1\ntime {at_s}\n{text}".encode()
