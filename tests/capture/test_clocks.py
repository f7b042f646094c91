from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from countenance.capture.clocks import JITTER_US, FrameClock, SoundClock
from countenance.contracts.media import SECOND_US

FRAME = 40_000
stamps = st.lists(st.none() | st.integers(-2 * SECOND_US, 20 * SECOND_US) | st.integers(0, 2**62), max_size=100)


@given(stamps)
def test_pictures_never_run_back_whatever_the_file_says(times: list[int | None]) -> None:
    clock = FrameClock(20 * SECOND_US)
    placed = [clock.place(at, FRAME) for at in times]
    assert all(before < after for before, after in pairwise(placed))


@given(stamps)
def test_sound_never_overlaps_whatever_the_file_says(times: list[int | None]) -> None:
    clock = SoundClock(20 * SECOND_US)
    placed = [at for stamp in times if (at := clock.place(stamp, 640, 16_000)) is not None]
    assert all(after - before >= 40_000 for before, after in pairwise(placed))


@given(st.sets(st.integers(0, 20 * SECOND_US), max_size=100))
def test_timestamps_in_order_need_no_repair(times: set[int]) -> None:
    clock = FrameClock(20 * SECOND_US)
    assert [clock.place(at, FRAME) for at in sorted(times)] == sorted(times)
    assert clock.repaired == 0


def test_a_picture_without_a_timestamp_follows_the_one_before() -> None:
    clock = FrameClock()
    assert [clock.place(at, FRAME) for at in (None, 50_000, None, 120_000)] == [0, 50_000, 90_000, 120_000]
    assert clock.repaired == 2


def test_a_picture_a_little_back_in_time_is_moved_just_after_the_one_before() -> None:
    clock = FrameClock()
    assert [clock.place(at, FRAME) for at in (0, 80_000, 40_000, 120_000)] == [0, 80_000, 80_001, 120_000]
    assert clock.repaired == 1


def test_a_recorder_that_counts_anew_goes_on_where_it_was() -> None:
    clock = FrameClock()
    before = [k * FRAME for k in range(100)]
    assert [clock.place(at, FRAME) for at in before + before] == [k * FRAME for k in range(200)]
    assert clock.repaired == 1


def test_one_wild_picture_timestamp_after_the_end_of_the_file_moves_nothing_else() -> None:
    clock = FrameClock(10 * SECOND_US)
    assert [clock.place(at, FRAME) for at in (0, 3600 * SECOND_US, 80_000)] == [0, FRAME, 80_000]
    assert clock.repaired == 1


def test_a_long_pause_between_pictures_within_the_file_stays() -> None:
    clock = FrameClock(3600 * SECOND_US)
    assert [clock.place(at, FRAME) for at in (0, 3000 * SECOND_US)] == [0, 3000 * SECOND_US]
    assert clock.repaired == 0


def test_jitter_of_sound_is_smoothed_away() -> None:
    clock = SoundClock()
    times = [0, 21_000, 39_000, 60_000 + JITTER_US, 80_000]
    assert [clock.place(at, 320, 16_000) for at in times] == [0, 20_000, 40_000, 60_000, 80_000]
    assert (clock.repaired, clock.gaps) == (0, 0)


def test_an_hour_of_frames_that_last_no_whole_microsecond_has_no_gap() -> None:
    clock = SoundClock()
    for index in range(44_100 * 3600 // 1024):
        at = index * 1024 * SECOND_US // 44_100
        assert clock.place(at, 1024, 44_100) == at
    assert (clock.repaired, clock.gaps) == (0, 0)


def test_a_gap_in_the_sound_keeps_media_time_right() -> None:
    clock = SoundClock()
    assert [clock.place(at, 320, 16_000) for at in (0, 20_000, 500_000, 520_000)] == [0, 20_000, 500_000, 520_000]
    assert (clock.repaired, clock.gaps) == (0, 1)


def test_sound_that_was_heard_already_is_dropped() -> None:
    clock = SoundClock()
    times = [0, 300_000, 100_000, 310_000, 600_000]
    assert [clock.place(at, 4800, 16_000) for at in times] == [0, 300_000, None, None, 600_000]
    assert clock.repaired == 2


def test_sound_that_counts_anew_goes_on_where_it_was() -> None:
    clock = SoundClock()
    before = [k * 20_000 for k in range(100)]
    assert [clock.place(at, 320, 16_000) for at in before + before] == [k * 20_000 for k in range(200)]
    assert clock.repaired == 1


def test_sound_without_timestamps_is_counted_in_samples() -> None:
    clock = SoundClock()
    assert [clock.place(None, 1024, 48_000) for _ in range(4)] == [0, 21_333, 42_666, 64_000]
    assert clock.repaired == 4


def test_one_wild_sound_timestamp_after_the_end_of_the_file_moves_nothing_else() -> None:
    clock = SoundClock(10 * SECOND_US)
    assert [clock.place(at, 320, 16_000) for at in (0, 2**60, 40_000)] == [0, 20_000, 40_000]
    assert (clock.repaired, clock.gaps) == (1, 0)
