from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from countenance.capture.arrival import WRAP, Arrival
from countenance.contracts.media import SECOND_US

FRAME = 960
FRAME_US = 20_000


@given(st.lists(st.integers(0, 150_000), min_size=2, max_size=200), st.integers(0, WRAP - 1))
def test_whatever_the_jitter_time_is_never_later_than_arrival_and_off_by_less_than_the_jitter(
    delays: list[int], first: int
) -> None:
    arrival = Arrival(48_000)
    for k, delay in enumerate(delays):
        arrived_us = SECOND_US + k * FRAME_US + delay
        at_us = arrival.place((first + k * FRAME) % WRAP, arrived_us)
        assert at_us <= arrived_us
        assert abs(at_us - (SECOND_US + k * FRAME_US)) <= 150_000 + 21
    assert arrival.restarts == 0


@given(st.integers(0, WRAP - 1))
def test_stamps_that_wrap_go_on_evenly(first: int) -> None:
    arrival = Arrival(90_000)
    placed = [arrival.place((first + k * (WRAP // 8)) % WRAP, k * (WRAP // 8) * SECOND_US // 90_000) for k in range(20)]
    assert all(abs((after - before) - WRAP // 8 * SECOND_US // 90_000) <= 2 for before, after in pairwise(placed))


def test_a_packet_out_of_order_gets_its_own_earlier_time() -> None:
    arrival = Arrival(48_000)
    first = arrival.place(10 * FRAME, SECOND_US)
    third = arrival.place(12 * FRAME, SECOND_US + 2 * FRAME_US)
    second = arrival.place(11 * FRAME, SECOND_US + 2 * FRAME_US + 1_000)
    assert (second - first, third - first) == (FRAME_US, 2 * FRAME_US)


def test_a_sender_that_begins_to_count_anew_is_placed_by_its_arrival() -> None:
    arrival = Arrival(48_000)
    arrival.place(5 * FRAME, SECOND_US)
    assert arrival.place(3_000_000_000, 2 * SECOND_US) == 2 * SECOND_US
    assert arrival.place(3_000_000_000 + FRAME, 2 * SECOND_US + FRAME_US) == 2 * SECOND_US + FRAME_US
    assert arrival.restarts == 1


def test_a_clock_that_runs_slow_is_followed() -> None:
    """A sender's clock that loses 500 parts in a million is 30 ms behind after a minute."""
    arrival = Arrival(48_000)
    for k in range(120 * 50):
        arrived_us = SECOND_US + k * FRAME_US
        at_us = arrival.place(int(k * FRAME * 0.9995), arrived_us)
        assert arrived_us - at_us <= 11_000, "the least delay is that of the last ten to twenty seconds"


def test_a_way_that_becomes_longer_is_followed_within_some_seconds() -> None:
    arrival = Arrival(48_000)
    for k in range(50 * 50):
        longer_us = 300_000 if k > 500 else 0
        arrived_us = SECOND_US + k * FRAME_US + longer_us
        at_us = arrival.place(k * FRAME, arrived_us)
    assert arrived_us - at_us < 1_000
