"""What is spoken with the sidecar in a mediasoup server (`clients/mediasoup`): HTTP, and one JSON event a line."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import ConfigDict

from countenance.capture.remote import LostError
from countenance.capture.rtp import Codec
from countenance.contracts.errors import TapError
from countenance.inference.tables import Table

PROTOCOL = 1
ANSWER_S = 10.0
ALIVE_S = 5.0
"""Each side says so often that it lives."""
SILENCE_S = 20.0
"""A server that said nothing for so long is gone."""
LONGEST_LINE = 65_536


class MediasoupRoom(Table):
    """Where a call takes place, and where its media are to be sent."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    url: str
    """Of the sidecar: `https://media.example/countenance`."""
    room: str
    """As the server calls it with `tapRouter`."""
    token: str
    listen: str = "0.0.0.0"
    """Where media are received."""
    address: str | None = None
    """The IP address that media are sent to; None: the one that this machine speaks to the server from."""


class SidecarError(TapError):
    """The sidecar refused a request, with a status and words of its own."""

    def __init__(self, status: int, problem: str) -> None:
        super().__init__(f"the mediasoup sidecar says: {problem} ({status})", "See docs/taps.md.")
        self.status = status


@dataclass(frozen=True, slots=True)
class Taken:
    """A track that is ready to be sent."""

    codec: Codec
    ssrc: int
    key: str
    """Of its encryption, as Base64."""


class Sidecar:
    """One visit; made by `visiting`."""

    def __init__(self, client: httpx.AsyncClient, tap: str, address: str, lines: AsyncIterator[str]) -> None:
        self.address = address
        """The IP address that this machine speaks to the server from."""
        self._client, self._base, self._lines = client, f"/taps/{quote(tap, safe='')}", lines

    async def events(self) -> AsyncIterator[Mapping[str, Any]]:
        """What the room says, until it is over or the line is lost."""
        async for line in self._lines:
            yield _table(line)

    async def take(self, producer: str, address: str, port: int, key: str) -> Taken:
        """Let a producer be made ready; nothing is sent before `resume`."""
        body = {"ip": address, "port": port, "key": key}
        answer = _table((await _ask(self._client, "PUT", self._track(producer), body)).text)
        try:
            codec = answer["codec"]
            kind = str(codec["mimeType"]).partition("/")[2].lower()
            read = Codec(kind, int(codec["payloadType"]), int(codec["clockRate"]))
            return Taken(read, int(answer["ssrc"]), str(answer["key"]))
        except (KeyError, TypeError, ValueError) as error:
            raise TapError("the mediasoup sidecar answers what cannot be read", "Use one of this version.") from error

    async def resume(self, producer: str) -> None:
        """Let media flow, beginning with a key frame."""
        await _ask(self._client, "POST", self._track(producer) + "/resume")

    async def key_frame(self, producer: str) -> None:
        """Ask for a picture that needs no other."""
        await _ask(self._client, "POST", self._track(producer) + "/keyframe")

    async def leave(self, producer: str) -> None:
        """Let nothing of a producer be sent any more."""
        await _ask(self._client, "DELETE", self._track(producer))

    async def live(self) -> None:
        """Say now and then that the tap lives."""
        while True:
            await asyncio.sleep(ALIVE_S)
            # Where the server is gone, its silence on the line of events says so.
            with suppress(TapError):
                await _ask(self._client, "POST", f"{self._base}/alive")

    def _track(self, producer: str) -> str:
        return f"{self._base}/tracks/{quote(producer, safe='')}"


@asynccontextmanager
async def visiting(room: MediasoupRoom) -> AsyncIterator[Sidecar]:
    """Be in a room while the block runs; leaving gives back whatever was taken."""
    try:
        # A media server is spoken to directly, whatever proxy this machine uses for the web.
        client = httpx.AsyncClient(
            base_url=room.url,
            headers={"authorization": f"Bearer {room.token}"},
            timeout=httpx.Timeout(ANSWER_S, read=SILENCE_S),
            trust_env=False,
        )
    except (httpx.InvalidURL, ValueError) as error:
        raise TapError(f"{room.url!r} is no address of a sidecar", "Give https://server/countenance.") from error
    async with client, _entered(client, room) as (response, lines):
        hello = _table(await anext(lines, "{}"))
        if hello.get("protocol") != PROTOCOL or not isinstance(hello.get("tap"), str):
            raise TapError(f"the sidecar does not speak version {PROTOCOL}", "Install the one of this version.")
        local = response.extensions["network_stream"].get_extra_info("client_addr")
        sidecar = Sidecar(client, hello["tap"], str(local[0]), lines)
        living = asyncio.create_task(sidecar.live())
        try:
            yield sidecar
        finally:
            living.cancel()
            await asyncio.wait([living])


@asynccontextmanager
async def _entered(
    client: httpx.AsyncClient, room: MediasoupRoom
) -> AsyncIterator[tuple[httpx.Response, AsyncIterator[str]]]:
    async with _translated(room.url), client.stream("GET", f"/rooms/{quote(room.room, safe='')}") as response:
        await _check(response)
        yield response, _lines(response)


async def _lines(response: httpx.Response) -> AsyncIterator[str]:
    """Lines of bounded length; raises LostError when the server falls silent or breaks off."""
    rest = b""
    async with _translated(str(response.url)):
        async for piece in response.aiter_bytes():
            *whole, rest = (rest + piece).split(b"\n")
            if len(rest) > LONGEST_LINE:
                raise TapError("the mediasoup sidecar does not end its lines", "Use one of this version.")
            for line in whole:
                yield line.decode("utf-8", errors="replace")


async def _ask(
    client: httpx.AsyncClient, method: str, path: str, body: Mapping[str, object] | None = None
) -> httpx.Response:
    """Ask and await the answer, also when cancelled: what was asked is never left half done, nor overtaken."""
    if client.is_closed:
        raise LostError("the line to the mediasoup sidecar is down", "It is made anew.")
    asking = asyncio.create_task(client.request(method, path, json=body, timeout=ANSWER_S))
    async with _translated(str(client.base_url)):
        try:
            response = await asyncio.shield(asking)
        except asyncio.CancelledError:
            await asyncio.wait([asking])
            raise
        await _check(response)
    return response


async def _check(response: httpx.Response) -> None:
    """Raise what the sidecar says of a request that failed."""
    if response.is_success:
        return
    text = (await response.aread()).decode("utf-8", errors="replace")
    problem = str(_table(text).get("problem", response.reason_phrase)) if text.startswith("{") else "no sidecar there"
    if response.status_code >= 500 and response.status_code != 502:
        raise LostError(f"the mediasoup sidecar is not there: {problem}", "It is asked again.")
    raise SidecarError(response.status_code, problem)


@asynccontextmanager
async def _translated(url: str) -> AsyncIterator[None]:
    """Errors of the network are those of a line that may be made anew."""
    try:
        yield
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise LostError(f"no mediasoup sidecar at {url} ({type(error).__name__})", "It is asked again.") from error


def _table(text: str) -> Mapping[str, Any]:
    try:
        table = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TapError("the mediasoup sidecar says what is no JSON", "Check that the address is its own.") from error
    if not isinstance(table, dict):
        raise TapError("the mediasoup sidecar says what is no event", "Use one of this version.")
    return table
