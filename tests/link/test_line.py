"""The line between the planes, over a real socket."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.contracts.call import Call, Participant, Purpose, Role
from countenance.contracts.errors import AuditError, CountenanceError, LinkError
from countenance.contracts.readings import Abstain, Estimate, Event, ModalityUse, Phase, Reason, Signal
from countenance.contracts.trust import Case, Consent, ConsentStatus, Lease
from countenance.link.frames import LONGEST, read_frame
from countenance.link.line import OK, Hear, Line
from countenance.link.messages import (
    Admitted,
    Answered,
    Ask,
    Done,
    Finished,
    Granted,
    Host,
    Load,
    Message,
    Ok,
    Said,
    Signalling,
)
from countenance.policy.gate import Gate

ANA = Participant("p_1", "Ana", Role.CUSTOMER)
CALL = Call("c", "d", Purpose.SUPPORT_QA, (ANA,), "2026-11-23T00:00:00Z")
LEASE = Lease("p_1/0", "p_1", ("face", "voice"), 0, 1_000_000, "d", ("r1", "r2"))
SIGNAL = Signal(
    "p_1",
    0,
    1_000_000,
    "engagement.v1",
    "cal",
    {"engaged": Estimate(0.5, 0.4, 0.6)},
    {"valence": Estimate(-0.1, -0.2, 0.0)},
    None,
    {"face": ModalityUse(True, 0.5, 0.9), "text": ModalityUse(False, 0.0, 0.0, "no_consent")},
    abstain=Abstain(Reason.DISAGREEMENT, "they differ"),
)
EVENT = Event("engagement_low", Phase.STARTED, "s", 0, 9, SIGNAL, "disengaged")
RULING = Gate.load().rule(
    Case(Purpose.SUPPORT_QA, Role.CUSTOMER, "face", "engagement", "individual", ("US-CA",), date(2026, 11, 23))
)
EVERY: tuple[Message, ...] = (
    Admitted("c", CALL, (("p_1", RULING),)),
    Host(
        Admitted("c", CALL, ()),
        (Consent("p_1", "face", CALL.purpose, ConsentStatus.GIVEN, 5, "r"),),
        {"kind": "whip"},
        ("engagement.v1",),
        "local",
        7,
    ),
    Answered("c", Consent("p_1", "face", CALL.purpose, ConsentStatus.WITHDRAWN, 5, "r", 2)),
    Ask("c", 0, 1_000_000),
    Granted((LEASE,)),
    Done("c", (Finished(LEASE, {"face": 10}, {}, '{"a": 1}'),), (SIGNAL, EVENT), {"p_1": 12}),
    Load(0.5, 1, {"c": {"tracks": {}}}),
    Signalling("c", "offer", {"sdp": "v=0"}),
    Said("c", "p_1", None, None, "Grüße"),
    Ok({"x": [1, 2]}),
)


async def deaf(message: Message) -> Message:
    raise AssertionError(message)


@asynccontextmanager
async def lines(near: Hear, far: Hear) -> AsyncIterator[tuple[Line, Line]]:
    ours, theirs = socket.socketpair()
    ends = [
        Line(*(await asyncio.open_connection(sock=end, limit=LONGEST)), hear)
        for end, hear in ((ours, near), (theirs, far))
    ]
    running = [asyncio.create_task(end.run()) for end in ends]
    try:
        yield ends[0], ends[1]
    finally:
        for end in ends:
            end.close()
        await asyncio.gather(*running, return_exceptions=True)


@pytest.mark.parametrize("message", EVERY, ids=lambda one: type(one).__name__)
async def test_every_message_arrives_as_it_was_sent(message: Message) -> None:
    heard: list[Message] = []

    async def hear(said: Message) -> Message:
        heard.append(said)
        return said

    async with lines(deaf, hear) as (near, _):
        assert await near.ask(message) == message
    assert heard == [message]


async def test_what_the_other_end_raises_is_raised_here() -> None:
    async def refuse(_: Message) -> Message:
        raise AuditError("the disk is full", "Make room.")

    async with lines(deaf, refuse) as (near, _):
        with pytest.raises(AuditError, match=r"the disk is full\. Make room"):
            await near.ask(Ask("c", 0, 1))


async def test_questions_cross_and_each_gets_its_own_answer() -> None:
    first = asyncio.Event()

    async def hear(message: Message) -> Message:
        assert isinstance(message, Ask)
        if message.start_us == 0:
            await first.wait()
        else:
            first.set()
        return Ok({"start": message.start_us})

    async with lines(deaf, hear) as (near, _):
        answers = await asyncio.gather(near.ask(Ask("c", 0, 1)), near.ask(Ask("c", 1, 2)))
    assert [one for one in answers if isinstance(one, Ok)] == [Ok({"start": 0}), Ok({"start": 1})]


async def test_who_waits_for_an_answer_hears_that_the_line_is_gone() -> None:
    asked = asyncio.Event()

    async def hear(_: Message) -> Message:
        asked.set()
        await asyncio.Event().wait()
        return OK

    async with lines(deaf, hear) as (near, far):
        waiting = asyncio.create_task(near.ask(Ask("c", 0, 1)))
        await asked.wait()
        far.close()
        with pytest.raises(LinkError, match="gone"):
            await waiting
        with pytest.raises(LinkError, match="gone"):
            await near.ask(Ask("c", 0, 1))
        near.tell(OK)


async def test_an_end_that_never_answers_is_an_error() -> None:
    async def hear(_: Message) -> Message:
        await asyncio.Event().wait()
        return OK

    async with lines(deaf, hear) as (near, _):
        with pytest.raises(LinkError, match="no answer to Ask"):
            await near.ask(Ask("c", 0, 1), timeout_s=0.01)


def _packed(value: object) -> bytes:
    raw = json.dumps(value).encode()
    return struct.pack(">I", len(raw)) + raw


@pytest.mark.parametrize(
    "raw",
    [
        struct.pack(">I", LONGEST + 1),
        struct.pack(">I", 2) + b"{x",
        _packed([1]),
        _packed({"k": "Nothing", "m": {}}),
        _packed({"m": {}}),
        _packed({"k": "Ask", "m": {"call_id": "c"}}),
        _packed({"k": "Ask", "m": None}),
    ],
)
async def test_what_is_no_message_closes_the_line_with_an_error(raw: bytes) -> None:
    ours, theirs = socket.socketpair()
    line = Line(*(await asyncio.open_connection(sock=ours, limit=LONGEST)), deaf)
    theirs.sendall(raw)
    with pytest.raises(LinkError):
        await line.run()
    theirs.close()


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    async def read() -> object:
        reader = asyncio.StreamReader()
        reader.feed_data(raw)
        reader.feed_eof()
        return await read_frame(reader)

    try:
        value = asyncio.run(read())
    except LinkError:
        return
    assert value is None or isinstance(value, dict)


async def test_an_error_of_an_unknown_name_is_still_an_error_of_ours() -> None:
    class OddError(CountenanceError):
        pass

    async def hear(_: Message) -> Message:
        raise OddError("odd", "Even.")

    async with lines(deaf, hear) as (near, _):
        with pytest.raises(CountenanceError, match=r"odd\. Even\."):
            await near.ask(OK)
