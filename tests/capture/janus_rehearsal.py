"""A call on a real Janus, in a network of its own: `unshare -n python -m tests.capture.janus_rehearsal FOLDER`.

Prints what was found as one JSON object. With `--tap` in the place of the folder it is only a tap, to be killed.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from tests.capture.publishing import Pictures, Tone
from tests.capture.waiting import until
from tests.capture.watching import Watched

from countenance.capture.janus import JanusConnector
from countenance.capture.janusroom import PLUGIN, JanusRoom
from countenance.capture.januswire import Happened, JanusError, JanusWire, open_wire
from countenance.capture.rooms import janus_rooms
from countenance.contracts.call import Call, Participant, Purpose, Role
from countenance.contracts.errors import TapError
from countenance.contracts.media import AudioChunk, VideoFrame, whole_us

ROOM, SECRET_ROOM, NO_ROOM = 1234, 1235, 99
PORT = 18188
URL = f"ws://127.0.0.1:{PORT}"
CALL = Call(
    "c1",
    "acme",
    Purpose.SALES_COACHING,
    tuple(Participant(str(number), "", Role.CUSTOMER) for number in (7, 8)),
)
LIBRARIES = ("/usr/lib/x86_64-linux-gnu/janus", "/usr/lib/aarch64-linux-gnu/janus", "/usr/lib/janus")
# libnice never gathers loopback, and dummy links are not in every kernel.
NETWORK = """
ip link set lo up
ip link add cn0 type veth peer name cn1
ip addr add 10.77.0.1/24 dev cn0
ip addr add 10.77.0.2/24 dev cn1
ip link set cn0 up
ip link set cn1 up
"""
CONFIG = {
    "janus.jcfg": """
general: {{ configs_folder = "{folder}"
  plugins_folder = "{library}/plugins"
  transports_folder = "{library}/transports"
  events_folder = "{library}/events"
  loggers_folder = "{library}/loggers"
  interface = "127.0.0.1"
  session_timeout = 60 }}
media: {{ rtp_port_range = "20000-20100" }}
nat: {{ full_trickle = false
  ice_lite = false
  ice_enforce_list = "cn0" }}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{transports}" }}
events: {{ broadcast = false }}
""",
    "janus.transport.websockets.jcfg": """
general: {{ json = "compact"
  ws = true
  ws_ip = "127.0.0.1"
  ws_port = {port}
  wss = false }}
""",
    # One place to publish each: the tap must not take it.
    "janus.plugin.videoroom.jcfg": """
room-1234: {{ description = "tap"
  publishers = 2
  bitrate = 512000
  audiocodec = "opus"
  videocodec = "vp8"
  require_pvtid = true }}
room-1235: {{ description = "locked"
  pin = "sesame"
  publishers = 2 }}
