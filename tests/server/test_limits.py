import sys
from datetime import UTC, datetime
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.contracts.errors import RateError
from countenance.server.limits import Buckets, Limiter, Rate
from countenance.testing.clocks import ManualClock


def a_clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 23, tzinfo=UTC))


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    clock = a_clock()
    buckets = Buckets(Rate(2.0, 3), clock)
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 1]
    clock.pass_us(500_000)
    assert [buckets.take("a"), buckets.take("a")] == [0, 1]


def test_nobody_pays_for_another() -> None:
    buckets = Buckets(Rate(1.0, 1), a_clock())
    assert [buckets.take("a"), buckets.take("a"), buckets.take("b")] == [0, 1, 0]


def test_a_slow_bucket_says_how_long_to_wait() -> None:
    buckets = Buckets(Rate(0.1, 1), a_clock())
    buckets.take("a")
    assert buckets.take("a") == 10


def test_only_so_many_buckets_are_kept() -> None:
    buckets = Buckets(Rate(1.0, 1), a_clock(), most=2)
    for name in ("a", "b", "c"):
        assert buckets.take(name) == 0
    assert buckets.take("c") == 1
    assert buckets.take("a") == 0


@given(st.lists(st.integers(0, 3_000_000), max_size=60))
def test_no_more_passes_than_burst_and_rate_allow(gaps_us: list[int]) -> None:
    clock, rate = a_clock(), Rate(2.0, 3)
    buckets = Buckets(rate, clock)
    passed, total_us = 0, 0
    for gap_us in gaps_us:
        clock.pass_us(gap_us)
        total_us += gap_us
        passed += buckets.take("a") == 0
        assert passed <= rate.burst + total_us / 1e6 * rate.per_second + 1e-6


def test_threads_that_ask_at_once_get_no_more() -> None:
    buckets, passed = Buckets(Rate(1.0, 500), a_clock()), list[int]()
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [Thread(target=lambda: passed.append(sum(not buckets.take("a") for _ in range(400)))) for _ in "1234"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert sum(passed) == 500


def test_keys_and_addresses_have_limits_of_their_own() -> None:
    limiter = Limiter(Rate(1.0, 1), Rate(1.0, 2), a_clock())
    limiter.take_key("key:1")
    with pytest.raises(RateError, match="this key") as caught:
        limiter.take_key("key:1")
    assert caught.value.retry_after_s == 1
    limiter.take_address("192.0.2.1")
    limiter.take_address("192.0.2.1")
    with pytest.raises(RateError, match="this address"):
        limiter.take_address("192.0.2.1")
