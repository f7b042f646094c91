"""ICE restart under a DTLS connection that goes on (RFC 9725, 4.3.3; RFC 8842, 5.5), which aiortc does not offer.

A second ICE connection with new credentials is made beside the first and takes over once it is connected. What arrives
by either goes through one queue, so that whoever reads from the transport does not notice.
"""

import asyncio
from collections.abc import Sequence

from aioice import Connection
from aiortc import RTCIceServer, RTCIceTransport
from aiortc.rtcicetransport import RTCIceCandidate, candidate_from_aioice, candidate_to_aioice, connection_kwargs
from aiortc.sdp import candidate_to_sdp

from countenance.capture.offers import Fragment

PATIENCE_S = 30.0
"""A restart that is not connected after so long has failed; the old connection stays as long as it lives."""


class Restart:
    """A new ICE connection that is to take the place of the one in use."""

    def __init__(self, transport: RTCIceTransport, servers: list[RTCIceServer]) -> None:
        self._transport = transport
        self._old = transport._connection  # noqa: SLF001 - nothing public leads to the connection of a transport
        self._fresh = Connection(ice_controlling=self._old.ice_controlling, **connection_kwargs(servers))
        self._own = self._fresh._queue  # noqa: SLF001
        self._fresh._queue = self._old._queue  # noqa: SLF001 - a reader waits on this very queue
        self._ended = False
        self._connecting: asyncio.Task[None] | None = None

    async def begin(self, fragment: Fragment, section: Sequence[str] = ()) -> str:
        """Gather candidates, begin to connect, and give the fragment that the client needs.

        `section`: the lines that say which media section of the offer the candidates stand for (RFC 8840, 4.4).
        """
        await self._fresh.gather_candidates()
        self._fresh.remote_username, self._fresh.remote_password = fragment.ufrag, fragment.password
        await self.add(fragment)
        self._connecting = asyncio.create_task(self._connect())
        return self._answer(section)

    async def add(self, fragment: Fragment) -> None:
        """More candidates of the client."""
        for candidate in fragment.candidates:
            if not self._ended:
                await self._fresh.add_remote_candidate(candidate_to_aioice(candidate))
        if fragment.is_end and not self._ended:
            self._ended = True
            await self._fresh.add_remote_candidate(None)

    async def close(self) -> None:
        """Give up, where it has not taken over."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])

    async def _connect(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._fresh.connect()
        except (ConnectionError, TimeoutError):
            await self._leave(self._fresh)
        except asyncio.CancelledError:
            await self._leave(self._fresh)
            raise
        else:
            self._take_over()
            await self._leave(self._old)

    def _take_over(self) -> None:
        transport, fresh = self._transport, self._fresh
        transport._connection = transport.iceGatherer._connection = fresh  # noqa: SLF001
        transport._recv, transport._send = fresh.recv, fresh.send  # noqa: SLF001
        # Whoever waits for the end of the transport waits for that of the new connection.
        fresh._event_waiter, self._old._event_waiter = self._old._event_waiter, None  # noqa: SLF001

    async def _leave(self, connection: Connection) -> None:
        """Close one of the two; its end is not to be read as the end of what both carry."""
        connection._queue = self._own  # noqa: SLF001
        await connection.close()

    def _answer(self, section: Sequence[str] = ()) -> str:
        lines = [*section, f"a=ice-ufrag:{self._fresh.local_username}", f"a=ice-pwd:{self._fresh.local_password}"]
        for local in self._fresh.local_candidates:
            candidate: RTCIceCandidate = candidate_from_aioice(local)
            lines.append(f"a=candidate:{candidate_to_sdp(candidate)}")
        return "\r\n".join([*lines, "a=end-of-candidates", ""])
