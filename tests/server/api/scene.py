"""A tenant served over HTTP, with calls that run without media: gate, consents, log and streams are the real ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from countenance.consent.answers import Said, Shown
from countenance.consent.evidence import BY_TOGGLE, Evidence
from countenance.consent.notice import Notice, write_notice
from countenance.consent.terms import Terms
from countenance.consent.wording import load
from countenance.contracts.call import FACE, TEXT, VOICE, Call, Modality, Participant, Purpose
from countenance.contracts.errors import NotFoundError
from countenance.contracts.readings import Estimate, Event, ModalityUse, Phase, Signal
from countenance.contracts.trust import Case, ConsentStatus
from countenance.control.opening import open_tenant
from countenance.control.plane import Control
from countenance.control.running import RunningCall
from countenance.policy.gate import Gate
from countenance.server.app import create_app
from countenance.server.config import Config
from countenance.server.keys import NewKey
from countenance.server.limits import Limiter, Rate
from countenance.server.scopes import Position, Scope
from countenance.server.stream import Stream
from countenance.server.tenancy import Services, Site
from countenance.server.tokens import Seat, Tokens
from countenance.storage.consents import ConsentRow
from countenance.storage.outbox import random_id
from countenance.surface.blocks import Grounds
from countenance.surface.envelope import Envelopes
from countenance.testing.clocks import ManualClock

START = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
TERMS = Terms(controllers=("Example Ltd",), contact="privacy@example.org", storage_locations=("EU",))
SECRET = b"a secret of thirty-two bytes....."


@dataclass
class SceneCall:
    """A live call without media."""

    call: Call
    running: RunningCall
    stream: Stream
    people: dict[str, str]
    state: str = "live"
    source: Mapping[str, object] = field(default_factory=dict)
    summary: Mapping[str, object] | None = None

    @property
    def id(self) -> str:
        return self.call.id

    @property
    def started_at(self) -> str | None:
        return self.call.started_at


@dataclass
class Notices:
    """What was shown."""

    notice: Notice
    shown: Mapping[Modality, Shown]


class SceneCalls:
    """The calls of a tenant, as the server keeps them."""

    def __init__(self, control: Control) -> None:
        self.control = control
        self.calls: dict[str, SceneCall] = {}
        self.captions: list[Any] = []

    def get(self, call_id: str) -> SceneCall:
        if call_id not in self.calls:
            raise NotFoundError("no such call", "Check the id.")
        return self.calls[call_id]

    def all(self) -> Sequence[SceneCall]:
        return tuple(self.calls.values())

    def begin(self, people: Mapping[str, Participant], purpose: Purpose = Purpose.SALES_COACHING) -> SceneCall:
        """`people`: the participants by the deployment's ids."""
        call = Call(random_id(), "local", purpose, tuple(people.values()), "2026-11-23T09:30:00Z")
        ids = {participant.id: person for person, participant in people.items()}
        running = self.control.open_call(call, ids)
        live = SceneCall(call, running, Stream(Envelopes(call).source), ids)
        self.calls[call.id] = live
        for participant in call.participants:
            self.ask(live, participant)
        return live

    def ask(self, live: SceneCall, participant: Participant) -> None:
        for modality in (FACE, VOICE, TEXT):
            case = Case(
                live.call.purpose, participant.role, modality, "engagement", "individual", ("UK",), START.date(),
                {"minor": "adult", "relation": "other_organisation"},
            )  # fmt: skip
            self.control.rule(live.running, participant.id, case)

    async def show(self, call_id: str, participant_id: str, language: str) -> Notices:
        live = self.get(call_id)
        if participant_id not in live.running.seats:
            raise NotFoundError("no such participant", "Check the id.")
        rulings = {m: r for (who, m), r in live.running.rulings.items() if who == participant_id and r.allowed}
        notice = write_notice(load(language), rulings, TERMS)
        place = live.running.place(participant_id)
        shown = self.control.consents.show(live.people[participant_id], notice, live.call.purpose, place)
        return Notices(notice, shown)

    async def say(self, live: SceneCall, participant_id: str, said: Said) -> ConsentRow:
        return self.control.answer(live.running, participant_id, said, TERMS)

    async def consent(self, live: SceneCall, participant_id: str, *modalities: str) -> None:
        """This person says yes to these."""
        shown = (await self.show(live.id, participant_id, "en")).shown
        for modality in modalities:
            kind = live.running.rulings[participant_id, modality].duties.consent
            evidence = Evidence("typed_name", "A. Person") if kind != "explicit" else BY_TOGGLE
            said = Said(modality, live.call.purpose, ConsentStatus.GIVEN, kind, shown[modality], evidence)
            await self.say(live, participant_id, said)


