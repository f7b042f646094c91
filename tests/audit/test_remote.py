"""A log read over HTTP from servers that are honest, and from servers that are not."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from bench.audit.synthetic import KEY, Export, entries

from countenance.audit.folder import AbsentError
from countenance.audit.quorum import Policy
from countenance.audit.remote import LogServer
from countenance.audit.tiles import Tile
from countenance.audit.verify import verify
from countenance.contracts.errors import AuditError

LEAVES = entries(600)
TRUST = Policy.trusting(KEY.verifier)
Reply = Callable[[BaseHTTPRequestHandler], None]


class Served(ThreadingHTTPServer):
    """A folder at `/log`, and what this server does with some paths instead."""

    daemon_threads = True

    def __init__(self, folder: Path, odd: Mapping[str, Reply]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder, self.odd = folder, odd
        self.asked: list[tuple[str, str | None]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Served
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        name = self.path.removeprefix("/log/")
        if name in self.server.odd:
            self.server.odd[name](self)
            return
        path = self.server.folder / name
        told(self, path.read_bytes() if path.is_file() else b"", 200 if path.is_file() else 404)

    def log_message(self, *_: object) -> None: ...


def told(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Sends until nobody listens any more."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
    except OSError:
        handler.close_connection = True


@contextmanager
def serving(folder: Path, **odd: Reply) -> Iterator[tuple[Served, LogServer]]:
    with Served(folder, {name.replace("__", "/"): reply for name, reply in odd.items()}) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        log = LogServer(f"http://127.0.0.1:{server.server_port}/log/", timeout_s=5.0)
        try:
            yield server, log
        finally:
            log.close()
            server.shutdown()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Export(LEAVES).write(tmp_path)
    return tmp_path


def test_a_served_log_is_verified_as_its_files_are(folder: Path) -> None:
    with serving(folder) as (server, log):
        report = verify(log, TRUST, completeness=True)
        assert (report.entries, report.findings, report.minimum) == (600, (), 0)
        log.checkpoint()
        assert [path for path, _ in server.asked].count("/log/checkpoint") == 1
        assert {shown for _, shown in server.asked} == {None}
        (folder / "minimum").write_text("256\n")
        assert log.minimum() == 256


def test_a_partial_tile_that_has_grown_full_meanwhile_is_cut(folder: Path) -> None:
    small = Export(LEAVES[:300])
    with serving(folder) as (_, log):
        for tile in (Tile(0, 1, 44), Tile(None, 1, 44)):
            assert log.fetch(tile) == small.fetch(tile)
        with pytest.raises(AbsentError, match="tile/0/009 is missing"):
            log.fetch(Tile(0, 9))


def test_a_short_tile_and_a_wrong_hash_are_findings(folder: Path) -> None:
    whole = (folder / "tile/0/000").read_bytes()
    bent = bytes([whole[0] ^ 1]) + whole[1:]
    for body in (whole[:-1], bent, b""):
        with serving(folder, tile__0__000=partial(told, body=body)) as (_, log):
            assert verify(log, TRUST).findings
    bundle = (folder / "tile/entries/001").read_bytes()
    with serving(folder, tile__entries__001=lambda handler: told(handler, bundle[:-9])) as (_, log):
        assert verify(log, TRUST).first_bad == 511


def test_a_checkpoint_of_somebody_else_is_refused(folder: Path) -> None:
    other = (folder / "checkpoint").read_bytes().replace(b"600", b"601", 1)
    with serving(folder, checkpoint=lambda handler: told(handler, other)) as (_, log), pytest.raises(AuditError):
        verify(log, TRUST)


def test_a_body_without_end_is_cut_off(folder: Path) -> None:
    with serving(folder, checkpoint=endless) as (_, log):
        with pytest.raises(AuditError, match="checkpoint is larger than any file of a log"):
            log.checkpoint()
        # The next file comes over a connection of its own.
        assert log.fetch(Tile(0, 0)) == (folder / "tile/0/000").read_bytes()


def test_a_body_that_drips_is_given_up(folder: Path) -> None:
    ticks = iter(range(0, 1000, 40))
    with serving(folder) as (server, _):
        url = f"http://127.0.0.1:{server.server_port}/log"
        log = LogServer(url, file_s=60.0, clock_s=lambda: float(next(ticks)))
        assert log.checkpoint()
        with pytest.raises(AuditError, match="takes over 60 s"):
            log.fetch(Tile(None, 0))
        log.close()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_nobody_sends_the_verifier_elsewhere(folder: Path, status: int) -> None:
    def elsewhere(handler: BaseHTTPRequestHandler) -> None:
        told(handler, b"", status, Location="http://127.0.0.1:9/log/checkpoint")

    with serving(folder, checkpoint=elsewhere) as (server, log):
        with pytest.raises(AuditError, match=f"is answered with {status}"):
            log.checkpoint()
        assert len(server.asked) == 1


def test_what_breaks_off_or_is_no_http_is_an_error(folder: Path) -> None:
    def half(handler: BaseHTTPRequestHandler) -> None:
        told(handler, b"half", 200, **{"Content-Length": "99"})
        handler.close_connection = True

    def garbage(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"\x00\xff" * 40)
        handler.close_connection = True

    for odd in (half, garbage):
        with serving(folder, checkpoint=odd) as (_, log), pytest.raises(AuditError, match="cannot be read"):
            log.checkpoint()
    nowhere = LogServer("http://127.0.0.1:9/log", timeout_s=1.0)
    with pytest.raises(AuditError, match="cannot be read"):
        nowhere.checkpoint()


def test_a_credential_goes_over_tls_or_stays_on_this_machine(folder: Path) -> None:
    with serving(folder) as (server, _):
        log = LogServer(f"http://127.0.0.1:{server.server_port}/log", "ctn_secret")
        log.checkpoint()
        log.close()
        assert server.asked == [("/log/checkpoint", "Bearer ctn_secret")]
    with pytest.raises(AuditError, match="without TLS"):
        LogServer("http://calls.example/log", "ctn_secret")
    LogServer("https://calls.example/log", "ctn_secret").close()


@pytest.mark.parametrize(
    "url", ["ftp://x.example/", "x.example/log", "https:///log", "https://a@x.example", "https://x?q"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(AuditError, match="is no address of a log"):
        LogServer(url)
