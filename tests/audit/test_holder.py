"""The lease in the hands of a worker."""

import pytest

from countenance.audit.holder import LeaseHolder
from countenance.contracts.errors import RefusedError
from countenance.contracts.trust import Lease
from countenance.testing.clocks import ManualClock

SECOND_US = 1_000_000
LEASE = Lease("p_1/0", "p_1", ("face", "voice"), 0, SECOND_US, "d" * 64, ())


def held(clock: ManualClock, **terms: int) -> LeaseHolder:
    holder = LeaseHolder(clock.mono_us)
    holder.hold(LEASE, clock.mono_us(), **terms)
    return holder


def test_nothing_runs_without_a_lease() -> None:
    clock = ManualClock()
    with pytest.raises(RefusedError, match="no lease is held for face"):
        LeaseHolder(clock.mono_us).check("face")
    holder = held(clock)
    holder.release()
    with pytest.raises(RefusedError, match="no lease is held"):
        holder.check("face")


def test_what_ran_is_counted() -> None:
    holder = held(ManualClock())
    for _ in range(3):
        holder.check("face")
    holder.check("voice", 5)
    assert holder.release() == {"face": 3, "voice": 5}
    holder.hold(LEASE, 1_000_000_000)
    assert holder.release() == {}


def test_a_modality_outside_the_lease_does_not_run() -> None:
    with pytest.raises(RefusedError, match="the lease does not cover text of p_1"):
        held(ManualClock()).check("text")


def test_a_lease_ends_after_a_second_of_real_time() -> None:
    clock = ManualClock()
    holder = held(clock)
    clock.pass_us(SECOND_US - 1)
    holder.check("face")
    clock.pass_us(1)
    with pytest.raises(RefusedError, match="the lease on face of p_1 has run out"):
        holder.check("face")


@pytest.mark.parametrize("by_us", [-86_400_000_000, -3_600_000_000, -1_000_000, 1_000_000, 3_600_000_000])
def test_setting_the_wall_clock_neither_extends_nor_ends_a_lease(by_us: int) -> None:
    clock = ManualClock()
    holder = held(clock)
    clock.set_by(by_us)
    holder.check("face")
    clock.pass_us(SECOND_US)
    with pytest.raises(RefusedError):
        holder.check("face")


def test_no_control_plane_can_make_a_lease_longer_than_a_second() -> None:
    clock = ManualClock()
    holder = held(clock, valid_us=60 * SECOND_US)
    clock.pass_us(SECOND_US)
    with pytest.raises(RefusedError):
        holder.check("face")
    short = held(clock, valid_us=100_000)
    clock.pass_us(100_000)
    with pytest.raises(RefusedError):
        short.check("face")


def test_a_stopped_modality_does_not_run_and_is_not_counted() -> None:
    holder = held(ManualClock())
    holder.check("face", 2)
    holder.check("voice")
    holder.stop("face")
    with pytest.raises(RefusedError, match="face of p_1 was stopped"):
        holder.check("face")
    assert (holder.release(), holder.dropped) == ({"voice": 1}, {"face": 2})


def test_a_lease_allows_so_many_model_calls() -> None:
    holder = held(ManualClock(), limit=3)
    holder.check("face", 2)
    with pytest.raises(RefusedError, match="allows 3 model calls"):
        holder.check("face", 2)
    holder.check("face")
    holder.check("voice", 3)
