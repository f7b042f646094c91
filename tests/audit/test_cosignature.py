import pytest

from countenance.audit.checkpoint import Checkpoint, sign_checkpoint
from countenance.audit.cosignature import cosign, cosignatures
from countenance.audit.note import COSIGNATURE, Signature, SigningKey, parse_note, verify_note
from countenance.contracts.errors import AuditError

LOG = SigningKey("example.com/log", b"l" * 32)
WITNESS = SigningKey("witness.example/w1", b"w" * 32, COSIGNATURE)
NOTE = sign_checkpoint(Checkpoint("example.com/log", 7, b"r" * 32), LOG)
SEEN_AT = 1_679_315_147


def test_a_witness_says_when_it_saw_a_checkpoint() -> None:
    both = parse_note(NOTE.joined([cosign(NOTE.text, WITNESS, SEEN_AT)]).data)
    assert cosignatures(both, [WITNESS.verifier]) == {WITNESS.verifier: SEEN_AT}
    assert verify_note(both, [LOG.verifier]) == (LOG.verifier,)


def test_what_is_signed_begins_with_the_fixed_line_and_the_time() -> None:
    blob = cosign(NOTE.text, WITNESS, SEEN_AT).blob
    assert blob[:8] == SEEN_AT.to_bytes(8, "big")
    assert WITNESS.verifier.verifies(b"cosignature/v1\ntime 1679315147\n" + NOTE.text.encode(), blob[8:])


def test_strangers_and_log_keys_are_passed_over() -> None:
    both = NOTE.joined([cosign(NOTE.text, WITNESS, SEEN_AT)])
    stranger = SigningKey("witness.example/w2", b"2" * 32, COSIGNATURE).verifier
    assert cosignatures(both, [stranger, LOG.verifier]) == {}


@pytest.mark.parametrize("edit", ["time", "signature", "short", "text", "late"])
def test_a_changed_cosignature_is_refused(edit: str) -> None:
    made, text = cosign(NOTE.text, WITNESS, SEEN_AT), NOTE.text
    blob = made.blob
    match edit:
        case "time":
            blob = (SEEN_AT + 1).to_bytes(8, "big") + blob[8:]
        case "signature":
            blob = blob[:-1] + bytes([blob[-1] ^ 1])
        case "short":
            blob = blob[:-1]
        case "late":
            blob = cosign(NOTE.text, WITNESS, 2**63).blob
        case _:
            text = text.replace("7", "8")
    changed = parse_note(sign_checkpoint(Checkpoint("example.com/log", 7, b"r" * 32), LOG).data)
    changed = type(changed)(text, (*changed.signatures, Signature(made.name, made.key_id, blob)))
    with pytest.raises(AuditError, match=r"the cosignature of witness.example/w1 is wrong"):
        cosignatures(changed, [WITNESS.verifier])


def test_a_log_key_does_not_cosign() -> None:
    with pytest.raises(AuditError, match="not for cosignatures"):
        cosign(NOTE.text, LOG, SEEN_AT)
