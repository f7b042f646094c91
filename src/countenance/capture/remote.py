"""What taps on a media server far away share: entering, a line that is lost and made anew, a task for each track."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

from countenance.capture.lanes import Lane
from countenance.capture.mixing import LiveTap
from countenance.capture.roster import Roster
from countenance.capture.sampling import Grid
from countenance.contracts.call import Call, Track
from countenance.contracts.errors import TapError, UsageError

RETRIES_S = (0.1, 0.3, 1.0, 2.0, 5.0, *[10.0] * 30)
"""How long to wait before a lost line is made anew; after the last the call counts as over."""

FAREWELL_S = 2.0
"""A media server is told of everything that is left before the line to it is closed, if it listens so long."""

K = TypeVar("K", bound=Hashable)

log = logging.getLogger(__name__)


class LostError(TapError):
    """The line to a media server broke or was never there; it may be made anew."""


class Reader:
    """What receives one track now; `shut` is set by whoever does, and means that nothing more is decoded."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.shut: Callable[[], None] = lambda: None


class RemoteSource(ABC, Generic[K]):
    """One call on a media server: its tracks, and what is received of them."""

    def __init__(self, roster: Roster[K], retries_s: Sequence[float] = RETRIES_S) -> None:
        self.roster = roster
        self.over = False
        """There is nothing more to tap, and nothing to come back for."""
        self.entered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done once the tap is in for the first time; an error when it cannot enter."""
        self.changed = asyncio.Event()
        """Somebody came or went, the line broke, or the call is over."""
        self._retries_s = retries_s
        self._patience = iter(retries_s)
        self._online = asyncio.Event()
        self._readers: dict[str, tuple[Reader, asyncio.Task[None]]] = {}
        self._leaving: dict[str, asyncio.Task[None]] = {}

    @abstractmethod
    async def visit(self, tap: LiveTap) -> None:
        """Enter, say `arrived`, and stay until the call is over or the line is lost; raises TapError."""

    @abstractmethod
    async def receive(self, key: K, reader: Reader, tap: LiveTap) -> None:
        """Receive one publication until it or the line ends; raises TapError when it is refused."""

    def tracks(self) -> tuple[Track, ...]:
        """What participants publish now; while the line is down, what they published before."""
        return self.roster.tracks()

    async def start(self, track: Track, lane: Lane) -> None:
        """Ask for a track, and go on asking while it is published; media come when they come."""
        reader = Reader(lane)
        task = asyncio.create_task(self._keep(track, reader, self._leaving.get(track.id)))
        task.add_done_callback(self._check)
        self._readers[track.id] = (reader, task)

    async def stop(self, track: Track) -> None:
        """Nothing is decoded from this moment; the media server is told meanwhile."""
        reading = self._readers.pop(track.id, None)
        if reading is not None:
            reader, task = reading
            reader.shut()
            task.cancel()
            self._leaving[track.id] = task
            task.add_done_callback(lambda done: self._left(track.id, done))

    @asynccontextmanager
    async def arrived(self, tap: LiveTap) -> AsyncIterator[None]:
        """The tap is in while the block runs."""
        self._patience = iter(self._retries_s)
        self._online.set()
        if not self.entered.done():
            self.entered.set_result(None)
        tap.wake()
        try:
            yield
        finally:
            self._online.clear()

    async def stay(self, tap: LiveTap) -> None:
        """Be in the call until it is over; a line that was lost is made anew."""
        self._tap = tap
        while not self.over:
            try:
                await self.visit(tap)
            except TapError as fault:
                if not self.entered.done():
                    self.entered.set_exception(fault)
                    return
                pause_s = next(self._patience, None) if isinstance(fault, LostError) else None
                if pause_s is None:
                    log.warning("a call is given up", exc_info=fault)
                    break
                await asyncio.sleep(pause_s)
        tap.hang_up()

    async def give_back(self, within_s: float | None) -> None:
        """Wait until every track that was left is given back to the media server."""
        if self._leaving:
            await asyncio.wait(self._leaving.values(), timeout=within_s)

    def _check(self, task: asyncio.Task[None]) -> None:
        """A task that broke in a way that nobody foresaw ends the call rather than its own track in silence."""
        if not task.cancelled() and (fault := task.exception()) is not None:
            log.critical("a track broke its tap", exc_info=fault)
            self._tap.hang_up()

    def _left(self, track_id: str, task: asyncio.Task[None]) -> None:
        if self._leaving.get(track_id) is task:
            del self._leaving[track_id]

    async def _keep(self, track: Track, reader: Reader, before: asyncio.Task[None] | None) -> None:
        """Receive one track while it is published, whatever happens to the line; never twice at once."""
        if before is not None:
            await asyncio.wait([before])
        patience = iter(self._retries_s)
        while (key := self.roster.key(track)) is not None:
            await self._online.wait()
            try:
                await self.receive(key, reader, self._tap)
                patience = iter(self._retries_s)
            except TapError:
                reader.lane.drop("refused")
            await asyncio.sleep(next(patience, self._retries_s[-1]))


class RemoteConnector(ABC, Generic[K]):
    """Enters one call on a media server; participants are known there by their ids unless `know` says otherwise."""

    def __init__(self, mono_us: Callable[[], int], *, began_us: int | None = None, grid: Grid | None = None) -> None:
        """`began_us` is when the call began on the clock `mono_us`; None: when the tap joins."""
        self._mono_us, self._began_us, self._grid = mono_us, began_us, grid
        self._known: dict[str, str] = {}
        self._roster: Roster[K] | None = None

    @abstractmethod
    def source(self, roster: Roster[K]) -> RemoteSource[K]:
        """The call, not yet entered."""

    @asynccontextmanager
    async def join(self, call: Call) -> AsyncIterator[LiveTap]:
        """Enter the call; raises TapError when that cannot be done."""
        self._roster = Roster[K](call)
        for called, participant_id in self._known.items():
            self._roster.know(called, participant_id)
        source = self.source(self._roster)
        tap = LiveTap(source, self._mono_us, began_us=self._began_us, grid=self._grid)
        staying = asyncio.create_task(source.stay(tap))
        try:
            await asyncio.wait([source.entered, staying], return_when=asyncio.FIRST_COMPLETED)
            if not source.entered.done():
                await staying  # it broke in a way that nobody foresaw: the error says how
            await source.entered
            yield tap
        finally:
            await tap.close()
            await source.give_back(FAREWELL_S)
            staying.cancel()
            await asyncio.wait([staying])
            await source.give_back(None)

    async def signal(self, verb: str, table: Mapping[str, Any]) -> Mapping[str, Any]:
        """`know`: the media server calls the participant `participant_id` as `called` says."""
        if verb != "know":
            raise UsageError(f"this source takes no {verb!r}", "Publish at the media server that is tapped.")
        called, participant_id = table.get("called"), table.get("participant_id")
        if not isinstance(called, str) or not isinstance(participant_id, str):
            raise UsageError("`know` needs `called` and `participant_id`", "Give both as text.")
        self.know(called, participant_id)
        return {}

    def know(self, called: str, participant_id: str) -> None:
        """The media server calls a participant so."""
        self._known[called] = participant_id
        if self._roster is not None:
            self._roster.know(called, participant_id)
