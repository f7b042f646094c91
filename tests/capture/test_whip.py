import asyncio
import re
from itertools import pairwise
from typing import cast

import numpy as np
import pytest
from aiortc import RTCSessionDescription
from tests.capture.publishing import Pictures, Tone
from tests.capture.webrtc import Publisher, Standing, given, ids, loopback, mono_us, named, publishing, shown, until

from countenance.capture.gate import Gate
from countenance.capture.publishers import MOST_SESSIONS
from countenance.capture.whip import WhipConnector
from countenance.capture.words import Words
from countenance.contracts.call import Call, Participant, Purpose, Role, TrackKind
from countenance.contracts.errors import (
    NotFoundError,
    OverloadError,
    PreconditionError,
    PreconditionMissingError,
    TapError,
    UsageError,
)
from countenance.contracts.media import AudioChunk, Utterance, VideoFrame, whole_us
from countenance.contracts.stages import Transcriber
from countenance.testing.connectors import check_connector

__all__ = ["loopback"]

pytestmark = pytest.mark.usefixtures("loopback")

CALL = Call(
    "call",
    "deployment",
    Purpose.SUPPORT_QA,
    (Participant("ana", "Ana", Role.CUSTOMER), Participant("ben", "Ben", Role.AGENT)),
)


def gates(connector: WhipConnector, publisher: Publisher) -> dict[TrackKind, Gate]:
    assert connector._source is not None
    return connector._source._sessions[publisher.resource_id].gates


async def test_who_publishes_is_read_once_subscribed_and_never_before() -> None:
    connector = WhipConnector(mono_us)
    async with connector.join(CALL) as tap, publishing(connector, "ana") as ana:
        await shown(tap, "ana/audio", "ana/video")
        passing = gates(connector, ana).values()
        await until(tap, lambda _: all(gate.counts["not_subscribed"] > 10 for gate in passing))
        assert tap.decoded("ana/video") == tap.decoded("ana/audio") == 0
        for track in tap.tracks():
            await tap.subscribe(track)
        seen = await until(tap, lambda seen: len(seen) > 20 and tap.counts("ana/video").get("given", 0) > 5)
    pictures = [item for item in seen if isinstance(item, VideoFrame)]
    sounds = [item for item in seen if isinstance(item, AudioChunk)]
    assert pictures[0].rgb.shape == (90, 160, 3)
    assert pictures[0].rgb.std() > 5
    heard = np.concatenate([item.pcm for item in sounds[1:]])
    assert 2000 < np.abs(heard).max() < 16000
    assert all(whole_us(before) <= whole_us(after) for before, after in pairwise(seen))
    gaps = sum(after.at_us != before.end_us for before, after in pairwise(sounds))
    assert gaps <= len(sounds) // 4, "sound without loss is contiguous, but where this machine stood still"


async def test_after_unsubscribe_nothing_is_decoded_whatever_the_peer_sends() -> None:
    connector = WhipConnector(mono_us)
    async with connector.join(CALL) as tap, publishing(connector, "ana") as ana:
        await shown(tap, "ana/audio", "ana/video")
        for track in tap.tracks():
            await tap.subscribe(track)
        await given(tap, "ana/video")
        await tap.unsubscribe(named(tap, "ana/video"))
        left = tap.decoded("ana/video")
        gate = gates(connector, ana)[TrackKind.VIDEO]
        forgotten = gate.counts["not_subscribed"]
        seen = await until(tap, lambda _: gate.counts["not_subscribed"] > forgotten + 15)
        assert not any(isinstance(item, VideoFrame) for item in seen)
        assert tap.decoded("ana/video") == left
        await tap.subscribe(named(tap, "ana/video"))
        await given(tap, "ana/video")
        assert gate.counts["key_frames_asked"] >= 1, "a key frame is asked for, or nothing could be seen for long"


async def test_the_tap_keeps_every_promise_of_a_connector() -> None:
    connector = Standing()
    async with connector.standing(CALL), publishing(connector.inner, "ana"), publishing(connector.inner, "ben", Tone()):
        await shown(connector.tap, "ana/audio", "ana/video", "ben/audio")
        async with asyncio.timeout(120):
            await check_connector(connector, CALL, enough=15)


