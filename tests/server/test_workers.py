"""Placing calls on workers: one that dies over it leaves the call to the next."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from countenance.contracts.errors import LinkError, OverloadError
from countenance.link.messages import Host, Message, Ok
from countenance.server import workers
from countenance.server.workers import Pool


class Fake:
    """A worker that takes calls, or dies over them, or says nothing."""

    def __init__(self, fate: str = "takes") -> None:
        self.calls: set[str] = set()
        self.load = SimpleNamespace(cpu_share=0.0)
        self.line: object | None = object()
        self.asked = 0
        self.was_asked = asyncio.Event()
        self._fate = fate

    async def ask(self, _: Message) -> Message:
        self.asked += 1
        if self._fate == "dies":
            self.line = None
        self.was_asked.set()
        if self._fate != "takes":
            raise LinkError("gone or silent", "")
        return Ok()


def pool_of(*fakes: Fake) -> Pool:
    found: Any = list(fakes)
    return Pool({}, workers=found)


@pytest.fixture
def host() -> Host:
    call: Any = SimpleNamespace(admitted=SimpleNamespace(call_id="c_1"))
    return call  # type: ignore[no-any-return]


OWNER: Any = object()


async def test_a_call_whose_worker_dies_over_it_goes_to_the_next(host: Host) -> None:
    dying, well = Fake("dies"), Fake()
    pool: Any = pool_of(dying, well)
    assert await pool.host(host, OWNER) is well
    assert (dying.calls, well.calls) == (set(), {"c_1"})


async def test_a_worker_that_lives_and_does_not_answer_may_have_the_call(host: Host) -> None:
    silent, well = Fake("silent"), Fake()
    with pytest.raises(LinkError):
        await pool_of(silent, well).host(host, OWNER)
    assert well.asked == 0


async def test_a_call_waits_for_the_worker_that_takes_a_dead_one_s_place(host: Host) -> None:
    dying, fresh = Fake("dies"), Fake()
    pool: Any = pool_of(dying)
    placing = asyncio.create_task(pool.host(host, OWNER))
    await dying.was_asked.wait()
    pool.workers.append(fresh)
    pool._grown.set()
    assert await placing is fresh


async def test_where_none_comes_it_says_so(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "PLACE_S", 0.01)
    with pytest.raises(OverloadError, match="no media worker"):
        await pool_of().host(host, OWNER)
