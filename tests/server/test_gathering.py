from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from tests.server.api.scene import signal

from countenance.contracts.readings import Abstain, Reason
from countenance.contracts.trust import Lease
from countenance.link.messages import Closed, Done, Finished, Left, Load, Message, Ok
from countenance.server.gathering import Gathering, MeasuredPool, Overheard
from countenance.server.metrics import Metrics
from countenance.server.process import environment_of
from countenance.testing.clocks import ManualClock

LEASE = Lease("l", "p_1", ("face",), 0, 1_000_000, "0" * 64, ())


class Owner:
    """Answers everything, after some time."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.heard: list[Any] = []

    async def hear(self, message: Message) -> Message:
        self.clock.pass_us(20_000)
        self.heard.append(message)
        return Ok()

    async def lost(self, call_id: str) -> None:
        self.heard.append(call_id)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 23, tzinfo=UTC))


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"countenance_{name}", labels)


def load(share: float, **tracks: dict[str, int]) -> Load:
    return Load(share, 1, {"c_1": {"tracks": {name.replace("_", "/"): counts for name, counts in tracks.items()}}})


def test_media_are_counted_by_kind_and_by_why_they_were_left_out(metrics: Metrics, clock: ManualClock) -> None:
    gathering = Gathering(metrics, clock)
    gathering.look([load(0.5, ana_video={"decoded": 10, "given": 4, "late": 2, "Ana": 1}), load(0.25)])
    gathering.look([load(0.5, ana_video={"decoded": 15, "given": 4, "late": 2, "Ana": 1}), load(0.75)])
    assert value(metrics, "decoded_frames_total", modality="face") == 15
    assert value(metrics, "frames_dropped_total", reason="late") == 2
    assert value(metrics, "frames_dropped_total", reason="other") == 1
    assert value(metrics, "worker_load", worker="1") == 0.75
    assert b"Ana" not in metrics.text()


def test_a_track_that_begins_anew_or_goes_takes_nothing_back(metrics: Metrics, clock: ManualClock) -> None:
    gathering = Gathering(metrics, clock)
    for counts in ({"decoded": 10}, {"decoded": 3}, {"decoded": 5}):
        gathering.look([load(0.1, ana_audio=counts, odd={"decoded": 1})])
    gathering.look([])
    assert value(metrics, "decoded_frames_total", modality="voice") == 15
    assert value(metrics, "decoded_frames_total", modality="other") == 1


def test_the_load_of_a_worker_that_is_gone_is_told_no_more(metrics: Metrics, clock: ManualClock) -> None:
    gathering = Gathering(metrics, clock)
    gathering.look([load(0.1), load(0.2)])
    gathering.look([load(0.3)])
    assert value(metrics, "worker_load", worker="0") == 0.3
    assert metrics.registry.get_sample_value("countenance_worker_load", {"worker": "1"}) is None


def test_deaths_of_workers_and_calls_given_up_are_counted(metrics: Metrics, clock: ManualClock) -> None:
    gathering = Gathering(metrics, clock)
    for deaths, given_up in ((2, 0), (3, 1), (3, 1)):
        gathering.fell(deaths, given_up)
    assert value(metrics, "worker_deaths_total") == 3
    assert value(metrics, "unreadable_calls_total") == 1


async def test_what_a_worker_says_is_counted_once_it_is_durable(metrics: Metrics, clock: ManualClock) -> None:
    owner = Owner(clock)
    heard = Overheard(owner, Gathering(metrics, clock))
    packet_us = clock.mono_us() - 80_000
    said = signal("p_1")
    unsaid = replace(said, abstain=Abstain(Reason.SILENCE))
    done = Done("c_1", (Finished(LEASE, {"face": 5, "voice": 1}, {}, "{}"),), (said, unsaid), {"p_1": packet_us})
    assert await heard.hear(done) == Ok()
    await heard.hear(Closed("c_1", LEASE, "lapsed", {"face": 2}))
    await heard.hear(Left("c_1", 0, "hang_up"))
    await heard.lost("c_1")
    assert [type(one).__name__ for one in owner.heard] == ["Done", "Closed", "Left", "str"]
    assert value(metrics, "inference_total") == 8
    assert value(metrics, "event_latency_seconds_sum") == pytest.approx(0.1)
    assert value(metrics, "inference_latency_seconds_count", stage="audit") == 1
    assert value(metrics, "abstain_ratio", reason="silence") == 0.5


async def test_calls_are_placed_through_the_count(
    metrics: Metrics, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed: list[Any] = []

    async def host(pool: object, call_id: str, offer: object, owner: object, *, patient: bool) -> None:
        placed.append(owner)

    monkeypatch.setattr("countenance.server.workers.Pool.host", host)
    offer: Any = object()
    await MeasuredPool({}, gathering=Gathering(metrics, clock)).host("c_1", offer, Owner(clock))
    await MeasuredPool({}).host("c_1", offer, Owner(clock))
    assert [type(one) for one in placed] == [Overheard, Owner]
    await MeasuredPool({}).looking()


def test_a_worker_that_takes_too_much_memory_is_ended_and_no_other() -> None:
    killed: list[int] = []

    def worker(pid: int, rss: int, returncode: int | None = None) -> Any:  # noqa: ANN401
        process = SimpleNamespace(pid=pid, returncode=returncode, kill=lambda: killed.append(pid))
        return SimpleNamespace(load=Load(0.0, rss, {}), process=process)

    workers = [worker(1, 99), worker(2, 101), worker(3, 101, -9)]
    MeasuredPool({}, workers=workers, most_bytes=100)._end_the_swollen()
    assert killed == [2]
    MeasuredPool({}, workers=workers)._end_the_swollen()
    assert killed == [2]


def test_a_worker_learns_no_secret_of_the_control_plane() -> None:
    ours = {"PATH": "p", "COUNTENANCE__DATA__URL": "postgresql://x", "COUNTENANCE_LOG": "json:info"}
    found = environment_of(ours, {"DEEPGRAM_API_KEY": "k"})
    assert found.keys() == {"PATH", "COUNTENANCE_LOG", "DEEPGRAM_API_KEY", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}


def test_what_each_stage_took_is_counted_once_however_often_it_is_looked_at(metrics: Metrics) -> None:
    gathering, load = Gathering(metrics, ManualClock()), Load(0.5, 0, {}, {"encode": (1_000, 3_000), "fuse": (500,)})
    gathering.look([load])
    gathering.look([load])
    assert value(metrics, "inference_latency_seconds_count", stage="encode") == 2
    assert value(metrics, "inference_latency_seconds_sum", stage="encode") == pytest.approx(0.004)
    gathering.look([Load(0.5, 0, {}, {"fuse": (500,)})])
    assert value(metrics, "inference_latency_seconds_count", stage="fuse") == 2


def test_what_workers_cost_is_told_where_a_price_is_known() -> None:
    priced = Metrics(priced=True)
    Gathering(priced, ManualClock(), 0.06).look([Load(0.5, 0, {}), Load(1.0, 0, {})])
    assert value(priced, "cost_usd_per_minute") == pytest.approx(0.0015)
    assert b"cost_usd" not in Metrics().text()
