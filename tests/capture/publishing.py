"""Pictures and sound for tests to publish: small, cheap, and never the same twice."""

import asyncio
from fractions import Fraction

import numpy as np
from aiortc import MediaStreamTrack
from av import AudioFrame, VideoFrame

WIDTH, HEIGHT, FPS = 160, 90, 15
RATE, PIECE = 48_000, 960


class Pictures(MediaStreamTrack):
    """A bar that moves over grey."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._began: float | None = None
        self.sent = 0

    async def recv(self) -> VideoFrame:
        loop = asyncio.get_running_loop()
        self._began = self._began if self._began is not None else loop.time()
        await asyncio.sleep(max(0.0, self._began + self.sent / FPS - loop.time()))
        rgb = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
        rgb[:, self.sent * 4 % WIDTH :][:, :20] = (200, 40, 40)
        frame = VideoFrame.from_ndarray(rgb, "rgb24")
        frame.pts, frame.time_base = self.sent, Fraction(1, FPS)
        self.sent += 1
        return frame


class Tone(MediaStreamTrack):
    """440 Hz."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._began: float | None = None
        self.sent = 0

    async def recv(self) -> AudioFrame:
        loop = asyncio.get_running_loop()
        self._began = self._began if self._began is not None else loop.time()
        await asyncio.sleep(max(0.0, self._began + self.sent * PIECE / RATE - loop.time()))
        at = (np.arange(PIECE) + self.sent * PIECE) / RATE
        wave = (8000 * np.sin(2 * np.pi * 440 * at)).astype(np.int16)
        frame = AudioFrame.from_ndarray(wave[None], "s16", "mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self.sent * PIECE, Fraction(1, RATE)
        self.sent += 1
        return frame
