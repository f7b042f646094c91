"""Logs made up for measuring: whole, complete, the same for the same seed."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from countenance.audit.checkpoint import Checkpoint, sign_checkpoint
from countenance.audit.entries import Stamp, leaf_of
from countenance.audit.folder import AbsentError
from countenance.audit.merkle import leaf_hashes, root_of
from countenance.audit.note import SigningKey
from countenance.audit.tiles import WIDTH, Tile, encode_bundle, encode_tile, tiles_of

KEY = SigningKey("log.example/local", b"l" * 32)
BEGAN = datetime(2026, 11, 22, 9, tzinfo=UTC)
POLICY, MODEL = "p" * 64, "m" * 64
CALLS_OF = 60
"""Leases of one person before the next comes."""


def entries(count: int, seed: str = "a", tenant: str = "local") -> list[bytes]:
    """The leaves of a log of so many entries, in which every result has its lease, ruling, consent and model."""
    made: list[bytes] = []
    for seq, (kind, body) in zip(range(count), drafts(seed), strict=False):
        at = (BEGAN + timedelta(milliseconds=5 * seq)).isoformat(timespec="microseconds").replace("+00:00", "Z")
        stamp = Stamp(at, 7_000_000 + 5_000 * seq, "6d0f1c9e-7d2a-4c35-9a35-0a1c6a1d4b3c")
        made.append(leaf_of(seq, kind, stamp, tenant, body))
    return made


def drafts(seed: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Kind and body of one entry after another, without end."""
    yield "CONFIG", {"config_digest": _hex(seed, "config", 64)}
    yield "POLICY_LOAD", {"policy_digest": POLICY, "rules": 71}
    yield "MODEL_LOAD", {"model": "face.v1", "sha256": MODEL}
    person = 0
    while True:
        yield from _person(seed, person)
        person += 1


def _person(seed: str, person: int) -> Iterator[tuple[str, Mapping[str, object]]]:
    who = {"call_ref": _hex(seed, f"call {person // 2}", 32), "subject_ref": _hex(seed, f"person {person}", 32)}
    receipt = _hex(seed, f"receipt {person}", 32)
    for modality in ("face", "voice"):
        ruling = {"decision": "allow", "rule_ids": ["eu.explicit"], "policy_digest": POLICY, "consent_kind": "explicit"}
        yield "GATE", {**who, "modality": modality, "purpose": "meeting_insights", "role": "participant", **ruling}
        answer = {
            "status": "given",
            "consent_kind": "explicit",
            "version": 1,
            "receipt_id": receipt,
            "at_us": 0,
            "notice": "standard",
        }
        yield "CONSENT", {**who, "modality": modality, "purpose": "meeting_insights", **answer}
    for second in range(CALLS_OF):
        lease = _hex(seed, f"lease {person} {second}", 32)
        span = {**who, "lease": lease, "start_us": second * 1_000_000, "end_us": (second + 1) * 1_000_000}
        basis = {"policy_digest": POLICY, "model_digests": [MODEL], "receipts": [receipt]}
        del basis["receipts"]
        yield "LEASE", {**span, "modalities": ["face", "voice"], **basis}
        yield "RESULT", {**span, "counts": {"face": 7, "voice": 1}, "payload_commit": _hex(seed, lease, 64)}


class Export:
    """An exported log in memory; `files` may be changed, as an attacker would."""

    def __init__(self, leaves: Sequence[bytes], *keys: SigningKey) -> None:
        self.size = len(leaves)
        self.files = tree_files(leaves)
        self.keys = keys or (KEY,)
        hashes = leaf_hashes(leaves)
        self.point = Checkpoint(self.keys[0].name, self.size, root_of(hashes))
        self.files["checkpoint"] = sign_checkpoint(self.point, *self.keys).data

    def checkpoint(self) -> bytes:
        """The signed checkpoint."""
        return self._read("checkpoint")

    def fetch(self, tile: Tile) -> bytes:
        """The bytes of a tile or bundle."""
        return self._read(tile.path)

    def minimum(self) -> int:
        """Nothing is pruned."""
        return 0

    def write(self, folder: Path) -> None:
        """Lay the log down as a static export."""
        for name, data in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        (folder / "log.vkey").write_text(f"{self.keys[0].verifier}\n", encoding="utf-8")

    def _read(self, name: str) -> bytes:
        if name not in self.files:
            raise AbsentError(f"{name} is missing", "")
        return self.files[name]


def tree_files(leaves: Sequence[bytes]) -> dict[str, bytes]:
    """The tiles and bundles over some leaves, by path."""
    rows = [leaf_hashes(leaves)]
    files: dict[str, bytes] = {}
    for tile in tiles_of(len(leaves)):
        first = tile.index * WIDTH
        if tile.level is None:
            files[tile.path] = encode_bundle(leaves[first : first + tile.width])
            continue
        if tile.level == len(rows):
            below = rows[-1]
            full = len(below) // WIDTH
            rows.append([root_of(below[at * WIDTH : (at + 1) * WIDTH]) for at in range(full)])
        files[tile.path] = encode_tile(rows[tile.level][first : first + tile.width])
    return files


def _hex(seed: str, what: str, digits: int) -> str:
    return hashlib.sha256(f"{seed}/{what}".encode()).hexdigest()[:digits]
