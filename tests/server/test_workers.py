"""Placing calls on workers, and what becomes of them when workers die at any moment: no process is started here."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.contracts.call import Call, Purpose
from countenance.contracts.errors import LinkError, MediaError, OverloadError, UsageError
from countenance.link.frames import LONGEST
from countenance.link.line import OK, Line
from countenance.link.messages import Admitted, Ask, HangUp, Host, Left, Message, Ok, Ready, Signalling
from countenance.server import workers
from countenance.server.places import Places
from countenance.server.process import Worker
from countenance.server.suspects import DEATHS, WITHIN_US, Suspects
from countenance.server.workers import Pool
from countenance.worker.parts import Recipe


def host_of(call_id: str) -> Host:
    call = Call(call_id, "d", Purpose.SUPPORT_QA, ())
    return Host(Admitted(call_id, call, ()), (), {}, (), "local")


@dataclass(eq=False)
class Process:
    """A worker process that is none: it answers over a real socket, and dies when it is told to."""

    stage: "Stage"
    pid: int
    returncode: int | None = None
    calls: set[str] = field(default_factory=set)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    dead: asyncio.Event = field(default_factory=asyncio.Event)
    line: Line | None = None
    heard: list[Message] = field(default_factory=list)

    async def serve(self, end: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=end, limit=LONGEST)
        self.line = Line(reader, writer, self.hear)
        self.stage.keep(self.tell_ready())
        await self.line.run()
        self.kill()

    async def tell_ready(self) -> None:
        await self.ready.wait()
        if self.line is not None:
            self.line.tell(Ready({"face-finder.v1": "0" * 64}))

    async def hear(self, message: Message) -> Message:
        self.heard.append(message)
        match message:
            case Host():
                self.stage.hosted(self, message.admitted.call_id)
                await self.stage.answering.wait()
            case HangUp():
                self.calls.discard(message.call_id)
                if self.line is not None:
                    self.line.tell(Left(message.call_id, 0, message.reason))
            case Signalling(verb="offer"):
                return Ok({"resource_id": f"s_{self.pid}_{len(self.heard)}", "sdp": "", "etag": "e"})
        return OK

    def kill(self) -> None:
        if self.returncode is None:
            self.returncode = -9
            self.dead.set()
            if self.line is not None:
                self.line.close()

    async def wait(self) -> int:
        await self.dead.wait()
        return -9


@dataclass
class Stage:
    """The processes, and an owner of calls who has them taken up again."""

    loading: bool = False
    """Whether processes load until the script lets them be ready."""
    answering: asyncio.Event = field(default_factory=asyncio.Event)
    """Whether processes that are given a call say that they have it."""
    failing: int = 0
    """So many more processes cannot be started."""
    processes: list[Process] = field(default_factory=list)
    open: set[str] = field(default_factory=set)
    placed: dict[str, Worker] = field(default_factory=dict)
    lost_calls: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    most_alive: int = 0
    mono_us: int = 0
    pool: Pool = field(init=False)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    async def start(self, _: Mapping[str, Recipe], descriptor: int) -> asyncio.subprocess.Process:
        if self.failing:
            self.failing -= 1
            raise OSError("no process can be started")
        process: Any = Process(self, len(self.processes))
        self.processes.append(process)
        self.most_alive = max(self.most_alive, len(self.alive))
        if not self.loading:
            process.ready.set()
        self.keep(process.serve(socket.socket(fileno=os.dup(descriptor))))
        return process  # type: ignore[no-any-return]

    @property
    def alive(self) -> list[Process]:
        return [one for one in self.processes if one.returncode is None]

    def hosted(self, process: Process, call_id: str) -> None:
        if any(call_id in other.calls for other in self.alive if other is not process):
            self.doubled.append(call_id)
        process.calls.add(call_id)

    async def hear(self, _: Message) -> Message:
        return OK

    async def lost(self, call_id: str) -> None:
        self.lost_calls.append(call_id)
        if call_id in self.open:
            await self.place(call_id)

    async def place(self, call_id: str) -> None:
        def offer(worker: Worker) -> Host:
            self.placed[call_id] = worker
            return host_of(call_id)

        try:
            await self.pool.host(call_id, offer, self)
        except OverloadError:
            self.refused.append(call_id)
        except MediaError:
            self.unreadable.append(call_id)
            self.open.discard(call_id)
            self.placed.pop(call_id, None)
        if call_id not in self.open:
            self.end(call_id)

    def begin(self, call_id: str) -> None:
        self.open.add(call_id)
        self.keep(self.place(call_id))

    def end(self, call_id: str) -> None:
        self.open.discard(call_id)
        if (worker := self.placed.pop(call_id, None)) is not None:
            worker.tell(HangUp(call_id))
        self.pool.forget(call_id)

    def keep(self, work: Any) -> None:  # noqa: ANN401
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self, done: bool = False) -> None:
        """Let everything happen that can; `done`: processes may finish loading."""
        for _ in range(40):
            if done:
                for process in self.processes:
                    process.ready.set()
            await asyncio.sleep(0)

    async def close(self) -> None:
        self.loading = False
        await self.pool.close(0.1)
        for process in self.processes:
            process.kill()
            process.ready.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def stage(count: int = 1, spares: int = 1, deaths: int = DEATHS) -> AsyncIterator[Stage]:
    made = Stage()
    made.answering.set()
    made.pool = Pool({}, count, spares, made.start, places=Places(Suspects(lambda: made.mono_us, deaths)))
    await made.pool.open()
    await made.settle()
    try:
        yield made
    finally:
        await made.close()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "CALM_S", 0.0)
    monkeypatch.setattr(workers, "AGAIN_S", 0.0)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("begin", "end", "kill worker", "kill spare", "kill loading", "load", "run")),
        st.integers(0, 5),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3), st.integers(0, 2), STEPS)
def test_whenever_workers_die_every_call_comes_to_one_that_lives_and_to_no_other(
    count: int, spares: int, steps: list[tuple[str, int]]
) -> None:
    asyncio.run(_play(count, spares, steps))


async def _play(count: int, spares: int, steps: list[tuple[str, int]]) -> None:
    async with stage(count, spares) as here:
        here.loading = True
        for number, (what, which) in enumerate(steps):
            _do(here, what, which, f"c_{number}")
            if what in ("load", "run"):
                await here.settle(done=what == "load")
        here.loading = False
        await here.settle(done=True)
        await here.settle(done=True)
        pool = here.pool
        assert (here.doubled, here.refused) == ([], [])
        assert len(pool.workers) == count
        assert len(pool.waiting) == spares
        living: list[Any] = [one.process for one in pool.everyone]
        assert set(living) == set(here.alive)
        assert here.most_alive <= count + spares + max(1, len(here.open | set(here.lost_calls)))
        assert all(cell.calls == pool.places.sent_to(cell) for cell in pool.cells)
        homes = {call: one for one in pool.reading for call in one.calls}
        assert homes.keys() == here.open
        assert all(here.placed[call] is worker for call, worker in homes.items())
        assert {call: one for one in here.alive for call in one.calls}.keys() == here.open
        assert not any(one.calls for one in pool.waiting)


def _do(here: Stage, what: str, which: int, call_id: str) -> None:
    loading = [one for one in here.alive if not one.ready.is_set()]
    if what == "begin":
        here.begin(call_id)
    elif what == "end" and here.open:
        here.end(sorted(here.open)[which % len(here.open)])
    elif what == "kill worker" and here.pool.reading:
        here.pool.reading[which % len(here.pool.reading)].process.kill()
    elif what == "kill spare" and here.pool.waiting:
        here.pool.waiting[which % len(here.pool.waiting)].process.kill()
    elif what == "kill loading" and loading:
        loading[which % len(loading)].kill()


async def test_a_spare_takes_the_calls_of_the_dead_before_another_is_loaded() -> None:
    async with stage(2, 1) as here:
        for number in range(4):
            here.begin(f"c_{number}")
        await here.settle()
        here.loading = True
        dead, other = here.pool.workers
        moved, spare = sorted(dead.calls), here.pool.waiting[0]
        dead.process.kill()
        await here.settle()
        assert here.pool.workers == [other, spare]
        assert sorted(spare.calls) == sorted(here.lost_calls) == moved
        assert len(other.calls) == 2
        assert here.pool.waiting == []
        assert here.pool.restarts == 1


MOST_DEATHS = 40


async def crash(here: Stage, *poison: str) -> None:
    """Whoever has one of these calls dies of it, for as long as anybody gets it."""
    await here.settle(done=True)
    for _ in range(MOST_DEATHS):
        for guilty in [one for one in here.alive if one.calls & set(poison)]:
            guilty.kill()
        await here.settle(done=True)


async def test_a_call_of_which_workers_die_is_found_among_those_beside_it_and_read_no_more() -> None:
    async with stage(2, 1) as here:
        for number in range(12):
            here.begin(f"c_{number:02}")
        await here.settle()
        beside = here.pool.workers[1]
        poison, *company = sorted(here.pool.workers[0].calls)
        await crash(here, poison)
        assert here.unreadable == [poison]
        assert here.pool.places.given_up == 1
        assert sorted(here.open) == sorted({*company, *beside.calls})
        assert all(here.placed[one].line is not None for one in here.open)
        assert here.pool.workers[0] is beside
        assert not set(here.lost_calls) & beside.calls, "the calls on the other worker noticed nothing"
        assert max(here.lost_calls.count(one) for one in company) < here.lost_calls.count(poison)


async def test_workers_for_suspected_calls_end_with_them() -> None:
    async with stage(1, 1) as here:
        here.begin("a")
        here.begin("b")
        for _ in range(2):
            await here.settle(done=True)
            here.placed["a"].process.kill()
        await here.settle(done=True)
        (cell,) = here.pool.cells
        assert (here.placed["a"], here.placed["b"]) == (cell, here.pool.workers[0])
        here.begin("c")
        await here.settle()
        assert cell.calls == {"a"}, "nobody else comes there"
        here.end("a")
        await here.settle(done=True)
        assert (here.pool.cells, cell.process.returncode, len(here.alive)) == ([], -9, 2)


async def test_a_call_that_ends_while_it_waits_to_be_read_apart_leaves_no_worker_too_many() -> None:
    async with stage(1, 1) as here:
        here.begin("a")
        await here.settle()
        here.placed["a"].process.kill()
        await here.settle(done=True)
        here.loading = True
        here.placed["a"].process.kill()
        await here.settle()
        here.end("a")
        await here.settle(done=True)
        assert (len(here.pool.workers), here.pool.cells, len(here.pool.waiting)) == (1, [], 1)
        assert len(here.alive) == 2


async def test_a_call_that_kills_the_worker_it_is_offered_to_is_not_offered_for_ever() -> None:
    async with stage(1, 1) as here:
        here.answering.clear()
        here.begin("a")
        await crash(here, "a")
        assert (here.unreadable, here.pool.places.given_up) == (["a"], 1)
        here.answering.set()
        here.begin("b")
        await here.settle(done=True)
        assert here.placed["b"].line is not None


async def test_deaths_that_are_far_apart_are_held_against_nobody() -> None:
    async with stage(1, 1) as here:
        here.begin("a")
        for _ in range(5):
            await here.settle(done=True)
            here.mono_us += WITHIN_US
            here.placed["a"].process.kill()
        await here.settle(done=True)
        assert (here.pool.places.given_up, here.pool.cells) == (0, [])
        assert here.placed["a"] is here.pool.workers[0]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 12), st.integers(1, 3), st.sets(st.integers(0, 11), max_size=3))
def test_every_poisonous_call_is_found_and_no_other_is_condemned(calls: int, count: int, poison: set[int]) -> None:
    asyncio.run(_poisoned(calls, count, {f"c_{one}" for one in poison if one < calls}))


async def _poisoned(calls: int, count: int, poison: set[str]) -> None:
    async with stage(count, 1) as here:
        for number in range(calls):
            here.begin(f"c_{number}")
        await crash(here, *sorted(poison))
        assert set(here.unreadable) == poison
        assert sorted(here.open) == sorted(call for one in here.pool.reading for call in one.calls)
        assert len(here.open) == calls - len(poison)


async def test_with_no_spare_calls_wait_for_one_and_do_not_crowd_the_others() -> None:
    async with stage(2, 0) as here:
        here.begin("c_1")
        here.begin("c_2")
        await here.settle()
        here.loading = True
        dead, other = here.pool.workers
        dead.process.kill()
        await here.settle()
        assert (len(other.calls), here.lost_calls) == (1, [])
        await here.settle(done=True)
        assert sorted(len(one.calls) for one in here.pool.workers) == [1, 1]


async def test_where_no_process_can_be_started_for_a_while_calls_wait_and_then_go_on() -> None:
    async with stage(1, 0) as here:
        here.begin("c_1")
        await here.settle()
        here.failing = 60
        here.pool.workers[0].process.kill()
        await here.settle()
        assert (here.pool.workers, here.lost_calls) == ([], [])
        while here.failing:
            await here.settle()
        await here.settle()
        assert here.placed["c_1"] is here.pool.workers[0]
        assert here.pool.workers[0].calls == {"c_1"}


async def test_what_has_lost_its_line_is_killed_so_that_it_reads_nothing_more() -> None:
    async with stage() as here:
        here.begin("c_1")
        await here.settle()
        worker = here.pool.workers[0]
        process: Any = worker.process
        process.line.close()
        process.line = None  # it goes on, deaf and dumb
        await here.settle()
        assert process.returncode == -9
        assert here.placed["c_1"] is not worker


async def test_a_worker_that_does_not_answer_is_ended_before_another_has_the_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with stage(1, 1) as here:
        silent = here.pool.workers[0]

        async def ask(message: Message, timeout_s: float = 10.0) -> Message:
            raise LinkError("no answer", "")

        monkeypatch.setattr(silent, "ask", ask)
        here.begin("c_1")
        await here.settle()
        assert silent.process.returncode == -9
        assert here.placed["c_1"] is here.pool.workers[0] is not silent


async def test_a_call_that_the_worker_refuses_is_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage() as here:

        async def ask(message: Message, timeout_s: float = 10.0) -> Message:
            raise UsageError("unknown source", "")

        monkeypatch.setattr(here.pool.workers[0], "ask", ask)
        with pytest.raises(UsageError):
            await here.pool.host("c_1", lambda _: host_of("c_1"), here)
        assert here.pool.workers[0].calls == set()


async def test_where_none_comes_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "PLACE_S", 0.01)
    with pytest.raises(OverloadError, match="no media worker"):
        await Pool({}).host("c_1", lambda _: host_of("c_1"), Stage())


async def test_nothing_is_granted_to_a_worker_that_has_died_meanwhile() -> None:
    process: Any = SimpleNamespace(returncode=-9)
    worker = Worker(process, {"c_1": Stage()}, asyncio.Event())
    with pytest.raises(LinkError, match="gone"):
        await worker.hear(Ask("c_1", 0, 1))
