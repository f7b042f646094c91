"""A drawn person as a client: reads the notice, answers, publishes by WHIP, is in the meeting, captions themselves."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from countenance.contracts.errors import LinkError
from countenance.contracts.media import SECOND_US
from countenance.server.demo.playing import Player
from countenance.testing.sample_call.script import Script, ScriptedPerson

PROTOCOL = Subprotocol("cloudevents.json")
SDP = "application/sdp"
MS_US = 1000
AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Place:
    """A seat in a call of a service."""

    url: str
    call_id: str
    participant_id: str
    token: str

    @property
    def headers(self) -> Mapping[str, str]:
        """The credential."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def seat(self) -> str:
        """The address of the participant."""
        return f"/v1/calls/{self.call_id}/participants/{self.participant_id}"


class Drawn:
    """One of the two people of the sample call."""

    def __init__(self, place: Place, script: Script, person: ScriptedPerson, player: Player) -> None:
        self._place = place
        self._script = script
        self._person = person
        self.player = player
        # The service lets go of a connection that was idle for five seconds.
        limits = httpx.Limits(keepalive_expiry=2)
        self._client = httpx.AsyncClient(base_url=place.url, headers=place.headers, timeout=30, limits=limits)
        self._whip: RTCPeerConnection | None = None
        self._session = ""
        self._over = asyncio.Event()
        self._others: dict[str, RTCPeerConnection] = {}

    async def answer(self) -> Sequence[str]:
        """Read the notice and answer as the script says; returns what was said yes to."""
        seat = self._place.seat
        asked = await self._client.get(f"{seat}/notice")
        if asked.status_code == httpx.codes.FORBIDDEN:
            return ()  # the law refuses everything: nobody is asked
        notice = _checked(asked).json()
        name = {"act": "typed_name", "name": f"{self._person.name} Drawn"}
        for modality in notice["modalities"]:
            yes = modality in self._person.consent
            body = {"modality": modality, "status": "given" if yes else "refused", "evidence": name}
            sent = {**body, "notice_sha256": notice["text_sha256"], "own_wish": True}
            _checked(await self._client.post(f"{seat}/consent", json=sent))
        return [modality for modality in notice["modalities"] if modality in self._person.consent]

    async def publish(self) -> None:
        """Send camera and microphone to the service, which decodes of them what it may; again where that breaks off."""
        while True:
            self._over.clear()
            try:
                await self._offer()
                await self._over.wait()
            except (LinkError, httpx.HTTPError):
                await asyncio.sleep(AGAIN_S)  # no worker has taken the call up yet

    def lost(self, session: str) -> None:
        """The service has this session no more."""
        if session == self._session:
            self._over.set()

    async def talk(self) -> None:
        """Caption what they say when they have said it, as often as the call is played."""
        for rounds in count():
            for line in self._script.lines_of(self._person.name):
                due_us = rounds * self.player.clip.length_us + line.end * MS_US
                await asyncio.sleep(max(0, due_us - self.player.now_us) / SECOND_US)
                body = {"text": line.text, "language": "en"}
                with suppress(LinkError, httpx.HTTPError):  # as in any call, words may be lost
                    _checked(await self._client.post(f"{self._place.seat}/captions", json=body))

    async def stop(self, modality: str) -> None:
        """Take back a yes."""
        _checked(await self._client.delete(f"{self._place.seat}/consent", params={"modality": modality}))

    async def meet(self) -> None:
        """Be there for the others of the call, over the same relay as their browsers."""
        place = self._place
        address = f"{place.url.replace('http', 'ws', 1)}/v1/calls/{place.call_id}/meeting"
        try:
            async with connect(address, additional_headers=place.headers, subprotocols=[PROTOCOL]) as socket:
                async for text in socket:
                    await self._heard(socket, json.loads(text))
        except ConnectionClosed:
            pass  # the service has ended, and the call with it

    async def close(self) -> None:
        """Hang up everywhere."""
        await asyncio.gather(*(one.close() for one in (self._whip, *self._others.values()) if one is not None))
        await self._client.aclose()

    async def _offer(self) -> None:
        broken, self._whip = self._whip, None
        if broken is not None:
            await broken.close()
        whip = self._whip = RTCPeerConnection(RTCConfiguration([]))

        @whip.on("connectionstatechange")
        def changed() -> None:
            if whip is self._whip and whip.connectionState in ("failed", "closed"):
                self._over.set()

        for kind in ("audio", "video"):
            whip.addTransceiver(self.player.track(kind), direction="sendonly")
        await whip.setLocalDescription(await whip.createOffer())
        address = f"/v1/calls/{self._place.call_id}/whip/{self._place.participant_id}"
        sent = await self._client.post(address, content=whip.localDescription.sdp, headers={"Content-Type": SDP})
        answer = _checked(sent)
        self._session = answer.headers["Location"].rpartition("/")[2]
        await whip.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))

    async def _heard(self, socket: ClientConnection, message: Mapping[str, Any]) -> None:
        other = message.get("from")
        description = message.get("data", {}).get("description") if other else None
        if message["type"] == "left" or message.get("data", {}).get("bye"):
            await self._drop(str(other or message.get("id")))
        elif description and description["type"] == "offer":
            await self._drop(str(other))
            answer = await self._answered(str(other), description["sdp"])
            await socket.send(json.dumps({"to": other, "data": {"page": "drawn", "description": answer}}))

    async def _answered(self, other: str, sdp: str) -> Mapping[str, str]:
        peer = self._others[other] = RTCPeerConnection(RTCConfiguration([]))
        for kind in ("audio", "video"):
            peer.addTrack(self.player.track(kind))
        await peer.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        return {"type": "answer", "sdp": peer.localDescription.sdp}

    async def _drop(self, other: str) -> None:
        if (peer := self._others.pop(other, None)) is not None:
            await peer.close()


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    problem = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    raise LinkError(
        f"the service answers {answer.status_code}: {problem.get('detail', 'no reason')}", str(problem.get("fix", ""))
    )
