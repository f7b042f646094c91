from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.audit.note import (
    COSIGNATURE,
    Note,
    Signature,
    SigningKey,
    VerifierKey,
    parse_note,
    sign_note,
    verify_note,
)
from countenance.contracts.errors import AuditError

# The example of golang.org/x/mod/sumdb/note.
SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNED = (
    f"{TEXT}\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_keys_and_notes_are_byte_for_byte_those_of_the_go_tools() -> None:
    key = SigningKey.parse(SKEY)
    assert key.text == SKEY
    assert str(key.verifier) == VKEY
    assert sign_note(TEXT, key).data.decode() == SIGNED
    assert verify_note(parse_note(SIGNED.encode()), [VerifierKey.parse(VKEY)]) == (key.verifier,)


def test_a_secret_is_not_shown() -> None:
    key = SigningKey("example.com/log", b"s" * 32)
    assert "sss" not in repr(key)
    with pytest.raises(AuditError) as fault:
        SigningKey.parse(SKEY.replace("c74f20a3", "c74f20a4"))
    assert "AYEKFALV" not in fault.value.diagnosis


def test_several_keys_sign_one_text_and_strangers_are_passed_over() -> None:
    keys = [SigningKey(f"example.com/{n}", bytes([n]) * 32) for n in range(3)]
    note = parse_note(sign_note("one\n\ntwo\n", *keys).data)
    assert note.text == "one\n\ntwo\n"
    assert verify_note(note, [keys[2].verifier, keys[0].verifier]) == (keys[2].verifier, keys[0].verifier)
    with pytest.raises(AuditError, match=r"not signed by example.com/9"):
        verify_note(note, [SigningKey("example.com/9", b"9" * 32).verifier])
    with pytest.raises(AuditError, match="not signed by nobody"):
        verify_note(note, [])


def test_a_name_alone_or_an_id_alone_is_a_stranger() -> None:
    key, other = SigningKey("a", b"1" * 32), SigningKey("a", b"2" * 32)
    note = sign_note("text\n", other)
    with pytest.raises(AuditError, match="not signed by a"):
        verify_note(note, [key.verifier])


def test_a_wrong_signature_of_a_trusted_key_spoils_the_whole_note() -> None:
    good, bad = SigningKey("good", b"1" * 32), SigningKey("bad", b"2" * 32)
    note = sign_note("text\n", good)
    forged = note.joined([Signature("bad", bad.verifier.id, b"0" * 64)])
    assert verify_note(forged, [good.verifier]) == (good.verifier,)
    with pytest.raises(AuditError, match="the signature of bad is wrong"):
        verify_note(forged, [good.verifier, bad.verifier])
    with pytest.raises(AuditError, match="the signature of bad is wrong"):
        verify_note(note.joined([Signature("bad", bad.verifier.id, b"short")]), [bad.verifier])


def test_a_newer_signature_takes_the_place_of_the_same_keys_older() -> None:
    key = SigningKey("a", b"1" * 32)
    note = Note("text\n", (Signature("a", key.verifier.id, b"old"), Signature("b", b"0000", b"kept")))
    joined = note.joined([Signature("a", key.verifier.id, b"new")])
    assert [one.blob for one in joined.signatures] == [b"kept", b"new"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("PeterNeumann+c74f20a3", "name\\+id\\+base64"),
        ("PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "name\\+id"),
        ("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "does not fit"),
        ("PeterNeumann+c74f20a3+ARpc2Qc", "not base64"),
        ("PeterNeumann+c74f20a3+ARpc", "holds 3 bytes"),
        ("PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "unknown type"),
        ("+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "name"),
        ("Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "name"),
    ],
)
def test_a_key_that_is_none_is_refused(text: str, problem: str) -> None:
    with pytest.raises(AuditError, match=problem):
        VerifierKey.parse(text)


def test_a_private_key_that_is_none_is_refused() -> None:
    with pytest.raises(AuditError, match="no private key"):
        SigningKey.parse(VKEY)
    with pytest.raises(AuditError, match="form name"):
        SigningKey.parse("PRIVATE+KEY+PeterNeumann")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\xff\n\n", "not UTF-8"),
        (b"text\n", "no signature lines"),
        (b"text\n\n", "no signature lines"),
        (SIGNED[:-1].encode(), "no signature lines"),
        (SIGNED.replace("then", "th\ten").encode(), "control characters"),
        ((SIGNED + "\n\n— x AAAA\n").encode(), "is empty"),
        ((SIGNED + "no dash\n").encode(), "no signature line"),
        ((SIGNED + "— \n").encode(), "no signature line"),
        ((SIGNED + "— a+b AAAAAAA=\n").encode(), "cannot have the name"),
        ((SIGNED + "— a\u00a0b AAAAAAA=\n").encode(), "cannot have the name"),
        ((SIGNED + "— a AAAAAA==\n").encode(), "is empty"),
        ((SIGNED + "— a AAAAAAB=\n").encode(), "not canonical"),
        ((SIGNED + "— a AAAAAAA=\n" * 64).encode(), "65 signatures"),
        (b"x" * 1_000_001, "too large"),
    ],
)
def test_a_note_that_is_none_is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(AuditError, match=problem):
        parse_note(data) and verify_note(parse_note(data), [VerifierKey.parse(VKEY)])


def test_a_text_that_no_note_can_hold_is_not_signed() -> None:
    key = SigningKey("a", b"1" * 32)
    for text in ("no end", "bell\a\n"):
        with pytest.raises(AuditError, match="ends in a newline"):
            sign_note(text, key)
    with pytest.raises(AuditError, match="for cosignatures"):
        sign_note("text\n", SigningKey("a", b"1" * 32, COSIGNATURE))
    with pytest.raises(AuditError, match="unknown type"):
        SigningKey("a", b"short")


def test_every_flipped_bit_of_a_note_is_seen() -> None:
    trusted = [VerifierKey.parse(VKEY)]
    data = SIGNED.encode()
    for place in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises(AuditError):
            verify_note(parse_note(bytes(flipped)), trusted)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_anything_may_be_given_as_a_note(data: bytes) -> None:
    for whole in (data, SIGNED.encode() + data, data + SIGNED.encode()):
        with suppress(AuditError):
            assert parse_note(whole).data == whole


@given(st.text(max_size=100) | st.text(alphabet="+=aA0", max_size=100))
def test_anything_may_be_given_as_a_key(text: str) -> None:
    for read in (VerifierKey.parse, SigningKey.parse):
        with suppress(AuditError):
            read(text)
