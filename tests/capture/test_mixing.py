import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from threading import Thread

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.capture.lanes import MOST_WAITING, PATIENCE_US, Lane, Mixer
from countenance.capture.mixing import LiveTap
from countenance.capture.sampling import Grid
from countenance.contracts.call import Track, TrackKind
from countenance.contracts.errors import MediaError
from countenance.contracts.media import SECOND_US, AudioChunk, Media, Reached, Utterance, VideoFrame, whole_us

SOUND = Track("ana/audio", "ana", TrackKind.AUDIO)
FACE = Track("ana/video", "ana", TrackKind.VIDEO)
WORDS = Track("ana/text", "ana", TrackKind.TEXT)
BLACK = np.zeros((2, 2, 3), np.uint8)
TENTH = np.zeros(1600, np.int16)


def sound(at_us: int) -> AudioChunk:
    return AudioChunk(SOUND.id, at_us, TENTH)


def picture(at_us: int) -> VideoFrame:
    return VideoFrame(FACE.id, at_us, BLACK)


def drain(mixer: Mixer, now_us: int) -> list[Media | Reached]:
    given = []
    while (item := mixer.take(now_us)) is not None:
        given.append(item)
    return given


def moment(item: Media | Reached) -> int:
    return item.at_us if isinstance(item, Reached) else whole_us(item)


def media(items: Sequence[Media | Reached]) -> list[int]:
    return [item.at_us for item in items if not isinstance(item, Reached)]


@dataclass
class Scripted:
    """A source whose lanes a test fills."""

    published: tuple[Track, ...] = (SOUND, FACE, WORDS)
    lanes: dict[str, Lane] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    broken: bool = False

    def tracks(self) -> tuple[Track, ...]:
        return self.published

    async def start(self, track: Track, lane: Lane) -> None:
        if self.broken:
            raise MediaError("no way", "Try again.")
        self.lanes[track.id] = lane

    async def stop(self, track: Track) -> None:
        self.stopped.append(track.id)


def decode(lane: Lane) -> None:
    lane.decoded(2)
    lane.put(sound(0))
    lane.put(sound(100_000))


class Hand:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.us = 5_000_000

    def __call__(self) -> int:
        return self.us


# One arrival: (lane, media time, delay until it arrives); delays reorder, holes are losses, long delays are late.
ARRIVALS = st.lists(
    st.tuples(st.sampled_from(["audio", "video"]), st.integers(0, 30), st.integers(0, 900_000)), max_size=60
)