def signal(who: str, end_us: int = 1_000_000) -> Signal:
    use = {FACE: ModalityUse(True, 1.0, 0.8)}
    labels = {"disengaged": Estimate(0.7, 0.6, 0.8)}
    return Signal(who, end_us - 1_000_000, end_us, "engagement.v1", "cal", labels, {}, "disengaged", use)


class Scene:
    """One installation with two tenants, of which tests use the first."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(START)
        told = {"terms": TERMS.model_dump()}
        data = {"folder": folder / "access"}
        self.config = Config.model_validate({"data": data, "tenant": {"one": told, "two": told}})
        self.site = Site.of(self.config, self.clock)
        rate = Rate(1e9, 10**9)
        self.site.limiter = Limiter(rate, rate, self.clock)
        self.site.tenants = {name: self._services(name, folder / name) for name in ("one", "two")}
        self.app: FastAPI = create_app(self.site)
        self.number = 0

    def _services(self, name: str, folder: Path) -> Services:
        tenant = open_tenant(folder, name, clock=self.clock)
        control = Control(tenant, Gate.load())
        tokens = Tokens(name, SECRET + name.encode(), self.clock)
        return Services(name, self.config.tenants[name], tenant, control, tokens, SceneCalls(control))

    @property
    def one(self) -> Services:
        return self.site.tenants["one"]

    @property
    def calls(self) -> SceneCalls:
        calls: SceneCalls = self.one.calls
        return calls

    def key(
        self, position: Position = Position.OPERATOR, tenant: str = "one", scopes: frozenset[Scope] | None = None
    ) -> dict[str, str]:
        text, _ = self.site.keys.make(NewKey(tenant, "test", position, scopes))
        return {"Authorization": f"Bearer {text}"}

    def token(self, live: SceneCall, participant_id: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.one.tokens.for_participant(Seat(live.id, participant_id))}"}

    def reviewer(self, position: Position = Position.COACH, call_id: str | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.one.tokens.for_reviewer('coach-7', position, call_id)}"}

    def client(self, headers: Mapping[str, str] | None = None) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers or self.key())

    def sample(self, live: SceneCall, who: str) -> None:
        """The next sample of a person."""
        self.number += 1
        live.stream.publish(Envelopes(live.call).sample(self.number, signal(who), Grounds()))

    def event(self, live: SceneCall, who: str, phase: Phase = Phase.STARTED) -> None:
        """The next event of a person."""
        self.number += 1
        event = Event("engagement_low", phase, "s_1", 0, 1_000_000, signal(who), "disengaged")
        live.stream.publish(Envelopes(live.call).event(self.number, event, Grounds()))

    def refusal(self, live: SceneCall, who: str) -> None:
        """The gate's no about a person."""
        self.number += 1
        ruling = replace(next(iter(live.running.rulings.values())))
        live.stream.publish(Envelopes(live.call).refused(self.number, who, ruling))

    def entries(self, kind: str) -> list[Mapping[str, object]]:
        return [entry.body for entry in self.one.tenant.log.entries() if entry.kind == kind]
