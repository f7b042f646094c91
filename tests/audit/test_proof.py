from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.audit.trees import Rows, leaves, mth

from countenance.audit.checkpoint import Checkpoint, sign_checkpoint
from countenance.audit.merkle import inclusion
from countenance.audit.note import SigningKey
from countenance.audit.proof import HEADER, Proof, parse_proof, verify_proof
from countenance.audit.quorum import Policy
from countenance.contracts.errors import AuditError

LOG = SigningKey("example.com/log", b"l" * 32)
ROWS = leaves(13)
NOTE = sign_checkpoint(Checkpoint("example.com/log", 13, mth(ROWS)), LOG)
PROOF = Proof(5, inclusion(Rows(ROWS), 5, 13), NOTE.data)
TRUST = Policy.trusting(LOG.verifier)


@pytest.mark.parametrize("extra", [None, b"anything"])
def test_a_proof_file_stands_alone(extra: bytes | None) -> None:
    made = Proof(PROOF.index, PROOF.hashes, PROOF.checkpoint, extra)
    assert made.data.startswith(
        b"c2sp.org/tlog-proof@v1\n" + (b"extra YW55dGhpbmc=\n" if extra else b"") + b"index 5\n"
    )
    again = parse_proof(made.data)
    assert again == made
    assert verify_proof(again, b"entry 5", TRUST).size == 13


def test_a_log_of_one_entry_needs_no_hashes() -> None:
    rows = leaves(1)
    note = sign_checkpoint(Checkpoint("example.com/log", 1, rows[0]), LOG)
    again = parse_proof(Proof(0, (), note.data).data)
    assert verify_proof(again, b"entry 0", TRUST).size == 1


def test_another_entry_is_not_proven() -> None:
    with pytest.raises(AuditError, match="entry 5 is not under the root"):
        verify_proof(PROOF, b"entry 6", TRUST)


def test_every_flipped_bit_of_a_proof_is_seen() -> None:
    data = PROOF.data
    for place in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises(AuditError):
            verify_proof(parse_proof(bytes(flipped)), b"entry 5", TRUST)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "no proof file"),
        (HEADER.encode(), "no proof file"),
        (b"c2sp.org/tlog-proof@v2\nindex 0\n\n", "no proof file"),
        (f"{HEADER}\n\n".encode(), "names no index"),
        (f"{HEADER}\nextra AAAA\n\n".encode(), "names no index"),
        (f"{HEADER}\nextra \nindex 0\n\n".encode(), "extra line of the proof is empty"),
        (f"{HEADER}\nextra A\nindex 0\n\n".encode(), "not base64"),
        (f"{HEADER}\nindex -1\n\n".encode(), "no plain whole number"),
        (f"{HEADER}\nindex 1\nAAAA\n\n".encode(), "holds 3 bytes"),
        (f"{HEADER}\nindex 1\n{('A' * 43 + '=' + chr(10)) * 64}\n".encode(), "64 hashes"),
        (b"\xff\n\n", "not UTF-8"),
        (b"x" * 1_100_001, "too large"),
    ],
)
def test_a_file_that_is_no_proof_is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(AuditError, match=problem):
        parse_proof(data)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode), st.integers(0, 400))
def test_anything_may_be_given_as_a_proof(data: bytes, at: int) -> None:
    for whole in (data, PROOF.data[:at] + data + PROOF.data[at:], HEADER.encode() + b"\n" + data):
        with suppress(AuditError):
            again = parse_proof(whole)
            assert again.data == whole
            verify_proof(again, b"entry 5", TRUST)
