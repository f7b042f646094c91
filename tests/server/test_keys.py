from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from countenance.contracts.errors import NotFoundError, UnauthenticatedError, UsageError
from countenance.server.keys import Keys, NewKey, position_of, scopes_of, tenant_named
from countenance.server.scopes import REVIEWERS, USUAL, Position, Scope
from countenance.storage.apikeys import NAME, KeyFile
from countenance.testing.clocks import ManualClock

DAY_US = 86_400_000_000


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 23, tzinfo=UTC))


@pytest.fixture
def keys(tmp_path: Path, clock: ManualClock) -> Iterator[Keys]:
    made = Keys(KeyFile(tmp_path), clock)
    yield made
    made.close()


def test_a_key_is_checked_and_its_text_is_kept_nowhere(keys: Keys, tmp_path: Path) -> None:
    text, row = keys.make(NewKey("acme", "crm", Position.COACH))
    found = keys.check(text)
    assert (found.id, found.tenant, found.position) == (row.key_id, "acme", Position.COACH)
    assert found.scopes == USUAL[Position.COACH]
    secret = text.rpartition("_")[2].encode()
    assert all(secret not in path.read_bytes() for path in tmp_path.glob(f"{NAME}*"))


def test_a_key_that_is_wrong_anywhere_is_refused_with_the_same_words(keys: Keys) -> None:
    text, row = keys.make(NewKey("acme", "crm"))
    other = "0" if text[-1] != "0" else "1"
    said = set()
    for wrong in (text[:-1] + other, text[:-1], f"ctn_{'0' * 16}_{'0' * 64}", "", row.key_id, text.upper()):
        with pytest.raises(UnauthenticatedError) as caught:
            keys.check(wrong)
        said.add(caught.value.diagnosis)
    assert len(said) == 1


def test_a_key_ends_with_its_days_or_when_it_is_revoked(keys: Keys, clock: ManualClock) -> None:
    short, _ = keys.make(NewKey("acme", "a", days=1))
    long, row = keys.make(NewKey("acme", "b"))
    clock.pass_us(DAY_US - 1)
    assert keys.check(short)
    clock.pass_us(1)
    with pytest.raises(UnauthenticatedError):
        keys.check(short)
    keys.revoke(row.key_id)
    with pytest.raises(UnauthenticatedError):
        keys.check(long)
    with pytest.raises(NotFoundError, match="no key"):
        keys.revoke(row.key_id)
    assert [keys.valid(one) for one in keys.all()] == [False, False]


def test_no_key_is_a_participants(keys: Keys) -> None:
    with pytest.raises(UsageError, match="never a participant's"):
        keys.make(NewKey("acme", "a", scopes=frozenset({Scope.PARTICIPANT})))
    assert all(Scope.PARTICIPANT not in scopes for scopes in USUAL.values())


def test_only_reviewers_read_readings_unless_the_operator_says_so() -> None:
    readers = {position for position, scopes in USUAL.items() if Scope.READINGS in scopes}
    assert readers == REVIEWERS
    assert set(USUAL) == set(Position)


def test_words_that_nobody_knows_name_the_nearest() -> None:
    assert scopes_of(["calls:read"]) == {Scope.CALLS_READ}
    assert position_of("tutor") is Position.TUTOR
    with pytest.raises(UsageError, match=r"Did you mean calls:read\?"):
        scopes_of(["call:read"])
    with pytest.raises(UsageError, match="unknown scope 'participant'"):
        scopes_of(["participant"])
    with pytest.raises(UsageError, match=r"Did you mean tutor\?"):
        position_of("tuttor")


def test_the_tenant_is_the_only_one_or_the_named_one() -> None:
    assert tenant_named(None, {"acme"}) == "acme"
    assert tenant_named("beta", {"acme", "beta"}) == "beta"
    with pytest.raises(UsageError, match="Name one with --tenant: acme, beta"):
        tenant_named(None, {"acme", "beta"})
    with pytest.raises(UsageError, match=r"Did you mean acme\?"):
        tenant_named("acmee", {"acme", "beta"})


def test_a_days_key_says_when_it_ends(keys: Keys, clock: ManualClock) -> None:
    _, row = keys.make(NewKey("acme", "a", days=2))
    assert row.expires_utc_us == row.made_utc_us + timedelta(days=2) // timedelta(microseconds=1)
