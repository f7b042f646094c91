"""Deletion receipts, checked offline."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.audit.checkpoint import Checkpoint, sign_checkpoint
from countenance.audit.deletion import MOST_BYTES, Proven, deletion_receipt, verify_deletion
from countenance.audit.entries import Stamp, leaf_of
from countenance.audit.merkle import inclusion, leaf_hash, root_of
from countenance.audit.note import SigningKey, VerifierKey, sign_note
from countenance.audit.proof import Proof
from countenance.audit.quorum import Policy
from countenance.contracts.errors import AuditError

KEY, OTHER = SigningKey("log.example", bytes(32)), SigningKey("log.example", b"x" * 32)
STAMP = Stamp("2026-11-22T09:00:00.000000Z", 1, "boot")


class Leaves:
    """A HashReader over leaves in memory."""

    def __init__(self, leaves: list[bytes]) -> None:
        self._hashes = [leaf_hash(leaf) for leaf in leaves]

    def hash(self, level: int, index: int) -> bytes:
        return root_of(self._hashes[index << level : index + 1 << level])


def receipt(kinds: tuple[str, ...] = ("ERASURE", "ERASURE"), name: str = "e1", key: SigningKey = KEY) -> bytes:
    bodies = [("CONFIG", {"software": "1"}), *((kind, {"erasure_id": name, "subject_ref": "s"}) for kind in kinds)]
    leaves = [leaf_of(seq, kind, STAMP, "local", body) for seq, (kind, body) in enumerate(bodies)]
    tree = Leaves(leaves)
    point = Checkpoint(key.name, len(leaves), root_of([leaf_hash(leaf) for leaf in leaves]))
    note = sign_checkpoint(point, key).data
    seqs = range(1, len(leaves))
    proven = [Proven(leaves[seq], Proof(seq, inclusion(tree, seq, len(leaves)), note)) for seq in seqs]
    said = {"erasure_id": "e1", "entries": list(seqs), "reason": "Ärger", "rows": {"payloads": 3}}
    return deletion_receipt(said, proven, key)


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    raw = json.loads(receipt())
    change(raw)
    return json.dumps(raw).encode()


def test_a_receipt_tells_what_was_erased_and_that_the_log_says_so() -> None:
    found = verify_deletion(receipt(), Policy.trusting(KEY.verifier))
    assert found.statement["reason"] == "Ärger"
    assert [entry.seq for entry in found.entries] == [1, 2]
    assert found.checkpoint.size == 3
    assert not found.own_key
    assert verify_deletion(receipt()).own_key


def signed_by(key: SigningKey, raw: dict[str, Any]) -> str:
    return sign_note(raw["note"].split("\n")[0] + "\n", key).data.decode()


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "another reason": lambda raw: raw["statement"].update(reason="none"),
    "not a number": lambda raw: raw["statement"].update(reason=float("nan")),
    "no statement": lambda raw: raw.pop("statement"),
    "another schema": lambda raw: raw.update(schema="v2"),
    "no note": lambda raw: raw.pop("note"),
    "a note without a signature": lambda raw: raw.update(note="text"),
    "a note that is no JSON": lambda raw: raw.update(note=sign_note("text\n", KEY).data.decode()),
    "a note that is no table": lambda raw: raw.update(note=sign_note("[1]\n", KEY).data.decode()),
    "a note of another key": lambda raw: raw.update(
        note=sign_note(raw["note"].split("\n")[0] + "\n", OTHER).data.decode()
    ),
    "no key": lambda raw: raw.pop("log"),
    "a key that is no text": lambda raw: raw["log"].update(vkey=1),
    "another key": lambda raw: raw["log"].update(vkey=str(OTHER.verifier)),
    "a leaf that is not base64": lambda raw: raw.update(leaf="?"),
    "another leaf": lambda raw: raw.update(leaf=raw["more"][0]["leaf"]),
    "no proof": lambda raw: raw.pop("proof"),
    "one entry too few": lambda raw: raw.update(more=[]),
    "more that is no list": lambda raw: raw.update(more={}),
    "an entry that is no table": lambda raw: raw.update(more=["x"]),
    "an entry twice": lambda raw: raw["more"].append(raw["more"][0]),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_receipt_that_was_changed_does_not_hold(name: str) -> None:
    with pytest.raises(AuditError):
        verify_deletion(changed(CHANGES[name]), Policy.trusting(KEY.verifier) if "key" not in name else None)


def test_an_entry_that_is_no_erasure_or_another_does_not_hold() -> None:
    with pytest.raises(AuditError, match="not the erasure of this receipt"):
        verify_deletion(receipt(("ERASURE", "ACCESS")))
    with pytest.raises(AuditError, match="not the erasure of this receipt"):
        verify_deletion(receipt(name="e2"))


def test_a_receipt_of_another_log_does_not_hold() -> None:
    with pytest.raises(AuditError, match="not signed by"):
        verify_deletion(receipt(key=OTHER), Policy.trusting(KEY.verifier))
    with pytest.raises(AuditError):
        verify_deletion(receipt(), Policy.trusting(VerifierKey("other.example", KEY.verifier.public)))


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b" " * (MOST_BYTES + 1)])
def test_what_is_no_receipt_is_an_error(data: bytes) -> None:
    with pytest.raises(AuditError):
        verify_deletion(data)


@given(at=st.integers(0, len(receipt()) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_never_changes_what_is_believed(at: int, bit: int) -> None:
    good = receipt()
    data = bytearray(good)
    data[at] ^= 1 << bit
    try:
        found = verify_deletion(bytes(data), Policy.trusting(KEY.verifier))
    except AuditError:
        return
    assert found == verify_deletion(good, Policy.trusting(KEY.verifier))
