"""Frames of LiveKit's package into lanes: sound as one line of 16 kHz, pictures on the grid, on the call's clock."""

from collections.abc import Callable
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from countenance.capture.arrival import WRAP, Arrival
from countenance.capture.lanes import Lane
from countenance.capture.pictures import Painter
from countenance.capture.sound import Pieces, index_of
from countenance.contracts.media import SAMPLE_RATE, SECOND_US, VideoFrame

Package = Any
"""LiveKit's package and its objects, or what a test has in their place: the package is optional, so it has no types."""
DRIFT = SAMPLE_RATE // 20
"""Samples by which the sound of a track may lie beside the arrival clock before it is set right."""
SOUND_FRAMES = 200
"""Frames of 10 ms that may wait; then the oldest go."""


class Sounds:
    """The sound of one track; while its owner is muted there is none, whatever the package puts in its place."""

    def __init__(self, lane: Lane, now_us: Callable[[], int]) -> None:
        self._lane, self._now_us = lane, now_us
        self._arrival, self._count = Arrival(SAMPLE_RATE), 0
        self._pieces = Pieces(lane.track.id, lane.since_us, longest_fill=0)

    @staticmethod
    def stream(sdk: Package, track: Package) -> Package:
        """How the package is asked for it."""
        return sdk.AudioStream(track, sample_rate=SAMPLE_RATE, num_channels=1, capacity=SOUND_FRAMES)

    def take(self, event: Package, *, muted: bool) -> None:
        """Place 10 ms of sound; the package gives it in even steps, so its samples are its clock."""
        pcm = np.frombuffer(event.frame.data, np.int16)
        self._count += len(pcm)
        self._lane.decoded()
        place = index_of(self._arrival.place(self._count % WRAP, self._now_us())) - len(pcm)
        if muted:
            self._pieces.end()
            self._pieces.is_new = True
        elif self._go_to(max(0, place)):
            self._pieces.add([pcm])
        for piece in self._pieces.take():
            self._lane.put(piece)

    def _go_to(self, place: int) -> bool:
        """Stand where the next samples belong; False when that time was heard already."""
        end = self._pieces.end_index
        if self._pieces.is_new:
            self._pieces.go_to(max(place, end))
        elif abs(place - end) > DRIFT:
            self._lane.drop("drift")
            if place < end:
                return False
            self._pieces.go_to(place)
        return True


class Pictures:
    """The pictures of one track; only those that are due are converted."""

    def __init__(self, lane: Lane, now_us: Callable[[], int], sdk: Package) -> None:
        self._lane, self._now_us, self._sdk = lane, now_us, sdk
        self._arrival, self._painter, self._last_us = Arrival(SECOND_US), Painter(1.0), -1

    @staticmethod
    def stream(sdk: Package, track: Package) -> Package:
        """How the package is asked for it: one picture waits at most, the newest."""
        return sdk.VideoStream(track, format=sdk.VideoBufferType.I420, capacity=1)

    def take(self, event: Package, *, muted: bool) -> None:
        """Place a picture and convert it when it is due."""
        stamp = event.timestamp_us % WRAP
        at_us = self._last_us = max(self._last_us + 1, self._arrival.place(stamp, self._now_us()))
        self._lane.decoded()
        if not muted and self._lane.due(at_us):
            rgb = self._rgb(event.frame)
            if rgb is None:
                self._lane.drop("bad")
            else:
                # WebRTC says how far to turn it clockwise.
                upright = np.ascontiguousarray(np.rot90(rgb, -int(event.rotation) % 4))
                upright.setflags(write=False)
                self._lane.put(VideoFrame(self._lane.track.id, at_us, upright))

    def _rgb(self, frame: Package) -> NDArray[np.uint8] | None:
        """Height x width x 3, or None for a picture that is none."""
        kinds = self._sdk.VideoBufferType
        if min(frame.width, frame.height) < 2:
            return None
        if frame.width % 2 or frame.height % 2:
            frame = frame.convert(kinds.RGB24)  # PyAV takes 4:2:0 in even sizes alone
        elif frame.type != kinds.I420:
            frame = frame.convert(kinds.I420)
        data, shape = np.frombuffer(frame.data, np.uint8), (frame.height, frame.width, 3)
        if frame.type == kinds.RGB24:
            return self._painter.rgb(av.VideoFrame.from_ndarray(data.reshape(shape), format="rgb24"))
        planes = data.reshape(frame.height * 3 // 2, frame.width)
        return self._painter.rgb(av.VideoFrame.from_ndarray(planes, format="yuv420p"))
