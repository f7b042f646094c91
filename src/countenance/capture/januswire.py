"""The Janus API over a WebSocket: sessions, handles, transactions, keep-alive.

Every message carries a transaction; a message to a plugin is acknowledged first and answered by an event.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.typing import Subprotocol

from countenance.capture.remote import LostError
from countenance.contracts.errors import TapError

PROTOCOL = Subprotocol("janus-protocol")
ANSWER_S = 10.0
"""A server that has not answered a request after this long does not answer."""
KEEPALIVE_S = 20.0
"""Janus forgets a session after 60 seconds without a word, by default."""
LARGEST_MESSAGE = 1_000_000
NO_SUCH_FEED = 428
"""Also said of somebody who has just left."""

Message = Mapping[str, Any]


class _Straight(connect):
    """A line to the server that was named; it is not followed elsewhere."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """A redirection is an error like any other: whoever listed this server did not list where it points."""
        return exc


class JanusError(TapError):
    """Janus refused a request, with its own number and words."""

    def __init__(self, code: int, reason: str, what: str) -> None:
        super().__init__(f"Janus refuses to {what}: {reason} ({code})", "Look the number up in the Janus manual.")
        self.code = code


@dataclass(frozen=True, slots=True)
class Reply:
    """What a plugin answered or said by itself."""

    data: Message
    jsep: Message | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """Something Janus said without being asked."""

    kind: str
    """`event` for words of the plugin, `lost` for the end of the line, else what became of the handle: `hangup`, ..."""
    handle: int
    reply: Reply


class JanusWire:
    """One session with a Janus server; made by `open_wire`."""

    def __init__(self, line: ClientConnection, secret: str | None, heard: Callable[[Happened], None]) -> None:
        self._line = line
        self._secret = {} if secret is None else {"apisecret": secret}
        self._heard = heard
        self._numbers = count(1)
        self._open: dict[str, asyncio.Future[Message]] = {}
        self._session: int | None = None
        self.lost = asyncio.Event()
        """The line broke, or Janus has forgotten the session."""
        self.unreadable = 0
        """Messages that were no JSON object, or held what no Janus says."""

    async def begin(self) -> None:
        """Create the session."""
        self._session = _id_in(await self._ask({"janus": "create"}, "create a session"))

    async def attach(self, plugin: str) -> int:
        """A new handle of a plugin."""
        return _id_in(await self._ask({"janus": "attach", "plugin": plugin}, f"attach {plugin}"))

    async def detach(self, handle: int) -> None:
        """Give a handle back; whatever it received ends."""
        await self._ask({"janus": "detach", "handle_id": handle}, "detach a handle")

    async def ask(self, handle: int, body: Message, jsep: Message | None = None) -> Reply:
        """Ask a plugin, and wait for its answer rather than for the acknowledgement."""
        message = {"janus": "message", "handle_id": handle, "body": body} | ({} if jsep is None else {"jsep": jsep})
        what = str(body.get("request"))
        answer = _reply(await self._ask(message, what))
        if "error_code" in answer.data:
            raise JanusError(_number(answer.data["error_code"]), str(answer.data.get("error", "")), what)
        return answer

    async def listen(self) -> None:
        """Read until the line ends; every request still open then fails."""
        try:
            # However the line ends, that it did is what is said next.
            with suppress(ConnectionClosed):
                async for text in self._line:
                    self._take(text)
        finally:
            self._lose()
            for waiting in self._open.values():
                if not waiting.done():
                    waiting.set_exception(_lost())

    async def keep_alive(self, every_s: float) -> None:
        """Tell Janus now and then that this session lives, until the line is lost."""
        while not self.lost.is_set():
            await asyncio.sleep(every_s)
            with suppress(LostError):
                await self._send({"janus": "keepalive"})

    async def _ask(self, message: Message, what: str) -> Message:
        waiting: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        transaction = await self._send(message, waiting)
        try:
            async with asyncio.timeout(ANSWER_S):
                answer = await waiting
        except TimeoutError as error:
            raise LostError(f"Janus did not answer within {ANSWER_S:g} s", "Its line is made anew.") from error
        finally:
            del self._open[transaction]
        if answer.get("janus") == "error":
            said = answer.get("error")
            said = said if isinstance(said, dict) else {}
            raise JanusError(_number(said.get("code")), str(said.get("reason", "")), what)
        return answer

    async def _send(self, message: Message, waiting: asyncio.Future[Message] | None = None) -> str:
        transaction = f"t{next(self._numbers)}"
        if waiting is not None:
            self._open[transaction] = waiting
        session = {} if self._session is None else {"session_id": self._session}
        try:
            await self._line.send(json.dumps({**message, **session, **self._secret, "transaction": transaction}))
        except ConnectionClosed as error:
            self._open.pop(transaction, None)
            raise _lost() from error
        return transaction

    def _lose(self) -> None:
        """Say so once, and to everybody."""
        if not self.lost.is_set():
            self.lost.set()
            self._heard(Happened("lost", 0, Reply({})))

    def _take(self, text: str | bytes) -> None:
        """Hand one message to whoever waits for it, or to whoever listens."""
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            message = None
        kind = message.get("janus") if isinstance(message, dict) else None
        if not isinstance(message, dict) or not isinstance(kind, str):
            self.unreadable += 1
            return
        if kind == "timeout":
            self._lose()
        waiting = self._open.get(str(message.get("transaction")))
        if waiting is not None and kind in ("success", "error", "event"):
            if not waiting.done():
                waiting.set_result(message)
        elif isinstance(message.get("sender"), int):
            self._heard(Happened(kind, message["sender"], _reply(message)))


@asynccontextmanager
async def open_wire(
    url: str, secret: str | None, heard: Callable[[Happened], None], keepalive_s: float = KEEPALIVE_S
) -> AsyncIterator[JanusWire]:
    """A session with the server at a WebSocket address; it ends with the block, and the block with the line."""
    try:
        line = await _Straight(url, subprotocols=[PROTOCOL], max_size=LARGEST_MESSAGE, open_timeout=ANSWER_S)
    except (OSError, InvalidHandshake, InvalidURI) as error:
        raise LostError(
            f"no Janus at {url} ({error})", "Check the address and that its WebSocket transport is on."
        ) from error
    wire = JanusWire(line, secret, heard)
    listening = asyncio.create_task(wire.listen())
    keeping = asyncio.create_task(wire.keep_alive(keepalive_s))
    try:
        await wire.begin()
        yield wire
    finally:
        keeping.cancel()
        await line.close()
        await asyncio.wait([listening, keeping])


def _reply(message: Message) -> Reply:
    plugin = message.get("plugindata")
    data = plugin.get("data") if isinstance(plugin, dict) else None
    jsep = message.get("jsep")
    return Reply(data if isinstance(data, dict) else {}, jsep if isinstance(jsep, dict) else None)


def _id_in(message: Message) -> int:
    data = message.get("data")
    found = data.get("id") if isinstance(data, dict) else None
    if not isinstance(found, int):
        raise TapError("Janus answered without an id", "Check that the address is that of a Janus server.")
    return found


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _lost() -> LostError:
    return LostError("the line to Janus broke", "It is made anew.")
