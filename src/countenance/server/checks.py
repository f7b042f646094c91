"""What `countenance doctor` looks at: each check says what is so, and what to do where it is not well."""

import asyncio
import os
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from typing import Literal

from countenance.capture.ice import relayed
from countenance.contracts.errors import CountenanceError, TapError
from countenance.inference.bundle import check_files
from countenance.inference.shelf import Shelf
from countenance.policy.gate import Gate
from countenance.server.config import Config
from countenance.server.configfile import Loaded
from countenance.server.opening import worker_count

State = Literal["ok", "note", "fault"]
"""A note is worth knowing; a fault keeps `countenance serve` from working."""

PYTHON = (3, 11)
LITTLE_BYTES = 1 << 30
TOO_LITTLE_BYTES = 100 << 20
LOOPBACK = ("127.0.0.1", "::1", "localhost")
NAME = re.compile(r"^[A-Za-z0-9._-]+")
EXTRAS: Mapping[str, tuple[str, Callable[[Config], bool]]] = {
    "postgres": ("pg8000", lambda config: config.data.url is not None),
    "otel": ("opentelemetry.sdk", lambda config: config.otel.endpoint is not None),
    "livekit": ("livekit", lambda config: any(config.livekit_of(name).url is not None for name in config.tenants)),
    "whisper": ("faster_whisper", lambda config: config.transcription.backend == "whisper"),
    "deepgram": ("deepgram", lambda config: config.transcription.backend == "deepgram"),
}
"""By extra: the module it brings, and whether the configuration needs it."""
OPTIONAL = {
    "ffmpeg": "only tests and the mediasoup example send with it",
    "chromium": "only tests publish a camera with it",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check says."""

    name: str
    state: State
    detail: str
    fix: str = ""


Check = Callable[[Config], Iterator[Finding]]


def findings(load: Callable[[], Loaded]) -> Iterator[Finding]:
    """All findings; a configuration that cannot be read leaves the rest to the defaults."""
    config = Config()
    try:
        loaded = load()
        config = loaded.config
        set_here = f"{len(loaded.origins)} keys are set, the rest are defaults"
        yield Finding("configuration", "ok", set_here)
    except CountenanceError as error:
        yield _fault("configuration", error)
    for check in CHECKS:
        try:
            yield from check(config)
        except CountenanceError as error:
            yield _fault(check.__name__, error)


def python(_: Config) -> Iterator[Finding]:
    """The interpreter."""
    found = ".".join(map(str, sys.version_info[:3]))
    new = sys.version_info[:2] >= PYTHON
    yield Finding("python", "ok" if new else "fault", found, "" if new else "Install Python 3.11 or newer.")


def packages(config: Config) -> Iterator[Finding]:
    """What the product stands on, and the extras that the configuration needs."""
    needed = [one for one in requires("countenance") or () if "extra ==" not in one]
    names = [match[0] for one in needed if (match := NAME.match(one))]
    missing = [name for name in names if not _installed(name)]
    fix = f"Run `pip install {' '.join(missing)}`." if missing else ""
    yield Finding("packages", "fault" if missing else "ok", f"{len(names) - len(missing)} of {len(names)}", fix)
    for extra, (module, needs) in EXTRAS.items():
        if needs(config) and find_spec(module.partition(".")[0]) is None:
            yield Finding(extra, "fault", "configured and not installed", f'Run `pip install "countenance[{extra}]"`.')


def weights(config: Config) -> Iterator[Finding]:
    """Every bundle of every profile in use has the hashes that its card says."""
    for profile, paths in {(one.profile, one.models.paths) for one in config.tenants.values()}:
        shelf = Shelf.installed(profile, paths)
        places = {name: place for card in shelf.cards.values() for name, place in shelf.places(card.task).items()}
        for name, place in places.items():
            if name not in shelf.adapters:
                check_files(place, shelf.cards[name])
        yield Finding("weights", "ok", f"{len(places)} bundles of the profile {profile} have the right hashes")


def policy(config: Config) -> Iterator[Finding]:
    """The laws load, with each tenant's own; and somebody says who asks."""
    for name, deployed in config.tenants.items():
        gate = Gate.load(overlays=deployed.overlays)
        yield Finding("policy", "ok", f"{len(gate.laws)} law files, {len(gate.rules)} rules for {name}")
        if deployed.terms is None:
            fix = "Add a table `terms` to the deployment: controllers, contact, storage_locations."
            yield Finding("terms", "note", f"{name} does not say who asks, so nobody can be asked or read", fix)


def data(config: Config) -> Iterator[Finding]:
    """The data folder can be written and has room."""
    folder = config.data.folder
    place = next(one for one in (folder, *folder.resolve().parents) if one.exists())
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"countenance")
            os.fsync(file.fileno())
    except OSError as error:
        yield Finding("data", "fault", f"{place}: {error.strerror}", "Make it writable, or set [data] folder.")
        return
    yield Finding("data", "ok", f"{folder} can be written")
    free = shutil.disk_usage(place).free
    state: State = "fault" if free < TOO_LITTLE_BYTES else "note" if free < LITTLE_BYTES else "ok"
    fix = "" if state == "ok" else "Make room: without it nothing is read, though calls go on."
    said = f"{free / (1 << 30):.1f} GiB" if free >= LITTLE_BYTES else f"{free >> 20} MiB"
    yield Finding("disk", state, f"{said} free", fix)


