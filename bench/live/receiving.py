"""CPU of receiving one participant, from packets to samples' media: `python -m bench.live.receiving`.

Pictures of 320 x 180 at 15 frames a second and Opus, encoded beforehand; SRTP and the socket are not in it.
"""

import argparse
import time
from collections.abc import Iterator

from aiortc.rtp import RtpPacket
from tests.capture.network import FRAME_US, PIECE_US, Camera, Microphone, Network

from countenance.contracts.media import SECOND_US

DELAY_US = 10_000


def sent(seconds: int) -> list[tuple[int, RtpPacket]]:
    """Packets of a camera and a microphone by the time of their arrival."""

    def stream(source: Camera | Microphone, step_us: int) -> Iterator[tuple[int, RtpPacket]]:
        for k in range(seconds * SECOND_US // step_us):
            for packet in source.packets():
                yield k * step_us + DELAY_US, packet

    packets = [*stream(Camera((320, 180)), FRAME_US), *stream(Microphone(), PIECE_US)]
    return sorted(packets, key=lambda one: one[0])


def received(packets: list[tuple[int, RtpPacket]]) -> Network:
    """A tap that gets them all, and is read after each."""
    network = Network(camera=None, microphone=None)
    for arrived_us, packet in packets:
        network.now_us = arrived_us
        network.arrive(packet)
        network.read()
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    seconds = parser.parse_args().seconds
    packets = sent(seconds)
    used = []
    for _ in range(3):
        began = time.process_time()
        network = received(packets)
        used.append((time.process_time() - began) / seconds)
    video, audio = network.mixer.counts["ana/video"], network.mixer.counts["ana/audio"]
    print(
        f"receiving: {1000 * min(used):.1f} ms of CPU per participant and second (best of 3, {seconds} s), "
        f"{video['given'] / seconds:.1f} pictures and {audio['given'] / seconds:.1f} pieces of sound a second given, "
        f"{video['late'] + audio['late'] + video['overrun'] + audio['overrun']} left out"
    )


if __name__ == "__main__":
    main()