""",
}


def library() -> Path | None:
    """Where the plugins of an installed Janus are."""
    return next((Path(place) for place in LIBRARIES if Path(place, "plugins").is_dir()), None)


@asynccontextmanager
async def janus_process(folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A Janus that answers."""
    place = library()
    assert place is not None
    values = {
        "folder": folder,
        "library": place,
        "port": PORT,
        "plugins": others(place / "plugins", "libjanus_videoroom.so"),
        "transports": others(place / "transports", "libjanus_websockets.so"),
    }
    for name, text in CONFIG.items():
        (folder / name).write_text(text.format(**values), encoding="utf-8")
    with (folder / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec("janus", "-F", str(folder), "-d", "3", stdout=log, stderr=log)
    try:
        await answers()
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def others(folder: Path, kept: str) -> str:
    return ",".join(sorted(path.name for path in folder.glob("*.so") if path.name != kept))


async def answers() -> None:
    """Return once Janus takes sessions."""
    async with asyncio.timeout(20):
        while True:
            try:
                async with open_wire(URL, None, ignore):
                    return
            except TapError:
                await asyncio.sleep(0.05)


def ignore(what: Happened) -> None:
    """Nothing is asked of what Janus says by itself."""


@asynccontextmanager
async def publishing(number: int) -> AsyncIterator[tuple[RTCPeerConnection, JanusWire, int]]:
    """Somebody who sends camera and microphone to the room."""
    async with open_wire(URL, None, ignore) as wire:
        handle = await wire.attach(PLUGIN)
        joining = {"request": "join", "ptype": "publisher", "room": ROOM, "id": number, "display": f"No. {number}"}
        await wire.ask(handle, joining)
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        peer.addTrack(Tone())
        peer.addTrack(Pictures())
        await peer.setLocalDescription(await peer.createOffer())
        offer = {"type": "offer", "sdp": peer.localDescription.sdp}
        answer = await wire.ask(handle, {"request": "configure", "audio": True, "video": True}, offer)
        assert answer.jsep is not None
        await peer.setRemoteDescription(RTCSessionDescription(answer.jsep["sdp"], "answer"))
        await until(lambda: peer.connectionState == "connected")
        try:
            yield peer, wire, handle
        finally:
            await peer.close()


def connector(room: int = ROOM, pin: str | None = None) -> JanusConnector:
    return JanusConnector(JanusRoom(url=URL, room=room, pin=pin), lambda: time.monotonic_ns() // 1000)


async def packets_sent(peer: RTCPeerConnection) -> int:
    stats = [await sender.getStats() for sender in peer.getSenders()]
    return sum(one.packetsSent for report in stats for one in report.values() if one.type == "outbound-rtp")


async def rehearse(folder: Path) -> dict[str, Any]:
    """Everything a call goes through, and what was seen of it."""
    found: dict[str, Any] = {}
    async with janus_process(folder):
        found |= await refusals()
        async with publishing(7) as (peer, wire, handle):
            found["rooms"] = sorted((one.name, one.people) for one in await janus_rooms({"url": URL}))
            found |= await reading(wire, handle)
            found |= await killing(peer)
    found |= await restarting(folder)
    return found


async def refusals() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, there in (("no_room", connector(NO_ROOM)), ("locked", connector(SECRET_ROOM))):
        try:
            async with there.join(CALL):
                found[name] = None
        except JanusError as refused:
            found[name] = refused.code
    async with connector(SECRET_ROOM, "sesame").join(CALL) as tap:
        found["unlocked"] = [track.id for track in tap.tracks()]
    return found


async def reading(wire: JanusWire, handle: int) -> dict[str, Any]:
    """Media, an opt-out, somebody who comes and goes."""
    found: dict[str, Any] = {}
    async with connector().join(CALL) as tap:
        watched = Watched(tap)
        listed = await wire.ask(handle, {"request": "listparticipants", "room": ROOM})
        found["seen_in_room"] = sorted((one["display"], one["publisher"]) for one in listed.data["participants"])
        found["tracks"] = watched.ids()
        asked_us = tap.now_us()
        await watched.take("7/audio", "7/video")
        await watched.until_seen("7/audio", "7/video")
        found["first_picture_us"] = next(m.at_us for m in watched.media if isinstance(m, VideoFrame)) - asked_us
        await watched.until_seen("7/audio", "7/video", more=20)
        pictures = [item for item in watched.media if isinstance(item, VideoFrame)]
        sounds = [item for item in watched.media if isinstance(item, AudioChunk)]
        found["size"] = pictures[-1].rgb.shape
        found["loudest"] = int(max(abs(sounds[-1].pcm.astype(int))))
        found["in_order"] = watched.media == sorted(watched.media, key=whole_us)
        await watched.leave("7/video")
        left = (tap.decoded("7/video"), watched.seen("7/video"))
        async with publishing(8):
            await until(lambda: len(watched.ids()) == 4)
            found["with_another"] = sorted(watched.ids())
            await watched.take("8/video")
            await watched.until_seen("8/video", "7/audio", more=10)
        await until(lambda: len(watched.ids()) == 2)
        found["without"] = watched.ids()
        found["after_opt_out"] = [tap.decoded("7/video") - left[0], watched.seen("7/video") - left[1]]
    return found


async def killing(peer: RTCPeerConnection) -> dict[str, Any]:
    """A tap is killed; another goes on to read what the publisher goes on to send."""
    found: dict[str, Any] = {}
    async with connector().join(CALL) as tap:
        watched = Watched(tap)
        await watched.take("7/audio", "7/video")
        await watched.until_seen("7/audio", "7/video")
        victim = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.capture.janus_rehearsal", "--tap", stdout=subprocess.PIPE
        )
        assert victim.stdout is not None
        found["victim_read"] = (await victim.stdout.readline()).decode().strip()
        victim.kill()
        await victim.wait()
        before = await packets_sent(peer)
        await watched.until_seen("7/audio", "7/video", more=10)
        found["sent_after_kill"] = await packets_sent(peer) - before
        found["publisher"] = peer.connectionState
    return found


async def restarting(folder: Path) -> dict[str, Any]:
    """Janus dies and comes back; so do the people, and so does the tap."""
    async with janus_process(folder) as first, publishing(7), connector().join(CALL) as tap:
        watched = Watched(tap)
        await watched.take("7/audio")
        await watched.until_seen("7/audio")
        first.kill()
        await first.wait()
        during = watched.ids()
        async with janus_process(folder):
            await until(lambda: not watched.ids())
            async with publishing(7):
                await until(lambda: watched.ids() == ["7/audio.2", "7/video.2"])
                await watched.take("7/audio.2")
                await watched.until_seen("7/audio.2")
                return {"while_down": during, "after_restart": watched.ids()}


async def tap_only() -> None:
    async with connector().join(CALL) as tap:
        watched = Watched(tap)
        await watched.take("7/audio", "7/video")
        await watched.until_seen("7/audio", "7/video")
        print("reading", flush=True)
        await asyncio.Event().wait()


def main(word: str) -> None:
    if word == "--tap":
        asyncio.run(tap_only())
        return
    for line in NETWORK.strip().splitlines():
        subprocess.run(line.split(), check=True)
    print(json.dumps(asyncio.run(rehearse(Path(word)))))


if __name__ == "__main__":
    main(sys.argv[1])