def clock(_: Config) -> Iterator[Finding]:
    """The wall clock is not before the day this program's laws were checked."""
    now, checked = datetime.now(UTC), max(law.checked_on for law in Gate.load().laws)
    late = now.date() >= checked
    fix = "" if late else "Set it: consents, tokens and the log rely on it."
    yield Finding("clock", "ok" if late else "fault", f"{now:%Y-%m-%d %H:%M} UTC", fix)


def network(config: Config) -> Iterator[Finding]:
    """The port is free, and nothing is served in the clear to others."""
    server = config.server
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    try:
        socket.create_server((server.host, server.port), family=family).close()
        yield Finding("port", "ok", f"{server.host} port {server.port} is free")
    except OSError as error:
        fix = "Stop what listens there (it may be Countenance itself), or set [server] port."
        yield Finding("port", "note", f"{server.host} port {server.port}: {error.strerror or error}", fix)
    if server.tls_certificate is None and server.host not in LOOPBACK:
        fix = "Set tls_certificate and tls_key, or put a proxy that speaks TLS in front."
        yield Finding("tls", "note", f"{server.host} would be served without TLS", fix)
    for path in (server.tls_certificate, server.tls_key):
        if path is not None and not os.access(path, os.R_OK):
            yield Finding("tls", "fault", f"{path} cannot be read", "Check the path and its rights.")


def relays(config: Config) -> Iterator[Finding]:
    """Every TURN server opens a relay for us; one that does not holds each publisher up by five seconds."""
    for url in config.media.turn.urls:
        server = config.media.turn.server(datetime.now(UTC))
        try:
            at = asyncio.run(relayed(url, server.username, server.credential))
            yield Finding("turn", "ok", f"{url} relays at {at}")
        except TapError as error:
            yield _fault("turn", error)


def machine(config: Config) -> Iterator[Finding]:
    """Cores for workers, and programs that are nice to have."""
    yield Finding("workers", "ok", f"{worker_count(config)} on {os.cpu_count() or 1} cores")
    for name, use in OPTIONAL.items():
        found = shutil.which(name)
        yield Finding(name, "ok" if found else "note", found or f"not installed; {use}")


def export(config: Config) -> Iterator[Finding]:
    """The log is exported by the service, to a place that can be written."""
    folder = config.audit.export
    if folder is None:
        fix = "Set [audit] export, or run `countenance audit export` by a timer: a restored backup catches up by it."
        yield Finding("export", "note", "the service does not export its log", fix)
        return
    place = next(one for one in (folder, *folder.resolve().parents) if one.exists())
    well = os.access(place, os.W_OK)
    fix = "" if well else "Make it writable, or set [audit] export."
    yield Finding("export", "ok" if well else "fault", f"{folder} every {config.audit.export_minutes} minutes", fix)


CHECKS: tuple[Check, ...] = (python, packages, weights, policy, data, export, clock, network, relays, machine)


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def _fault(name: str, error: CountenanceError) -> Finding:
    return Finding(name, "fault", error.problem, error.remedy)
