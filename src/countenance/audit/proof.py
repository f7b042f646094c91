"""Proof files (C2SP tlog-proof): that one entry is in a log, checked offline with the log's key alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from countenance.audit.checkpoint import Checkpoint
from countenance.audit.merkle import check_inclusion, leaf_hash
from countenance.audit.quorum import Policy
from countenance.audit.wire import HASH_BYTES, clip, from_base64, number, to_base64, utf8
from countenance.contracts.errors import AuditError

HEADER = "c2sp.org/tlog-proof@v1"
MOST_HASHES = 63
MOST_BYTES = 1_100_000


@dataclass(frozen=True, slots=True)
class Proof:
    """Where an entry stands, the hashes up to the root, and the signed root."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    """The signed note, byte for byte."""
    extra: bytes | None = None
    """Whatever else the reader needs; signed by nobody."""

    @property
    def data(self) -> bytes:
        """The proof as it stands in a `.tlog-proof` file."""
        extra = [] if self.extra is None else [f"extra {to_base64(self.extra)}"]
        lines = [HEADER, *extra, f"index {self.index}", *map(to_base64, self.hashes), "", ""]
        return "\n".join(lines).encode() + self.checkpoint


def parse_proof(data: bytes) -> Proof:
    """The proof in a file, none of it verified; raises AuditError when it is not one."""
    if len(data) > MOST_BYTES:
        raise AuditError(f"a proof of {len(data)} bytes is too large", f"At most {MOST_BYTES} are read.")
    head, blank, checkpoint = data.partition(b"\n\n")
    lines = utf8(head, "the proof").split("\n")
    if lines.pop(0) != HEADER or not blank:
        raise AuditError("this is no proof file", f"It begins with the line {HEADER}.")
    extra = _extra(lines.pop(0)) if lines and lines[0].startswith("extra ") else None
    if not lines or not lines[0].startswith("index "):
        raise AuditError("the proof names no index", "The file is damaged.")
    index = number(lines.pop(0).removeprefix("index "), "the index in the proof")
    return Proof(index, parse_hashes(lines, "the proof"), checkpoint, extra)


def parse_hashes(lines: Sequence[str], what: str) -> tuple[bytes, ...]:
    """Hashes in base64, one a line, at most 63; raises AuditError."""
    if len(lines) > MOST_HASHES:
        raise AuditError(f"{what} has {len(lines)} hashes", f"No tree needs more than {MOST_HASHES}.")
    return tuple(from_base64(line, f"a hash in {what}", HASH_BYTES) for line in lines)


def verify_proof(proof: Proof, entry: bytes, policy: Policy) -> Checkpoint:
    """The checkpoint under which the entry's bytes stand; raises AuditError when anything does not hold."""
    checkpoint, _ = policy.open(proof.checkpoint)
    check_inclusion(leaf_hash(entry), proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    return checkpoint


def join(proof: Iterable[bytes]) -> str:
    """Hashes as lines of base64, each ending in a newline."""
    return "".join(f"{to_base64(one)}\n" for one in proof)


def _extra(line: str) -> bytes:
    text = line.removeprefix("extra ")
    if not text:
        raise AuditError(f"the extra line of the proof is empty: {clip(line)}", "The file is damaged.")
    return from_base64(text, "the extra data of the proof")
