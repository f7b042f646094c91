import re
from pathlib import Path

import pytest
from tests.server.api.scene import Scene

from countenance import __version__
from countenance.contracts.call import FACE, Participant, Role
from countenance.contracts.trust import ConsentStatus
from countenance.server.config import Config
from countenance.server.scopes import Position
from countenance.server.tenancy import Site
from countenance.storage.clocks import SystemClock

ANYBODY = {"accept": "*/*"}
"""No credential at all."""
NAMES = (
    "event_latency_seconds", "inference_latency_seconds", "frames_dropped_total", "decoded_frames_total",
    "inference_total", "audit_rows_total", "abstain_ratio", "consent_state", "prompt_total", "worker_load",
    "webhook_delivery_total",
)  # fmt: skip
"""Section 16 of the interfaces."""


@pytest.fixture
def ready(scene: Scene) -> Scene:
    scene.site.models = {"face-finder.v1": "0" * 64}
    scene.site.workers = lambda: 1
    return scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


async def test_alive_needs_nothing(scene: Scene) -> None:
    async with scene.client(ANYBODY) as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_ready_when_everything_is(ready: Scene) -> None:
    async with ready.client(ANYBODY) as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 200
    assert set(answer.json()["checks"].values()) == {"ok"}


async def test_not_ready_says_why(ready: Scene) -> None:
    async with ready.client(ANYBODY) as client:
        for broken, name in (("models", {}), ("workers", lambda: 0), ("draining", True)):
            kept = getattr(ready.site, broken)
            setattr(ready.site, broken, name)
            answer = await client.get("/readyz")
            assert answer.status_code == 503
            assert [check for check, state in answer.json()["checks"].items() if state != "ok"] == [broken]
            setattr(ready.site, broken, kept)
        ready.site.broken = True
        assert (await client.get("/readyz")).json()["checks"]["regular work"] == "no"
        ready.one.control.ran({FACE: 1})
        assert (await client.get("/readyz")).json()["checks"]["accounted"] == "no"


async def test_a_log_that_cannot_be_written_is_not_ready(ready: Scene) -> None:
    ready.one.tenant.store.close()
    (ready.one.tenant.keys.folder.parent / "store.sqlite").rename(ready.one.tenant.keys.folder / "gone")
    (ready.one.tenant.keys.folder.parent / "store.sqlite").mkdir()
    ready.one.control.tick()
    async with ready.client(ANYBODY) as client:
        checks = (await client.get("/readyz")).json()["checks"]
    assert (checks["log"], checks["policy"]) == ("no", "ok")


async def test_nothing_open_is_not_ready(tmp_path: Path, scene: Scene) -> None:
    scene.site.tenants = {}
    async with scene.client(ANYBODY) as client:
        checks = (await client.get("/readyz")).json()["checks"]
    assert (checks["log"], checks["policy"], checks["models"]) == ("no", "no", "no")


async def test_the_version_names_the_models_by_hash(ready: Scene) -> None:
    async with ready.client(ANYBODY) as client:
        told = (await client.get("/version")).json()
    assert told == {"version": __version__, "models": {"face-finder.v1": "0" * 64}}


async def test_metrics_have_the_names_that_were_promised(scene: Scene) -> None:
    metrics = scene.site.metrics
    metrics.event_latency.observe(0.1)
    metrics.inference_latency.labels("encode").observe(0.01)
    metrics.frames_dropped.labels("late").inc()
    async with scene.client() as client:
        answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    described = re.findall(r"^# TYPE countenance_(\w+) ", answer.text, re.MULTILINE)
    assert set(NAMES) <= set(described)
    assert "countenance_audit_rows_total " in answer.text


async def test_metrics_count_answers_and_calls_and_name_nobody(scene: Scene) -> None:
    ana = Participant("p_ana", "Ana", Role.CUSTOMER)
    live = scene.begin({"ana@example.org": ana})
    live.running.register.answer("p_ana", FACE, ConsentStatus.REFUSED, 0)
    live.running.register.answer("p_ana", FACE, ConsentStatus.GIVEN, 1)
    text = scene.site.metrics.text().decode()
    assert 'countenance_consent_state{modality="face",status="given"} 1.0' in text
    assert "countenance_live_calls 1.0" in text
    for word in ("Ana", "ana", live.id):
        assert word not in text


async def test_metrics_are_the_operators(scene: Scene) -> None:
    async with scene.client(scene.key(Position.SUPERVISOR)) as client:
        assert (await client.get("/metrics")).status_code == 403
    async with scene.client(ANYBODY) as client:
        answer = await client.get("/metrics")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


async def test_the_advert_says_what_is_read_and_that_consent_comes_first(ready: Scene) -> None:
    async with ready.client(ANYBODY) as client:
        told = (await client.get("/.well-known/countenance/one")).json()
    assert told["consent_required"] is True
    assert told["models"] == [{"id": "face-finder.v1", "version": "v1", "card": "/v1/models/face-finder.v1"}]
    assert told["audit"]["verifier_key"] == str(ready.one.tenant.log.key.verifier)
    assert told["version"] == __version__
    assert {pack["digest"] for pack in told["policy_packs"]} == {ready.one.control.gate.digest}


async def test_with_several_tenants_public_pages_name_theirs(scene: Scene) -> None:
    async with scene.client(ANYBODY) as client:
        for path in ("/.well-known/countenance", "/privacy/retention"):
            assert (await client.get(path)).status_code == 404
            assert (await client.get(f"{path}/three")).status_code == 404
            assert (await client.get(f"{path}/two")).status_code == 200
        del scene.site.tenants["two"]
        for path in ("/.well-known/countenance", "/privacy/retention"):
            assert (await client.get(path)).status_code == 200


def test_a_site_can_be_let_go(tmp_path: Path) -> None:
    Site.of(Config.model_validate({"data": {"folder": tmp_path}}), SystemClock()).close()
