import asyncio
import os
import signal
import socket
import ssl
import subprocess
import sys
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.server.stage import Stage

from countenance.contracts.errors import UsageError
from countenance.server.config import Config, ServerTable
from countenance.server.keys import SHAPE
from countenance.server.serving import Served, serve, url_of

PATIENCE_S = 60


@contextmanager
def a_service(folder: Path, root: Path, *, stuck: bool = False) -> Iterator[tuple["subprocess.Popen[str]", str, str]]:
    """A process that serves: itself, its address, its first key."""
    command = [sys.executable, "-m", "tests.server.stage", str(folder), "stuck" if stuck else "free"]
    process = subprocess.Popen(
        command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        yield process, url, process.stdout.readline().split()[-1]
    finally:
        process.kill()
        process.communicate()


def test_a_signal_drains_and_everything_ends_well(tmp_path: Path, root: Path) -> None:
    with a_service(tmp_path, root) as (process, url, key):
        assert SHAPE.fullmatch(key)
        assert httpx.get(f"{url}/readyz").json()["status"] == "ok"
        answer = httpx.get(f"{url}/metrics", headers={"Authorization": f"Bearer {key}"})
        assert "countenance_live_calls 1.0" in answer.text
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err
    assert out.splitlines()[-1] == "ended"
    assert key not in err
    assert "Traceback" not in err


def test_while_it_drains_it_answers_and_a_second_signal_ends_it_at_once(tmp_path: Path, root: Path) -> None:
    with a_service(tmp_path, root, stuck=True) as (process, url, key):
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        told = iter(process.stderr.readline, "")
        assert any("brought to their end" in line for line in told), process.wait()
        assert httpx.get(f"{url}/healthz").status_code == 200
        assert httpx.get(f"{url}/readyz").json()["checks"]["draining"] == "no"
        refused = httpx.post(f"{url}/v1/calls", json={}, headers={"Authorization": f"Bearer {key}"})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "60")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1


@dataclass
class Said:
    """What a service says when it begins."""

    lines: list[str] = field(default_factory=list)
    any: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        self.any.set()


@asynccontextmanager
async def serving(config: Config, kind: signal.Signals = signal.SIGTERM) -> AsyncIterator[list[str]]:
    """A service in this process; it is told to stop when the block ends."""
    said = Said()
    task = asyncio.create_task(serve(config, said, Stage().open))
    await said.any.wait()
    yield said.lines
    os.kill(os.getpid(), kind)
    assert await task


async def test_a_key_is_shown_at_the_first_start_alone(tmp_path: Path) -> None:
    config = Config.model_validate({"server": {"port": 0}, "data": {"folder": tmp_path}})
    async with serving(config) as first:
        assert "shown this once: ctn_" in first[1]
    async with serving(config, signal.SIGINT) as second:
        assert not [line for line in second if "ctn_" in line]


async def test_who_has_not_said_who_asks_is_told(tmp_path: Path) -> None:
    support = {"purpose": "support_qa", "jurisdictions": ["US-CA"]}
    terms = {"controllers": ["A"], "contact": "b@example.org", "storage_locations": ["EU"]}
    tenants = {"one": support, "two": support | {"terms": terms}, "three": {"terms": terms}}
    told = {"server": {"port": 0}, "data": {"folder": tmp_path}, "tenant": tenants}
    async with serving(Config.model_validate(told)) as said:
        assert "set the terms of one (" in said[-1]
        assert "Nothing may be read of anybody yet: for three nobody has said" in said[-2]
        assert "`countenance config init`" in said[-2]


def test_a_port_that_is_taken_is_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config = Config.model_validate({"server": {"port": port}, "data": {"folder": tmp_path}})
        with pytest.raises(UsageError, match=f"cannot listen at 127.0.0.1 port {port}"):
            asyncio.run(serve(config, print, Stage().open))


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), datetime.now(UTC)
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
    built = built.not_valid_after(now + timedelta(days=1))
    built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    built = built.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    signed = built.sign(key, hashes.SHA256())
    paths = folder / "tls.crt", folder / "tls.key"
    paths[0].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    return paths


