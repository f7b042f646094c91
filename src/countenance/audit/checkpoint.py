"""Checkpoints (C2SP tlog-checkpoint): a log's name, its size and its root, signed."""

from collections.abc import Collection
from dataclasses import dataclass

from countenance.audit.note import Note, SigningKey, VerifierKey, parse_note, sign_note, verify_note
from countenance.audit.wire import HASH_BYTES, LARGEST, clip, from_base64, number, to_base64
from countenance.contracts.errors import AuditError


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log at one size."""

    origin: str
    """The log's name."""
    size: int
    """Entries."""
    root: bytes
    extensions: tuple[str, ...] = ()
    """Further lines; the formats advise against them."""

    def __post_init__(self) -> None:
        lines = (self.origin, *self.extensions)
        if any(not line or any(letter < " " for letter in line) for line in lines):
            raise AuditError("a line of the checkpoint is empty or holds control characters", "Use plain lines.")
        if not 0 <= self.size <= LARGEST or len(self.root) != HASH_BYTES:
            raise AuditError(f"no tree has size {self.size} and a root of {len(self.root)} bytes", "Rebuild it.")

    @property
    def text(self) -> str:
        """The text that is signed."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, to_base64(self.root), *self.extensions))


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in the text of a note; raises AuditError."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 3 or not text.endswith("\n"):
        raise AuditError("the checkpoint has fewer than three lines", "It names the log, its size and its root.")
    size = number(lines[1], "the size in the checkpoint")
    return Checkpoint(lines[0], size, from_base64(lines[2], "the root in the checkpoint", HASH_BYTES), tuple(lines[3:]))


def sign_checkpoint(checkpoint: Checkpoint, *keys: SigningKey) -> Note:
    """The checkpoint as a signed note; whether it is consistent with the last one is the caller's to check."""
    return sign_note(checkpoint.text, *keys)


def open_checkpoint(data: bytes, keys: Collection[VerifierKey]) -> tuple[Checkpoint, Note]:
    """A checkpoint signed by one of the keys under its own name; raises AuditError."""
    note = parse_note(data)
    checkpoint = parse_checkpoint(note.text)
    own = [key for key in keys if key.name == checkpoint.origin]
    if not own:
        trusted = ", ".join(sorted({key.name for key in keys})) or "nobody"
        raise AuditError(
            f"the checkpoint is of the log {clip(checkpoint.origin)}, trusted is {trusted}",
            "Give the key of this log.",
        )
    verify_note(note, own)
    return checkpoint, note
