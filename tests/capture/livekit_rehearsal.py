"""LiveKit's own package in a call on a small server of our own: `unshare -n python -m tests.capture.livekit_rehearsal`.

The server speaks LiveKit's protocol (its own protobufs over a WebSocket, media and data by aiortc) as far as a listener
needs it. It proves what the package and the tap do, and nothing about LiveKit's server. Prints one JSON object.
"""

import asyncio
import itertools
import json
import logging
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import jwt
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpTransceiver, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp
from livekit.protocol import models, rtc
from tests.capture.janus_rehearsal import NETWORK
from tests.capture.publishing import Pictures, Tone
from tests.capture.waiting import until
from tests.capture.watching import Watched
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from countenance.capture.livekit import LivekitConnector, tickets
from countenance.capture.livekitaccess import LivekitAccess, LivekitRoom
from countenance.capture.livekitwords import FINAL, SEGMENT, TOPIC, TRACK
from countenance.contracts.call import Call, Participant, Purpose, Role
from countenance.contracts.media import AudioChunk, Utterance, VideoFrame, whole_us
from countenance.storage.clocks import SystemClock

IP, PORT = "10.77.0.1", 17880
CALL = Call("c1", "acme", Purpose.SALES_COACHING, (Participant("p_1", "Ana", Role.CUSTOMER),))
ACCESS = LivekitAccess(f"ws://{IP}:{PORT}", "APIkey", "a-secret-of-more-than-thirty-two-bytes")
VOICE, FACE, WORDS = "p_1/audio", "p_1/video", "p_1/text"
SIDS = {"TR_voice": models.TrackType.AUDIO, "TR_face": models.TrackType.VIDEO}
ANA = models.ParticipantInfo(
    sid="PA_ana",
    identity="ana@acme",
    state=models.ParticipantInfo.ACTIVE,
    tracks=[models.TrackInfo(sid=sid, type=kind, name=sid) for sid, kind in SIDS.items()],
)


class Server:
    """One room with Ana in it, who sends a tone and pictures to whoever subscribes."""

    def __init__(self) -> None:
        self.deaf = False
        """Goes on sending what was given up."""
        self.tokens: list[str] = []
        self.asked: list[tuple[str, bool]] = []
        self.told: list[models.DataPacket] = []
        self.kinds: list[str] = []
        self._sent = 0
        self._turn, self._answered = asyncio.Lock(), asyncio.Event()
        self._sending: set[asyncio.Task[None]] = set()

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Only the older way to enter is known here; the package tries the newer one first."""
        if not request.path.startswith("/rtc?"):
            return connection.respond(HTTPStatus.NOT_FOUND, "no")
        self.tokens.append(request.headers["Authorization"].removeprefix("Bearer "))
        return None

    async def converse(self, socket: ServerConnection) -> None:
        """One participant, from entering to leaving."""
        self.socket, self.subscriber = socket, RTCPeerConnection(RTCConfiguration([]))
        self.publisher = RTCPeerConnection(RTCConfiguration([]))
        self.publisher.on("datachannel", lambda channel: channel.on("message", self._data))
        self.channel = self.subscriber.createDataChannel("_reliable")
        self.lines: dict[str, RTCRtpTransceiver] = {}
        me = models.ParticipantInfo(sid="PA_me", identity="countenance", state=models.ParticipantInfo.ACTIVE)
        joined = rtc.JoinResponse(
            room=models.Room(sid="RM_1", name="lesson-7"),
            participant=me,
            other_participants=[ANA],
            subscriber_primary=True,
            ping_interval=10,
            ping_timeout=30,
            server_info=models.ServerInfo(version="1.8.0", protocol=15),
        )
        await self._say(rtc.SignalResponse(join=joined))
        await self._offer()
        async for message in socket:
            assert isinstance(message, bytes)
            await self._hear(rtc.SignalRequest.FromString(message))
        await self.subscriber.close()
        await self.publisher.close()

    def write(self, text: str, final: str) -> None:
        """A transcript of Ana's voice arrives."""
        self._sent += 1
        stream, said = f"ST_{self._sent}", {SEGMENT: "SG_1", TRACK: "TR_voice", FINAL: final}
        header = models.DataStream.Header(
            stream_id=stream, topic=TOPIC, attributes=said, text_header=models.DataStream.TextHeader()
        )
        chunk = models.DataStream.Chunk(stream_id=stream, chunk_index=0, content=text.encode())
        for part in (
            models.DataPacket(stream_header=header),
            models.DataPacket(stream_chunk=chunk),
            models.DataPacket(stream_trailer=models.DataStream.Trailer(stream_id=stream)),
        ):
            part.kind, part.participant_identity = models.DataPacket.RELIABLE, "ana@acme"
            self.channel.send(part.SerializeToString())

    def _data(self, message: bytes) -> None:
        self.told.append(models.DataPacket.FromString(message))

    async def _say(self, response: rtc.SignalResponse) -> None:
        await self.socket.send(response.SerializeToString())

    async def _offer(self) -> None:
        await self.subscriber.setLocalDescription(await self.subscriber.createOffer())
        offer = rtc.SessionDescription(type="offer", sdp=self.subscriber.localDescription.sdp)
        self._answered.clear()
        await self._say(rtc.SignalResponse(offer=offer))

    async def _hear(self, request: rtc.SignalRequest) -> None:
        kind = request.WhichOneof("message")
        self.kinds.append(kind)
        if kind == "answer":
            await self.subscriber.setRemoteDescription(RTCSessionDescription(request.answer.sdp, "answer"))
            self._answered.set()
        elif kind == "offer":
            await self.publisher.setRemoteDescription(RTCSessionDescription(request.offer.sdp, "offer"))
            await self.publisher.setLocalDescription(await self.publisher.createAnswer())
            answer = rtc.SessionDescription(type="answer", sdp=self.publisher.localDescription.sdp)
            await self._say(rtc.SignalResponse(answer=answer))
        elif kind == "trickle":
            await self._candidate(request.trickle)
        elif kind == "subscription":
            for sid in request.subscription.track_sids:
                self.asked.append((sid, request.subscription.subscribe))
                if request.subscription.subscribe or not self.deaf:
                    task = asyncio.create_task(self._send(sid, on=request.subscription.subscribe))
                    self._sending.add(task)
                    task.add_done_callback(self._sending.discard)
        elif kind == "leave":
            await self.socket.close()

    async def _candidate(self, trickle: rtc.TrickleRequest) -> None:
        told = json.loads(trickle.candidateInit)
        peer = self.subscriber if trickle.target == rtc.SignalTarget.SUBSCRIBER else self.publisher
        if told.get("candidate") and peer.remoteDescription is not None:
            candidate = candidate_from_sdp(told["candidate"].partition(":")[2])
            candidate.sdpMid, candidate.sdpMLineIndex = told["sdpMid"], told["sdpMLineIndex"]
            await peer.addIceCandidate(candidate)

    async def _send(self, sid: str, *, on: bool) -> None:
        """Begin to send a track, or stop; the same line is used again, as LiveKit's server may."""
        media = (Tone() if sid == "TR_voice" else Pictures()) if on else None
        async with self._turn:
            await self._answered.wait()
            line = self.lines.get(sid)
            if line is None and media is not None:
                line = self.lines[sid] = self.subscriber.addTransceiver(media, direction="sendonly")
                line.sender._stream_id, line.sender._track_id = f"PA_ana|{sid}", sid
            elif line is not None:
                line.sender.replaceTrack(media)
                line.direction = "sendonly" if on else "inactive"
            await self._offer()


