"""A real TURN server, coturn, on loopback; what needs it skips by name where it is not installed."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

BINDING = bytes.fromhex("000100002112a442") + bytes(12)
"""A request of RFC 8489 to which every STUN server answers."""
PLAIN = ("lt-cred-mech", "user=ana:pass")
TRIES = 100


@contextmanager
def coturn(folder: Path, *lets_in: str) -> Iterator[str]:
    """Its URL; `lets_in`: the lines of its configuration that say who may use it."""
    program = shutil.which("turnserver")
    if program is None:
        pytest.skip("coturn is not installed (the Debian package coturn brings turnserver)")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    lines = [
        f"listening-port={port}",
        "listening-ip=127.0.0.1",
        "relay-ip=127.0.0.1",
        "allow-loopback-peers",
        "realm=example.org",
        *("no-tls", "no-dtls", "no-cli", "no-multicast-peers", "log-file=stdout", "simple-log"),
        f"pidfile={folder / 'turn.pid'}",
        f"userdb={folder / 'turn.db'}",
        *lets_in,
    ]
    (folder / "turn.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    words: Sequence[str | os.PathLike[str]] = (program, "-c", folder / "turn.conf")
    with (
        (folder / "turn.log").open("wb") as log,
        subprocess.Popen(words, stdout=log, stderr=log, cwd=folder) as process,
    ):
        try:
            assert _answers(port), (folder / "turn.log").read_text(encoding="utf-8")
            yield f"turn:127.0.0.1:{port}"
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    """Whether it answers before patience ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.1)
        for _ in range(TRIES):
            asking.sendto(BINDING, ("127.0.0.1", port))
            try:
                return len(asking.recv(2048)) > 0
            except (TimeoutError, ConnectionRefusedError):
                continue
    return False
