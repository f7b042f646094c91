"""What `bench.live.toggling` makes of what a page has seen: order first, then time."""

from bench.live.toggling import judged


def test_the_last_event_counts_from_the_click() -> None:
    seen = [(0.0, "read"), (100.0, "click"), (150.0, "read"), (220.0, "withdrawn")]
    assert judged(seen) == (50.0, [])
    assert judged([(0.0, "read"), (100.0, "click"), (120.0, "withdrawn")]) == (0.0, [])


def test_an_event_after_the_page_was_told_of_the_no_is_a_miss_however_soon() -> None:
    _, misses = judged([(100.0, "click"), (120.0, "withdrawn"), (121.0, "read")])
    assert misses == ["an event came after the page was told of the no"]


def test_an_event_after_a_second_and_a_no_that_nobody_told_are_misses() -> None:
    last, misses = judged([(100.0, "click"), (1_101.0, "read")])
    assert last == 1_001.0
    assert misses == ["an event came 1001 ms after the click", "the page was not told of the no"]