async def test_nothing_hides_in_a_request_whose_end_is_told_in_two_ways(tmp_path: Path) -> None:
    config = Config.model_validate({"server": {"port": 0}, "data": {"folder": tmp_path}})
    both = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    twice = "Content-Length: 0\r\nContent-Length: 45\r\n\r\n"
    odd = "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"
    hidden = "GET /version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    async with serving(config) as said:
        port = int(said[0].rpartition(":")[2])
        for end, status in ((both, b"422"), (twice, b"400"), (odd, b"400")):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"POST /session HTTP/1.1\r\nHost: x\r\n{end}{hidden}".encode())
            told = await asyncio.wait_for(reader.read(), PATIENCE_S)
            writer.close()
            assert told.startswith(b"HTTP/1.1 " + status), (end, told)
            # Where chunks end the body, whatever length was stated, the next request is one of its own.
            assert told.count(b"HTTP/1.1 ") == (2 if end == both else 1), (end, told)


async def test_tls_is_spoken_where_it_is_configured(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path)
    told = {"port": 0, "host": "127.0.0.1", "tls_certificate": chain, "tls_key": key}
    config = Config.model_validate({"server": told, "data": {"folder": tmp_path / "data"}})

    async with serving(config) as said:
        assert said[0].startswith("Countenance serves at https://")
        url = said[0].split()[-1].replace("127.0.0.1", "localhost")
        trusted = ssl.create_default_context(cafile=str(chain))
        async with httpx.AsyncClient(verify=trusted) as client:
            answer = await client.get(f"{url}/healthz")
            assert answer.json() == {"status": "ok"}
            assert answer.headers["strict-transport-security"]
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get(f"{url}/healthz".replace("https", "http"))
        await asyncio.to_thread(only_strong_suites, url, chain)


def only_strong_suites(url: str, chain: Path) -> None:
    """What is spoken is TLS 1.3, or 1.2 with forward secrecy and an authenticated cipher."""
    port = int(url.rpartition(":")[2])

    def spoken(newest: ssl.TLSVersion, ciphers: str) -> tuple[str, str, int]:
        context = ssl.create_default_context(cafile=str(chain))
        with warnings.catch_warnings(action="ignore"):
            context.minimum_version, context.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, newest
        context.set_ciphers(ciphers)
        line = socket.create_connection(("127.0.0.1", port))
        with line, context.wrap_socket(line, server_hostname="localhost") as secured:
            return secured.cipher() or ("", "", 0)

    assert spoken(ssl.TLSVersion.TLSv1_3, "DEFAULT")[1] == "TLSv1.3"
    assert "GCM" in spoken(ssl.TLSVersion.TLSv1_2, "DEFAULT")[0]
    for newest, ciphers in (
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES256-SHA384"),
        (ssl.TLSVersion.TLSv1_2, "eNULL:@SECLEVEL=0"),
        (ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0"),
    ):
        with pytest.raises(ssl.SSLError):
            spoken(newest, ciphers)


def test_a_certificate_that_is_none_is_one_clear_line(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path)
    chain.write_text("no certificate", encoding="utf-8")
    told = {"port": 0, "tls_certificate": chain, "tls_key": key}
    config = Config.model_validate({"server": told, "data": {"folder": tmp_path / "data"}})
    with pytest.raises(UsageError, match="TLS cannot begin"):
        asyncio.run(serve(config, print, Stage().open))
    key.unlink()
    with pytest.raises(UsageError, match=r"there is no file \S+key"):
        asyncio.run(serve(config, print, Stage().open))


def test_the_address_that_is_shown_can_be_opened() -> None:
    for host, shown in (("0.0.0.0", "http://127.0.0.1:"), ("::1", "http://[::1]:"), ("127.0.0.1", "http://127.0.0.1:")):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.create_server((host, 0), family=family) as listening:
            assert url_of(ServerTable(host=host), listening).startswith(shown)
            assert url_of(ServerTable(public_url="https://calls.example"), listening) == "https://calls.example"


def test_a_signal_before_anything_listens_ends_it() -> None:
    server = Served.__new__(Served)
    server._loop = None
    server.should_exit = False
    server.handle_exit(signal.SIGTERM, None)
    assert server.should_exit
