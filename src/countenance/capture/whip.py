"""The built-in media server: participants publish camera and microphone by WHIP (RFC 9725); HTTP ends elsewhere.

Who publishes twice, from two tabs or devices, is read from the newest of them; when that ends, from the one before.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from countenance.capture.ice import IceServer, for_aiortc
from countenance.capture.mixing import LiveTap
from countenance.capture.offers import checked_fragment
from countenance.capture.publishers import WhipAnswer, WhipSource
from countenance.capture.roster import Roster
from countenance.capture.sampling import Grid
from countenance.contracts.call import Call
from countenance.contracts.errors import OverloadError, UsageError
from countenance.inference.tables import Table, checked


class WhipTable(Table):
    """The keys of a WHIP source."""

    ice_servers: tuple[IceServer, ...] = ()
    """STUN servers that say how this machine is seen from outside, and TURN servers that relay; needed behind a NAT
    only. A service sets them from its configuration."""


class WhipConnector:
    """One call of the built-in media server."""

    def __init__(
        self,
        mono_us: Callable[[], int],
        *,
        began_us: int | None = None,
        grid: Grid | None = None,
        ice_servers: tuple[IceServer, ...] = (),
    ) -> None:
        """`began_us` is when the call began on the clock `mono_us`; None: when it is joined."""
        self._mono_us, self._began_us, self._grid = mono_us, began_us, grid
        self._servers = for_aiortc(ice_servers)
        self._source: WhipSource | None = None

    @classmethod
    def from_table(
        cls, table: Mapping[str, Any], *, fps: int, mono_us: Callable[[], int], began_us: int
    ) -> "WhipConnector":
        """From the keys of a source; raises UsageError."""
        keys = checked(WhipTable, table, "source whip")
        return cls(mono_us, began_us=began_us, grid=Grid(fps), ice_servers=keys.ice_servers)

    @asynccontextmanager
    async def join(self, call: Call) -> AsyncIterator[LiveTap]:
        """Be there for publishers; leaving ends their sessions here, and nothing else of theirs."""
        source = WhipSource(Roster(call), self._servers)
        tap = LiveTap(source, self._mono_us, began_us=self._began_us, grid=self._grid)
        source.tap, self._source = tap, source
        try:
            yield tap
        finally:
            self._source = None
            await tap.close()
            await source.close()

    async def offer(self, participant_id: str, sdp: str) -> WhipAnswer:
        """A participant begins to publish; raises UsageError for an offer that cannot be taken."""
        return await self._entered().offer(participant_id, sdp)

    async def patch(
        self, participant_id: str, resource_id: str, fragment: str, if_match: str | None
    ) -> Mapping[str, str]:
        """More candidates, answered with nothing, or an ICE restart: `fragment` and `etag`."""
        session = self._entered().session(participant_id, resource_id)
        return await session.patch(checked_fragment(fragment), if_match)

    async def delete(self, participant_id: str, resource_id: str) -> None:
        """A participant stops publishing; nothing of the session is decoded when this returns."""
        source = self._entered()
        await source.end(source.session(participant_id, resource_id))

    async def signal(self, verb: str, table: Mapping[str, Any]) -> Mapping[str, Any]:
        """`offer`, `patch`, `delete`, `leave`, with their parameters as keys."""
        try:
            match verb:
                case "offer":
                    answer = await self.offer(table["participant_id"], table["sdp"])
                    return {"resource_id": answer.resource_id, "sdp": answer.sdp, "etag": answer.etag}
                case "patch":
                    who, session = table["participant_id"], table["resource_id"]
                    return await self.patch(who, session, table["fragment"], table.get("if_match"))
                case "delete":
                    await self.delete(table["participant_id"], table["resource_id"])
                    return {}
                case "leave":
                    await self.leave(table["participant_id"])
                    return {}
        except KeyError as error:
            raise UsageError(f"{verb} needs {error}", "See docs/taps.md for what a WHIP source takes.") from error
        raise UsageError(f"a WHIP source takes no {verb!r}", "It takes offer, patch, delete and leave.")

    async def leave(self, participant_id: str) -> None:
        """A participant has left the call: all their sessions end, and nothing of them is decoded when this returns."""
        source = self._entered()
        for session in source.sessions(participant_id):
            await source.end(session)

    def _entered(self) -> WhipSource:
        if self._source is None:
            raise OverloadError("the call is not ready for publishers", "Try again in a moment.")
        return self._source
