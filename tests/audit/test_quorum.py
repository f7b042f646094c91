from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.audit.checkpoint import Checkpoint, sign_checkpoint
from countenance.audit.cosignature import cosign
from countenance.audit.note import COSIGNATURE, Note, SigningKey
from countenance.audit.quorum import Policy, parse_policy
from countenance.contracts.errors import AuditError

LOG = SigningKey("example.com/log", b"l" * 32)
NAMES = ("X1", "X2", "X3", "Y1", "Y2", "Y3")
WITNESSES = {name: SigningKey(f"w.example/{name}", name.encode() * 16, COSIGNATURE) for name in NAMES}
NOTE = sign_checkpoint(Checkpoint("example.com/log", 7, b"r" * 32), LOG)
# The example in C2SP tlog-policy.
EXAMPLE = (
    f"# two operators\nlog {LOG.verifier}\n\n"
    + "".join(f"witness {name}\t{key.verifier}\n" for name, key in WITNESSES.items())
    + "group X-witnesses 2 X1 X2 X3\n  group Y-witnesses any Y1 Y2 Y3\n"
    "group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
)


def seen_by(*names: str) -> Note:
    return NOTE.joined(cosign(NOTE.text, WITNESSES[name], 1) for name in names)


@pytest.mark.parametrize(
    ("names", "enough"),
    [
        ("X1 X2 Y1", True),
        ("X1 X3 Y2 Y3", True),
        ("X1 Y1", False),
        ("X1 X2 X3", False),
        ("Y1 Y2 Y3", False),
        ("", False),
    ],
)
def test_the_quorum_of_the_example_counts_both_operators(names: str, enough: bool) -> None:
    policy = parse_policy(EXAMPLE.encode())
    data = seen_by(*names.split()).data
    if enough:
        assert policy.open(data)[0].size == 7
    else:
        with pytest.raises(AuditError, match="the quorum 'X-and-Y' is not met"):
            policy.open(data)


def test_a_policy_can_ask_for_no_witness_or_for_one() -> None:
    assert Policy.trusting(LOG.verifier).open(NOTE.data)[0].size == 7
    alone = parse_policy(f"log {LOG.verifier} https://log.example\nquorum none\n".encode())
    assert alone.open(NOTE.data)[0].size == 7
    assert alone.logs[0].url == "https://log.example"
    one = parse_policy(f"log {LOG.verifier}\nwitness w {WITNESSES['X1'].verifier} http://w\nquorum w\n".encode())
    assert one.witnesses[0].url == "http://w"
    assert one.open(seen_by("X1").data)[0].size == 7
    with pytest.raises(AuditError, match="cosigned by nobody"):
        one.open(NOTE.data)


def test_a_wrong_cosignature_spoils_a_checkpoint_that_has_enough_without_it() -> None:
    made = cosign("another\n", WITNESSES["X3"], 1)
    with pytest.raises(AuditError, match=r"cosignature of w.example/X3 is wrong"):
        parse_policy(EXAMPLE.encode()).open(seen_by("X1", "X2", "Y1").joined([made]).data)


def test_names_are_bytes() -> None:
    key = WITNESSES["X1"].verifier
    policy = parse_policy(b"witness \xff\xfe " + str(key).encode() + b"\nquorum \xff\xfe\n")
    assert policy.witnesses[0].name == "\xff\xfe"


KEY, OTHER = WITNESSES["X1"].verifier, WITNESSES["X2"].verifier


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no quorum line"),
        ("quorum none\nquorum none\n", "line 2: the quorum is defined twice"),
        ("quorum X\n", "line 1: 'X' is not defined"),
        ("quorum none none\n", "wrong number of words"),
        ("trust me\n", "unknown word 'trust'"),
        ("quorum none\v\n", "control characters"),
        ("log\n", "wrong number of words"),
        (f"log {KEY}\n", "of type 4, needed is 1"),
        ("log x\n", r"name\+id\+base64"),
        (f"log {LOG.verifier}\nlog {LOG.verifier}\n", "line 2: the key of .* is listed twice"),
        (f"witness X {LOG.verifier}\n", "of type 1, needed is 4"),
        (f"witness X {KEY}\nwitness Y {KEY}\n", "listed twice"),
        (f"witness X {KEY}\nwitness X {OTHER}\n", "the name 'X' is taken"),
        (f"witness none {KEY}\n", "the name 'none' is taken"),
        (f"witness X {KEY}\ngroup X any X\n", "the name 'X' is taken"),
        (f"witness X {KEY}\ngroup G any X X\n", "a member twice"),
        (f"witness X {KEY}\ngroup G any X\ngroup H any X\n", "a member twice"),
        ("group G any none\n", "'none' is not defined"),
        (f"witness X {KEY}\ngroup G 0 X\n", "threshold '0'"),
        (f"witness X {KEY}\ngroup G 2 X\n", "threshold '2'"),
        (f"witness X {KEY}\ngroup G 01 X\n", "threshold '01'"),
        ("group G any\n", "wrong number of words"),
        ("#" * 100_001, "too large"),
        ("log \xff+00000000+AAAA\n", "not UTF-8"),
    ],
)
def test_a_policy_that_is_none_is_refused(text: str, problem: str) -> None:
    with pytest.raises(AuditError, match=problem):
        parse_policy(text.encode("latin-1"))


WORDS = st.sampled_from(
    ["log", "witness", "group", "quorum", "none", "any", "all", "2", "X1", "G", str(KEY), "\n", "#"]
)


@given(st.binary(max_size=200) | st.lists(WORDS, max_size=30).map(lambda words: " ".join(words).encode()))
def test_anything_may_be_given_as_a_policy(data: bytes) -> None:
    for whole in (data, data + b"\nquorum none\n", EXAMPLE.encode() + data):
        with suppress(AuditError):
            parse_policy(whole)
