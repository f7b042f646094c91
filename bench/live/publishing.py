"""Somebody who publishes by WHIP from this process: a recording over and over, or a bar that moves and a tone."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from fractions import Fraction
from pathlib import Path

import httpx
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from av import AudioFrame, VideoFrame
from numpy.typing import NDArray

from bench.calls import decode

WIDTH, HEIGHT, FPS, RATE, PIECE = 320, 180, 10, 48_000, 960
MOST = 60
"""Pictures of a recording that are shown, over and over."""

Media = tuple[Sequence[NDArray[np.uint8]], NDArray[np.int16]]


class Pictures(MediaStreamTrack):
    """A recorded face, over and over."""

    kind = "video"

    def __init__(self, pictures: Sequence[NDArray[np.uint8]]) -> None:
        super().__init__()
        self._pictures, self._sent, self._began_s = pictures, 0, 0.0

    async def recv(self) -> VideoFrame:
        """The next picture, when its time has come."""
        self._began_s = await _paced(self._began_s, self._sent / FPS)
        frame = VideoFrame.from_ndarray(self._pictures[self._sent % len(self._pictures)], "rgb24")
        frame.pts, frame.time_base = self._sent, Fraction(1, FPS)
        self._sent += 1
        return frame


class Voice(MediaStreamTrack):
    """A recorded voice, over and over."""

    kind = "audio"

    def __init__(self, sound: NDArray[np.int16]) -> None:
        super().__init__()
        self._sound, self._sent, self._began_s = sound, 0, 0.0

    async def recv(self) -> AudioFrame:
        """The next 20 ms, when their time has come."""
        self._began_s = await _paced(self._began_s, self._sent * PIECE / RATE)
        start = self._sent * PIECE % (len(self._sound) - PIECE)
        frame = AudioFrame.from_ndarray(self._sound[None, start : start + PIECE], "s16", "mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._sent * PIECE, Fraction(1, RATE)
        self._sent += 1
        return frame


def media_of(clips: Sequence[Path]) -> Sequence[Media]:
    """What is published: of each recording, or drawn where there is none."""
    recorded = [decode(one) for one in clips]
    small = [([_small(picture) for picture in pictures[: 3 * MOST : 3]], sound) for pictures, sound in recorded]
    return small or [_drawn()]


async def publish(client: httpx.AsyncClient, seat: str, media: Media) -> RTCPeerConnection:
    """Begin to publish for a seat, by its address."""
    address = seat.replace("/participants/", "/whip/")
    headers = {"Content-Type": "application/sdp"}

    async def offer(sdp: str) -> str:
        return (await client.post(address, content=sdp, headers=headers, timeout=60)).text

    return await publish_by(offer, media)


async def publish_by(offer: Callable[[str], Awaitable[str]], media: Media) -> RTCPeerConnection:
    """Begin to publish; `offer` brings an SDP offer to the service and gives its answer."""
    peer = RTCPeerConnection(RTCConfiguration([]))
    for track in (Pictures(media[0]), Voice(media[1])):
        peer.addTransceiver(track, direction="sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    answer = await offer(peer.localDescription.sdp)
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    return peer


def _drawn() -> Media:
    """A bar that moves over grey, and 440 Hz: looked at for faces, and listened to for a voice."""
    pictures = [np.full((HEIGHT, WIDTH, 3), 90, np.uint8) for _ in range(30)]
    for n, picture in enumerate(pictures):
        picture[:, n * 10 : n * 10 + 20] = (200, 40, 40)
    return pictures, (8_000 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype(np.int16)


def _small(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return VideoFrame.from_ndarray(picture).reformat(WIDTH, HEIGHT).to_ndarray(format="rgb24").astype(np.uint8)


async def _paced(began_s: float, after_s: float) -> float:
    loop = asyncio.get_running_loop()
    began_s = began_s or loop.time()
    await asyncio.sleep(max(0.0, began_s + after_s - loop.time()))
    return began_s
