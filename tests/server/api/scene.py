"""A tenant served over HTTP, with calls that run without media: gate, consents, log and streams are the real ones."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
from fastapi import FastAPI

from countenance.aggregation import taxonomy
from countenance.aggregation.crowd import Crowd
from countenance.consent.terms import Terms
from countenance.contracts.call import FACE, TEXT, VOICE, Call, Participant, Purpose
from countenance.contracts.readings import Estimate, Event, ModalityUse, Phase, Signal
from countenance.contracts.trust import Case
from countenance.control.opening import open_tenant
from countenance.control.plane import Control
from countenance.control.running import RunningCall
from countenance.link.messages import HangUp, Host, Load, Message, Ok, Signalling
from countenance.policy.gate import Gate
from countenance.server.app import create_app
from countenance.server.calls import LiveCalls
from countenance.server.config import Config
from countenance.server.keys import NewKey
from countenance.server.limits import Limiter, Rate
from countenance.server.live import LiveCall
from countenance.server.scopes import Position, Scope
from countenance.server.stream import Stream
from countenance.server.summing import Reading
from countenance.server.tenancy import Services, Site
from countenance.server.tokens import Seat, Tokens
from countenance.storage.outbox import random_id
from countenance.surface.blocks import Grounds
from countenance.surface.envelope import Envelopes
from countenance.testing.clocks import ManualClock

START = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
TERMS = Terms(controllers=("Example Ltd",), contact="privacy@example.org", storage_locations=("EU",))
ADULT = {"minor": "adult", "relation": "other_organisation"}
SECRET = b"a secret of thirty-two bytes....."


@dataclass
class Bare:
    """A live call without a worker, whose stream a test fills by hand."""

    running: RunningCall
    stream: Stream
    people: dict[str, str]
    state: str = "live"
    problem: str | None = None
    worker: None = None
    out: Any = field(default_factory=lambda: SimpleNamespace(crowd=Crowd()))

    @property
    def id(self) -> str:
        return self.running.call.id

    @property
    def call(self) -> Call:
        return self.running.call

    @property
    def started_at(self) -> str:
        return self.running.call.started_at or ""


class NoWorker:
    """A media worker that only remembers what it is told."""

    def __init__(self, owners: Mapping[str, Any]) -> None:
        self.heard: list[Message] = []
        self.answers: dict[str, Mapping[str, Any]] = {}
        self.load = Load(0.0, 0, {})
        self._owners = owners

    def tell(self, message: Message) -> None:
        self.heard.append(message)
        if isinstance(message, HangUp):
            self._owners[message.call_id].get(message.call_id).over.set()

    async def ask(self, message: Message, timeout_s: float = 10.0) -> Message:
        self.heard.append(message)
        return Ok(dict(self.answers.get(message.verb, {}))) if isinstance(message, Signalling) else Ok()


class NoPool:
    """Workers without processes."""

    def __init__(self) -> None:
        self.models: Mapping[str, str] = {}
        self.owners: dict[str, Any] = {}
        self.worker = NoWorker(self.owners)

    async def host(
        self,
        call_id: str,
        offer: Callable[[NoWorker], Host],
        owner: Any,  # noqa: ANN401
        *,
        patient: bool = False,
    ) -> NoWorker:
        self.owners[call_id] = owner
        self.worker.heard.append(offer(self.worker))
        return self.worker

    def forget(self, call_id: str) -> None:
        self.owners.pop(call_id, None)


def signal(who: str, end_us: int = 1_000_000) -> Signal:
    use = {FACE: ModalityUse(True, 1.0, 0.8)}
    labels = {"disengaged": Estimate(0.7, 0.6, 0.8)}
    return Signal(who, end_us - 1_000_000, end_us, "engagement.v1", "cal", labels, {}, "disengaged", use)


class Scene:
    """One installation with two tenants, of which tests use the first."""

    def __init__(self, folder: Path, **more: object) -> None:
        """`more`: of how the first tenant deploys."""
        self.clock = ManualClock(START)
        self.pool = NoPool()
        told = {
            "terms": TERMS.model_dump(),
            "purpose": "sales_coaching",
            "jurisdictions": ["UK"],
            "facts": ADULT,
        }
        data = {"folder": folder / "access"}
        self.config = Config.model_validate({"data": data, "tenant": {"one": {**told, **more}, "two": told}})
        self.site = Site.of(self.config, self.clock)
        rate = Rate(1e9, 10**9)
        self.site.limiter = Limiter(rate, rate, self.clock)
        self.site.tenants = {name: self._services(name, folder / name) for name in ("one", "two")}
        self.app: FastAPI = create_app(self.site)
        self.number = 0

    def _services(self, name: str, folder: Path) -> Services:
        tenant = open_tenant(folder, name, clock=self.clock)
        control = Control(tenant, Gate.load())
        control.loaded({}, "countenance")
        tokens = Tokens(name, SECRET + name.encode(), self.clock)
        deployed = self.config.tenants[name]
        names = deployed.taxonomies
        pool: Any = self.pool
        reading = Reading({one: taxonomy.load(one) for one in names}, (), 5)
        calls = LiveCalls(name, deployed, control, pool, reading)
        return Services(name, deployed, tenant, control, tokens, calls)

    @property
    def one(self) -> Services:
        return self.site.tenants["one"]

    def begin(self, people: Mapping[str, Participant], purpose: Purpose = Purpose.SALES_COACHING) -> Bare:
        """A call with a stream that the test fills; `people`: the participants by the deployment's ids."""
        call = Call(random_id(), "local", purpose, tuple(people.values()), "2026-11-23T09:30:00Z")
        ids = {participant.id: person for person, participant in people.items()}
        running = self.one.control.open_call(call, ids)
        live = Bare(running, Stream(Envelopes(call).source), ids)
        self.one.calls._calls[call.id] = cast("LiveCall", live)
        for participant in call.participants:
            for modality in (FACE, VOICE, TEXT):
                case = Case(
                    purpose, participant.role, modality, "engagement", "individual", ("UK",), START.date(), ADULT
                )
                self.one.control.rule(running, participant.id, case)
        return live

    def key(
        self, position: Position = Position.OPERATOR, tenant: str = "one", scopes: frozenset[Scope] | None = None
    ) -> dict[str, str]:
        text, _ = self.site.keys.make(NewKey(tenant, "test", position, scopes))
        return {"Authorization": f"Bearer {text}"}

    def token(self, live: Bare | LiveCall, participant_id: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.one.tokens.for_participant(Seat(live.id, participant_id))}"}

    def reviewer(self, position: Position = Position.COACH, call_id: str | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.one.tokens.for_reviewer('coach-7', position, call_id)}"}

    def client(self, headers: Mapping[str, str] | None = None) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers or self.key())

    def sample(self, live: Bare, who: str) -> None:
        """The next sample of a person."""
        self.number += 1
        live.stream.publish(Envelopes(live.call).sample(self.number, signal(who), Grounds()))

    def event(self, live: Bare, who: str, phase: Phase = Phase.STARTED) -> None:
        """The next event of a person."""
        self.number += 1
        event = Event("engagement_low", phase, "s_1", 0, 1_000_000, signal(who), "disengaged")
        live.stream.publish(Envelopes(live.call).event(self.number, event, Grounds()))

    def refusal(self, live: Bare, who: str) -> None:
        """The gate's no about a person."""
        self.number += 1
        ruling = replace(next(iter(live.running.rulings.values())))
        live.stream.publish(Envelopes(live.call).refused(self.number, who, ruling))

    def entries(self, kind: str) -> list[Mapping[str, object]]:
        return [entry.body for entry in self.one.tenant.log.entries() if entry.kind == kind]
