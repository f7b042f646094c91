"""The leaves of the log."""

from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from countenance.audit.entries import FIELDS, KINDS, LIMIT_BYTES, Stamp, canonical, check, entry_of, leaf_of
from countenance.audit.merkle import leaf_hash
from countenance.contracts.errors import AuditError

STAMP = Stamp("2026-11-22T09:00:00.000001Z", 1_000, "boot-1")
words = st.from_regex(r"[A-Za-z0-9_.:/@+=-]{0,40}", fullmatch=True)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=10,
)
bodies = st.dictionaries(st.sampled_from(FIELDS), values, max_size=6)


def leaf(**body: object) -> bytes:
    return leaf_of(7, "RESULT", STAMP, "acme", body)


@given(st.sampled_from(KINDS), bodies)
def test_a_leaf_is_canonical_json_and_reads_back(kind: str, body: dict[str, Any]) -> None:
    check(kind, body)
    made = leaf_of(3, kind, STAMP, "acme", body)
    entry = entry_of(made)
    envelope: dict[str, Any] = {
        "v": 1, "kind": kind, "seq": 3, "t_utc": STAMP.at, "t_mono": 1_000, "boot_id": "boot-1", "tenant": "acme",
    }  # fmt: skip
    assert made == rfc8785.dumps({**envelope, **body}) == canonical({**envelope, **body})
    assert (entry.seq, entry.kind, entry.at, entry.mono_us, entry.boot_id, entry.tenant) == (
        3, kind, STAMP.at, 1_000, "boot-1", "acme",
    )  # fmt: skip
    assert entry.body == body
    assert entry.hash == leaf_hash(made).hex()


def test_no_field_of_a_body_hides_the_envelope() -> None:
    assert not {"v", "kind", "seq", "t_utc", "t_mono", "boot_id", "tenant"} & set(FIELDS)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(AuditError, match="knows no kind `READ`"):
        check("READ", {})


@pytest.mark.parametrize("name", ["label", "name", "score", "transcript", "kind"])
def test_what_was_read_of_a_person_may_not_stand_in_a_leaf(name: str) -> None:
    with pytest.raises(AuditError, match=f"`{name}` may not stand"):
        check("RESULT", {name: "x"})


@pytest.mark.parametrize(
    "value", [0.5, 2**53, b"raw", "two words", "é", "x" * 129, {"two words": 1}, {1: "x"}, [0.5], {"a": {"b": 0.1}}]
)
def test_only_references_numbers_and_digests_may_stand_in_a_field(value: object) -> None:
    with pytest.raises(AuditError, match="`counts` holds a"):
        check("RESULT", {"counts": value})


def test_an_entry_too_long_for_a_bundle_is_refused() -> None:
    with pytest.raises(AuditError, match=f"exceeds {LIMIT_BYTES} bytes"):
        leaf(items=["x" * 128] * 600)


@pytest.mark.parametrize(
    "wrong",
    [
        b"", b"{", b"[]", b"1", b"null", b"{}", b"\xff", b"[" * 100_000,
        leaf().replace(b'"kind"', b'"kine"'),
        leaf().replace(b"RESULT", b"READ"),
        leaf().replace(b":7", b": 7"),
        leaf().replace(b":7", b":-7"),
        leaf().replace(b":7", b":7.0"),
        leaf().replace(b":7", b":true"),
        leaf().replace(b'"v":1', b'"v":2'),
        leaf().replace(b'"t_mono":1000', b'"t_mono":"1000"'),
        leaf().replace(b"000001Z", b"000001+00:00"),
        leaf().replace(b'"tenant":"acme"', b'"tenant":"two words"'),
        leaf().replace(b'"tenant":"acme"', b'"tenant":7'),
        leaf().replace(b'"boot-1"', b"null"),
        leaf().replace(b'"2026-11-22T09:00:00.000001Z"', b"5"),
        leaf() + b"\n",
        leaf()[:-1] + b',"v":1}',
        leaf()[:-1] + b',"zeal":1}',
    ],
)  # fmt: skip
def test_bytes_that_the_log_would_not_have_written_are_no_entry(wrong: bytes) -> None:
    with pytest.raises(AuditError):
        entry_of(wrong)
