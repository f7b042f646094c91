"""A hub on this machine that misbehaves as told."""

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "c0ffee" + "0" * 34


@dataclass
class Hub:
    """Files by path, and how it misbehaves."""

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    drop_after: int | None = None
    """Bytes after which each connection breaks."""
    drops: int = 1_000
    """How many connections break."""
    claims: int | None = None
    """The length it tells instead of the true one."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of every answer to HEAD."""
    moved: Mapping[str, str] = field(default_factory=dict)
    refuses: int | None = None
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    """Method, path and range of every request."""
    port: int = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def lfs(self, path: str) -> dict[str, str]:
        """The headers by which a hub tells size, hash and commit of a large file."""
        data = self.files[path]
        digest = hashlib.sha256(data).hexdigest()
        return {"X-Repo-Commit": COMMIT, "X-Linked-Size": str(len(data)), "X-Linked-Etag": f'"{digest}"'}


class Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        asked = self.headers.get("Range")
        self.hub.asked.append((self.command, self.path, asked))
        if self.hub.refuses is not None:
            self.send_error(self.hub.refuses)
        elif self.path in self.hub.moved:
            self.say(302, {"Location": self.hub.moved[self.path], **(self.hub.headers if not body else {})})
        elif self.path not in self.hub.files:
            self.send_error(404)
        else:
            self.send_file(self.hub.files[self.path], asked, body=body)

    def send_file(self, data: bytes, asked: str | None, *, body: bool) -> None:
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.hub.ranges else 0
        length = len(data) - start if self.hub.claims is None else self.hub.claims - start
        said = {"Content-Length": str(length), **({} if body else self.hub.headers)}
        if start:
            said["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self.say(206 if start else 200, said)
        if body:
            rest = data[start:]
            if self.hub.drop_after is not None and self.hub.drops > 0:
                self.hub.drops -= 1
                rest = rest[: self.hub.drop_after]
            self.wfile.write(rest)
            self.close_connection = True

    def say(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, said in headers.items():
            self.send_header(name, said)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """A test wants no log."""


@contextmanager
def running(hub: Hub) -> Iterator[Hub]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub}))
    hub.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