@given(ARRIVALS, st.lists(st.integers(20_000, 200_000), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_whatever_arrives_whenever_time_never_runs_back_and_everything_is_accounted_for(
    arrivals: list[tuple[str, int, int]], steps: list[int]
) -> None:
    mixer = Mixer(Grid())
    lanes = {"audio": mixer.open(SOUND, 0), "video": mixer.open(FACE, 0)}
    pending = sorted((step * 100_000 + delay, kind, step * 100_000) for kind, step, delay in arrivals)
    given_out: list[Media | Reached] = []
    now, turn = 0, 0
    while now < 5_000_000:
        now += steps[turn % len(steps)]
        turn += 1
        while pending and pending[0][0] <= now:
            _, kind, at_us = pending.pop(0)
            if kind == "audio":
                lanes["audio"].put(sound(at_us))
            elif lanes["video"].due(at_us):
                lanes["video"].put(picture(at_us))
        fresh = drain(mixer, now)
        assert all(moment(item) <= now for item in fresh)
        given_out += fresh
    reached = 0
    for before, after in pairwise(given_out):
        assert moment(after) >= moment(before)
        reached = max(reached, before.at_us if isinstance(before, Reached) else 0)
        assert moment(after) >= reached
    counted = sum(mixer.counts[SOUND.id].values()) + sum(mixer.counts[FACE.id].values())
    assert counted == len(arrivals)
    told = [item.at_us for item in given_out if isinstance(item, Reached)]
    assert told[-1] >= now - PATIENCE_US - 100_000, "time goes on, whatever arrives"


@given(st.lists(st.integers(0, PATIENCE_US // 2), min_size=20, max_size=40))
def test_media_less_late_than_the_patience_all_come_through_in_order(delays: list[int]) -> None:
    mixer = Mixer(Grid())
    lane, other = mixer.open(SOUND, 0), mixer.open(FACE, 0)
    ahead = 0
    given_out: list[Media | Reached] = []
    for k, delay in enumerate(delays):
        at_us = k * 100_000
        if other.due(at_us):
            other.put(picture(at_us))  # the other track is never delayed
        ahead = max(ahead, at_us + 100_000 + delay)  # a delayed packet holds back those behind it
        given_out += drain(mixer, min(ahead, at_us + 100_000 + PATIENCE_US // 2))
        lane.put(sound(at_us))
        given_out += drain(mixer, at_us + 100_000 + PATIENCE_US // 2)
    heard = [item.at_us for item in given_out if isinstance(item, AudioChunk)]
    assert heard == [k * 100_000 for k in range(len(heard))]
    assert not mixer.counts[SOUND.id]["late"]


def test_a_frozen_track_holds_the_others_up_for_the_patience_and_no_longer() -> None:
    mixer = Mixer(Grid())
    lane, _frozen = mixer.open(SOUND, 0), mixer.open(FACE, 0)
    for k in range(10):
        lane.put(sound(k * 100_000))
    assert media(drain(mixer, 1_000_000)) == [k * 100_000 for k in range(7)]
    assert Reached(1_000_000) in drain(mixer, 1_000_000 + PATIENCE_US)


def test_a_window_can_close_as_soon_as_every_track_has_passed_its_end() -> None:
    mixer = Mixer(Grid())
    lane, face = mixer.open(SOUND, 0), mixer.open(FACE, 0)
    for k in range(10):
        lane.put(sound(k * 100_000))
    assert face.due(1_000_000)
    assert drain(mixer, 1_010_000)[-1] == Reached(1_000_000)


def test_late_media_are_left_out_and_counted() -> None:
    mixer = Mixer(Grid())
    lane, face = mixer.open(SOUND, 0), mixer.open(FACE, 0)
    drain(mixer, 2_000_000)
    lane.put(sound(1_000_000))
    assert not face.due(1_000_000)
    assert media(drain(mixer, 2_000_000)) == []
    assert mixer.counts[SOUND.id]["late"] == mixer.counts[FACE.id]["late"] == 1


def test_a_slow_reader_gets_the_newest_pictures_and_the_rest_is_counted() -> None:
    mixer = Mixer(Grid())
    face = mixer.open(FACE, 0)
    for k in range(20):
        assert face.due(k * 100_000)
        face.put(picture(k * 100_000))
    assert media(drain(mixer, 2_000_000)) == [k * 100_000 for k in range(20 - MOST_WAITING[TrackKind.VIDEO], 20)]
    assert mixer.counts[FACE.id]["overrun"] == 20 - MOST_WAITING[TrackKind.VIDEO]


def test_pictures_between_the_slots_of_the_grid_are_not_wanted() -> None:
    mixer = Mixer(Grid(10))
    face = mixer.open(FACE, 0)
    assert [face.due(at_us) for at_us in (0, 33_000, 66_000, 100_000, 133_000)] == [True, False, False, True, False]
    assert mixer.counts[FACE.id]["not_due"] == 3


def test_a_track_subscribed_late_gives_nothing_from_before() -> None:
    mixer = Mixer(Grid())
    drain(mixer, 4_000_000)
    lane = mixer.open(SOUND, 4_200_000)
    lane.put(sound(4_100_000))
    lane.put(sound(4_200_000))
    assert media(drain(mixer, 5_000_000)) == [4_200_000]
    assert mixer.counts[SOUND.id]["early"] == 1


def test_words_hold_nobody_up_and_count_from_when_they_are_known() -> None:
    mixer = Mixer(Grid())
    words = mixer.open(WORDS, 0)
    assert drain(mixer, 3_000_000)[-1] == Reached(3_000_000)
    words.put(Utterance(WORDS.id, "ana", 1_000_000, 1_500_000, "hello"))
    assert drain(mixer, 3_010_000) == [Utterance(WORDS.id, "ana", 1_000_000, 1_500_000, "hello", known_us=3_000_000)]


def test_a_closed_lane_takes_nothing_and_what_waited_is_gone() -> None:
    mixer = Mixer(Grid())
    lane, face = mixer.open(SOUND, 0), mixer.open(FACE, 0)
    lane.put(sound(0))
    assert mixer.close(SOUND.id) is lane
    lane.put(sound(100_000))
    lane.drop("not_permitted", 3)
    mixer.close(FACE.id)
    assert not face.due(0)
    assert media(drain(mixer, 3_000_000)) == []
    assert mixer.counts[SOUND.id] == {"closed": 1, "not_permitted": 3}
    assert mixer.close(SOUND.id) is None


def test_a_track_that_knows_itself_silent_holds_nobody_up() -> None:
    mixer = Mixer(Grid())
    face, quiet = mixer.open(FACE, 0), mixer.open(SOUND, 0)
    assert face.due(900_000)
    quiet.reach(900_000)
    assert drain(mixer, 910_000)[-1] == Reached(900_000)


async def test_a_live_tap_gives_what_arrives_and_says_the_time() -> None:
    source, clock = Scripted(), Hand()
    tap = LiveTap(source, clock)
    await tap.subscribe(SOUND)
    lane = source.lanes[SOUND.id]
    given_out: list[Media | Reached] = []
    async with asyncio.timeout(10):
        async for item in tap.media():
            given_out.append(item)
            if item == Reached(0):
                clock.us += 200_000
                thread = Thread(target=decode, args=(lane,))
                thread.start()
                thread.join()
            if item == Reached(200_000):
                clock.us += 50_000
                lane.put(sound(200_000))
                tap.hang_up()
    assert media(given_out) == [0, 100_000, 200_000]
    assert tap.decoded(SOUND.id) == 2
    assert tap.counts(SOUND.id)["given"] == 3
    assert tap.counts("unheard of") == {}
    await tap.close()
    assert source.stopped == [SOUND.id]


async def test_what_arrived_while_the_loop_stood_still_is_not_late() -> None:
    source, clock = Scripted(), Hand()
    tap = LiveTap(source, clock)
    await tap.subscribe(SOUND)
    await tap.subscribe(FACE)
    sound_lane, face_lane = source.lanes[SOUND.id], source.lanes[FACE.id]
    given_out: list[Media | Reached] = []
    async with asyncio.timeout(10):
        async for item in tap.media():
            given_out.append(item)
            if item == Reached(0):
                time.sleep(0.5)  # the loop stands still, and so does everything on it  # noqa: ASYNC251
                clock.us += 500_000
                sound_lane.put(sound(0))  # the first of what is read afterwards
                asyncio.get_running_loop().call_later(0.1, read_the_rest, sound_lane, face_lane, tap)
    assert [item.at_us for item in given_out if isinstance(item, AudioChunk)] == [0, 100_000, 200_000, 300_000]
    assert len([item for item in given_out if isinstance(item, VideoFrame)]) == 4
    assert not tap.counts(SOUND.id).get("late")


def read_the_rest(sound_lane: Lane, face_lane: Lane, tap: LiveTap) -> None:
    for k in range(4):
        if k > 0:
            sound_lane.put(sound(k * 100_000))
        assert face_lane.due(k * 100_000)
        face_lane.put(picture(k * 100_000))
    tap.hang_up()


async def test_time_is_told_though_nothing_is_subscribed_and_nothing_arrives() -> None:
    clock = Hand()
    tap = LiveTap(Scripted(()), clock, began_us=clock.us - SECOND_US)
    told: list[int] = []
    async with asyncio.timeout(10):
        async for item in tap.media():
            told.append(item.at_us)
            clock.us += 100_000
            if len(told) == 4:
                tap.hang_up()
    assert told[:4] == [1_000_000, 1_100_000, 1_200_000, 1_300_000]


async def test_after_unsubscribe_nothing_comes_even_when_it_already_waited() -> None:
    source, clock = Scripted(), Hand()
    tap = LiveTap(source, clock)
    await tap.subscribe(SOUND)
    await tap.subscribe(FACE)
    await tap.subscribe(FACE)
    clock.us += SECOND_US
    for k in range(5):
        source.lanes[SOUND.id].put(sound(k * 100_000))
    given_out = []
    async with asyncio.timeout(10):
        async for item in tap.media():
            given_out.append(item)
            if isinstance(item, AudioChunk):
                await tap.unsubscribe(SOUND)
                await tap.unsubscribe(SOUND)
                source.lanes[SOUND.id].put(sound(600_000))
                tap.hang_up()
    assert media(given_out) == [0]
    assert source.stopped == [SOUND.id]


async def test_a_track_that_is_not_published_cannot_be_subscribed_and_one_that_fails_leaves_no_lane() -> None:
    source = Scripted((SOUND,))
    tap = LiveTap(source, Hand())
    with pytest.raises(MediaError, match=r"'ana/video' is not on this call. Its tracks: ana/audio"):
        await tap.subscribe(FACE)
    source.broken = True
    with pytest.raises(MediaError, match="no way"):
        await tap.subscribe(SOUND)
    source.broken = False
    await tap.subscribe(SOUND)
    assert SOUND.id in source.lanes
