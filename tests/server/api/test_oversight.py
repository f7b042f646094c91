"""What an officer can ask over the API, and what nobody can configure."""

import json
from pathlib import Path

import httpx
import pytest
from tests.server.api.scene import Scene
from tests.server.stage import Stage

from countenance.contracts.call import Purpose
from countenance.contracts.errors import UsageError
from countenance.control.retention import Retention
from countenance.control.tombstones import TOPIC
from countenance.server.config import Config
from countenance.server.opening import opened
from countenance.server.scopes import Position
from countenance.server.tenancy import Site
from countenance.storage import outbox
from countenance.testing.clocks import ManualClock

ANA = {"name": "Ana", "role": "customer", "person": "customer-17"}
QUESTIONS = {
    "purpose": "sales_coaching",
    "roles": ["customer"],
    "jurisdictions": ["UK"],
    "facts": {"minor": "adult"},
    "minutes": 1000,
    "timing": "live",
    "residence": "anywhere",
    "reviewed": True,
}
UNTHINKABLE = ["hiring", "workplace_monitoring"]


@pytest.mark.parametrize("purpose", UNTHINKABLE)
async def test_nobody_begins_a_call_or_gets_a_configuration_for_it(scene: Scene, purpose: str) -> None:
    async with scene.client() as client:
        begun = await client.post("/v1/calls", json={"purpose": purpose, "participants": [ANA]})
        decided = (await client.post("/v1/policy/decide", json=QUESTIONS | {"purpose": purpose})).json()
    assert (begun.status_code, begun.json()["type"]) == (403, "/problems/policy-refused")
    assert scene.one.calls.all() == ()
    assert (decided["allowed"], decided["configuration"], decided["signed"]) == (False, None, None)
    assert decided["barred"]["layer"] == "product"


@pytest.mark.parametrize("purpose", UNTHINKABLE)
async def test_no_service_starts_with_it_as_its_purpose(tmp_path: Path, scene: Scene, purpose: str) -> None:
    data = {"folder": tmp_path / "data"}
    config = Config.model_validate({"data": data, "deployment": {"purpose": purpose}})
    site = Site.of(config, ManualClock())
    with pytest.raises(UsageError, match="refused by"):
        async with opened(site, Stage().open):
            pytest.fail("it began")


async def test_a_decision_says_what_may_be_read_of_whom_and_how(scene: Scene) -> None:
    async with scene.client() as client:
        found = (await client.post("/v1/policy/decide", json=QUESTIONS)).json()
        unknown = await client.post("/v1/policy/decide", json=QUESTIONS | {"facts": {"minr": "adult"}})
        nobody = await client.post("/v1/policy/decide", json=QUESTIONS | {"roles": []})
    assert (found["allowed"], found["path"], found["consequence"]) == (True, "rent", "individual")
    assert [one["case"]["modality"] for one in found["rulings"]] == ["face", "voice", "text", "telemetry"]
    assert found["configuration"] in found["signed"]
    assert (unknown.status_code, nobody.status_code) == (422, 422)


async def test_the_ledger_goes_on_at_next_and_a_search_stands_in_the_log(scene: Scene) -> None:
    async with scene.client() as client:
        call = (await client.post("/v1/calls", json={"participants": [ANA]})).json()
        seat = f"/v1/calls/{call['call_id']}/participants/{call['participants'][0]['participant_id']}"
        notice = (await client.get(f"{seat}/notice")).json()["text_sha256"]
        for modality in ("face", "voice", "text"):
            body = {"modality": modality, "status": "given", "notice_sha256": notice}
            await client.post(f"{seat}/consent", json=body)
    async with scene.client(scene.key(Position.COMPLIANCE)) as officer:
        first = (await officer.get("/v1/consents?limit=2")).json()
        rest = (await officer.get("/v1/consents", params={"limit": 2, "cursor": first["next"]})).json()
        faces = (await officer.get("/v1/consents?modality=face&status=given")).json()
        own = (await officer.post("/v1/consents/search", json={"person": "customer-17"})).json()
        about = (await officer.post("/v1/audit/search", json={"person": "customer-17", "kind": "CONSENT"})).json()
        of_call = (await officer.post("/v1/audit/search", json={"call_id": call["call_id"]})).json()
        newest = (await officer.post("/v1/audit/search?limit=1", json={})).json()
        nobody = await officer.post("/v1/audit/search", json={"person": "nobody"})
    assert [one["modality"] for one in (*first["items"], *rest["items"])] == ["text", "voice", "face"]
    assert (rest["next"], len(faces["items"]), len(own["items"])) == (None, 1, 3)
    assert [one["kind"] for one in about["items"]] == ["CONSENT"] * 3
    assert {one["body"]["call_ref"] for one in of_call["items"]} == {of_call["items"][0]["body"]["call_ref"]}
    assert (len(newest["items"]), newest["whole"], nobody.status_code) == (1, False, 404)
    scopes = {body.get("scope") for body in scene.entries("ACCESS")}
    assert {"ledger", "log"} <= scopes
    assert "customer-17" not in str((first, rest, own, about))


