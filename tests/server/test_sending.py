"""Sending over real connections: what arrives, what counts as an answer, and what no name or answer can make it do."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks import Webhook
from tests.control.test_delivery import Post, a

from countenance.contracts.errors import StorageError
from countenance.control.delivery import Answer, Counts, Delivery, Parcel
from countenance.control.opening import open_tenant
from countenance.control.webhooks import NewEndpoint
from countenance.server.sending import MOST_FLYING, Line, Sender, way_out
from countenance.storage.clocks import SystemClock
from countenance.storage.dispatches import Dispatch
from countenance.surface.destinations import Allowed
from countenance.surface.webhooks import new_secret
from countenance.testing.clocks import ManualClock

SECRET = new_secret(bytes(32))
OK = b"HTTP/1.1 204 No Content\r\n\r\n"
HERE = "127.0.0.1"

Handle = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """A receiver on a port of this machine."""

    def __init__(self, answer: bytes | Handle) -> None:
        self.requests: list[bytes] = []
        self.answer = answer
        self.port = 0

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            size = next(
                (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
            )
            request = head + await reader.readexactly(size)
            self.requests.append(request)
            if callable(self.answer):
                await self.answer(request, writer)
            else:
                writer.write(self.answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(answer: bytes | Handle = OK, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server(answer)
    listening = await asyncio.start_server(server.take, HERE, 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()


class Names:
    """A resolver whose answers a test writes; one for each time it is asked, the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers) or [(HERE,)]
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@asynccontextmanager
async def line(
    names: Names, *ports: int, networks: Sequence[str] = ("127.0.0.0/8",), timeout_s: float = 20.0
) -> AsyncIterator[Line]:
    async with way_out(SystemClock(), Allowed.of(networks, ports)) as real:
        yield replace(real, resolve=names, timeout_s=timeout_s)


def parcel(url: str, attempts: int = 0, body: bytes = b'{"type":"t"}') -> Parcel:
    row = Dispatch("e1", "m" * 32, 1, 0, "t", None, None, None, 0, 0, attempts)
    return Parcel(row, url, (SECRET,), body)


async def test_what_arrives_is_signed_for_the_name_and_not_for_the_address() -> None:
    names = Names()
    async with serving() as server, line(names, server.port) as out:
        answer = await out.send(parcel(f"http://hooks.example.com:{server.port}/in/x?y=1"))
    assert answer == Answer(204)
    assert names.asked == [("hooks.example.com", server.port)]
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    said = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    assert first == "POST /in/x?y=1 HTTP/1.1"
    assert said["host"] == f"hooks.example.com:{server.port}"
    assert said["content-type"] == "application/cloudevents+json"
    assert said["user-agent"].startswith("Countenance-Webhooks/")
    assert Webhook(SECRET).verify(body, said) == {"type": "t"}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirection_is_never_followed(status: int) -> None:
    async with serving() as canary:
        to = f"HTTP/1.1 {status} Away\r\nLocation: http://127.0.0.1:{canary.port}/\r\nContent-Length: 0\r\n\r\n"
        async with serving(to.encode()) as server, line(Names(), server.port, canary.port) as out:
            answer = await out.send(parcel(f"http://hooks.example.com:{server.port}/"))
    assert (answer.status, answer.is_success) == (status, False)
    assert canary.requests == []


async def test_the_pause_a_receiver_asks_for_is_told() -> None:
    busy = b"HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"
    async with serving(busy) as server, line(Names(), server.port) as out:
        answer = await out.send(parcel(f"http://hooks.example.com:{server.port}/"))
    assert answer == Answer(429, "", 7_000_000)


async def never(_: bytes, __: asyncio.StreamWriter) -> None:
    await asyncio.get_running_loop().create_future()


async def drips(_: bytes, writer: asyncio.StreamWriter) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 10_000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.01)


async def resets(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (never, "no answer within 0.2 s"), (drips, "no answer within 0.2 s"), (resets, "the connection failed"),
        (b"", "the connection failed"), (b"HTTP/1.1 200 OK\r\nContent-Le", "the connection failed"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "the connection failed"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 200_000, "the connection failed"),
    ],
)  # fmt: skip
async def test_no_whole_answer_is_none(answer: bytes | Handle, problem: str) -> None:
    async with serving(answer) as server, line(Names(), server.port, timeout_s=0.2) as out:
        found = await out.send(parcel(f"http://hooks.example.com:{server.port}/"))
    assert found.status is None
    assert found.problem.startswith(problem)


