import base64
import json
from contextlib import suppress

import pytest
from bench.audit.synthetic import KEY, Export, entries
from hypothesis import given
from hypothesis import strategies as st

from countenance.audit.claim import parse_claim, verify_claim
from countenance.audit.merkle import inclusion
from countenance.audit.proof import Proof
from countenance.audit.quorum import Policy
from countenance.audit.tiles import TileHashes
from countenance.contracts.errors import AuditError

LEAVES = entries(40)
EXPORT = Export(LEAVES)
TRUST = Policy.trusting(KEY.verifier)
PROOF = Proof(9, inclusion(TileHashes(EXPORT.fetch, 40), 9, 40), EXPORT.files["checkpoint"], LEAVES[9])
RECEIPT = {
    "leaf": base64.b64encode(LEAVES[9]).decode(),
    "proof": PROOF.data.decode(),
    "log": {"vkey": str(KEY.verifier)},
    "anything": "else",
}


def test_a_proof_that_carries_its_entry_holds() -> None:
    claim = parse_claim(PROOF.data)
    leaf, point = verify_claim(claim, TRUST)
    assert (leaf["seq"], leaf["kind"], point.size, claim.key) == (9, "LEASE", 40, None)


def test_a_receipt_brings_the_key() -> None:
    claim = parse_claim(json.dumps(RECEIPT).encode())
    assert claim.key == KEY.verifier
    assert verify_claim(claim, Policy.trusting(claim.key))[0]["seq"] == 9


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "neither a proof nor a receipt"),
        (b"[" * 100_000, "neither a proof nor a receipt"),
        (b"{}", "lacks its leaf"),
        (b"[1]", "lacks its leaf"),
        (json.dumps(RECEIPT | {"leaf": 1}).encode(), "lacks its leaf"),
        (json.dumps(RECEIPT | {"leaf": "A"}).encode(), "not base64"),
        (json.dumps(RECEIPT | {"proof": ""}).encode(), "no proof file"),
        (json.dumps(RECEIPT | {"log": {"vkey": "x"}}).encode(), "no key"),
        (Proof(9, PROOF.hashes, PROOF.checkpoint).data, "does not carry its entry"),
    ],
)
def test_a_file_that_is_no_claim_is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(AuditError, match=problem):
        parse_claim(data)


def test_another_entry_is_not_proven() -> None:
    with pytest.raises(AuditError, match="entry 9 is not under the root"):
        verify_claim(parse_claim(Proof(9, PROOF.hashes, PROOF.checkpoint, LEAVES[8]).data), TRUST)


def test_an_entry_that_the_log_wrote_wrong_proves_nothing() -> None:
    export = Export([b"not an entry"])
    claim = parse_claim(Proof(0, (), export.files["checkpoint"], b"not an entry").data)
    with pytest.raises(AuditError, match="entry 0: the entry is not a JSON object"):
        verify_claim(claim, TRUST)


@given(st.binary(max_size=100) | st.dictionaries(st.text(), st.text()).map(lambda t: json.dumps(t).encode()))
def test_anything_may_be_given_as_a_claim(data: bytes) -> None:
    with suppress(AuditError):
        verify_claim(parse_claim(data), TRUST)
