from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.audit.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint, sign_checkpoint
from countenance.audit.note import SigningKey, VerifierKey, parse_note, sign_note
from countenance.contracts.errors import AuditError

KEY = SigningKey("example.com/log", b"k" * 32)
POINT = Checkpoint("example.com/log", 20852163, bytes(range(32)))
# The example in C2SP tlog-checkpoint.
EXAMPLE = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


def test_a_checkpoint_is_three_lines_and_a_signature() -> None:
    note = sign_checkpoint(POINT, KEY)
    assert note.text == "example.com/log\n20852163\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    assert open_checkpoint(note.data, [KEY.verifier]) == (POINT, note)


def test_the_example_of_the_format_is_read() -> None:
    found = parse_checkpoint(EXAMPLE)
    assert (found.origin, found.size) == ("example.com/behind-the-sofa", 20852163)
    assert found.text == EXAMPLE


def test_extension_lines_are_kept() -> None:
    point = Checkpoint("a", 0, b"r" * 32, ("one", "two"))
    assert parse_checkpoint(point.text) == point


def test_another_logs_checkpoint_is_refused_even_when_its_key_is_known() -> None:
    other = SigningKey("example.com/other", b"o" * 32)
    note = sign_checkpoint(POINT, other)
    with pytest.raises(AuditError, match=r"of the log 'example.com/log', trusted is example.com/other"):
        open_checkpoint(note.data, [other.verifier])
    with pytest.raises(AuditError, match="trusted is nobody"):
        open_checkpoint(note.data, [])
    with pytest.raises(AuditError, match=r"not signed by example.com/log"):
        open_checkpoint(note.data, [other.verifier, KEY.verifier])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a\n1\n", "fewer than three"),
        ("a\n1\n" + "A" * 43 + "=", "fewer than three"),
        ("a\n01\n" + "A" * 43 + "=\n", "no plain whole number"),
        ("a\n9223372036854775808\n" + "A" * 43 + "=\n", "no plain whole number"),
        ("a\n\u0661\n" + "A" * 43 + "=\n", "no plain whole number"),
        ("a\n1\nAAAA\n", "holds 3 bytes"),
        ("a\n1\n" + "A" * 42 + "B=\n", "not canonical"),
        ("\n1\n" + "A" * 43 + "=\n", "empty"),
        ("a\n1\n" + "A" * 43 + "=\n\nb\n", "empty"),
    ],
)
def test_a_text_that_is_no_checkpoint_is_refused(text: str, problem: str) -> None:
    with pytest.raises(AuditError, match=problem):
        parse_checkpoint(text)


@pytest.mark.parametrize("made", [(-1, 32), (2**63, 32), (1, 31)])
def test_a_checkpoint_that_cannot_be_is_not_made(made: tuple[int, int]) -> None:
    with pytest.raises(AuditError, match="no tree has size"):
        Checkpoint("a", made[0], b"r" * made[1])


def test_every_flipped_bit_of_a_checkpoint_is_seen() -> None:
    data = sign_checkpoint(POINT, KEY).data
    for place in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises(AuditError):
            open_checkpoint(bytes(flipped), [KEY.verifier])


@given(st.text(max_size=200))
def test_anything_may_be_given_as_a_checkpoint(text: str) -> None:
    for whole in (text, EXAMPLE + text, text + EXAMPLE):
        with suppress(AuditError):
            assert parse_checkpoint(whole).text == whole


def test_the_example_key_of_the_format_is_read() -> None:
    # The signature of the example carries the id 033de0ae, as any key of this name and content would.
    signed = EXAMPLE + (
        "\n— example.com/behind-the-sofa "
        "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    )
    (signature,) = parse_note(signed.encode()).signatures
    assert signature.key_id.hex() == "033de0ae"
    assert len(signature.blob) == 64


def test_a_signed_text_of_another_kind_is_no_checkpoint() -> None:
    with pytest.raises(AuditError, match="fewer than three"):
        open_checkpoint(sign_note("hello\n", KEY).data, [VerifierKey.parse(str(KEY.verifier))])