async def test_the_status_is_the_answer_whatever_follows_it() -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nabc"
    async with serving(endless) as server, line(Names(), server.port) as out:
        assert await out.send(parcel(f"http://hooks.example.com:{server.port}/")) == Answer(200)


async def test_nobody_there_is_an_answer() -> None:
    async with serving() as server:
        port = server.port
    async with line(Names(), port) as out:
        found = await out.send(parcel(f"http://hooks.example.com:{port}/"))
    assert found.problem == "the connection failed (ConnectError)"


async def unknown(_: str, __: int) -> Sequence[str]:
    raise OSError("Name or service not known")


async def test_a_name_that_nobody_knows_is_an_answer() -> None:
    async with line(Names()) as out:
        found = await replace(out, resolve=unknown).send(parcel("https://hooks.example.com/"))
    assert found.problem == "the connection failed (OSError)"


@pytest.mark.parametrize(
    "answers",
    [
        [("127.0.0.1",)], [("::1",)], [("::ffff:127.0.0.1",)], [("8.8.8.8", "127.0.0.1")], [("127.0.0.1", "8.8.8.8")],
        [("fe80::1%lo",)], [()], [("169.254.169.254",)],
    ],
)  # fmt: skip
async def test_a_name_that_leads_inward_is_not_connected_to(answers: list[Sequence[str]]) -> None:
    async with serving() as canary, line(Names(*answers), canary.port, networks=()) as out:
        found = await out.send(parcel(f"https://hooks.example.com:{canary.port}/"))
    assert found.status is None
    assert "not public" in found.problem or "has no address" in found.problem
    assert canary.requests == []


async def test_a_name_that_changes_between_two_questions_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # DNS rebinding with TTL 0: public when it is checked, inward when it is connected to.
    dialled: list[str] = []

    async def dial(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        dialled.append(request.url.host)
        return httpx.Response(204)

    names = Names(("93.184.215.14",), (HERE,))
    async with line(names, networks=()) as out:
        monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", dial)
        assert await out.send(parcel("https://hooks.example.com/")) == Answer(204)
        assert (await out.send(parcel("https://hooks.example.com/"))).status is None
    assert dialled == ["93.184.215.14"]
    assert len(names.asked) == 2


async def test_attempts_go_from_address_to_address() -> None:
    names = Names(("127.0.0.2", HERE))
    async with serving() as server, line(names, server.port) as out:
        found = [await out.send(parcel(f"http://hooks.example.com:{server.port}/", n)) for n in range(4)]
    assert [one.status for one in found] == [None, 204, None, 204]


async def test_nothing_of_the_environment_and_no_cookie_comes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 0\r\n\r\n"
    async with serving(cookie) as server, serving() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        async with line(Names(), server.port) as out:
            for _ in range(2):
                await out.send(parcel(f"http://hooks.example.com:{server.port}/"))
    assert proxy.requests == []
    assert not any(b"ookie" in request for request in server.requests)
    assert len(server.requests) == 2


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Contexts of a server that is this name, and of a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "pem").write_bytes(pem + private)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "pem")
    return server, ssl.create_default_context(cadata=pem.decode())


async def test_the_certificate_is_that_of_the_name_though_the_address_is_pinned(tmp_path: Path) -> None:
    there, here = certificate(tmp_path, "hooks.example.com")
    asked: list[str | None] = []
    there.sni_callback = lambda _, name, __: asked.append(name)
    async with (
        serving(OK, there) as server,
        line(Names(), server.port) as out,
        httpx.AsyncHTTPTransport(verify=here) as http,
    ):
        trusting = replace(out, http=http)
        assert await trusting.send(parcel(f"https://hooks.example.com:{server.port}/")) == Answer(204)
        wrong = await trusting.send(parcel(f"https://other.example.com:{server.port}/"))
        strange = await out.send(parcel(f"https://hooks.example.com:{server.port}/"))
    assert asked == ["hooks.example.com", "other.example.com", "hooks.example.com"]
    assert wrong.problem == strange.problem == "the connection failed (ConnectError)"
    assert len(server.requests) == 1


