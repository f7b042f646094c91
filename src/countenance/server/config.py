"""Everything an operator can set, as one TOML file; what it says stands nowhere else.

Secrets are fields of their own kind: the environment gives them, or a file beside whose name they stand.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from countenance.capture.ice import IceServer
from countenance.capture.transcription import Transcription
from countenance.coaching.settings import CoachingTable
from countenance.consent.terms import Terms
from countenance.contracts.call import Purpose
from countenance.deployment import OwnModels
from countenance.inference.shelf import Profile
from countenance.inference.tables import Table
from countenance.policy.vocabulary import JURISDICTIONS, nearest_place
from countenance.server.listed import Listed
from countenance.server.relays import StunUrl, TurnTable

LOCAL = "local"
"""The tenant of an installation that names none."""
TENANT = re.compile(r"[a-z][a-z0-9-]{0,39}")


class ServerTable(Table):
    """Where the service listens."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: str | None = None
    """How others reach it, where that is not the address it listens at."""
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    cors_origins: tuple[str, ...] = ()
    """Origins whose pages may call the API; none by default."""
    drain_seconds: int = Field(default=20, ge=1, le=600)
    """How long running calls may take to end once the service is told to stop."""

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("TLS needs tls_certificate and tls_key; one of them is missing")
        return self


class DataTable(Table):
    """Where things are kept."""

    folder: Path = Path("countenance-data")
    """One folder per tenant below it: the SQLite store and, unless `keys` is set, the keys."""
    url: SecretStr | None = None
    """A postgresql:// URL that takes the place of SQLite; it holds a password."""
    url_file: Path | None = None
    keys: Path | None = None
    """A folder with the keys of each tenant in a folder of their own; never in the backup of the data."""


class LivekitTable(Table):
    """The LiveKit server whose rooms may be joined."""

    url: str | None = Field(default=None, pattern=r"^wss?://")
    key: str | None = None
    secret: SecretStr | None = None
    secret_file: Path | None = None


