"""Live calls from end to end: real workers, a real store, a scripted call in real time."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from signal import SIGSTOP
from typing import Any

import pytest

from countenance.aggregation.taxonomy import load
from countenance.audit.export import StoredLog
from countenance.audit.quorum import Policy
from countenance.audit.verify import verify
from countenance.consent.evidence import Evidence
from countenance.consent.terms import Terms
from countenance.contracts.call import FACE, TEXT, VOICE, Modality, Purpose, Role
from countenance.contracts.errors import ConsentError, NotFoundError, RefusedError, UsageError
from countenance.contracts.trust import ConsentStatus
from countenance.control.opening import Tenant, open_tenant
from countenance.control.plane import Control
from countenance.policy.gate import Gate
from countenance.server.asking import Form
from countenance.server.calls import LiveCalls
from countenance.server.config import Deployed
from countenance.server.live import ENDED, Joining, LiveCall, NewCall
from countenance.server.stream import START
from countenance.server.summing import Reading
from countenance.server.workers import Pool
from countenance.storage.outbox import unhanded
from countenance.surface.envelope import CALL_SUMMARY, Envelope
from countenance.worker.parts import Recipe

SCRIPT = "countenance.testing.live:ScriptedConnector"
TERMS = Terms(
    controllers=("Example Ltd",),
    contact="privacy@example.org",
    storage_locations=("Frankfurt",),
    retention_url="https://example.org/privacy/retention",
)
DEPLOYED = Deployed(
    purpose=Purpose.SUPPORT_QA,
    jurisdictions=("US-CA",),
    facts={"minor": "adult", "b2b": "no"},
    terms=TERMS,
    taxonomies=("engagement.v1",),
)
ANA, BEN = Joining("Ana", Role.CUSTOMER, "ana"), Joining("Ben", Role.CUSTOMER, "ben")
Found = Callable[[Envelope], bool]
SIGNED = Form(evidence=Evidence("typed_name", "Ana"))
CONFUSED = "I do not understand this at all, what does it mean? I am confused."


class World:
    """A tenant, a pool of workers, and a script."""

    def __init__(self, tenant: Tenant, pool: Pool, deployed: Deployed = DEPLOYED) -> None:
        self.tenant = tenant
        self.pool = pool
        self.control = Control(tenant, Gate.load())
        self.control.loaded(pool.models, "test")
        reading = Reading({name: load(name) for name in deployed.taxonomies}, (), 5)
        self.calls = LiveCalls("local", deployed, self.control, pool, reading)

    async def begin(self, *people: Joining, seconds: float = 0, words: Mapping[str, Any] | None = None) -> LiveCall:
        source = {"kind": SCRIPT, "seconds": seconds, "words": words or {}}
        return await self.calls.open(NewCall(source=source, participants=people))

    async def agree(self, live: LiveCall, n: int, *modalities: Modality) -> None:
        who = live.call.participants[n].id
        await self.calls.show(live.id, who)
        for modality in modalities:
            await self.calls.answer(live.id, who, modality, ConsentStatus.GIVEN, SIGNED)

    def problems(self) -> Sequence[object]:
        policy = Policy.trusting(self.tenant.log.key.verifier)
        return verify(StoredLog(self.tenant.log), policy, completeness=True).findings


@asynccontextmanager
async def world(folder: Path, spares: int = 0, deployed: Deployed = DEPLOYED) -> AsyncIterator[World]:
    pool = Pool({"local": Recipe(taxonomies=deployed.taxonomies, fps=5)}, 1, spares)
    with open_tenant(folder) as tenant:
        await pool.open()
        try:
            yield World(tenant, pool, deployed)
        finally:
            await pool.close()


def samples(events: Sequence[Envelope]) -> list[Any]:
    return [one["data"] for one in events if str(one["type"]).endswith("sample.v1")]


async def until(live: LiveCall, found: Found, after: str = START) -> list[Envelope]:
    """Events of a call up to the first that is looked for."""
    events = []
    async with asyncio.timeout(30):
        async for envelope in live.stream.follow(after):
            events.append(envelope)
            if found(envelope):
                return events
    raise AssertionError("the call ended before it was seen")


def used(modality: Modality, yes: bool = True) -> Found:
    def found(envelope: Envelope) -> bool:
        data: Any = envelope["data"]
        return "modalities" in data and bool(data["modalities"].get(modality, {}).get("used")) is yes

    return found


async def test_a_call_is_read_by_consent_and_leaves_a_log_without_a_gap(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        words = {"Ana": [(at, CONFUSED) for at in (1.5, 2.5, 3.5, 4.5, 5.5)]}
        live = await here.begin(ANA, BEN, seconds=7, words=words)
        ana, ben = (one.id for one in live.call.participants)
        await here.agree(live, 0, TEXT)
        await live.over.wait()
        await here.calls.end(live.id)
        events = [envelope async for envelope in live.stream.follow(START)]
        read = [data for data in samples(events) if data["subject"]["participant_id"] == ana]
        assert any(data["modalities"]["text"]["used"] for data in read)
        assert all(data["audit"]["hash"] for data in read if data["modalities"].get("text", {}).get("used"))
        assert all(data["latency_us"] >= 0 for data in read if "latency_us" in data)
        bens = [data for data in samples(events) if data["subject"]["participant_id"] == ben]
        assert {data["abstain"]["reason"] for data in bens} == {"no_consent"}
        assert not any(use["used"] for data in bens for use in data["modalities"].values())
        assert [one["sequence"] for one in events] == sorted(str(one["sequence"]) for one in events)
        assert here.problems() == ()
        assert here.control.health().unaccounted == 0
        summary: Any = await here.calls.summary(live.id, "tester", "test")
        assert [one["name"] for one in summary["participants"]] == ["Ana", "Ben"]
        assert summary["transcript"]["read"] >= 1
        assert live.state == ENDED


async def test_a_no_stops_the_modality_and_everything_else_goes_on(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        live = await here.begin(ANA, words={"Ana": [(n / 2, CONFUSED) for n in range(1, 60)]})
        await here.agree(live, 0, TEXT, FACE)
        ana = live.call.participants[0].id
        before = await until(live, used(TEXT))
        answers = _answers(here)
        async with asyncio.TaskGroup() as noes, no_thread_free():
            noes.create_task(here.calls.stop(live.id, ana, [TEXT]))
            noes.create_task(here.calls.answer(live.id, ana, VOICE, ConsentStatus.REFUSED))
            # Durable; what is told of them comes in turn, maybe after a result that waits for a thread.
            while _answers(here) < answers + 2:  # noqa: ASYNC110 - nobody is told when they are
                await asyncio.sleep(0.01)
        decoded = await _counted(live, f"{ana}/text")
        after = await until(live, used(TEXT, yes=False), str(before[-1]["sequence"]))
        assert samples(after)[-1]["modalities"]["text"]["reason"] == "no_consent"
        more = await until(live, used(TEXT, yes=False), str(after[-1]["sequence"]))
        assert not any(data["modalities"]["text"]["used"] for data in samples(more))
        await until(live, used(TEXT, yes=False), str(more[-1]["sequence"]))
        assert await _counted(live, f"{ana}/text") == decoded > 0, "nothing is decoded after the no"
        assert here.control.health().open_leases >= 1, "the face is still read"
        await here.calls.end(live.id)
        assert here.problems() == ()


def _answers(here: World) -> int:
    """How many the log has."""
    return sum(entry.kind == "CONSENT" for entry in here.tenant.log.entries())


@asynccontextmanager
async def no_thread_free() -> AsyncIterator[None]:
    """Every thread of the loop waits, as for a slow disk."""
    over = threading.Event()
    async with asyncio.TaskGroup() as tasks, asyncio.timeout(20):
        for _ in range(100):
            tasks.create_task(asyncio.to_thread(over.wait, 30))
        try:
            yield
        finally:
            over.set()


async def _counted(live: LiveCall, track: str) -> int:
    """How much of a track was decoded until now: the worker says so once a second."""
    assert live.worker is not None
    before, worker = live.worker.load, live.worker
    async with asyncio.timeout(20):
        while worker.load is before:  # noqa: ASYNC110 - nobody is told when it is replaced
            await asyncio.sleep(0.01)
    return int(worker.load.calls[live.id]["tracks"][track]["decoded"])


async def test_a_worker_that_dies_is_replaced_and_the_call_goes_on(tmp_path: Path) -> None:
    async with world(tmp_path, spares=1) as here:
        live = await here.begin(ANA, words={"Ana": [(n / 2, CONFUSED) for n in range(1, 80)]})
        other = await here.begin(BEN)
        await here.agree(live, 0, TEXT)
        before = await until(live, used(TEXT))
        assert live.worker is not None
        dead = live.worker
        dead.process.kill()
        after = await until(live, used(TEXT), str(before[-1]["sequence"]))
        seen = [data["window"]["start_us"] for data in samples(before) + samples(after)]
        assert seen == sorted(set(seen)), "no window is told twice"
        assert live.worker is not None
        assert live.worker is not dead
        assert here.pool.restarts == 1
        assert other.state == "live"
        for one in (live, other):
            await here.calls.end(one.id)
        assert here.problems() == ()


async def test_who_comes_later_is_asked_first_and_then_read(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        live = await here.begin(ANA)
        await until(live, lambda one: str(one["type"]).endswith("sample.v1"))
        joined = await here.calls.join(live.id, BEN)
        assert joined in live.call.participants
        await here.agree(live, 1, FACE)

        def bens(envelope: Envelope) -> bool:
            data: Any = envelope["data"]
            mine = data.get("subject", {}).get("participant_id") == joined.id
            return mine and "face" in data["modalities"] and data["modalities"]["face"].get("reason") == "no_face"

        await until(live, bens)
        await here.calls.leave(live.id, joined.id)
        await here.calls.end(live.id)
        assert here.problems() == ()
        with pytest.raises(NotFoundError):
            await here.calls.join(live.id, ANA)


async def test_what_cannot_be_is_refused_with_words(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        with pytest.raises(UsageError, match="unknown taxonomy"):
            await here.calls.open(NewCall(taxonomies=("moods.v1",)))
        with pytest.raises(UsageError, match="unknown source"):
            await here.calls.open(NewCall(source={"kind": "wip"}))
        live = await here.begin(ANA, Joining("Cleo", Role.CANDIDATE, "cleo"))
        ana, cleo = (one.id for one in live.call.participants)
        with pytest.raises(NotFoundError):
            await here.calls.answer(live.id, "nobody", FACE, ConsentStatus.GIVEN)
        with pytest.raises(NotFoundError):
            here.calls.get("nothing")
        with pytest.raises(ConsentError, match="not the last one shown"):
            await here.calls.answer(live.id, ana, FACE, ConsentStatus.GIVEN, SIGNED)
        await here.calls.show(live.id, ana)
        with pytest.raises(ConsentError, match="not the last one shown"):
            await here.calls.answer(live.id, ana, FACE, ConsentStatus.GIVEN, Form(notice_sha256="0" * 64))
        with pytest.raises(RefusedError, match="refused by"):
            await here.calls.show(live.id, cleo)
        with pytest.raises(ConsentError):
            await here.calls.answer(live.id, ana, "mood", ConsentStatus.GIVEN, SIGNED)
        await here.calls.answer(live.id, ana, VOICE, ConsentStatus.REFUSED)
        refusals = [one async for one in _ended(here, live) if str(one["type"]).endswith("policy.refused.v1")]
        assert {str(one["subject"]) for one in refusals} == {f"participants/{cleo}"}
        assert here.problems() == ()


async def _ended(here: World, live: LiveCall) -> AsyncIterator[Envelope]:
    await here.calls.end(live.id)
    async for envelope in live.stream.follow(START):
        yield envelope


async def test_an_answer_of_before_holds_in_the_next_call(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        first = await here.begin(ANA)
        await here.agree(first, 0, TEXT)
        await here.calls.end(first.id)
        second = await here.begin(ANA, words={"Ana": [(n / 2, CONFUSED) for n in range(1, 60)]})
        await until(second, used(TEXT))
        await here.calls.end(second.id)
        assert here.problems() == ()


async def test_a_call_that_many_end_at_once_ends_once(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        live = await here.begin(ANA)
        await asyncio.gather(*(here.calls.end(live.id) for _ in range(5)))
        assert live.state == ENDED
        with here.tenant.store.reading() as tx:
            assert [one.topic for one in unhanded(tx)].count(CALL_SUMMARY) == 1
        assert [str(one["type"]) async for one in live.stream.follow(START)].count(CALL_SUMMARY) == 1


async def test_a_worker_that_dies_while_a_call_ends_is_not_given_the_call_again(tmp_path: Path) -> None:
    async with world(tmp_path, spares=1) as here:
        live = await here.begin(ANA)
        await here.agree(live, 0, FACE)
        await until(live, used(FACE, yes=False))
        assert live.worker is not None
        live.worker.process.send_signal(SIGSTOP)
        ending = asyncio.create_task(here.calls.end(live.id))
        await asyncio.sleep(0)
        live.worker.process.kill()
        await ending
        assert live.state == ENDED
        assert not any(worker.calls for worker in here.pool.workers)
        assert here.problems() == ()


async def test_the_end_goes_on_when_whoever_asked_for_it_goes_away(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        live = await here.begin(ANA)
        asked = asyncio.create_task(here.calls.end(live.id))
        while live.ending is None:  # noqa: ASYNC110
            await asyncio.sleep(0)
        asked.cancel()
        await asyncio.wait([asked])
        await here.calls.end(live.id)
        assert live.state == ENDED
