"""The machine's clocks, and the one that is never set back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from countenance.storage.clocks import SteadyClock, SystemClock, micros
from countenance.testing.clocks import START, ManualClock

HOUR_US = 3_600_000_000


def test_the_system_clocks_run() -> None:
    clock = SystemClock()
    assert clock.utc() <= clock.utc()
    assert clock.mono_us() <= clock.mono_us()
    assert clock.utc().tzinfo is UTC
    assert clock.boot_id == SystemClock().boot_id


def test_a_machine_that_does_not_name_its_boot_compares_no_two_processes(tmp_path: Path) -> None:
    missing = tmp_path / "boot_id"
    assert SystemClock(missing).boot_id != SystemClock(missing).boot_id
    missing.write_text("abc\n")
    assert SystemClock(missing).boot_id == "abc"


def test_microseconds_are_counted_from_1970() -> None:
    assert micros(datetime(1970, 1, 2, 0, 0, 1, 7, tzinfo=UTC)) == 86_401_000_007
    assert micros(START + timedelta(microseconds=1)) - micros(START) == 1


@given(st.lists(st.tuples(st.integers(-24 * HOUR_US, HOUR_US), st.integers(0, HOUR_US)), max_size=8))
def test_steady_time_never_runs_back_and_never_slower_than_the_monotonic_clock(steps: list[tuple[int, int]]) -> None:
    clock = ManualClock()
    steady = SteadyClock(clock)
    shown, mono_us = steady.utc(), steady.mono_us()
    for set_by, passed in steps:
        clock.set_by(set_by)
        clock.pass_us(passed)
        now, now_mono_us = steady.utc(), steady.mono_us()
        assert now - shown >= timedelta(microseconds=now_mono_us - mono_us)
        assert now >= clock.utc()
        shown, mono_us = now, now_mono_us


def test_steady_time_begins_where_the_log_ends() -> None:
    clock = ManualClock()
    steady = SteadyClock(clock, START + timedelta(hours=1))
    assert steady.utc() == START + timedelta(hours=1)
    clock.pass_us(HOUR_US // 2)
    assert steady.utc() == START + timedelta(hours=1, minutes=30)
    clock.pass_us(HOUR_US)
    assert steady.utc() == START + timedelta(hours=2, minutes=30)
    assert steady.boot_id == clock.boot_id
