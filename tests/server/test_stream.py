"""The event stream of a call: order, resuming, gaps, readers that are too slow."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.contracts.errors import UsageError
from countenance.server.stream import START, SlowReaderError, Stream, sequence_of
from countenance.surface.envelope import STREAM_GAP as GAP
from countenance.surface.envelope import Envelope

SOURCE = "/deployments/d/calls/c"


def event(number: int) -> Envelope:
    return {"sequence": f"{number:012d}", "type": "io.countenance.signal.sample.v1", "data": {"n": number}}


def filled(numbers: Sequence[int], ring: int = 8, kept: Sequence[int] = ()) -> Stream:
    async def older(after: str, before: str) -> Sequence[Envelope]:
        return tuple(event(n) for n in kept if after < f"{n:012d}" < before)

    stream = Stream(SOURCE, older, ring)
    for number in numbers:
        stream.publish(event(number))
    return stream


async def numbers_of(events: AsyncIterator[Envelope]) -> list[object]:
    return [
        one["data"]["n"] if one["type"] != GAP else ("lost", one["data"]["lost"])  # type: ignore[index]
        async for one in events
    ]


def read(stream: Stream, after: int | None) -> list[object]:
    async def whole() -> list[object]:
        stream.end()
        return await numbers_of(stream.follow(None if after is None else f"{after:012d}"))

    return asyncio.run(whole())


def test_a_reader_gets_what_comes_after_it_came() -> None:
    async def scene() -> list[object]:
        stream = filled([1, 2])
        events = stream.follow()
        first = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        stream.publish(event(3))
        stream.publish(event(4))
        stream.end()
        return [(await first)["sequence"], *await numbers_of(events)]

    assert asyncio.run(scene()) == ["000000000003", 4]


def test_a_reader_resumes_from_the_last_event_it_has() -> None:
    assert read(filled([1, 2, 3, 4]), 2) == [3, 4]
    assert read(filled([1, 2, 3, 4]), 4) == []
    assert read(filled([1, 2, 3, 4]), 0) == [1, 2, 3, 4]


def test_a_reader_without_a_place_begins_now() -> None:
    assert read(filled([1, 2, 3]), None) == []


def test_what_has_left_the_ring_comes_from_the_store_after_a_word_on_what_is_lost() -> None:
    stream = filled(range(1, 21), ring=4, kept=[5, 9, 16])
    assert read(stream, 2) == [("lost", 11), 5, 9, 16, 17, 18, 19, 20]


def test_nothing_is_said_to_be_lost_when_the_store_has_it_all() -> None:
    assert read(filled(range(1, 11), ring=4, kept=range(1, 11)), 3) == [4, 5, 6, 7, 8, 9, 10]
    assert read(filled(range(1, 11), ring=4), 6) == [7, 8, 9, 10]


def test_a_gap_stands_at_the_place_the_reader_had() -> None:
    async def scene() -> Envelope:
        return await anext(filled(range(1, 21), ring=4).follow("000000000002"))

    gap = asyncio.run(scene())
    assert (gap["sequence"], gap["data"]) == (
        "000000000002",
        {"after": "000000000002", "before": "000000000017", "lost": 14},
    )


def test_a_stream_that_begins_anew_asks_the_store_for_what_was() -> None:
    assert read(filled([], kept=[3, 4]), 0) == [("lost", 2), 3, 4]
    assert read(filled([], kept=[1, 2]), 0) == [1, 2]
    assert read(filled([]), 5) == []


def test_a_reader_that_is_too_slow_is_sent_away_with_the_place_to_come_back_to() -> None:
    async def scene() -> tuple[object, SlowReaderError]:
        stream = filled([], ring=4)
        stream.publish(event(1))
        events = stream.follow(START)
        first = await anext(events)
        for number in range(2, 9):
            stream.publish(event(number))
        with pytest.raises(SlowReaderError) as sent_away:
            await anext(events)
        return first["sequence"], sent_away.value

    first, sent_away = asyncio.run(scene())
    assert sent_away.resume_after == first == "000000000001"
    assert "after=000000000001" in sent_away.diagnosis


def test_events_that_come_while_the_store_is_asked_come_once() -> None:
    async def scene() -> list[object]:
        async def older(after: str, before: str) -> Sequence[Envelope]:
            stream.publish(event(1))
            stream.publish(event(2))
            return (event(1),)

        stream = Stream(SOURCE, older)
        events = stream.follow(START)
        got = [(await anext(events))["sequence"], (await anext(events))["sequence"]]
        stream.end()
        return got + await numbers_of(events)

    assert asyncio.run(scene()) == ["000000000001", "000000000002"]


def test_an_event_out_of_order_is_an_error() -> None:
    with pytest.raises(UsageError, match="comes after"):
        filled([2, 2])


@pytest.mark.parametrize("text", ["-1", "1e3", "", "1" * 13, "²"])
def test_a_place_that_is_no_number_is_an_error(text: str) -> None:
    with pytest.raises(UsageError, match="no place in a stream"):
        sequence_of(text)


def test_a_place_is_written_with_all_its_digits() -> None:
    assert sequence_of("42") == "000000000042"


@given(st.integers(0, 40), st.integers(1, 12), st.integers(0, 45), st.sets(st.integers(1, 40)))
def test_every_event_is_read_or_counted_as_lost(made: int, ring: int, after: int, kept: set[int]) -> None:
    got = read(filled(range(1, made + 1), ring, sorted(k for k in kept if k <= made)), after)
    lost = sum(one[1] for one in got if isinstance(one, tuple))
    numbers = [one for one in got if isinstance(one, int)]
    assert numbers == sorted(set(numbers))
    assert len(numbers) + lost == max(0, made - after)
