"""Pages that use the elements of `clients/web` as outside users do, on a live service whose calls have no media."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import Response
from fastapi.responses import HTMLResponse
from tests.clients.second_verifier import ROOT
from tests.server.api.scene import Scene, signal
from tests.server.api.served import serving

from countenance.contracts.call import FACE, TEXT, VOICE
from countenance.contracts.media import SECOND_US, Utterance
from countenance.contracts.readings import Estimate, ModalityUse
from countenance.contracts.trust import Lease
from countenance.link.messages import Ask, Done, Finished, Granted, Message
from countenance.server.live import LiveCall
from countenance.surface.blocks import Grounds
from countenance.surface.envelope import Envelopes

BUILT = ROOT / "src/countenance/server/static/vendor/countenance.js"
PAGE = """<!doctype html><html lang="en"><head><title>A host page</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/static/page.css">
<script type="module" src="/static/vendor/countenance.js"></script><script type="module" src="/stage.js"></script>
</head><body><main><h1>A host page</h1></main></body></html>"""
SCRIPT = """window.heard = [];
const { element, ...given } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const made = document.createElement(element);
for (const name of ["answered", "withdrawn", "erased", "decided", "paused", "resumed"])
  made.addEventListener(`countenance-${name}`, event => heard.push([name, event.detail]));