class Deployed(Table):
    """How one tenant deploys: what for, under which law, and what it tells people."""

    id: str = Field(default=LOCAL, min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")
    purpose: Purpose = Purpose.SELF_TRAINING
    """What calls are for where they do not say it themselves."""
    jurisdictions: tuple[str, ...] = ()
    """Where the people, the deployer and the use of the output are; empty means unknown, so the strictest."""
    taxonomies: tuple[str, ...] = ("engagement.v1", "ekman7.v1", "va.v1")
    profile: Profile = Profile.OPEN
    overlays: tuple[Path, ...] = ()
    """Law files of the deployer's own: they refuse, require, or record a legal review of an unclear case."""
    facts: Mapping[str, str] = Field(default_factory=dict)
    models: OwnModels = OwnModels()
    terms: Terms | None = None
    """Who is responsible, where data goes, how to stop; without it nobody can be asked, so nobody is read."""
    coaching: CoachingTable = CoachingTable()
    """What calls are coached by where they do not say it themselves."""
    operator: Path | None = None
    """What only the operator can say, for the public papers; `countenance evidence --operator-blank` prints one."""
    livekit: LivekitTable = LivekitTable()
    """The LiveKit server of this tenant; of an installation with one tenant, [livekit] is the same."""

    @field_validator("jurisdictions")
    @classmethod
    def _places_are_known(cls, places: tuple[str, ...]) -> tuple[str, ...]:
        for place in places:
            if place not in JURISDICTIONS:
                raise ValueError(f"unknown jurisdiction {place!r}. {nearest_place(place)}")
        return places


class WorkersTable(Table):
    """The processes that decode media and run models."""

    count: int | None = Field(default=None, ge=1, le=256)
    """One per spare core when left out."""
    spares: int = Field(default=1, ge=0, le=16)
    """Workers beside these that have their models loaded and wait for one to die. With none, the calls of a dead worker
    are read again once another has started."""
    memory_mib: int = Field(default=2048, ge=256)
    """A worker that grows beyond this is replaced; its calls go on with the next one."""
    usd_per_core_hour: float | None = Field(default=None, gt=0)
    """What an hour of one core costs, for the metric `countenance_cost_usd_per_minute`; without it there is none."""


class MediaTable(Table):
    """What is taken from calls, and how browsers reach the media server."""

    fps: int = Field(default=5, ge=5, le=10)
    ice_servers: tuple[StunUrl, ...] = ()
    """STUN servers, used by workers and told to browsers that publish, such as stun:stun.example.org:3478; none are
    needed within one network."""
    turn: TurnTable = TurnTable()
    """Where no direct way exists, media go by this server."""
    servers: tuple[str, ...] = ()
    """Media servers that calls may be on: `janus.example.org`, with a port, or as the beginning of a URL. The LiveKit
    server of a tenant is set in [livekit]."""
    recordings: tuple[Path, ...] = ()
    """Folders with recordings that may be played as calls."""
    kept: Path | None = None
    """Where the operator keeps recordings of calls, made elsewhere and under a consent to record of their own, as
    `<call id>.webm`, `.mp4`, `.ogg`, `.mp3` or `.wav`: the review plays them. None: the review says there are none."""
    rtp_listen: str = "0.0.0.0"
    """Where mediasoup's media are received."""
    rtp_address: str | None = None
    """The address that it sends them to; None: the one that this machine speaks to the server from."""

    @field_validator("ice_servers", mode="before")
    @classmethod
    def _relays_have_a_table(cls, servers: object) -> object:
        if isinstance(servers, list | tuple) and any(str(one).startswith("turn") for one in servers):
            raise ValueError("a TURN server stands in [media.turn], with what lets one in")
        return servers

    @field_validator("servers")
    @classmethod
    def _servers_are_plain(cls, servers: tuple[str, ...]) -> tuple[str, ...]:
        for one in servers:
            Listed.of(one)
        return servers

    def ice(self, now: datetime) -> tuple[IceServer, ...]:
        """All servers by which peers find each other, those that relay last."""
        stun = tuple(IceServer(urls=(url,)) for url in self.ice_servers)
        return (*stun, self.turn.server(now)) if self.turn.urls else stun


class LimitsTable(Table):
    """How much one caller may ask."""

    requests_per_second: float = Field(default=50.0, gt=0)
    requests_at_once: int = Field(default=200, ge=1)
    """Of one key or token."""
    address_per_second: float = Field(default=100.0, gt=0)
    address_at_once: int = Field(default=400, ge=1)
    """Of one address, whoever calls from it."""
    body_bytes: int = Field(default=1_048_576, ge=1024)
    calls: int = Field(default=100, ge=1)
    """Live calls of one tenant."""
    participants: int = Field(default=50, ge=1)
    """People in one call."""
    sockets: int = Field(default=200, ge=1)
    """Event streams of one tenant."""


class AuditTable(Table):
    """What becomes of the log of what was done."""

    export: Path | None = None
    """A folder, best on another disk than the data; below it one per tenant with its log as files, kept up to date."""
    export_minutes: int = Field(default=60, ge=1, le=1440)
    """How often; after each erasure it is done at once."""
    witnesses: Path | None = None
    """A C2SP tlog-policy; its witnesses with an address are asked to cosign each export."""

    @model_validator(mode="after")
    def _witnesses_see_an_export(self) -> Self:
        if self.witnesses is not None and self.export is None:
            raise ValueError("`witnesses` cosign what is exported; name a folder with `export` too")
        return self


class LogTable(Table):
    """What the service writes to stderr."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    form: Literal["json", "lines"] = "json"


class OtelTable(Table):
    """Traces; none are sent unless an endpoint is set."""

    endpoint: str | None = Field(default=None, pattern=r"^https?://")
    """Of an OTLP receiver over HTTP, such as http://collector:4318."""
    headers: SecretStr | None = None
    """name=value, separated by commas."""
    headers_file: Path | None = None
    ratio: float = Field(default=1.0, gt=0, le=1)
    """The share of requests that are traced."""


class TranscriptionTable(Transcription):
    """Who writes down what is said, and the key of a service that does."""

    key: SecretStr | None = None
    key_file: Path | None = None


class WebhooksTable(Table):
    """Where events may be sent."""

    allow: tuple[str, ...] = ()
    """Hosts, or networks such as 10.1.0.0/16, that may be reached although they are not public."""
    ports: tuple[int, ...] = ()
    """Ports beside 443."""
    timeout_seconds: int = Field(default=20, ge=15, le=30)

    @field_validator("allow")
    @classmethod
    def _no_network_is_loose(cls, allowed: tuple[str, ...]) -> tuple[str, ...]:
        for one in allowed:
            if "/" in one:
                (IPv6Network if ":" in one else IPv4Network)(one)
        return allowed


class EvaluationTable(Table):
    """What was measured here, for the pages of the models."""

    reports: Path | None = None
    """A folder with metrics.json of `countenance eval run` on data of your own."""
    baseline: Path | None = None
    """What is released now, and below what shall replace it: the gate compares them."""
    candidate: Path | None = None


class Config(Table):
    """The whole of countenance.toml; every key has a default."""

    server: ServerTable = ServerTable()
    data: DataTable = DataTable()
    deployment: Deployed = Deployed()
    """The one tenant, `local`, of an installation that names none."""
    tenant: Mapping[str, Deployed] = Field(default_factory=dict)
    """Tenants by name, each with a store, a log and keys of its own."""
    workers: WorkersTable = WorkersTable()
    media: MediaTable = MediaTable()
    limits: LimitsTable = LimitsTable()
    audit: AuditTable = AuditTable()
    log: LogTable = LogTable()
    otel: OtelTable = OtelTable()
    transcription: TranscriptionTable = TranscriptionTable()
    livekit: LivekitTable = LivekitTable()
    webhooks: WebhooksTable = WebhooksTable()
    evaluation: EvaluationTable = EvaluationTable()

    @model_validator(mode="after")
    def _tenants_are_named_well(self) -> Self:
        for name in self.tenant:
            if not TENANT.fullmatch(name):
                raise ValueError(f"{name!r} is no name of a tenant; write lower-case letters, digits and -")
        if self.tenant and "deployment" in self.model_fields_set:
            raise ValueError("[deployment] and [tenant.*] exclude each other; move the former under a name")
        return self

    @model_validator(mode="after")
    def _rooms_are_not_shared(self) -> Self:
        if self.tenant and self.livekit != LivekitTable():
            raise ValueError("[livekit] would be shared by all tenants; write [tenant.NAME.livekit] for each")
        keys = [one.livekit.key for one in self.tenants.values() if one.livekit.key is not None]
        if len(set(keys)) < len(keys):
            raise ValueError("two tenants have the same LiveKit key; give each a project of its own")
        return self

    @property
    def tenants(self) -> Mapping[str, Deployed]:
        """Every tenant by name."""
        return self.tenant or {LOCAL: self.deployment}

    def livekit_of(self, name: str) -> LivekitTable:
        """The LiveKit server of a tenant."""
        own = self.tenants[name].livekit
        return self.livekit if own == LivekitTable() else own
