"""Signed notes (C2SP signed-note): a text, a blank line, and one line per signature.

Keys have the text forms of the Go tools: `name+id+base64` to verify, `PRIVATE+KEY+name+id+base64` to sign.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from countenance.audit.wire import clip, from_base64, to_base64, utf8
from countenance.contracts.errors import AuditError

ED25519 = 0x01
COSIGNATURE = 0x04
KINDS = (ED25519, COSIGNATURE)
KEY_BYTES, SIGNATURE_BYTES, ID_BYTES = 32, 64, 4
MOST_SIGNATURES, MOST_BYTES = 64, 1_000_000
DASH = "\u2014 "
PRIVATE = "PRIVATE+KEY+"
ID = re.compile(r"[0-9a-f]{8}")
NO_NAME = re.compile(r"[+\s\x00-\x1f]")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A name and a public key that are trusted for it."""

    name: str
    public: bytes
    kind: int = ED25519

    def __post_init__(self) -> None:
        _check_key(self.name, self.kind, self.public)

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """The key in its text form; raises AuditError."""
        name, kind, public = _parse_key(text, "key")
        key = cls(name, public, kind)
        if str(key) != text:
            raise AuditError(f"the id of the key does not fit it: {clip(text)}", "Copy the whole key again.")
        return key

    @property
    def id(self) -> bytes:
        """Four bytes that tell which key signed."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:ID_BYTES]

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether this key made this Ed25519 signature over these bytes."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes([self.kind]) + self.public)}"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A name and the 32 secret bytes that sign for it."""

    name: str
    seed: bytes = field(repr=False)
    kind: int = ED25519
    _private: Ed25519PrivateKey = field(init=False, repr=False, compare=False)
    verifier: VerifierKey = field(init=False, repr=False, compare=False)
    """The public half."""

    def __post_init__(self) -> None:
        _check_key(self.name, self.kind, self.seed)
        # Made once: working out the public half costs as much as a signature.
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        object.__setattr__(self, "_private", private)
        object.__setattr__(self, "verifier", VerifierKey(self.name, private.public_key().public_bytes_raw(), self.kind))

    @classmethod
    def parse(cls, text: str) -> "SigningKey":
        """The key in its text form; raises AuditError, which never repeats the key."""
        if not text.startswith(PRIVATE):
            raise AuditError("this is no private key of a signed note", f"It begins with {PRIVATE}")
        name, kind, seed = _parse_key(text.removeprefix(PRIVATE), "private key")
        key = cls(name, seed, kind)
        if key.text != text:
            raise AuditError(f"the id of the private key of {clip(name)} does not fit it", "Restore the key file.")
        return key

    @property
    def text(self) -> str:
        """The text form, which is a secret."""
        return f"{PRIVATE}{self.name}+{self.verifier.id.hex()}+{to_base64(bytes([self.kind]) + self.seed)}"

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature over these bytes (RFC 8032)."""
        return self._private.sign(message)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line, believed by nobody yet."""

    name: str
    key_id: bytes
    blob: bytes

    def by(self, key: VerifierKey) -> bool:
        """Whether it claims to be made by this key."""
        return (self.name, self.key_id) == (key.name, key.id)

    def __str__(self) -> str:
        return f"{DASH}{self.name} {to_base64(self.key_id + self.blob)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text with its signatures, as read or made; nothing is verified by reading."""

    text: str
    signatures: tuple[Signature, ...]

    @property
    def data(self) -> bytes:
        """The note as it stands in a file."""
        return f"{self.text}\n{''.join(map(str, self.signatures))}".encode()

    def joined(self, more: Iterable[Signature]) -> "Note":
        """The note with more signatures; a key's newer one takes the place of its older."""
        new = tuple(more)
        replaced = {(one.name, one.key_id) for one in new}
        kept = tuple(one for one in self.signatures if (one.name, one.key_id) not in replaced)
        return Note(self.text, kept + new)


def sign_note(text: str, *keys: SigningKey) -> Note:
    """A note over a text that ends in a newline, signed by each key."""
    _check_text(text)
    lines = []
    for key in keys:
        if key.kind != ED25519:
            raise AuditError(f"the key of {key.name} is for cosignatures", "A note is signed with a key of type 1.")
        lines.append(Signature(key.name, key.verifier.id, key.sign(text.encode())))
    return Note(text, tuple(lines))


def parse_note(data: bytes) -> Note:
    """Text and signatures of a note, none verified; raises AuditError when it is not one."""
    if len(data) > MOST_BYTES:
        raise AuditError(f"a signed note of {len(data)} bytes is too large", f"At most {MOST_BYTES} are read.")
    whole = utf8(data, "the signed note")
    text, blank, tail = whole.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise AuditError("the signed note has no signature lines", "The file is cut or of another kind.")
    text += "\n"
    _check_text(text)
    signatures = parse_signatures(tail)
    return Note(text, signatures)


def parse_signatures(lines: str) -> tuple[Signature, ...]:
    """Signature lines, each ending in a newline; raises AuditError."""
    found = tuple(_parse_signature(line) for line in lines.removesuffix("\n").split("\n"))
    if len(found) > MOST_SIGNATURES:
        raise AuditError(f"the note has {len(found)} signatures", f"At most {MOST_SIGNATURES} are read.")
    return found


def verify_note(note: Note, keys: Collection[VerifierKey]) -> tuple[VerifierKey, ...]:
    """The trusted keys that signed; raises AuditError when none did or when a signature of one of them is wrong."""
    signed = []
    for key in keys:
        for signature in note.signatures:
            if key.kind == ED25519 and signature.by(key):
                if not key.verifies(note.text.encode(), signature.blob):
                    raise AuditError(f"the signature of {key.name} is wrong", "Text or signature was changed.")
                signed.append(key)
    if not signed:
        names = ", ".join(key.name for key in keys) or "nobody"
        raise AuditError(f"the note is not signed by {names}", "Check that the key belongs to this log.")
    return tuple(dict.fromkeys(signed))


def _parse_signature(line: str) -> Signature:
    name, space, blob = line.removeprefix(DASH).rpartition(" ")
    if not line.startswith(DASH) or not space:
        raise AuditError(f"this is no signature line: {clip(line)}", "The note is damaged.")
    _check_name(name)
    data = from_base64(blob, f"the signature of {clip(name)}")
    if len(data) <= ID_BYTES:
        raise AuditError(f"the signature of {clip(name)} is empty", "The note is damaged.")
    return Signature(name, data[:ID_BYTES], data[ID_BYTES:])


def _parse_key(text: str, what: str) -> tuple[str, int, bytes]:
    parts = text.split("+", 2)
    if len(parts) < 3 or not ID.fullmatch(parts[1]):
        raise AuditError(f"this is no {what} of a signed note", "It has the form name+id+base64.")
    data = from_base64(parts[2], f"the {what} of {clip(parts[0])}", KEY_BYTES + 1)
    return parts[0], data[0], data[1:]


def _check_key(name: str, kind: int, secret: bytes) -> None:
    _check_name(name)
    if kind not in KINDS or len(secret) != KEY_BYTES:
        raise AuditError(f"the key of {clip(name)} is of an unknown type", "Ed25519 keys of types 1 and 4 are read.")


def _check_name(name: str) -> None:
    if not name or NO_NAME.search(name):
        raise AuditError(f"a key cannot have the name {clip(name)}", "Use a name such as example.com/log.")


def _check_text(text: str) -> None:
    if not text.endswith("\n") or CONTROL.search(text):
        raise AuditError("the text of a note ends in a newline and has no control characters", "Sign plain lines.")
