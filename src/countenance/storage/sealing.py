"""Authenticated boxes (AES-256-GCM), padded so that their size tells no label, and what a KEK is good for."""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from countenance.contracts.errors import VaultError

KEY_BYTES = 32
SALT_BYTES = 32
NONCE_BYTES = 12
BLOCK_BYTES = 512
"""Boxes grow in steps of this size: a backup must not tell `calm` from `frustrated` by length."""
LENGTH_BYTES = 4

Random = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Record:
    """A payload with the salt of its commitment: they are sealed together and go together."""

    salt: bytes
    """`r`, 32 random bytes that nobody else knows."""
    payload: bytes

    @property
    def commitment(self) -> str:
        """What the log may hold, HMAC-SHA256(r, payload): without r it tells not even one label out of seven."""
        return hmac.new(self.salt, self.payload, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class EpochKeys:
    """What is derived from the KEK of an epoch, each key for one use (HKDF, RFC 5869)."""

    epoch: int
    wrapping: bytes
    tagging: bytes

    @classmethod
    def of(cls, epoch: int, kek: bytes) -> "EpochKeys":
        """The keys of an epoch."""
        return cls(epoch, _derive(kek, b"countenance dek v1"), _derive(kek, b"countenance person tag v1"))

    def tag(self, tenant: str, *parts: str) -> str:
        """The name under which words (a person's id) are found again while this KEK lives, and by nobody after."""
        return hmac.new(self.tagging, _context(tenant, *parts), hashlib.sha256).hexdigest()

    def wrap(self, dek: bytes, tenant: str, subject_ref: str, random: Random) -> bytes:
        """A subject's key, closed under this epoch for this subject alone."""
        return seal(self.wrapping, dek, ("dek", str(self.epoch), tenant, subject_ref), random)

    def unwrap(self, wrapped: bytes, tenant: str, subject_ref: str) -> bytes:
        """A subject's key; raises VaultError when it is another's, altered, or of another epoch."""
        return unseal(self.wrapping, wrapped, ("dek", str(self.epoch), tenant, subject_ref))


def seal_record(key: bytes, record: Record, context: tuple[str, ...], random: Random) -> bytes:
    """A record as it lies in the database: r inside, under the subject's key."""
    body = record.salt + len(record.payload).to_bytes(LENGTH_BYTES, "big") + record.payload
    return seal(key, body + bytes(-len(body) % BLOCK_BYTES), context, random)


def unseal_record(key: bytes, box: bytes, context: tuple[str, ...]) -> Record:
    """The record in a box; raises VaultError when key, bytes or context are not those of its sealing."""
    body = unseal(key, box, context)
    start = SALT_BYTES + LENGTH_BYTES
    size = int.from_bytes(body[SALT_BYTES:start], "big")
    return Record(body[:SALT_BYTES], body[start : start + size])


def seal(key: bytes, plain: bytes, context: tuple[str, ...], random: Random) -> bytes:
    """Nonce and ciphertext; the context must be named again to open it."""
    nonce = random(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, _context(*context))


def unseal(key: bytes, box: bytes, context: tuple[str, ...]) -> bytes:
    """What was sealed; raises VaultError when key, bytes or context are not those of its sealing."""
    try:
        return AESGCM(key).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], _context(*context))
    except (InvalidTag, ValueError) as fault:
        where = " ".join(context)
        remedy = "The row was altered or moved: run `countenance audit fsck`; restore it from a backup of this epoch."
        raise VaultError(f"a sealed row does not open ({where})", remedy) from fault


def _derive(kek: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(kek)


def _context(*parts: str) -> bytes:
    return json.dumps(parts, separators=(",", ":")).encode()
