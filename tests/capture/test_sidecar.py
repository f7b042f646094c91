"""What a tap does with a sidecar that is broken, old, or none."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from countenance.capture import sidecar
from countenance.capture.remote import LostError
from countenance.capture.sidecar import MediasoupRoom, Sidecar, SidecarError, visiting
from countenance.contracts.errors import TapError

HELLO = b'{"tap": "t1", "protocol": 1}\n'
TAKEN = {
    "codec": {"mimeType": "video/VP8", "payloadType": 101, "clockRate": 90000},
    "ssrc": 7,
    "key": "A" * 40,
}


@asynccontextmanager
async def answering(events: bytes, status: str = "200 OK", take: bytes = b"{}") -> AsyncIterator[MediasoupRoom]:
    """A server that says these bytes to whoever enters, and `take` to whoever asks for a track."""
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET"):
            writer.write(f"HTTP/1.1 {status}\r\nconnection: close\r\n\r\n".encode() + events)
            await writer.drain()
            if status == "200 OK":
                await done.wait()
        else:
            writer.write(b"HTTP/1.1 201 Created\r\nconnection: close\r\n\r\n" + take)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield MediasoupRoom(url=f"http://127.0.0.1:{port}/countenance", room="a room", token="x" * 16)
    finally:
        done.set()
        server.close()
        await server.wait_closed()


async def all_events(visit: Sidecar) -> list[object]:
    return [dict(event) async for event in visit.events()]


async def test_events_come_line_by_line_however_they_are_cut() -> None:
    async with answering(HELLO + b'{"all": 0}\n{"gone": "p1"}\n{"half') as room, visiting(room) as visit:
        assert visit.address == "127.0.0.1"
        events = visit.events()
        assert [await anext(events), await anext(events)] == [{"all": 0}, {"gone": "p1"}]


@pytest.mark.parametrize("first", [b"", b"{}\n", b'{"tap": "t", "protocol": 2}\n', b'{"tap": 3, "protocol": 1}\n'])
async def test_a_server_of_another_version_is_an_error(first: bytes) -> None:
    async with answering(first + b"\n{}\n" if first else b"{}\n") as room:
        with pytest.raises(TapError, match="version 1"):
            async with visiting(room):
                pass


@pytest.mark.parametrize("line", [b"no JSON\n", b"[1]\n", b"\xff\xfe\n", b'{"a": \n'])
async def test_words_that_are_none_are_an_error(line: bytes) -> None:
    async with answering(HELLO + line) as room, visiting(room) as visit:
        with pytest.raises(TapError, match=r"no JSON|no event"):
            await all_events(visit)


async def test_a_line_without_end_is_not_read_for_ever() -> None:
    async with answering(HELLO + b"x" * 200_000) as room, visiting(room) as visit:
        with pytest.raises(TapError, match="does not end its lines"):
            await all_events(visit)


async def test_a_server_that_falls_silent_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sidecar, "SILENCE_S", 0.05)
    async with answering(HELLO) as room, visiting(room) as visit:
        with pytest.raises(LostError, match="ReadTimeout"):
            await all_events(visit)


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        ("401 Unauthorized", b'{"problem": "the token is missing"}', SidecarError, r"the token is missing \(401\)"),
        ("404 Not Found", b"<html>", SidecarError, r"no sidecar there \(404\)"),
        ("503 Unavailable", b'{"problem": "too many taps"}', LostError, "too many taps"),
    ],
)
async def test_a_refusal_carries_status_and_words(status: str, body: bytes, kind: type[TapError], words: str) -> None:
    async with answering(body, status) as room:
        with pytest.raises(kind, match=words):
            async with visiting(room):
                pass


async def test_what_was_taken_is_read_and_an_answer_that_is_none_is_an_error() -> None:
    async with answering(HELLO, take=json.dumps(TAKEN).encode()) as room, visiting(room) as visit:
        taken = await visit.take("p/1", "127.0.0.1", 5000, "k")
        assert (taken.codec.name, taken.codec.payload_type, taken.ssrc) == ("vp8", 101, 7)
    for broken in ({}, {**TAKEN, "codec": 3}, {**TAKEN, "ssrc": None}, {**TAKEN, "codec": {"mimeType": "video/VP8"}}):
        async with answering(HELLO, take=json.dumps(broken).encode()) as room, visiting(room) as visit:
            with pytest.raises(TapError, match="cannot be read"):
                await visit.take("p1", "127.0.0.1", 5000, "k")


@pytest.mark.parametrize("url", ["", "nowhere", "ftp://server/x", "http://[::1", "http://127.0.0.1:1/x"])
async def test_an_address_that_is_none_is_an_error(url: str) -> None:
    with pytest.raises(TapError, match="sidecar"):
        async with visiting(MediasoupRoom(url=url, room="r", token="x" * 16)):
            pass


async def test_the_tap_says_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sidecar, "ALIVE_S", 0.01)
    asked = asyncio.Event()
    check = sidecar._check

    async def noted(response: httpx.Response) -> None:
        if response.request.url.path.endswith("/taps/t1/alive"):
            asked.set()
        await check(response)

    monkeypatch.setattr(sidecar, "_check", noted)
    async with answering(HELLO) as room, visiting(room):
        await asyncio.wait_for(asked.wait(), 5)