document.querySelector("main").append(Object.assign(made, given));"""
HOST_POLICY = {"content-security-policy": "default-src 'self'; script-src 'self' 'unsafe-inline'"}
PEOPLE = (("Ana", "customer"), ("Ben", "prospect"), ("Cy", "agent"))


@dataclass
class Stage:
    """Calls of three people: two customers and an agent, whose face and voice are never read."""

    scene: Scene
    address: str
    example: str = ""
    """The page at `/example`, of a host application: with a policy of its own."""
    due: list[Callable[[], object]] = field(default_factory=list)

    def begin(self, facts: Mapping[str, str] | None = None, **more: object) -> tuple[str, dict[str, str]]:
        """A new call: its id, and the participants by name; `more`: what else is asked for."""
        number = len(self.scene.pool.owners)
        people = [
            {"name": name, "role": role, "person": f"{name}-{number}", "facts": facts or {}} for name, role in PEOPLE
        ]
        asked = {"participants": people, **more}
        told = httpx.post(f"{self.address}/v1/calls", headers=self.scene.key(), json=asked).json()
        return told["call_id"], {one["name"]: one["participant_id"] for one in told["participants"]}

    def live(self, call: str) -> LiveCall:
        return self.scene.one.calls.get(call)

    def token(self, call: str, who: str) -> str:
        return self.scene.token(self.live(call), who)["Authorization"].removeprefix("Bearer ")

    def reviewer(self) -> str:
        return self.scene.reviewer()["Authorization"].removeprefix("Bearer ")

    def ask(self, path: str) -> Any:  # noqa: ANN401
        """What the service says to its operator."""
        return httpx.get(self.address + path, headers=self.scene.key()).json()

    def sample(self, call: str, who: str, label: str = "disengaged") -> None:
        """One second of somebody whose face is off, on the event loop of the service."""
        live = self.live(call)

        def publish() -> None:
            number = live.out.number()
            use = {
                FACE: ModalityUse(False, 0.0, 0.0, "no_consent"),
                VOICE: ModalityUse(True, 0.6, 0.7),
                TEXT: ModalityUse(True, 0.4, 0.7),
            }
            one = replace(
                signal(who, number * 1_000_000), label=label, labels={label: Estimate(0.7, 0.5, 0.8)}, modalities=use
            )
            live.stream.publish(Envelopes(live.call).sample(number, one, Grounds()))

        self._do(publish)

    def prompt(self, call: str, who: str, name: str, expires: timedelta = timedelta(seconds=20)) -> None:
        """A suggestion, as the service sends it."""
        live, at = self.live(call), (datetime.now(UTC) + expires).isoformat()

        def publish() -> None:
            data: Mapping[str, object] = {
                "prompt_id": name,
                "rule_id": "engagement_fell",
                "subject": {"participant_id": who, "role": "customer"},
                "expires_at": at,
                "language": "en",
                "reason": f"Engagement estimate fell ({name})",
                "text": "consider a discovery question",
                "why": [{"feature": n, "words": n, "value": 0.1} for n in ("pauses", "speech", "pitch")],
                "budget_left": 5,
                "coach_speaking": "unknown",
                "evidence": None,
            }
            number = f"{live.out.number():012}"
            kind = "io.countenance.prompt.issued.v1"
            about = {"source": Envelopes(live.call).source, "subject": f"participants/{who}"}
            live.stream.publish({"id": name, "type": kind, "sequence": number, "data": data, **about})

        self._do(publish)

    def agree(self, call: str, who: str, modality: str) -> None:
        """Somebody says yes to one modality, in another page of theirs."""
        seat, headers = f"{self.address}/v1/calls/{call}/participants/{who}", self.scene.token(self.live(call), who)
        notice = httpx.get(f"{seat}/notice", headers=headers).json()
        answer = {"modality": modality, "status": "given", "notice_sha256": notice["text_sha256"]}
        httpx.post(f"{seat}/consent", headers=headers, json=answer).raise_for_status()

    def take_back(self, call: str, who: str) -> None:
        """Somebody takes every yes back."""
        seat = f"{self.address}/v1/calls/{call}/participants/{who}"
        httpx.delete(f"{seat}/consent", headers=self.scene.token(self.live(call), who)).raise_for_status()

    def says(self, call: str, who: str, text: str) -> None:
        """Words of somebody, as a worker brings them."""
        coaching = self.live(call).coaching
        assert coaching is not None
        words = coaching.coach.scene.words
        at_us = len(words) * 1_000_000
        self._do(lambda: words.append(Utterance("", who, at_us, at_us + 900_000, text)))

    def leased(self, call: str, second: int) -> tuple[Lease, ...]:
        """The leases of one second, as a worker asks for them: through the real gate, durable."""
        granted: list[Message] = []
        window = Ask(call, second * SECOND_US, (second + 1) * SECOND_US)

        async def ask() -> None:
            granted.append(await self.scene.pool.owners[call].hear(window))

        self._do(ask)
        assert isinstance(granted[0], Granted)
        return granted[0].leases

    def read(self, call: str, leases: tuple[Lease, ...], label: str) -> None:
        """What came of these leases, as a worker hands it in."""
        (lease,) = leases
        use = {name: ModalityUse(name in lease.modalities, 1.0, 0.8) for name in (FACE, VOICE)}
        one = signal(lease.participant_id, lease.end_us)
        one = replace(one, label=label, labels={label: Estimate(0.7, 0.5, 0.8)}, modalities=use)
        finished = (Finished(lease, dict.fromkeys(lease.modalities, 1), {}, "{}"),)

        async def tell() -> None:
            await self.scene.pool.owners[call].hear(Done(call, finished, (one,)))

        self._do(tell)

    def end(self, call: str) -> None:
        """The stream of a call says that it is over."""
        self._do(self.live(call).stream.end)

    def _do(self, work: Callable[[], object]) -> None:
        self.due.append(work)
        httpx.post(f"{self.address}/now").raise_for_status()


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """A service, and `/stage` with the element that the fragment of the address names."""
    if not BUILT.is_file():
        pytest.skip("clients/web is not built: run `sh clients/web/build.sh`")
    scene = Scene(folder)
    scene.app.get("/stage")(lambda: HTMLResponse(PAGE))
    scene.app.get("/stage.js")(lambda: Response(SCRIPT, media_type="text/javascript"))
    with serving(scene.app) as address:
        stage = Stage(scene, address)

        async def now() -> None:
            done = stage.due.pop()()
            if isinstance(done, Awaitable):
                await done

        scene.app.post("/now")(now)
        scene.app.get("/example")(lambda: HTMLResponse(stage.example, headers=HOST_POLICY))
        yield stage