async def test_people_come_leave_and_come_again_as_other_tracks() -> None:
    connector = WhipConnector(mono_us)
    async with connector.join(CALL) as tap:
        async with publishing(connector, "ana"):
            await shown(tap, "ana/audio", "ana/video")
            await tap.subscribe(named(tap, "ana/video"))
            await given(tap, "ana/video")
            async with publishing(connector, "ben"):
                await shown(tap, "ana/audio", "ana/video", "ben/audio", "ben/video")
        await shown(tap)
        async with publishing(connector, "ana"):
            await shown(tap, "ana/audio.2", "ana/video.2")
            await tap.subscribe(named(tap, "ana/video.2"))
            await given(tap, "ana/video.2")


async def test_of_two_tabs_of_one_person_the_newest_is_read_and_then_the_other_again() -> None:
    connector = WhipConnector(mono_us)
    async with connector.join(CALL) as tap, publishing(connector, "ana"):
        await shown(tap, "ana/audio", "ana/video")
        async with publishing(connector, "ana", Pictures()) as second:
            await shown(tap, "ana/audio", "ana/video.2")
            await connector.delete("ana", second.resource_id)
            await shown(tap, "ana/audio", "ana/video.3")
        await tap.subscribe(named(tap, "ana/video.3"))
        await given(tap, "ana/video.3")


async def test_a_session_too_many_ends_the_oldest() -> None:
    connector = WhipConnector(mono_us)
    async with connector.join(CALL):
        publishers = [Publisher(Tone()) for _ in range(MOST_SESSIONS + 1)]
        answers = [await connector.offer("ana", await publisher.offer()) for publisher in publishers]
        with pytest.raises(NotFoundError):
            await connector.delete("ana", answers[0].resource_id)
        await connector.delete("ana", answers[1].resource_id)
        for publisher in publishers:
            await publisher.close()


async def test_candidates_may_come_later_under_the_etag_of_the_session() -> None:
    connector = WhipConnector(mono_us)
    ana = Publisher()
    async with connector.join(CALL) as tap:
        await ana.offer()
        bare, fragment = ana.without_candidates()
        answer = await connector.offer("ana", bare)
        await ana.peer.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
        with pytest.raises(PreconditionMissingError):
            await connector.patch("ana", answer.resource_id, fragment, None)
        with pytest.raises(PreconditionError):
            await connector.patch("ana", answer.resource_id, fragment, "another")
        with pytest.raises(UsageError, match="another ICE session"):
            await connector.patch("ana", answer.resource_id, "a=ice-ufrag:other\r\na=ice-pwd:x\r\n", answer.etag)
        with pytest.raises(NotFoundError):
            await connector.patch("ben", answer.resource_id, fragment, answer.etag)
        assert await connector.patch("ana", answer.resource_id, fragment, answer.etag) == {}
        await shown(tap, "ana/audio", "ana/video")
    await ana.close()


async def test_ice_restarts_under_media_that_go_on() -> None:
    connector = WhipConnector(mono_us)
    async with connector.join(CALL) as tap, publishing(connector, "ana") as ana:
        await shown(tap, "ana/audio", "ana/video")
        await tap.subscribe(named(tap, "ana/video"))
        await given(tap, "ana/video")
        before = ana.transport._connection
        answer = await ana.restarted(lambda fragment: connector.patch("ana", ana.resource_id, fragment, "*"))
        assert answer["etag"] != ana.etag
        await until(tap, lambda _: ana.transport._connection is not before)
        await given(tap, "ana/video", 10)
        assert ids(tap) == ["ana/audio", "ana/video"], "the track is the same, for nothing else was agreed on anew"
        with pytest.raises(PreconditionError):
            await connector.patch("ana", ana.resource_id, "", ana.etag)
        assert await connector.patch("ana", ana.resource_id, "a=end-of-candidates\r\n", answer["etag"]) == {}


async def test_who_never_connects_is_given_up() -> None:
    connector = WhipConnector(mono_us)
    ana = Publisher(Tone())
    async with connector.join(CALL) as tap:
        answer = await connector.offer("ana", await ana.offer())
        source = connector._source
        assert source is not None
        source._sessions[answer.resource_id]._late()
        await until(tap, lambda _: answer.resource_id not in source._sessions)
    await ana.close()