@asynccontextmanager
async def call() -> AsyncIterator[tuple[Server, LivekitConnector, Watched]]:
    server = Server()
    clock = SystemClock()
    connector = LivekitConnector(tickets(LivekitRoom(room="lesson-7"), ACCESS, clock), clock.mono_us)
    connector.know("ana@acme", "p_1")
    async with (
        serve(server.converse, IP, PORT, process_request=server.admit),
        connector.join(CALL) as tap,
    ):
        yield server, connector, Watched(tap)


async def rehearse() -> dict[str, object]:
    found: dict[str, object] = {}
    async with call() as (server, connector, watched):
        found["tracks"] = watched.ids()
        found["asked_before"] = list(server.asked)
        video = jwt.decode(server.tokens[-1], ACCESS.secret, algorithms=["HS256"])["video"]
        found["token"] = [video["room"], video["hidden"], video["canPublish"]]
        await watched.take(VOICE, FACE)
        await watched.until_seen(VOICE, FACE)
        sounds = [item for item in watched.media if isinstance(item, AudioChunk)]
        found["loudest"] = max(int(np.abs(sound.pcm.astype(int)).max()) for sound in sounds)
        found["size"] = next(list(item.rgb.shape) for item in watched.media if isinstance(item, VideoFrame))
        found["in_order"] = all(whole_us(a) <= whole_us(b) for a, b in itertools.pairwise(watched.media))

        await watched.leave(FACE)
        seen, given_up = watched.seen(FACE), watched.tap.decoded(FACE)
        await watched.until_seen(VOICE, more=15)
        found["after_a_no"] = [watched.seen(FACE) - seen, watched.tap.decoded(FACE) - given_up]
        found["server_was_told"] = ("TR_face", False) in server.asked
        await watched.take(FACE)
        await watched.until_seen(FACE)
        found["again"] = True

        server.write("hello", "false")
        await until(lambda: WORDS in watched.ids())
        await watched.take(WORDS)
        await until(lambda: bool(connector._source and connector._source._words and connector._source._words.lanes))
        server.write("hello there", "true")
        await until(lambda: any(isinstance(item, Utterance) for item in watched.media))
        found["words"] = [item.text for item in watched.media if isinstance(item, Utterance)]

        told = await connector.signal("tell", {"participant_id": "p_1", "payload": "{}"})
        await until(lambda: bool(server.told))
        packet = server.told[0]
        found["told"] = [told["told"], packet.user.topic, packet.user.payload.decode()]
        found["told_whom"] = list(packet.destination_identities) or list(packet.user.destination_identities)

        server.deaf, before = True, len(server.asked)
        began_s = time.monotonic()
        await watched.leave(FACE)
        await until(lambda: "leave" in server.kinds)
        found["left_after_ms"] = round(1000 * (time.monotonic() - began_s))
        server.deaf = False
        await until(lambda: len(server.tokens) == 2)
        await watched.until_seen(VOICE)
        found["after_leaving"] = [sid for sid, on in server.asked[before:] if on]
        found["entered"] = len(server.tokens)
    return found


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    for line in NETWORK.strip().splitlines():
        subprocess.run(line.split(), check=True)
    print(json.dumps(asyncio.run(rehearse())))
