"""Broken offers, candidates and packets against the built-in media server: `python -m bench.live.malformed_media`.

Each mutation must be taken or refused with a reason; anything else ends the run with a traceback.
"""

import argparse
import asyncio
import random
import time
from collections import Counter

from aiortc import RTCConfiguration, RTCPeerConnection
from aiortc.rtp import RtpPacket
from tests.capture.network import VP8, Network

from countenance.capture.offers import checked_fragment, checked_offer
from countenance.capture.whip import WhipConnector
from countenance.contracts.call import Call, Participant, Purpose, Role
from countenance.contracts.errors import UsageError
from countenance.testing.malformed import mangled, mangled_bytes

CALL = Call("call", "bench", Purpose.SUPPORT_QA, (Participant("ana", "Ana", Role.CUSTOMER),))
FRAGMENT = (
    "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
    "a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host\r\na=end-of-candidates\r\n"
)


async def offered() -> str:
    peer = RTCPeerConnection(RTCConfiguration([]))
    peer.addTransceiver("audio", direction="sendonly")
    peer.addTransceiver("video", direction="sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    sdp: str = peer.localDescription.sdp
    await peer.close()
    return sdp


def texts(sdp: str, count: int, shuffle: random.Random) -> Counter[str]:
    done = Counter[str]()
    for n in range(count):
        check, text = (checked_offer, sdp) if n % 2 else (checked_fragment, FRAGMENT)
        try:
            check(mangled(text, shuffle))
        except UsageError:
            done["refused"] += 1
        else:
            done["taken"] += 1
    return done


async def offers(sdp: str, count: int, shuffle: random.Random) -> Counter[str]:
    """The whole way: peer connection, answer, end."""
    done, connector = Counter[str](), WhipConnector(lambda: time.monotonic_ns() // 1000)
    async with connector.join(CALL):
        for _ in range(count):
            try:
                answer = await connector.offer("ana", mangled(sdp, shuffle))
            except UsageError:
                done["refused"] += 1
            else:
                done["taken"] += 1
                await connector.delete("ana", answer.resource_id)
    return done


def packets(count: int, seed: int) -> Counter[str]:
    """Every packet of a camera and a microphone spoiled."""
    done = Counter[str]()

    def spoil(packet: RtpPacket, shuffle: random.Random) -> RtpPacket:
        done["spoiled"] += 1
        packet.payload = mangled_bytes(packet.payload, shuffle)
        if shuffle.random() < 0.02:
            packet.timestamp, packet.sequence_number = shuffle.randrange(2**32), shuffle.randrange(2**16)
        return packet

    network = Network(spoil=spoil, seed=seed)
    while done["spoiled"] < count:
        network.run(network.now_us + 1_000_000)
    network.spoil = lambda packet, _: packet
    given = network.mixer.counts["ana/video"]["given"]
    network.run(network.now_us + 5_000_000)
    done["pictures_afterwards"] = network.mixer.counts["ana/video"]["given"] - given
    done["key_frames_asked"] = network.gates[VP8].counts["key_frames_asked"]
    return done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    shuffle = random.Random(asked.seed)
    sdp = asyncio.run(offered())
    read = texts(sdp, asked.count, shuffle)
    whole = asyncio.run(offers(sdp, asked.count // 10, shuffle))
    media = packets(asked.count, asked.seed)
    print(
        f"malformed media, seed {asked.seed}: {read.total()} SDP texts ({read['refused']} refused with a reason), "
        f"{whole.total()} whole offers ({whole['refused']} refused), {media['spoiled']} packets; no crash; "
        f"{media['pictures_afterwards']} pictures in the 5 s after"
    )


if __name__ == "__main__":
    main()
