import asyncio

import pytest
from tests.capture.fake_janus import janus_running
from tests.capture.waiting import until

from countenance.capture import januswire
from countenance.capture.janusroom import PLUGIN
from countenance.capture.januswire import Happened, JanusError, JanusWire, open_wire
from countenance.capture.remote import LostError


def quiet(what: Happened) -> None:
    """Nothing is asked of what the server says by itself."""


ENTER = {"request": "join", "ptype": "publisher", "room": 1234}


async def test_a_plugin_answers_after_it_has_acknowledged() -> None:
    async with janus_running() as janus, open_wire(janus.url, None, quiet) as wire:
        handle = await wire.attach(PLUGIN)
        answer = await wire.ask(handle, ENTER)
        assert (answer.data["videoroom"], answer.jsep) == ("joined", None)


async def test_a_refusal_carries_the_number_and_the_words_of_janus() -> None:
    async with janus_running() as janus, open_wire(janus.url, None, quiet) as wire:
        janus.refuse["publisher"] = (426, "No such room")
        with pytest.raises(JanusError, match=r"refuses to join: No such room \(426\)") as refused:
            await wire.ask(await wire.attach(PLUGIN), ENTER)
        assert refused.value.code == 426


async def test_nothing_answers_where_there_is_no_janus() -> None:
    async with janus_running() as janus:
        url = janus.url
    with pytest.raises(LostError, match="no Janus at ws://127"):
        async with open_wire(url, None, quiet):
            pass
    with pytest.raises(LostError, match="no Janus at janus"):
        async with open_wire("janus", None, quiet):
            pass


async def test_a_broken_line_fails_what_was_asked_and_is_said_once() -> None:
    heard: list[Happened] = []
    async with janus_running() as janus, open_wire(janus.url, None, heard.append) as wire:
        janus.mute.add("publisher")
        handle = await wire.attach(PLUGIN)
        asking = asyncio.create_task(wire.ask(handle, ENTER))
        await until(lambda: bool(janus.asked))
        await janus.cut()
        with pytest.raises(LostError, match="broke"):
            await asking
        await wire.lost.wait()
        with pytest.raises(LostError, match="broke"):
            await wire.attach(PLUGIN)
    assert [what.kind for what in heard] == ["lost"]


async def test_a_session_that_janus_forgot_is_lost() -> None:
    heard: list[Happened] = []
    async with janus_running() as janus, open_wire(janus.url, None, heard.append) as wire:
        await janus.say('{"janus": "timeout", "session_id": 77}')
        await asyncio.wait_for(wire.lost.wait(), 5)
    assert [what.kind for what in heard] == ["lost"]


async def test_a_server_that_does_not_answer_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    async with janus_running() as janus, open_wire(janus.url, None, quiet) as wire:
        handle = await wire.attach(PLUGIN)
        janus.mute.add("publisher")
        monkeypatch.setattr(januswire, "ANSWER_S", 0.05)
        with pytest.raises(LostError, match="did not answer within"):
            await wire.ask(handle, ENTER)


async def test_the_session_is_kept_alive() -> None:
    async with janus_running() as janus, open_wire(janus.url, None, quiet, keepalive_s=0.01):
        await until(lambda: janus.keepalives > 2)


async def test_whatever_else_comes_over_the_line_is_counted_and_passed_over() -> None:
    heard: list[Happened] = []
    async with janus_running() as janus, open_wire(janus.url, None, heard.append) as wire:
        for text in ("", "no", "[1]", "7", '{"janus": 3}', '{"a": 1}', '{"janus": "event", "transaction": "t0"}'):
            await janus.say(text)
        await janus.say('{"janus": "event", "sender": 5, "plugindata": {"data": [1]}, "jsep": 4}')
        await janus.say('{"janus": "hangup", "sender": 6, "reason": "DTLS alert"}')
        await until(lambda: len(heard) == 2)
        assert wire.unreadable == 6
        assert [(what.kind, what.handle, what.reply.data) for what in heard] == [("event", 5, {}), ("hangup", 6, {})]
        assert await enters(wire)


async def test_the_secret_goes_with_every_message_and_into_no_error() -> None:
    async with janus_running() as janus:
        janus.refuse["publisher"] = (403, "Unauthorized")
        async with open_wire(janus.url, "hush", quiet) as wire:
            with pytest.raises(JanusError) as refused:
                await wire.ask(await wire.attach(PLUGIN), ENTER)
        assert "hush" not in refused.value.diagnosis
        assert {message.get("apisecret") for message in janus.messages} == {"hush"}


async def enters(wire: JanusWire) -> bool:
    answer = await wire.ask(await wire.attach(PLUGIN), ENTER)
    return bool(answer.data["videoroom"] == "joined")
