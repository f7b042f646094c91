"""The guard of a live call, against a line that is scripted."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from countenance.audit.outcome import Outcome
from countenance.contracts.call import FACE, TEXT, VOICE
from countenance.contracts.errors import AuditError, LinkError, NotFoundError, RefusedError
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import Signal
from countenance.contracts.trust import Lease
from countenance.link.line import OK
from countenance.link.messages import Ask, Closed, Done, Granted, Message
from countenance.worker.guard import AHEAD_US, LinkGuard

FIRST = (0, SECOND_US)


def lease(start_us: int, who: str = "p_1") -> Lease:
    return Lease(f"{who}/{start_us}", who, (FACE, VOICE), start_us, start_us + SECOND_US, "d", ())


def signal(who: str) -> Signal:
    return Signal(who, 0, SECOND_US, "engagement.v1", "c", {}, {}, None, {})


@dataclass
class Script:
    """A control plane that grants what it is asked for, to the people it knows."""

    people: tuple[str, ...] = ("p_1",)
    fault: Exception | None = None
    asked: list[Ask] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    told: list[Message] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None

    async def ask(self, message: Message, timeout_s: float = 10.0) -> Message:
        await asyncio.sleep(0)
        if self.fault is not None:
            raise self.fault
        if isinstance(message, Ask):
            self.asked.append(message)
            self.meanwhile()
            return Granted(tuple(lease(message.start_us, who) for who in self.people))
        assert isinstance(message, Done)
        self.done.append(message)
        return OK

    def tell(self, message: Message) -> None:
        self.told.append(message)


class Room:
    """A guard, its line, and the two clocks in one."""

    def __init__(self, people: tuple[str, ...] = ("p_1",)) -> None:
        self.now_us = 0
        self.line = Script(people)
        self.guard = LinkGuard(self.line, "call", lambda: self.now_us, lambda: self.now_us)  # type: ignore[arg-type]

    async def window(self, second: int) -> Sequence[Lease]:
        return await self.guard.grant(second * SECOND_US, (second + 1) * SECOND_US)

    def outcome(self, one: Lease) -> Outcome:
        return Outcome(one, {FACE: 10, VOICE: 10}, b"{}")


async def test_a_window_is_read_under_a_lease_that_is_alive() -> None:
    room = Room()
    (first,) = await room.window(0)
    room.guard.check(first, FACE)
    with pytest.raises(RefusedError, match="does not cover"):
        room.guard.check(first, TEXT)
    with pytest.raises(RefusedError, match="no lease is held"):
        room.guard.check(lease(0, "p_2"), FACE)


async def test_when_its_second_is_over_and_none_follows_nothing_is_read() -> None:
    room = Room()
    (first,) = await room.window(0)
    room.now_us = SECOND_US
    with pytest.raises(RefusedError, match="run out"):
        room.guard.check(first, FACE)


async def test_the_lease_of_the_next_window_covers_the_reading_of_this_one() -> None:
    room = Room()
    (first,) = await room.window(0)
    room.now_us = SECOND_US - AHEAD_US
    room.guard._prepare(SECOND_US, 2 * SECOND_US)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    room.now_us = SECOND_US + 300_000
    room.guard.check(first, FACE)
    assert [one.start_us for one in await room.window(1)] == [SECOND_US]
    assert [ask.start_us for ask in room.line.asked] == [0, SECOND_US], "a window is asked for once"


async def test_a_window_that_begins_before_it_was_asked_for_is_asked_for_once() -> None:
    room = Room()
    room.now_us = 10 * SECOND_US  # far behind: every next window is due at once
    for second in range(3):
        assert [one.start_us for one in await room.window(second)] == [second * SECOND_US]
    room.guard.leave()
    assert [ask.start_us for ask in room.line.asked] == [0, SECOND_US, 2 * SECOND_US]


async def test_a_no_holds_for_every_lease_in_hand() -> None:
    room = Room()
    (first,) = await room.window(0)
    (second,) = await room.window(1)
    room.guard.stop("p_1", FACE)
    for one in (first, second):
        with pytest.raises(RefusedError, match="was stopped"):
            room.guard.check(one, FACE)
        room.guard.check(one, VOICE)


async def test_a_no_holds_for_a_lease_that_was_asked_for_before_it_and_for_none_after() -> None:
    room = Room()
    room.line.meanwhile = lambda: room.guard.stop("p_1", FACE)
    (overtaken,) = await room.window(0)
    with pytest.raises(RefusedError, match="was stopped"):
        room.guard.check(overtaken, FACE)
    room.guard.check(overtaken, VOICE)
    room.line.meanwhile = lambda: None
    room.now_us += 1
    (after,) = await room.window(1)
    room.guard.check(after, FACE)


async def test_what_a_no_has_overtaken_is_dropped_and_everybody_else_is_heard() -> None:
    room = Room(("p_1", "p_2"))
    ana, ben = await room.window(0)
    room.guard.stop("p_1", FACE)
    await room.guard.results([room.outcome(ana), room.outcome(ben)], [signal("p_1"), signal("p_2")], FIRST)
    assert room.line.told == [Closed("call", ana, "stopped", {FACE: 10, VOICE: 10})]
    (done,) = room.line.done
    assert [one.lease for one in done.finished] == [ben]
    assert [one.participant_id for one in done.readings if isinstance(one, Signal)] == ["p_2"]


async def test_readings_of_nobody_who_was_read_are_told_as_well() -> None:
    room = Room(())
    assert not await room.window(0)
    await room.guard.results([], [signal("p_1")], FIRST)
    assert len(room.line.done) == 1
    await room.guard.results([], [], FIRST)
    assert len(room.line.done) == 1, "nothing to say is not said"


@pytest.mark.parametrize(
    "fault", [LinkError("gone", ""), AuditError("the disk is full", "Make room."), NotFoundError("it has ended", "")]
)
async def test_a_control_plane_that_cannot_write_stops_reading_and_raises_nothing(fault: Exception) -> None:
    room = Room()
    (first,) = await room.window(0)
    room.line.fault = fault
    assert not await room.window(1)
    # That a call is over is no trouble to whoever reads it.
    assert (room.guard.trouble is None) == isinstance(fault, NotFoundError)
    await room.guard.results([room.outcome(first)], [signal("p_1")], FIRST)
    assert not room.line.done
    room.line.fault = None
    (second,) = await room.window(2)
    room.guard.check(second, FACE)
    await room.guard.results([room.outcome(second)], [], FIRST)
    assert room.guard.trouble is None


async def test_a_yes_counts_from_the_first_window_that_was_not_asked_for() -> None:
    room = Room()
    await room.window(0)
    assert room.guard.unasked_us == SECOND_US
    room.guard._prepare(SECOND_US, 2 * SECOND_US)
    assert room.guard.unasked_us == 2 * SECOND_US
    room.guard.leave()


async def test_an_ended_lease_is_let_go() -> None:
    room = Room()
    (first,) = await room.window(0)
    await room.guard.close(first, "hang_up")
    assert room.line.told == [Closed("call", first, "hang_up")]
    with pytest.raises(RefusedError, match="no lease is held"):
        room.guard.check(first, FACE)
