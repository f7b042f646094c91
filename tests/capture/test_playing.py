from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from countenance.capture.playing import LATE_US, PlayingConnector, PlayingTable, PlayingTap
from countenance.capture.replay import ReplayConnector
from countenance.capture.transcripts import read_transcript
from countenance.contracts.call import Call, Participant, Purpose, Role
from countenance.contracts.errors import UsageError
from countenance.contracts.media import SECOND_US, AudioChunk, Media, Reached, Utterance, VideoFrame, whole_us
from countenance.testing.clips import Pictures, Tone, every, write_clip
from countenance.testing.connectors import check_connector

CALL = Call(
    "call",
    "deployment",
    Purpose.SUPPORT_QA,
    (Participant("ana", "Ana", Role.CUSTOMER), Participant("ben", "Ben", Role.AGENT)),
)
WORDS = '{"speaker": "Ben", "start": 0.4, "end": 1.1, "text": "good morning"}\n'


def moment(item: Media | Reached) -> int:
    return item.at_us if isinstance(item, Reached) else whole_us(item)


class Watch:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.us = 77_000_000

    def __call__(self) -> int:
        return self.us

    async def sleep(self, seconds: float) -> None:
        self.us += max(1, round(seconds * SECOND_US))


@pytest.fixture
def table(tmp_path: Path) -> PlayingTable:
    ana = write_clip(tmp_path / "ana.mp4", Pictures(at_us=every(30, 2)), Tone(2))
    ben = write_clip(tmp_path / "ben.mp4", Pictures(at_us=every(15, 2)), None)
    (tmp_path / "words.jsonl").write_text(WORDS)
    return PlayingTable(recordings={"ana": ana, "Ben": ben}, transcript=tmp_path / "words.jsonl")


@asynccontextmanager
async def playing(table: PlayingTable, watch: Watch, began_us: int | None = None) -> AsyncIterator[PlayingTap]:
    connector = PlayingConnector(table, watch, began_us=began_us, sleep=watch.sleep)
    async with connector.join(CALL) as tap:
        yield tap


def same(one: Media, other: Media) -> bool:
    if isinstance(one, VideoFrame) and isinstance(other, VideoFrame):
        return (one.track_id, one.at_us) == (other.track_id, other.at_us) and np.array_equal(one.rgb, other.rgb)
    if isinstance(one, AudioChunk) and isinstance(other, AudioChunk):
        return (one.track_id, one.at_us) == (other.track_id, other.at_us) and np.array_equal(one.pcm, other.pcm)
    return one == other


async def test_files_played_live_give_the_very_same_media_as_analysed_afterwards(table: PlayingTable) -> None:
    recordings = {"ana": table.recordings["ana"], "ben": table.recordings["Ben"]}
    assert table.transcript is not None
    words = read_transcript(table.transcript, CALL.participants)
    async with ReplayConnector(recordings, words).join(CALL) as replay:
        for track in replay.tracks():
            await replay.subscribe(track, 0)
        expected = [item async for item in replay.media()]
    watch = Watch()
    async with playing(table, watch) as tap:
        for track in tap.tracks():
            await tap.subscribe(track, 0)
        heard = [item async for item in tap.media()]
    played = [item for item in heard if not isinstance(item, Reached)]
    assert len(played) == len(expected) > 50
    assert all(same(one, other) for one, other in zip(played, expected, strict=True))
    assert {type(item) for item in played} == {VideoFrame, AudioChunk, Utterance}
    assert [*map(moment, heard)] == sorted(map(moment, heard))


async def test_nothing_is_given_before_its_time_and_time_is_told(table: PlayingTable) -> None:
    watch = Watch()
    async with playing(table, watch) as tap:
        for track in tap.tracks():
            await tap.subscribe(track)
        last = 0
        async for item in tap.media():
            end_us = item.end_us if isinstance(item, AudioChunk) else item.at_us
            assert end_us <= tap.now_us()
            assert item.at_us - last <= 200_000, "time is told at least five times a second"
            last = item.at_us
        assert tap.now_us() >= 2 * SECOND_US - 200_000
        assert tap.counts("ana/video")["given"] == 20


async def test_with_nothing_subscribed_time_goes_on_to_the_end(table: PlayingTable) -> None:
    watch = Watch()
    async with playing(table, watch) as tap:
        told = [item.at_us async for item in tap.media()]
        assert told[-1] >= 2 * SECOND_US
        assert all(tap.decoded(track.id) == 0 for track in tap.tracks())


async def test_what_is_unsubscribed_while_it_waits_for_its_time_is_not_given(table: PlayingTable) -> None:
    watch = Watch()
    async with playing(table, watch) as tap:
        (sound,) = (track for track in tap.tracks() if track.id == "ana/audio")
        await tap.subscribe(sound)
        async for item in tap.media():
            if item == Reached(item.at_us) and item.at_us >= SECOND_US:
                await tap.unsubscribe(sound)
            assert isinstance(item, Reached) or item.at_us <= SECOND_US
        assert tap.decoded(sound.id) > 0


async def test_who_joins_late_gets_the_present_and_who_joins_soon_the_beginning(table: PlayingTable) -> None:
    for joined_us, first_us in ((800_000, 0), (LATE_US + 1, None)):
        watch = Watch()
        async with playing(table, watch, watch.us - joined_us) as tap:
            await tap.subscribe(tap.tracks()[0])
            given = [item.at_us async for item in tap.media() if not isinstance(item, Reached)]
        assert given[:1] == ([] if first_us is None else [first_us])


async def test_hanging_up_ends_it_at_once(table: PlayingTable) -> None:
    watch = Watch()
    async with playing(table, watch) as tap:
        await tap.subscribe(tap.tracks()[0])
        async for item in tap.media():
            if item.at_us >= 500_000:
                tap.hang_up()
        assert tap.now_us() < SECOND_US


async def test_playing_keeps_the_promises_of_a_connector(table: PlayingTable) -> None:
    watch = Watch()
    await check_connector(PlayingConnector(table, watch, sleep=watch.sleep), CALL)


async def test_a_recording_of_a_stranger_is_refused_by_name(table: PlayingTable) -> None:
    strange = PlayingTable(recordings={"anna": table.recordings["ana"]})
    connector = PlayingConnector.from_table(strange.model_dump(), fps=10, mono_us=Watch(), began_us=0)
    with pytest.raises(UsageError, match=r"'anna', who is not on the call. Did you mean ana\?"):
        async with connector.join(CALL):
            pass
