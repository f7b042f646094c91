"""A network as bad as a script says, between a camera and a microphone of real packets and the gates of a tap."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
from aiortc.codecs.opus import OpusEncoder
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtp import RtpPacket
from av import AudioFrame, VideoFrame

from countenance.capture.gate import JITTER_BUFFER, Gate
from countenance.capture.lanes import Mixer
from countenance.capture.sampling import Grid
from countenance.contracts.call import Track, TrackKind
from countenance.contracts.media import SECOND_US, AudioChunk, Media, Reached

SOUND = Track("ana/audio", "ana", TrackKind.AUDIO)
FACE = Track("ana/video", "ana", TrackKind.VIDEO)
VP8, OPUS = 96, 111
CODECS = [
    RTCRtpCodecParameters("video/VP8", 90_000, payloadType=VP8),
    RTCRtpCodecParameters("audio/opus", 48_000, channels=2, payloadType=OPUS),
    RTCRtpCodecParameters("audio/PCMU", 8_000, channels=1, payloadType=0),
]
FRAME_US, PIECE_US = 66_667, 20_000


def gate(now_us: Callable[[], int]) -> Gate:
    transceiver: Any = SimpleNamespace(receiver=SimpleNamespace(**{JITTER_BUFFER: None}), _codecs=CODECS)
    return Gate(transceiver, now_us)


@dataclass
class Camera:
    """VP8 pictures at 15 fps; a key frame whenever one is asked for."""

    size: tuple[int, int] = (160, 90)
    ssrc: int = 7
    wants_key: bool = True
    sent: int = 0
    _number: int = 65_500
    _encoder: Vp8Encoder = field(default_factory=Vp8Encoder)

    def packets(self) -> list[RtpPacket]:
        rgb = np.full((self.size[1], self.size[0], 3), 60, np.uint8)
        rgb[:, self.sent * 4 % self.size[0] :][:, :20] = 220
        frame = VideoFrame.from_ndarray(rgb, "rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = self.sent, Fraction(1, 15)
        payloads, _ = self._encoder.encode(frame, force_keyframe=self.wants_key)
        self.wants_key = False
        stamp, made = self.sent * 6000, []
        for place, payload in enumerate(payloads):
            made.append(RtpPacket(VP8, place == len(payloads) - 1, self._number % 65_536, stamp, self.ssrc, payload))
            self._number += 1
        self.sent += 1
        return made


@dataclass
class Microphone:
    """440 Hz as Opus, 20 ms to a packet."""

    ssrc: int = 9
    sent: int = 0
    _number: int = 10
    _encoder: OpusEncoder = field(default_factory=OpusEncoder)

    def packets(self) -> list[RtpPacket]:
        at = (np.arange(960) + self.sent * 960) / 48_000
        frame = AudioFrame.from_ndarray((8000 * np.sin(2 * np.pi * 440 * at)).astype(np.int16)[None], "s16", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, self.sent * 960, Fraction(1, 48_000)
        payloads, stamp = self._encoder.encode(frame)
        packet = RtpPacket(OPUS, 0, self._number % 65_536, stamp % 2**32, self.ssrc, payloads[0])
        self._number += 1
        self.sent += 1
        return [packet]


@dataclass
class Network:
    """Carries packets to the gates of one tap, and requests for key frames back; time is what the script says."""

    loss: float = 0.0
    jitter_us: int = 0
    skew: float = 1.0
    seed: int = 1
    now_us: int = 0
    camera: Camera | None = field(default_factory=Camera)
    microphone: Microphone | None = field(default_factory=Microphone)
    spoil: Callable[[RtpPacket, random.Random], RtpPacket] = lambda packet, _: packet
    lost: dict[int, int] = field(default_factory=lambda: {VP8: 0, OPUS: 0})

    def __post_init__(self) -> None:
        self.mixer = Mixer(Grid())
        self.gates = {VP8: gate(lambda: self.now_us), OPUS: gate(lambda: self.now_us)}
        self.gates[VP8].open(self.mixer.open(FACE, 0))
        self.gates[OPUS].open(self.mixer.open(SOUND, 0))
        self._random = random.Random(self.seed)
        self._way: list[tuple[int, int, RtpPacket]] = []
        self._sent = 0
        self._next = {VP8: 0.0, OPUS: 0.0}

    def run(self, until_us: int) -> list[Media | Reached]:
        """Let time pass in steps of 5 ms, as packets are sent, arrive, and what is ready is read."""
        return [item for _ in self.steps(until_us) for item in self.read()]

    def steps(self, until_us: int) -> Iterator[None]:
        while self.now_us < until_us:
            self.now_us += 5_000
            self._send(VP8, self.camera, FRAME_US)
            self._send(OPUS, self.microphone, PIECE_US)
            due = sorted(entry for entry in self._way if entry[0] <= self.now_us)
            self._way = [entry for entry in self._way if entry[0] > self.now_us]
            for _, _, packet in due:
                self.arrive(packet)
            yield

    def arrive(self, packet: RtpPacket) -> None:
        kind = VP8 if packet.payload_type == VP8 else OPUS
        wants_key, frame = self.gates[kind].add(packet)
        assert frame is None, "aiortc is never given anything to decode"
        if wants_key and kind == VP8 and self.camera is not None:
            self.camera.wants_key = True

    def read(self) -> list[Media | Reached]:
        given = []
        while (item := self.mixer.take(self.now_us)) is not None:
            given.append(item)
        return given

    def _send(self, kind: int, source: Camera | Microphone | None, step_us: int) -> None:
        while self._next[kind] <= self.now_us:
            sent_us = self._next[kind]
            self._next[kind] += step_us * self.skew
            for packet in source.packets() if source is not None else ():
                if self._random.random() < self.loss:
                    self.lost[kind] += 1
                    continue
                self._sent += 1
                arrival_us = int(sent_us) + 10_000 + self._random.randint(0, self.jitter_us)
                self._way.append((arrival_us, self._sent, self.spoil(packet, self._random)))


def sounds(items: list[Media | Reached]) -> list[AudioChunk]:
    return [item for item in items if isinstance(item, AudioChunk)]


def seconds(chunks: list[AudioChunk]) -> float:
    return sum(chunk.end_us - chunk.at_us for chunk in chunks) / SECOND_US
