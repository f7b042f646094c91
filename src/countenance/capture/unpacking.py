"""Encoded frames of one live track, decoded into its lane while it is subscribed."""

from typing import Protocol

import av
import numpy as np
from av.codec.context import ThreadType
from numpy.typing import NDArray

from countenance.capture.arrival import Arrival
from countenance.capture.lanes import Lane
from countenance.capture.pictures import Painter
from countenance.capture.recording import LARGEST_PIXELS, SOUND_RATES
from countenance.capture.rtp import Codec, Encoded
from countenance.capture.sound import Pieces, Tuner, index_of, moment_us
from countenance.contracts.media import SAMPLE_RATE, VideoFrame

DRIFT = SAMPLE_RATE // 20
"""Samples by which the sound of a track may lie beside the arrival clock before it is set right."""


class Decoder(Protocol):
    """Decodes one subscription of a track; nothing is decoded after `close`."""

    def take(self, frame: Encoded) -> bool:
        """Decode a frame; False where it could not be decoded and a key frame is needed."""
        ...

    def close(self) -> None:
        """Let the decoder go."""
        ...


def decoder_of(codec: Codec, lane: Lane) -> Decoder:
    """The decoder of a stream that is carried so."""
    return SoundDecoder(codec, lane) if codec.name == "opus" else PictureDecoder(codec, lane)


class PictureDecoder:
    """Every frame is decoded, for the next ones need it; only what is due on the grid becomes a picture."""

    def __init__(self, codec: Codec, lane: Lane) -> None:
        self._lane, self._painter = lane, Painter(1.0)
        self._arrival, self._last_us = Arrival(codec.clock_rate), -1
        opened = av.CodecContext.create(codec.name, "r")
        assert isinstance(opened, av.VideoCodecContext)
        # One thread, and no frame held back for others: a call has more tracks than a machine has cores.
        opened.thread_count, opened.thread_type = 1, ThreadType.NONE
        opened.options = {"max_pixels": str(LARGEST_PIXELS)}
        self._codec: av.VideoCodecContext | None = opened

    def take(self, frame: Encoded) -> bool:
        """Decode a picture."""
        if self._codec is None:
            return True
        at_us = self._last_us = max(self._last_us + 1, self._arrival.place(frame.stamp, frame.arrived_us))
        try:
            pictures = self._codec.decode(av.Packet(frame.data))
        except av.error.FFmpegError:
            self._lane.drop("bad")
            return False
        for picture in pictures:
            self._lane.decoded()
            if self._lane.due(at_us):
                self._paint(picture, at_us)
        return True

    def close(self) -> None:
        """Let the decoder go."""
        self._codec = None

    def _paint(self, picture: av.VideoFrame, at_us: int) -> None:
        rgb = self._painter.rgb(picture)
        if rgb is None:
            self._lane.drop("bad")
        else:
            self._lane.put(VideoFrame(self._lane.track.id, at_us, rgb))


class SoundDecoder:
    """Sound as 16 kHz mono in tenths of a second; what was lost is a gap, and nothing is put in its place."""

    def __init__(self, codec: Codec, lane: Lane) -> None:
        self._lane, self._rate = lane, codec.clock_rate
        self._arrival, self._next = Arrival(codec.clock_rate), 0
        self._tuner, self._pieces = Tuner(), Pieces(lane.track.id, lane.since_us, longest_fill=0)
        opened = av.CodecContext.create(codec.name, "r")
        assert isinstance(opened, av.AudioCodecContext)
        opened.sample_rate, opened.layout = 48_000, "stereo"  # whatever was sent (RFC 7587, 7)
        self._codec: av.AudioCodecContext | None = opened

    def take(self, frame: Encoded) -> bool:
        """Decode a packet of sound; one that is broken is a gap."""
        if self._codec is None:
            return True
        try:
            sounds = self._codec.decode(av.Packet(frame.data))
        except av.error.FFmpegError:
            self._lane.drop("bad")
            return True
        for sound in sounds:
            self._lane.decoded()
            if sound.samples > 0 and sound.sample_rate in SOUND_RATES:
                self._hear(sound, frame)
        return True

    def close(self) -> None:
        """Let the decoder go."""
        self._codec = None

    def _hear(self, sound: av.AudioFrame, frame: Encoded) -> None:
        stamp = self._arrival.unwrapped(frame.stamp)
        place = index_of(self._arrival.place(frame.stamp, frame.arrived_us))
        lost = (stamp - self._next) * SAMPLE_RATE // self._rate
        self._next = stamp + sound.samples * self._rate // sound.sample_rate
        if self._pieces.is_new:
            self._pieces.go_to(place)
        elif lost or abs(place - self._pieces.end_index) > DRIFT:
            self._pieces.add(self._tuner.rest())
            at = self._pieces.end_index + lost
            if abs(place - at) > DRIFT:
                self._lane.drop("drift")
                at = place
            if at < self._pieces.end_index:
                return  # this was heard already, or its time was
            self._pieces.go_to(at)
        self._pieces.add(self._tuned(sound))
        for piece in self._pieces.take():
            self._lane.put(piece)
        # A picture of before need not wait for the piece that this packet belongs to.
        self._lane.reach(moment_us(self._pieces.end_index) - 1)

    def _tuned(self, sound: av.AudioFrame) -> list[NDArray[np.int16]]:
        if not self._tuner.fits(sound):
            self._pieces.add(self._tuner.rest())
        try:
            return self._tuner.tune(sound)
        except av.error.FFmpegError:
            self._lane.drop("bad")
            return []
