from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.contracts.errors import UnauthenticatedError, UsageError
from countenance.server.scopes import Position, Scope
from countenance.server.tokens import LONGEST, USUAL_LIFE, Seat, Token, Tokens, tenant_of
from countenance.testing.clocks import ManualClock

SECRET, OTHER = b"s" * 32, b"o" * 32
SEAT = Seat("c_1", "p_1")
START = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def tokens(clock: ManualClock) -> Tokens:
    return Tokens("acme", SECRET, clock)


def forged(change: dict[str, Any], secret: bytes | None = SECRET, algorithm: str = "HS256") -> str:
    stated = {
        "iss": "countenance", "aud": "acme", "sub": "p_1", "call": "c_1", "scope": "participant", "jti": "1",
        "iat": START.timestamp(), "exp": START.timestamp() + 60,
    }  # fmt: skip
    claims = {name: value for name, value in {**stated, **change}.items() if value is not None}
    # Without an algorithm there is no secret either, which the types of the library do not say.
    return jwt.encode(claims, cast("bytes", secret), algorithm)


def test_a_participants_token_is_for_their_seat_alone(tokens: Tokens) -> None:
    found = tokens.check(tokens.for_participant(SEAT))
    assert found == Token(found.id, START + USUAL_LIFE, "p_1", frozenset({Scope.PARTICIPANT}), SEAT, None, "c_1")


def test_a_reviewers_token_names_who_looks_and_as_what(tokens: Tokens) -> None:
    found = tokens.check(tokens.for_reviewer("u-7", Position.TEACHER, "c_1"))
    assert (found.subject, found.position, found.call_id, found.seat) == ("u-7", Position.TEACHER, "c_1", None)
    assert Scope.READINGS in found.scopes
    assert tokens.check(tokens.for_reviewer("u-7", Position.COACH)).call_id is None


def test_nobody_but_a_reviewer_gets_a_reviewers_token(tokens: Tokens) -> None:
    with pytest.raises(UsageError, match="supervisor is no reviewer"):
        tokens.for_reviewer("u-7", Position.SUPERVISOR)


def test_no_token_lasts_longer_than_twelve_hours(tokens: Tokens) -> None:
    assert tokens.check(tokens.for_participant(SEAT, LONGEST))
    for life in (LONGEST + timedelta(seconds=1), timedelta(0), timedelta(seconds=-1)):
        with pytest.raises(UsageError, match="cannot last"):
            tokens.for_participant(SEAT, life)


def test_a_token_ends_at_its_time(tokens: Tokens, clock: ManualClock) -> None:
    text = tokens.for_participant(SEAT, timedelta(minutes=1))
    clock.pass_us(60_000_000 - 1)
    assert tokens.check(text)
    clock.pass_us(1)
    with pytest.raises(UnauthenticatedError):
        tokens.check(text)


def test_a_session_has_a_token_of_its_own_that_lasts_no_longer(tokens: Tokens, clock: ManualClock) -> None:
    first = tokens.for_reviewer("u-7", Position.TEACHER, "c_1", timedelta(minutes=5))
    clock.pass_us(60_000_000)
    before, after = tokens.check(first), tokens.check(tokens.again(first))
    assert before.id != after.id
    assert replace(after, id=before.id) == before
    clock.pass_us(240_000_000)
    with pytest.raises(UnauthenticatedError):
        tokens.again(first)


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "beta"}, {"aud": None}, {"iss": "other"}, {"iss": None}, {"exp": None}, {"iat": None}, {"jti": None},
        {"sub": None}, {"call": None}, {"scope": None}, {"scope": "calls:read"}, {"scope": "everything"},
        {"exp": START.timestamp()}, {"exp": 1e30}, {"iat": START.timestamp() + 61}, {"exp": "soon"}, {"exp": [1]},
        {"scope": "participant operate"}, {"role": "emperor", "scope": "readings:read"},
    ],
)  # fmt: skip
def test_a_token_that_says_something_else_is_refused(tokens: Tokens, change: dict[str, Any]) -> None:
    assert tokens.check(forged({}))
    with pytest.raises(UnauthenticatedError):
        tokens.check(forged(change))


def test_a_token_under_another_secret_or_algorithm_is_refused(tokens: Tokens) -> None:
    for text in (forged({}, OTHER), forged({}, None, "none"), forged({}, SECRET * 2, "HS512")):
        with pytest.raises(UnauthenticatedError):
            tokens.check(text)


def test_a_token_of_another_tenant_is_refused_even_under_the_same_secret(clock: ManualClock) -> None:
    text = Tokens("beta", SECRET, clock).for_participant(SEAT)
    with pytest.raises(UnauthenticatedError):
        Tokens("acme", SECRET, clock).check(text)


def test_the_tenant_is_read_before_anything_is_proven(tokens: Tokens) -> None:
    assert tenant_of(tokens.for_participant(SEAT)) == "acme"
    assert tenant_of(forged({"aud": ["acme", "beta"]})) is None
    assert tenant_of("nonsense") is None


@given(st.text(max_size=200))
def test_nonsense_is_refused_and_nothing_else_happens(text: str) -> None:
    tokens = Tokens("acme", SECRET, ManualClock(START))
    assert tenant_of(text) is None
    with pytest.raises(UnauthenticatedError):
        tokens.check(text)
