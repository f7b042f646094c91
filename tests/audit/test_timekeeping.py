"""The clocks of the log: order is that of the entries, and an odd clock is noted."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.audit.logs import KEY
from tests.conftest import Place

from countenance.audit.entries import Stamp
from countenance.audit.log import Log
from countenance.audit.timekeeping import Timekeeper, anomaly, moment_of, text_of
from countenance.contracts.errors import AuditError
from countenance.testing.clocks import START, ManualClock

SECOND_US, HOUR_US = 1_000_000, 3_600_000_000


def test_time_is_written_in_utc_with_microseconds() -> None:
    berlin = datetime(2026, 11, 22, 10, 0, tzinfo=timezone(timedelta(hours=1)))
    assert text_of(berlin) == "2026-11-22T09:00:00.000000Z"
    assert moment_of(text_of(berlin)) == berlin


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_two_clocks_that_agree_are_no_anomaly(passed_us: int, drift_us: int) -> None:
    clock = ManualClock()
    before = Stamp(text_of(clock.utc()), clock.mono_us(), "b")
    clock.pass_us(passed_us)
    clock.set_by(min(drift_us, 2 * SECOND_US))
    assert anomaly(before, Stamp(text_of(clock.utc()), clock.mono_us(), "b")) is None


@pytest.mark.parametrize(
    ("by_us", "noted"),
    [
        (-HOUR_US, {"back_us": HOUR_US, "jump_us": -HOUR_US}),
        (HOUR_US, {"jump_us": HOUR_US}),
        (-24 * HOUR_US, {"back_us": 24 * HOUR_US, "jump_us": -24 * HOUR_US}),
        (-SECOND_US, {"back_us": SECOND_US}),
        (SECOND_US, None),
        (2 * SECOND_US + 1, {"jump_us": 2 * SECOND_US + 1}),
    ],
)
def test_a_clock_that_was_set_is_noted_before_the_next_entry(
    place: Place, by_us: int, noted: dict[str, int] | None
) -> None:
    clock = ManualClock()
    with place.open() as store:
        log = Log.open(store, KEY, clock)
        log.append("CONFIG", {})
        clock.set_by(by_us)
        entry = log.append("CONFIG", {"software": "2"})
        after = log.append("CONFIG", {"software": "3"})
        found = [(one.kind, one.body) for one in log.entries()]
    odd = [("CLOCK_ANOMALY", noted)] if noted else []
    assert found == [("CONFIG", {}), *odd, ("CONFIG", {"software": "2"}), ("CONFIG", {"software": "3"})]
    assert (entry.seq, after.seq) == (1 + len(odd), 2 + len(odd))


def test_a_machine_that_slept_is_no_anomaly(place: Place) -> None:
    clock = ManualClock()
    with place.open() as store:
        log = Log.open(store, KEY, clock)
        log.append("CONFIG", {})
        clock.pass_us(8 * HOUR_US)
        log.append("CONFIG", {})
        assert [entry.kind for entry in log.entries()] == ["CONFIG", "CONFIG"]
        assert log.last_at == clock.utc()


def test_after_a_restart_of_the_machine_only_going_back_is_odd(place: Place) -> None:
    clock = ManualClock()
    with place.open() as store:
        Log.open(store, KEY, clock).append("CONFIG", {})
        clock.reboot("boot-2")
        clock.pass_us(HOUR_US)
        Log.open(store, KEY, clock).append("CONFIG", {})
        clock.reboot("boot-3")
        clock.set_by(-5)
        log = Log.open(store, KEY, clock)
        log.append("CONFIG", {})
        assert [(e.kind, e.body) for e in log.entries()][2:] == [("CLOCK_ANOMALY", {"back_us": 5}), ("CONFIG", {})]


def test_a_log_without_entries_has_no_last_time(place: Place) -> None:
    with place.open() as store:
        assert Log.open(store, KEY, ManualClock()).last_at is None


def test_a_clock_without_a_time_zone_is_refused() -> None:
    class Naive(ManualClock):
        def utc(self) -> datetime:
            return START.replace(tzinfo=None)

    with pytest.raises(AuditError, match="has no time zone"):
        Timekeeper(Naive()).stamp()


def test_small_steps_that_add_up_are_noted(place: Place) -> None:
    clock = ManualClock()
    with place.open() as store:
        log = Log.open(store, KEY, clock)
        for _ in range(5):
            log.append("CONFIG", {})
            clock.pass_us(SECOND_US)
            clock.set_by(-SECOND_US)
        log.append("CONFIG", {})
        odd = [entry.body for entry in log.entries() if entry.kind == "CLOCK_ANOMALY"]
    assert odd == [{"jump_us": -3 * SECOND_US}]


def test_time_goes_on_from_the_last_entry_while_the_machine_runs(place: Place) -> None:
    clock = ManualClock()
    with place.open() as store:
        Log.open(store, KEY, clock).append("CONFIG", {})
        clock.pass_us(2 * HOUR_US)
        clock.set_by(-9 * HOUR_US)
        assert Log.open(store, KEY, clock).last_at == START + timedelta(hours=2)
        clock.reboot("boot-2")
        assert Log.open(store, KEY, clock).last_at == START


def test_entries_made_while_the_clock_is_behind_do_not_bring_time_back(place: Place) -> None:
    clock = ManualClock()
    with place.open() as store:
        log = Log.open(store, KEY, clock)
        log.append("CONFIG", {})
        clock.pass_us(HOUR_US)
        clock.set_by(-30 * HOUR_US)
        log.append("CONFIG", {})
        assert log.last_at == START + timedelta(hours=1)
        clock.pass_us(HOUR_US)
        assert Log.open(store, KEY, clock).last_at == START + timedelta(hours=2)
        clock.set_by(-HOUR_US)
        log.append("CONFIG", {})
        clock.reboot("boot-2")
        assert Log.open(store, KEY, clock).last_at == START + timedelta(hours=2)
