"""A receiver that misbehaves: it loses answers, keeps silent, sends elsewhere, asks for a pause, says it is gone."""

import asyncio
import json
import os
from collections import Counter
from pathlib import Path
from random import Random

from standardwebhooks import Webhook, WebhookVerificationError

ANSWERS = {
    "ok": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "slow": b"HTTP/1.1 204 No Content\r\n\r\n",
    "error": b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
    "busy": b"HTTP/1.1 429 Later\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n",
    "away": b"HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n",
    "elsewhere": b"HTTP/1.1 307 Moved\r\nLocation: /canary\r\nContent-Length: 0\r\n\r\n",
    "gone": b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n",
    "half": b"HTTP/1.1 200 OK\r\nContent-Le",
    "garbage": b"\x16\x03\x01 not http at all\r\n\r\n",
    "reset": b"",
    "silent": b"",
    "unheard": b"",
}
"""`unheard`: taken, but the answer never arrives. Of `gone` there are few: it stops everything."""
FAULTS = ("slow", "error", "busy", "away", "elsewhere", "half", "garbage", "reset", "silent", "unheard")
TAKEN = ("ok", "slow", "unheard")
GONE_SHARE = 0.005
AT_MOST = 4
"""Faults in a row for one event at one endpoint: none becomes a dead letter by them."""


class Receiver:
    """Several endpoints in one process, each a path."""

    def __init__(self, folder: Path, seed: int, share: float) -> None:
        self._folder = folder
        self._rng = Random(seed)
        self._share = share
        self._faults: Counter[str] = Counter()
        self._seen = os.open(folder / "seen", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode().split("\r\n")
            said = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            body = await reader.readexactly(int(said["content-length"]))
        except (ConnectionError, asyncio.IncompleteReadError):
            writer.close()  # the sender was killed while it spoke
            return
        path = first.split(" ")[1].lstrip("/")
        await self._answer(writer, self._note(path, said, body))

    def _note(self, path: str, said: dict[str, str], body: bytes) -> str:
        """Decide, and write down what came before anything is answered."""
        key = f"{path} {said['webhook-id']}"
        manner = self._manner(key)
        self._faults[key] = 0 if manner in TAKEN else self._faults[key] + 1
        line = {"path": path, "id": said["webhook-id"], "manner": manner, "signed": self._is_signed(path, said, body)}
        line["data"] = json.loads(body).get("data")
        os.write(self._seen, (json.dumps(line) + "\n").encode())
        return manner

    def _manner(self, key: str) -> str:
        if (self._folder / "calm").exists() or self._faults[key] >= AT_MOST:
            return "ok"
        if self._rng.random() < GONE_SHARE:
            return "gone"
        return self._rng.choice(FAULTS) if self._rng.random() < self._share else "ok"

    def _is_signed(self, path: str, said: dict[str, str], body: bytes) -> bool:
        secrets = json.loads((self._folder / "secrets").read_text(encoding="utf-8"))
        try:
            Webhook(secrets[path]).verify(body, said)
        except (WebhookVerificationError, KeyError):
            return False
        return True

    async def _answer(self, writer: asyncio.StreamWriter, manner: str) -> None:
        if manner == "silent":
            await asyncio.sleep(2)
        if manner == "slow":
            await asyncio.sleep(0.05)
        if manner in ("reset", "unheard"):
            writer.transport.abort()
            return
        try:
            writer.write(ANSWERS[manner])
            await writer.drain()
        except ConnectionError:
            return  # the sender was killed while it listened
        finally:
            writer.close()


async def serve(folder: Path, seed: int, share: float) -> None:
    """Serve until killed; the port is written into the folder."""
    receiver = Receiver(folder, seed, share)
    server = await asyncio.start_server(receiver.take, "127.0.0.1", 0)
    (folder / "port.new").write_text(str(server.sockets[0].getsockname()[1]), encoding="utf-8")
    (folder / "port.new").rename(folder / "port")
    await server.serve_forever()
