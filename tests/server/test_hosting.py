"""Live calls whose workers die at any moment: gate, consents and log are the real ones, the processes are none."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Generic, ParamSpec, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.server.test_live_calls import ANA, BEN, DEPLOYED, SIGNED
from tests.server.test_workers import Process, Stage, at_once, stage

from countenance.aggregation.taxonomy import load
from countenance.audit.export import StoredLog
from countenance.audit.quorum import Policy
from countenance.audit.verify import verify
from countenance.contracts.call import FACE, TEXT
from countenance.contracts.errors import CountenanceError, OverloadError, StorageError
from countenance.contracts.trust import ConsentStatus, Lease
from countenance.control.opening import Tenant, open_tenant
from countenance.control.plane import Control
from countenance.link.messages import Answered, Ask, Granted, Host
from countenance.policy.gate import Gate
from countenance.server import workers
from countenance.server.calls import LiveCalls
from countenance.server.kinds import UNREADABLE
from countenance.server.live import ENDED, LIVE, LiveCall, NewCall
from countenance.server.problems import ProblemError
from countenance.server.summing import Reading
from countenance.server.suspects import DEATHS
from countenance.surface.envelope import MEDIA_LOST

__all__ = ["at_once"]

SECOND_US = 1_000_000
P = ParamSpec("P")
T = TypeVar("T")


@dataclass
class World:
    """A tenant, its calls, and workers that do what a test says."""

    tenant: Tenant
    control: Control
    calls: LiveCalls
    stage: Stage

    async def begin(self) -> LiveCall:
        """A call of two people, who say yes to their faces."""
        live = await self.calls.open(NewCall(source={"kind": "whip"}, participants=(ANA, BEN)))
        for one in live.call.participants:
            await self.agree(live, one.id)
        return live

    async def agree(self, live: LiveCall, who: str) -> None:
        await self.calls.show(live.id, who)
        for modality in (FACE, TEXT):
            await self.calls.answer(live.id, who, modality, ConsentStatus.GIVEN, SIGNED)

    def reader(self, live: LiveCall) -> Process | None:
        """The process that reads a call."""
        return next((one for one in self.stage.alive if live.id in one.calls), None)

    async def placed(self, live: LiveCall) -> Process:
        await until(lambda: live.worker is not None and live.worker.line is not None and self.reader(live) is not None)
        found = self.reader(live)
        assert found is not None
        return found

    def findings(self) -> object:
        policy = Policy.trusting(self.tenant.log.key.verifier)
        return verify(StoredLog(self.tenant.log), policy, completeness=True).findings


@asynccontextmanager
async def world(folder: Path, count: int = 1, spares: int = 1, deaths: int = DEATHS) -> AsyncIterator[World]:
    with open_tenant(folder) as tenant:
        async with stage(count, spares, deaths) as played:
            control = Control(tenant, Gate.load())
            control.loaded(played.pool.models, "test")
            reading = Reading({name: load(name) for name in DEPLOYED.taxonomies}, (), 5)
            yield World(tenant, control, LiveCalls("local", DEPLOYED, control, played.pool, reading), played)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - threads are among what is waited for
            await asyncio.sleep(0.001)


async def ask(process: Process, live: LiveCall, second: int) -> tuple[Lease, ...]:
    assert process.line is not None
    answer = await process.line.ask(Ask(live.id, second * SECOND_US, (second + 1) * SECOND_US))
    assert isinstance(answer, Granted)
    return answer.leases


class Slow(Generic[P, T]):
    """Something that waits for its disk until it is let go on."""

    def __init__(self, act: Callable[P, T]) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self._act = act

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        self.begun.set()
        self.go_on.wait(20)
        return self._act(*args, **kwargs)


async def test_leases_that_are_being_written_when_their_worker_dies_end_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path) as here:
        live = await here.begin()
        process = await here.placed(live)
        grant = Slow(here.control.grant)
        monkeypatch.setattr(here.control, "grant", grant)
        asked = [asyncio.create_task(ask(process, live, second)) for second in (0, 1)]
        await until(grant.begun.is_set)
        process.kill()
        await until(lambda: live.worker is None)
        grant.go_on.set()
        follower = await here.placed(live)
        assert live.running.open_leases == ()
        assert len(await ask(follower, live, 0)) == 2, "the same window, by the one that follows"
        await asyncio.wait(asked)
        assert all(isinstance(one.exception(), CountenanceError) for one in asked)
        await here.calls.end(live.id)
        assert here.findings() == ()


async def test_a_disk_that_fails_while_a_worker_dies_keeps_no_call_from_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path) as here:
        live = await here.begin()
        process = await here.placed(live)
        assert await ask(process, live, 0)

        def full(*_: object) -> None:
            raise StorageError("the disk is full", "")

        with monkeypatch.context() as broken:
            broken.setattr(here.control, "close_lease", full)
            process.kill()
            await here.placed(live)
        await here.calls.end(live.id)
        assert here.findings() == ()


async def test_a_no_between_two_workers_holds_with_the_next(tmp_path: Path) -> None:
    async with world(tmp_path, spares=0) as here:
        live = await here.begin()
        ana, ben = (one.id for one in live.call.participants)
        process = await here.placed(live)
        here.stage.loading = True
        process.kill()
        await until(lambda: not here.stage.pool.workers)
        await here.calls.stop(live.id, ana, [FACE])
        here.stage.loading = False
        await here.stage.settle(done=True)
        follower = await here.placed(live)
        host = next(one for one in follower.heard if isinstance(one, Host))
        said = [one.status for one in host.consents if (one.participant_id, one.modality) == (ana, FACE)]
        assert said == [ConsentStatus.GIVEN, ConsentStatus.WITHDRAWN]
        read = {lease.participant_id: lease.modalities for lease in await ask(follower, live, 5)}
        assert read == {ana: (TEXT,), ben: (FACE, TEXT)}
        await here.calls.end(live.id)
        assert here.findings() == ()


async def test_a_no_that_still_waits_for_the_disk_is_told_to_the_next_worker_with_the_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path) as here:
        live = await here.begin()
        ana = live.call.participants[0].id
        process = await here.placed(live)
        stop = Slow(here.control.consents.stop)
        monkeypatch.setattr(here.control.consents, "stop", stop)
        said = asyncio.create_task(here.calls.stop(live.id, ana, [FACE]))
        await until(stop.begun.is_set)
        process.kill()
        await until(lambda: live.worker is None or live.worker.line is not None)
        follower = await here.placed(live)
        host = next(one for one in follower.heard if isinstance(one, Host))
        assert host.noes == ((ana, FACE),)
        leases = await ask(follower, live, 5)
        assert {one.participant_id: one.modalities for one in leases}[ana] == (TEXT,)
        stop.go_on.set()
        await said
        await until(lambda: any(isinstance(one, Answered) for one in follower.heard))
        await here.calls.end(live.id)
        assert here.findings() == ()


async def test_who_publishes_is_told_of_each_session_that_is_gone_once_and_of_no_other(tmp_path: Path) -> None:
    async with world(tmp_path, spares=2) as here:
        live = await here.begin()
        ana, ben = (one.id for one in live.call.participants)

        async def publish(who: str) -> str:
            answer = await here.calls.signal(live.id, "offer", {"participant_id": who, "sdp": ""})
            return str(answer["resource_id"])

        process = await here.placed(live)
        first, second, ended = await publish(ana), await publish(ben), await publish(ben)
        await here.calls.signal(live.id, "delete", {"participant_id": ben, "resource_id": ended})
        here.stage.answering.clear()
        process.kill()
        follower = await here.placed(live)
        third = await publish(ana)  # who noticed it by themselves
        here.stage.answering.set()
        await until(lambda: len(lost(live)) >= 2)
        assert lost(live) == [(ana, first), (ben, second)]
        follower.kill()
        await until(lambda: len(lost(live)) >= 3)
        assert lost(live) == [(ana, first), (ben, second), (ana, third)]
        assert live.sessions == {}
        await here.calls.end(live.id)


def lost(live: LiveCall) -> list[tuple[str, str]]:
    told, _ = live.stream.since(0)
    data: list[Any] = [one["data"] for one in told if one["type"] == MEDIA_LOST]
    return [(one["participant_id"], one["session"]) for one in data]


async def test_a_call_that_ends_while_no_worker_has_it_is_given_to_none(tmp_path: Path) -> None:
    async with world(tmp_path, spares=0) as here:
        live = await here.begin()
        process = await here.placed(live)
        here.stage.loading = True
        process.kill()
        await until(lambda: not here.stage.pool.workers)
        ending = asyncio.create_task(here.calls.end(live.id))
        await until(lambda: live.ending is not None)
        here.stage.loading = False
        await here.stage.settle(done=True)
        await ending
        assert live.state == ENDED
        await here.stage.settle(done=True)
        assert not any(isinstance(one, Host) for process in here.stage.alive for one in process.heard)
        assert here.stage.pool._owners == {}
        assert here.findings() == ()


async def test_two_workers_that_die_at_once_leave_no_call_and_no_lease_behind(tmp_path: Path) -> None:
    async with world(tmp_path, count=2, spares=1) as here:
        calls = [await here.begin() for _ in range(2)]
        for live in calls:
            assert await ask(await here.placed(live), live, 0)
        for worker in tuple(here.stage.pool.workers):
            worker.process.kill()
        dead = tuple(here.stage.processes[:2])
        for live in calls:
            assert here.reader(live) not in dead
            assert len(await ask(await here.placed(live), live, 0)) == 2
            await here.calls.end(live.id)
        assert here.findings() == ()


async def test_a_call_whose_next_worker_dies_over_it_waits_for_the_one_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "PLACE_S", 0.01)
    async with world(tmp_path) as here:
        live = await here.begin()
        process = await here.placed(live)
        here.stage.loading = True
        here.stage.answering.clear()
        process.kill()
        follower = await here.placed(live)
        follower.kill()
        await until(lambda: not here.stage.pool.workers)
        with pytest.raises(OverloadError, match="no media worker"):
            await here.calls.open(NewCall(source={"kind": "whip"}))
        here.stage.loading = False
        here.stage.answering.set()
        await here.stage.settle(done=True)
        assert await here.placed(live) not in (process, follower)
        assert live.problem is None
        await here.calls.end(live.id)
        assert here.findings() == ()


async def test_a_call_that_brings_down_its_workers_goes_on_unread_and_says_why(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        live, other = await here.begin(), await here.begin()
        ana, killed = live.call.participants[0].id, list[Process]()
        while not live.unreadable:
            process = await here.placed(live)
            answer = await here.calls.signal(live.id, "offer", {"participant_id": ana, "sdp": ""})
            process.kill()
            killed.append(process)
            await until(lambda: live.unreadable or here.reader(live) not in (None, *killed))
        assert (live.state, live.worker) == (LIVE, None)
        assert live.problem is not None
        assert "could not be read" in live.problem
        assert lost(live)[-1] == (ana, answer["resource_id"])
        with pytest.raises(ProblemError) as refused:
            await here.calls.signal(live.id, "offer", {"participant_id": ana, "sdp": ""})
        assert refused.value.kind is UNREADABLE
        await here.calls.resume(live.id)
        assert live.worker is None
        assert len(await ask(await here.placed(other), other, 0)) == 2, "the other call is read"
        for one in (live, other):
            await here.calls.end(one.id)
        assert here.findings() == ()


STEPS = st.lists(st.sampled_from(("ask", "ask", "kill", "kill", "no", "yes", "wait")), min_size=3, max_size=12)


@settings(max_examples=12, deadline=None)
@given(STEPS)
def test_whatever_is_asked_and_answered_while_workers_die_no_lease_stays_open(steps: list[str]) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(_play(Path(folder), steps))


async def _play(folder: Path, steps: list[str]) -> None:
    async with world(folder, deaths=1000) as here:
        live = await here.begin()
        ana = live.call.participants[0].id
        going: list[asyncio.Task[None]] = []
        for second, step in enumerate(steps):
            process = here.reader(live)
            if step == "ask" and process is not None:
                going.append(asyncio.create_task(quietly(ask(process, live, second))))
            elif step == "kill" and process is not None:
                process.kill()
            elif step == "no":
                going.append(asyncio.create_task(quietly(here.calls.stop(live.id, ana, [FACE]))))
            elif step == "yes":
                going.append(asyncio.create_task(quietly(here.agree(live, ana))))
            elif step == "wait":
                await asyncio.sleep(0.005)
            await asyncio.sleep(0)
        await asyncio.gather(*going)
        last = await here.placed(live)
        last.kill()
        await until(lambda: live.worker is not None and here.reader(live) not in (None, last))
        follower = await here.placed(live)
        assert live.running.open_leases == ()
        face = live.running.register.status(ana, FACE, live.running.at_us) is ConsentStatus.GIVEN
        leases = {one.participant_id: one.modalities for one in await ask(follower, live, len(steps))}
        assert (FACE in leases[ana]) is face
        await here.calls.end(live.id)
        assert live.running.open_leases == ()
        assert here.findings() == ()


async def quietly(work: Awaitable[object]) -> None:
    """What a dying worker asks for may come to nothing."""
    with suppress(CountenanceError):
        await work