async def test_an_erasure_is_listed_with_its_clock(scene: Scene) -> None:
    async with scene.client() as client:
        await client.post("/v1/calls", json={"participants": [ANA]})
        await client.post("/v1/subjects/erase", json={"person": "customer-17"})
    async with scene.client(scene.key(Position.COMPLIANCE)) as officer:
        listed = (await officer.get("/v1/erasures?limit=1")).json()
        kept = (await officer.get("/v1/retention")).json()
    (one,) = listed["items"]
    assert (listed["next"], kept["next"]) == (None, None)
    assert (one["asked_at"][:10], one["due_at"][:10], one["key_destroyed_at"]) == ("2026-11-23", "2026-11-24", None)
    assert (kept["due_now"], kept["runs"]) == ({}, [])


async def test_receivers_are_told_of_an_erasure_once_by_the_ids_that_they_know(scene: Scene) -> None:
    async with scene.client() as client:
        call = (await client.post("/v1/calls", json={"participants": [{**ANA, "person": "told-once"}]})).json()
        ana = call["participants"][0]["participant_id"]
        seat = f"/v1/calls/{call['call_id']}/participants/{ana}"
        notice = (await client.get(f"{seat}/notice?language=en")).json()
        for modality in notice["modalities"]:
            yes = {"modality": modality, "status": "given", "notice_sha256": notice["text_sha256"]}
            assert (await client.post(f"{seat}/consent", json=yes)).status_code == 201
        receipt = (await client.post("/v1/subjects/erase", json={"person": "told-once"})).json()
    with scene.one.tenant.store.reading() as tx:
        graves = [one.payload_id or "" for one in outbox.unhanded(tx) if one.topic == TOPIC]
        told = [json.loads(scene.one.tenant.vault.open_sealed(tx, one).payload) for one in graves]
    mine = [one for one in told if one["receipt_id"] == receipt["statement"]["erasure_id"]]
    assert sorted((one["participant_id"], one.get("call_id")) for one in mine) == sorted(
        # What ends apart from a call, as an erasure does everywhere, is known by the deployment's own id alone.
        [(ana, call["call_id"]), ("told-once", None)]
    )
    assert receipt["statement"]["receivers"]["waiting"] == 2


async def test_erasures_and_runs_go_on_where_the_page_before_ended(scene: Scene) -> None:
    people = [{"name": name, "role": "customer", "person": f"paged-{name}"} for name in ("Eva", "Finn", "Gail")]
    async with scene.client() as client:
        for one in people:
            await client.post("/v1/calls", json={"participants": [one]})
            await client.post("/v1/subjects/erase", json={"person": one["person"]})
    for purpose in (Purpose.SUPPORT_QA, Purpose.SAFETY):
        Retention(scene.one.tenant.log, scene.one.tenant.vault, scene.clock).end_purpose(purpose)
    async with scene.client(scene.key(Position.COMPLIANCE)) as officer:
        erased = await every(officer, "/v1/erasures", "items")
        runs = await every(officer, "/v1/retention", "runs")
        stray = await officer.get("/v1/erasures?cursor=stray")
    assert len(erased) == len(set(erased)) >= 3
    assert erased == sorted(erased, reverse=True)
    assert (len(set(runs)), stray.status_code) == (2, 422)


async def every(client: httpx.AsyncClient, path: str, name: str) -> list[int]:
    """The entries of a list, asked for two at a time."""
    page = (await client.get(path, params={"limit": 2})).json()
    found = [one["seq"] for one in page[name]]
    while page["next"] is not None:
        page = (await client.get(path, params={"limit": 2, "cursor": page["next"]})).json()
        found += [one["seq"] for one in page[name]]
    return found
