import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.capture.sampling import Grid, Sampler
from countenance.contracts.errors import UsageError
from countenance.contracts.media import SECOND_US

rates = st.integers(5, 10)
moments = st.integers(0, 20 * SECOND_US)
streams = st.lists(moments, max_size=400)


@pytest.mark.parametrize("fps", [0, 4, 11, -5])
def test_a_grid_outside_five_to_ten_is_refused(fps: int) -> None:
    with pytest.raises(UsageError, match=f"{fps} frames per second"):
        Grid(fps)


@given(fps=rates, slot=st.integers(0, 10**6))
def test_a_slot_begins_with_the_first_microsecond_it_holds(fps: int, slot: int) -> None:
    grid = Grid(fps)
    begin = grid.begins_us(slot)
    assert grid.slot(begin) == slot
    assert grid.slot(begin - 1) == slot - 1


@given(fps=rates)
def test_every_aligned_second_has_as_many_slots_as_the_grid_says(fps: int) -> None:
    grid = Grid(fps)
    for second in (0, 1, 59, 3600):
        slots = {grid.slot(second * SECOND_US + at) for at in range(0, SECOND_US, 1000)}
        assert len(slots) == fps


@given(fps=rates, arrivals=streams)
def test_no_slot_gives_two_frames_and_no_frame_is_of_the_past(fps: int, arrivals: list[int]) -> None:
    grid, sampler = Grid(fps), Sampler(Grid(fps))
    taken = [at for at in arrivals if sampler.due(at)]
    slots = [grid.slot(at) for at in taken]
    assert slots == sorted(set(slots))
    assert taken == sorted(taken)


@given(fps=rates, arrivals=streams)
def test_no_aligned_second_gives_more_frames_than_the_grid(fps: int, arrivals: list[int]) -> None:
    sampler = Sampler(Grid(fps))
    taken = [at for at in sorted(arrivals) if sampler.due(at)]
    for second in range(21):
        assert sum(at // SECOND_US == second for at in taken) <= fps


@given(fps=rates, arrivals=streams)
def test_taken_and_dropped_add_up(fps: int, arrivals: list[int]) -> None:
    sampler = Sampler(Grid(fps))
    taken = [at for at in arrivals if sampler.due(at)]
    assert sampler.taken == len(taken)
    assert sampler.taken + sampler.dropped == len(arrivals)


@given(fps=rates, arrivals=streams)
def test_in_order_the_first_frame_of_each_slot_is_taken(fps: int, arrivals: list[int]) -> None:
    grid, sampler = Grid(fps), Sampler(Grid(fps))
    arrivals.sort()
    taken = [at for at in arrivals if sampler.due(at)]
    first = {grid.slot(at): at for at in reversed(arrivals)}
    assert taken == sorted(first.values())


@given(fps=rates, backlogs=st.lists(st.lists(moments, max_size=12), max_size=40))
def test_of_a_backlog_only_the_newest_can_win_and_the_rest_is_counted(fps: int, backlogs: list[list[int]]) -> None:
    grid, sampler = Grid(fps), Sampler(Grid(fps))
    taken: list[int] = []
    for waiting in backlogs:
        index = sampler.newest(waiting)
        if index is not None:
            assert waiting[index] == max(waiting)
            taken.append(waiting[index])
    slots = [grid.slot(at) for at in taken]
    assert slots == sorted(set(slots))
    assert sampler.taken == len(taken)
    assert sampler.taken + sampler.dropped == sum(map(len, backlogs))


def test_a_grid_of_seven_drifts_by_no_microsecond_in_ten_hours() -> None:
    assert Grid(7).begins_us(7 * 36_000) == 36_000 * SECOND_US