async def test_the_resolver_of_the_system_is_asked() -> None:
    async with way_out(SystemClock(), Allowed()) as out:
        assert HERE in await out.resolve("localhost", 443)
        assert await out.resolve("8.8.8.8", 443) == ("8.8.8.8",)


# The sender.


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    clock = ManualClock()
    with open_tenant(tmp_path / "store", keys=tmp_path / "keys", clock=clock) as tenant:
        yield Post(tenant, clock)


class Wire:
    """A line that a test holds in its hand."""

    def __init__(self, stop_after: int = 0) -> None:
        self.sent: list[Parcel] = []
        self.answers: dict[str, Answer] = {}
        self.stop = asyncio.Event()
        self.hold = asyncio.Event()
        self.hold.set()
        self.most = 0
        self._stop_after = stop_after
        self._now = 0

    async def send(self, one: Parcel) -> Answer:
        self.sent.append(one)
        self._now += 1
        self.most = max(self.most, self._now)
        if len(self.sent) == self._stop_after:
            self.stop.set()
        await self.hold.wait()
        self._now -= 1
        return self.answers.get(one.dispatch.topic, Answer(200))

    @property
    def topics(self) -> list[str]:
        return [one.dispatch.topic.removeprefix("io.countenance.") for one in self.sent]


async def test_everything_that_waits_is_sent_each_call_in_order(post: Post) -> None:
    post.put(*(a(f"{call}{n}", call) for n in range(5) for call in "xyz"))
    wire = Wire(15)
    counted: list[Counts] = []
    await Sender(post.delivery, wire.send, counted.append).run(wire.stop)
    for call in "xyz":
        assert [topic for topic in wire.topics if topic[0] == call] == [f"{call}{n}" for n in range(5)]
    assert sum(one["delivered"] for one in counted) == 15
    assert post.delivery.next_due_us() is None


async def test_what_is_on_its_way_when_it_stops_is_waited_for_and_noted(post: Post) -> None:
    post.put(a("x", "x"), a("y", "y"))
    wire = Wire(2)
    wire.hold.clear()
    running = asyncio.create_task(Sender(post.delivery, wire.send).run(wire.stop))
    await wire.stop.wait()
    asyncio.get_running_loop().call_soon(wire.hold.set)
    await running
    assert post.delivery.next_due_us() is None


async def test_not_more_is_on_its_way_at_once_than_is_allowed(post: Post) -> None:
    for n in range(15):
        post.endpoints.add(NewEndpoint(f"https://{n}.example.com/"))
    post.put(*(a(f"t{n}", str(n)) for n in range(6)))
    wire = Wire(6 * 16)
    wire.hold.clear()
    sender = Sender(post.delivery, wire.send)
    await sender.round()
    await asyncio.sleep(0)
    assert len(wire.sent) == wire.most == MOST_FLYING
    assert await sender.round() == 0
    wire.hold.set()
    await sender.run(wire.stop)
    assert len(wire.sent) == 6 * 16


async def test_an_answer_that_cannot_be_noted_is_kept_and_nothing_is_sent_twice(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.put(a("x", "x"))
    wire = Wire()
    sender = Sender(post.delivery, wire.send)
    settle, faults = Delivery.settle, [StorageError("the disk is full", ""), StorageError("still", "")]

    def failing(self: Delivery, answers: Sequence[tuple[Parcel, Answer]]) -> Counts:
        if faults:
            raise faults.pop()
        wire.stop.set()
        return settle(self, answers)

    monkeypatch.setattr(Delivery, "settle", failing)
    await sender.run(wire.stop)
    assert (wire.topics, faults) == (["x"], [])
    assert post.delivery.next_due_us() is None


async def test_a_body_says_the_same_on_the_wire_as_in_the_queue(post: Post) -> None:
    post.put(a("x", "x", body=json.dumps({"n": 1})))
    wire = Wire(1)
    await Sender(post.delivery, wire.send).run(wire.stop)
    assert json.loads(wire.sent[0].body)["data"] == {"n": 1}
