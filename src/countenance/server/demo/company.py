"""The drawn people on a live call of a service, for as long as somebody watches or until the script is over."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from countenance.contracts.call import FACE
from countenance.contracts.media import SECOND_US
from countenance.server.config import LOCAL
from countenance.server.demo.checks import MS_US, TAXONOMY, Played, missed
from countenance.server.demo.clips import Clip
from countenance.server.demo.people import Drawn, Place
from countenance.server.demo.playing import Player
from countenance.server.keys import NewKey
from countenance.server.live import LiveCall
from countenance.server.scopes import Position
from countenance.server.tenancy import Services, Site
from countenance.server.tokens import Seat
from countenance.surface.envelope import CONSENT_CHANGED, MEDIA_LOST, SAMPLE, Envelope
from countenance.surface.words import estimate, reason
from countenance.testing.sample_call.script import Script

Told = Callable[[str], None]
ALL = "0"
AFTER_S = 4.0
"""How long it goes on after the face was taken back, to see that nothing of it is read."""
EACH_US = 5 * SECOND_US
"""How often the terminal is told what is read."""
FACTS = {"minor": "adult", "b2b": "no"}


@dataclass(frozen=True, slots=True)
class Link:
    """A page of the demo and the credential that opens it."""

    door: str
    """`coach`, `own`, `compliance` or `operator`; the page says in its language what lies behind it."""
    address: str


@dataclass(slots=True)
class Company:
    """The call, the people in it, and the pages to click through."""

    site: Site
    url: str
    script: Script
    clips: Mapping[str, Clip]
    call_id: str = ""
    links: tuple[Link, ...] = ()
    token: str = ""
    """Of the coach, for a program beside the pages."""
    people: Mapping[str, str] = field(default_factory=dict)
    """Participant by name."""
    events: list[Envelope] = field(default_factory=list)
    """Everything that was told of the call."""

    @property
    def services(self) -> Services:
        """The tenant of the demo."""
        return self.site.tenants[LOCAL]

    @property
    def live(self) -> LiveCall:
        """The call as the service has it."""
        return self.services.calls.get(self.call_id)

    @property
    def names(self) -> tuple[str, ...]:
        """Who is drawn: who is read first, then who is coached."""
        return tuple(one.name for one in self.script.people)

    async def play(self, told: Told, begun: Callable[[], None], until_ms: int | None) -> list[str]:
        """Begin the call and play it; returns what did not come out, or goes on until it is cancelled."""
        async with self._operator() as operator:
            drawn = await self._seat(operator)
            self.links = tuple(self._links())
            begun()
            answered = [await one.answer() for one in drawn]
            for person, modalities in zip(self.script.people, answered, strict=True):
                told(f"{person.name} ({person.role}) says yes to {', '.join(modalities) or 'nothing'}")
            return await self._playing(drawn, told, until_ms)

    async def camera(self) -> str:
        """Seat somebody who wants to use their own camera; the invitation."""
        async with self._operator() as operator:
            body = {"name": "Guest", "role": "customer", "person": "demo-you", "facts": FACTS}
            answer = await operator.post(f"/v1/calls/{self.call_id}/participants", json=body)
            return await self._invitation(operator, str(answer.json()["participant_id"]))

    async def _playing(self, drawn: list[Drawn], told: Told, until_ms: int | None) -> list[str]:
        players = [one.player for one in drawn]
        for player in players:
            player.begin()
        began_us = self.services.control.tenant.clock.mono_us() - (self.live.began_us or 0)
        works = [self._listen(told, drawn), *(one.meet() for one in drawn), *(one.talk() for one in drawn)]
        works += [one.publish() for one in drawn]
        tasks = [asyncio.create_task(work) for work in works]
        try:
            if until_ms is None:
                await asyncio.gather(*tasks)
                return []
            await asyncio.sleep(max(0, until_ms * MS_US - players[0].now_us) / SECOND_US)
            await drawn[0].stop(FACE)
            await asyncio.sleep(AFTER_S)
            decoded = self.decoded()
            await _ended(tasks[1:])  # nobody goes on in a call that is over
            await self.services.calls.end(self.call_id)
            until_us, models = until_ms * MS_US, self.site.models
            played = Played(self.events, self.people, decoded, began_us, until_us, models)
            return list(missed(played, self.script, self.services.tenant.log))
        finally:
            await _ended(tasks)
            for one in drawn:
                await one.close()

    async def _listen(self, told: Told, drawn: Sequence[Drawn]) -> None:
        names = {participant: name for name, participant in self.people.items()}
        async for envelope in self.live.stream.follow(ALL):
            self.events.append(envelope)
            if envelope["type"] == MEDIA_LOST:
                data: Any = envelope["data"]
                for one in drawn:
                    one.lost(data["session"])
            if (line := line_of(envelope, names)) is not None:
                told(line)

    async def _seat(self, operator: httpx.AsyncClient) -> list[Drawn]:
        people = [
            {"name": one.name, "role": one.role, "person": f"demo-{one.look}", "facts": FACTS}
            for one in self.script.people
        ]
        call = (await operator.post("/v1/calls", json={"participants": people})).raise_for_status().json()
        self.call_id = call["call_id"]
        self.people = {one["name"]: one["participant_id"] for one in call["participants"]}
        drawn = []
        for person in self.script.people:
            invitation = await self._invitation(operator, self.people[person.name])
            place = Place(self.url, self.call_id, self.people[person.name], invitation.rpartition("#")[2])
            drawn.append(Drawn(place, self.script, person, Player(self.clips[person.name])))
        return drawn

    async def _invitation(self, operator: httpx.AsyncClient, participant_id: str) -> str:
        address = f"/v1/calls/{self.call_id}/participants/{participant_id}/tokens"
        made = (await operator.post(address, json={"minutes": 720})).raise_for_status().json()
        return str(made["url"])

    def _links(self) -> Iterator[Link]:
        coach = self.token = self.services.tokens.for_reviewer("demo-coach", Position.COACH)
        officer = self._key(Position.COMPLIANCE)
        operator = self._key(Position.OPERATOR)
        own = self.services.tokens.for_participant(Seat(self.call_id, self.people[self.names[0]]))
        pages = (
            ("coach", f"/coach/{self.call_id}", coach),
            ("own", f"/me/{self.call_id}", own),
            ("compliance", "/compliance", officer),
            ("operator", "/", operator),
        )
        for door, page, credential in pages:
            yield Link(door, f"{self.url}/sign-in?next={page}#{credential}")

    def _key(self, position: Position) -> str:
        return self.site.keys.make(NewKey(LOCAL, "demo", position, days=1))[0]

    def _operator(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self._key(Position.OPERATOR)}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30)

    def decoded(self) -> Mapping[str, int]:
        """Pictures and pieces of sound that left a decoder, by track, as the worker last said."""
        worker = self.live.worker
        tracks: Mapping[str, Mapping[str, int]] = {}
        if worker is not None:
            with suppress(KeyError):
                tracks = worker.load.calls[self.call_id]["tracks"]
        return {track: counts.get("decoded", 0) for track, counts in tracks.items()}


async def _ended(tasks: Sequence["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def line_of(envelope: Envelope, names: Mapping[str, str]) -> str | None:
    """What the terminal says of an event; None: nothing."""
    data: Any = envelope["data"]
    if envelope["type"] == CONSENT_CHANGED:
        return f"       {names.get(data['participant_id'], 'somebody')}: {data['modality']} {data['status']}"
    if envelope["type"] != SAMPLE or data["taxonomy"] != TAXONOMY or data["window"]["start_us"] % EACH_US:
        return None
    who = names.get(data["subject"]["participant_id"], "Guest")
    used = [modality for modality, use in data["modalities"].items() if use["used"]]
    minutes, seconds = divmod(data["window"]["start_us"] // SECOND_US, 60)
    return f"{minutes:3}:{seconds:02}  {who}: {_said(data)}  [{', '.join(used) or 'nothing read'}]"


def _said(data: Mapping[str, Any]) -> str:
    if "abstain" in data:
        return f"not enough signal: {reason(data['abstain']['reason'])}"
    return (
        "no state stands out"
        if data["label"] is None
        else estimate(data["label"], data["probability"], *data["interval"])
    )
