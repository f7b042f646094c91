import asyncio

import pytest
from tests.capture.waiting import until
from tests.capture.watching import Watched

from countenance.capture.mixing import LiveTap
from countenance.capture.remote import LostError, Reader, RemoteConnector, RemoteSource
from countenance.capture.roster import Roster
from countenance.contracts.call import Call, Participant, Purpose, Role, TrackKind
from countenance.contracts.errors import TapError

CALL = Call("c1", "acme", Purpose.SALES_COACHING, (Participant("ana", "Ana", Role.CUSTOMER),))


class Scripted(RemoteSource[int]):
    """A source that does as it is told: an error for each visit, and one for whoever receives."""

    def __init__(self, roster: Roster[int], visits: list[Exception | None], received: Exception | None) -> None:
        super().__init__(roster, (0.0, 0.0))
        self.visits, self.received = visits, received

    async def visit(self, tap: LiveTap) -> None:
        script = self.visits.pop(0)
        if isinstance(script, LostError) and self.entered.done() and len(self.visits) % 2:
            raise script
        async with self.arrived(tap):
            self.roster.publish(1, TrackKind.AUDIO, "ana")
            if script is not None:
                raise script
            await self.changed.wait()

    async def receive(self, key: int, reader: Reader, tap: LiveTap) -> None:
        if self.received is not None:
            raise self.received


class Connector(RemoteConnector[int]):
    def __init__(self, *visits: Exception | None, received: Exception | None = None) -> None:
        super().__init__(lambda: 0)
        self.visits, self.received = list(visits), received

    def source(self, roster: Roster[int]) -> Scripted:
        return Scripted(roster, self.visits, self.received)


async def test_a_track_that_breaks_in_an_unforeseen_way_ends_the_call_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with Connector(None, received=RuntimeError("a bug")).join(CALL) as tap:
        watched = Watched(tap)
        await watched.take("ana/audio")
        await until(lambda: watched.ended)
    assert "a track broke its tap" in caplog.text


async def test_a_source_that_breaks_while_it_enters_raises_what_broke_it() -> None:
    class Broken(Scripted):
        async def visit(self, tap: LiveTap) -> None:
            raise RuntimeError("a bug")

    connector = Connector()
    connector.source = lambda roster: Broken(roster, [], None)  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="a bug"):
        async with connector.join(CALL):
            pass


async def test_patience_begins_anew_with_every_time_the_tap_was_in() -> None:
    lost = [LostError("lost", "") for _ in range(9)]
    connector = Connector(*lost, TapError("the room is gone", ""))
    async with connector.join(CALL) as tap:
        watched = Watched(tap)
        await until(lambda: watched.ended)
    assert connector.visits == []


async def test_a_line_that_stays_lost_ends_the_call_when_patience_does(caplog: pytest.LogCaptureFixture) -> None:
    class Gone(Scripted):
        tries = 0

        async def visit(self, tap: LiveTap) -> None:
            Gone.tries += 1
            if self.entered.done():
                raise LostError("still gone", "")
            async with self.arrived(tap):
                raise LostError("gone", "")

    connector = Connector()
    connector.source = lambda roster: Gone(roster, [], None)  # type: ignore[method-assign]
    async with connector.join(CALL) as tap:
        watched = Watched(tap)
        await until(lambda: watched.ended)
    assert Gone.tries == 3
    (said,) = [one for one in caplog.records if one.message == "a call is given up"]
    assert said.exc_info is not None
    assert str(said.exc_info[1]).startswith("still gone")


async def test_leaving_does_not_wait_for_a_server_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(Scripted):
        async def receive(self, key: int, reader: Reader, tap: LiveTap) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                # What was begun with the server ends when its line does.
                await until(lambda: not self._online.is_set())

    monkeypatch.setattr("countenance.capture.remote.FAREWELL_S", 0.01)
    connector = Connector()
    connector.source = lambda roster: Slow(roster, [None], None)  # type: ignore[method-assign]
    async with connector.join(CALL) as tap:
        watched = Watched(tap)
        await watched.take("ana/audio")
        await asyncio.sleep(0)
    assert watched.tap.counts("ana/audio") == {}