async def test_an_offer_without_a_codec_that_is_read_says_which_are() -> None:
    connector = WhipConnector(mono_us)
    ana = Publisher(Tone())
    sdp = re.sub(r"(opus|G722|PCMU|PCMA)/", "CN/", await ana.offer())
    async with connector.join(CALL):
        with pytest.raises(UsageError, match="Offer Opus, VP8 or H264"):
            await connector.offer("ana", sdp)
    await ana.close()


async def test_ice_cannot_restart_before_it_was_connected() -> None:
    connector = WhipConnector(mono_us)
    ana = Publisher()
    async with connector.join(CALL):
        answer = await connector.offer("ana", await ana.offer())
        with pytest.raises(UsageError, match="before it was connected"):
            await connector.patch("ana", answer.resource_id, "a=ice-ufrag:abcd\r\na=ice-pwd:" + "x" * 22, "*")
    await ana.close()


async def test_words_of_a_page_come_in_beside_what_is_published() -> None:
    connector, words = WhipConnector(mono_us), Words()
    async with connector.join(CALL) as tap, publishing(connector, "ana", Tone()):
        tap.dress(words.around)
        await shown(tap, "ana/audio")
        assert not words.said(Utterance("", "ana", 0, 1, "nobody may read this yet"))
        await tap.subscribe(named(tap, "ana/captions"))
        assert words.said(Utterance("", "ana", 0, 1, "hello"))
        (said,) = await until(tap, lambda seen: len(seen) > 0)
        assert isinstance(said, Utterance)
        assert said.text == "hello"


async def test_what_a_transcriber_writes_stands_beside_what_is_published() -> None:
    connector = WhipConnector.from_table({}, fps=10, mono_us=mono_us, began_us=mono_us())
    words = Words(cast("Transcriber", object()))
    async with connector.join(CALL) as tap, publishing(connector, "ana", Tone()):
        tap.dress(words.around)
        await shown(tap, "ana/audio")
        assert [track.id for track in tap.tracks() if track.kind is TrackKind.TEXT] == ["ana/audio/words"]


async def test_who_leaves_the_call_publishes_nothing_any_more() -> None:
    connector = WhipConnector(mono_us)
    async with connector.join(CALL) as tap, publishing(connector, "ana", Tone()), publishing(connector, "ben", Tone()):
        await shown(tap, "ana/audio", "ben/audio")
        await connector.signal("leave", {"participant_id": "ana"})
        assert [track.participant_id for track in tap.tracks()] == ["ben"]
        await connector.signal("leave", {"participant_id": "ana"})


async def test_signalling_by_name_does_the_same() -> None:
    connector = WhipConnector.from_table({}, fps=10, mono_us=mono_us, began_us=mono_us())
    ana = Publisher(Tone())
    with pytest.raises(OverloadError, match="not ready"):
        await connector.signal("offer", {"participant_id": "ana", "sdp": "v=0"})
    async with connector.join(CALL):
        answer = await connector.signal("offer", {"participant_id": "ana", "sdp": await ana.offer()})
        session = {"participant_id": "ana", "resource_id": answer["resource_id"]}
        change = {**session, "fragment": "a=end-of-candidates\r\n", "if_match": answer["etag"]}
        assert await connector.signal("patch", change) == {}
        assert await connector.signal("delete", session) == {}
        with pytest.raises(NotFoundError):
            await connector.signal("delete", session)
        with pytest.raises(UsageError, match="takes no 'dance'"):
            await connector.signal("dance", {})
        with pytest.raises(UsageError, match="needs 'sdp'"):
            await connector.signal("offer", {"participant_id": "ana"})
    await ana.close()


def test_an_unknown_key_of_the_source_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean ice_servers"):
        WhipConnector.from_table({"ice_server": []}, fps=10, mono_us=mono_us, began_us=0)


async def test_without_a_place_to_stand_the_gate_refuses_rather_than_let_anything_be_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("countenance.capture.gate.JITTER_BUFFER", "moved elsewhere")
    connector = WhipConnector(mono_us)
    ana = Publisher(Tone())
    async with connector.join(CALL):
        with pytest.raises(TapError, match="no jitter buffer"):
            await connector.offer("ana", await ana.offer())
    await ana.close()
