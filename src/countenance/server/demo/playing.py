"""The packets of a clip as tracks of a connection, at their own pace; whoever connects later comes in where it is."""

import asyncio
import time
from fractions import Fraction
from typing import Any

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av.packet import Packet

from countenance.contracts.media import SECOND_US
from countenance.server.demo.clips import Clip, Piece

MICROSECONDS = Fraction(1, SECOND_US)


class Player:
    """One clip that plays again and again, as one person of the call."""

    def __init__(self, clip: Clip) -> None:
        self.clip = clip
        self._began_us = time.monotonic_ns() // 1000

    def begin(self) -> None:
        """From the first picture."""
        self._began_us = time.monotonic_ns() // 1000

    @property
    def now_us(self) -> int:
        """How long it has played."""
        return time.monotonic_ns() // 1000 - self._began_us

    def track(self, kind: str) -> "Played":
        """A track of its own for one connection."""
        return Played(self, kind)

    def pieces(self, kind: str) -> tuple[Piece, ...]:
        """What is sent of a kind."""
        return self.clip.video if kind == "video" else self.clip.audio


class Played(MediaStreamTrack):
    """What one connection gets."""

    def __init__(self, player: Player, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self._player = player
        self._pieces = player.pieces(kind)
        rounds, since_us = divmod(player.now_us, player.clip.length_us)
        self._round = rounds
        self._place = next(
            (place for place, one in enumerate(self._pieces) if one.at_us >= since_us and one.key), len(self._pieces)
        )

    async def recv(self) -> "Packet[Any]":
        """The next packet, when it is due."""
        if self.readyState != "live":
            raise MediaStreamError
        if self._place == len(self._pieces):
            self._place, self._round = 0, self._round + 1
        piece = self._pieces[self._place]
        self._place += 1
        due_us = self._round * self._player.clip.length_us + piece.at_us
        await asyncio.sleep(max(0, due_us - self._player.now_us) / SECOND_US)
        packet = Packet(piece.data)
        packet.pts, packet.time_base = due_us, MICROSECONDS
        return packet
