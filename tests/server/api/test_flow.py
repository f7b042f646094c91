"""A call from its beginning to its erasure, as a deployment and a participant live it over HTTP."""

import asyncio
import hashlib
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.server.api.scene import Scene, signal

from countenance.audit.deletion import verify_deletion
from countenance.link.messages import Done
from countenance.server.exporting import Exporting

ANA = {"name": "Ana", "role": "customer", "person": "customer-17"}


@pytest.fixture
async def call(scene: Scene) -> dict[str, Any]:
    async with scene.client() as client:
        begun = await client.post("/v1/calls", json={"participants": [ANA]})
    assert begun.status_code == 201
    assert begun.headers["location"] == f"/v1/calls/{begun.json()['call_id']}"
    found: dict[str, Any] = begun.json()
    return found


def seat(call: dict[str, Any]) -> str:
    return f"/v1/calls/{call['call_id']}/participants/{call['participants'][0]['participant_id']}"


async def say_yes(client: httpx.AsyncClient, call: dict[str, Any], modality: str = "face") -> httpx.Response:
    notice = (await client.get(f"{seat(call)}/notice")).json()
    body = {"modality": modality, "status": "given", "notice_sha256": notice["text_sha256"]}
    return await client.post(f"{seat(call)}/consent", json=body)


async def test_a_call_begins_with_what_the_gate_says_of_everybody(scene: Scene, call: dict[str, Any]) -> None:
    (ana,) = call["participants"]
    assert call["state"] == "live"
    face = next(one for one in ana["modalities"] if one["modality"] == "face")
    assert (face["allowed"], face["human_role"]) == (True, "coach")
    assert [one["layer"] for one in face["rulings"]] == sorted(
        (one["layer"] for one in face["rulings"]), key=["law", "product", "deployer"].index
    )


async def test_the_deployments_id_of_a_person_is_shown_nowhere_in_a_call(scene: Scene, call: dict[str, Any]) -> None:
    async with scene.client() as client:
        looked = await client.get(f"/v1/calls/{call['call_id']}")
        assert looked.json() == call
        assert "customer-17" not in looked.text


async def test_a_person_is_shown_the_notice_and_says_yes(scene: Scene, call: dict[str, Any]) -> None:
    async with scene.client() as client:
        notice = (await client.get(f"{seat(call)}/notice?language=de")).json()
        assert hashlib.sha256(notice["text"].encode()).hexdigest() == notice["text_sha256"]
        answered = await say_yes(client, call)
        standing = (await client.get(f"{seat(call)}/consent")).json()
    assert (answered.status_code, answered.json()["status"]) == (201, "given")
    face = next(one for one in standing["modalities"] if one["modality"] == "face")
    assert (face["readable"], face["answer"]["receipt_id"]) == (True, answered.json()["receipt_id"])
    assert [body["modality"] for body in scene.entries("CONSENT")] == ["face"]


async def test_a_yes_to_no_notice_does_not_count(scene: Scene, call: dict[str, Any]) -> None:
    async with scene.client() as client:
        body = {"modality": "face", "status": "given", "notice_sha256": "0" * 64}
        refused = await client.post(f"{seat(call)}/consent", json=body)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/consent-invalid")
    assert scene.entries("CONSENT") == []


async def test_stopping_is_one_request(scene: Scene, call: dict[str, Any]) -> None:
    async with scene.client() as client:
        await say_yes(client, call, "face")
        await say_yes(client, call, "voice")
        await say_yes(client, call, "text")
        stopped = await client.delete(f"{seat(call)}/consent?modality=face&modality=text")
        standing = (await client.get(f"{seat(call)}/consent")).json()["modalities"]
    assert {one["modality"]: one["status"] for one in stopped.json()} == {"face": "withdrawn", "text": "withdrawn"}
    assert {one["modality"]: one["readable"] for one in standing} == {"face": False, "text": False, "voice": True}


async def test_a_receipt_can_be_had_and_belongs_to_its_person_alone(scene: Scene, call: dict[str, Any]) -> None:
    async with scene.client() as client:
        receipt_id = (await say_yes(client, call)).json()["receipt_id"]
        mine = await client.get(f"{seat(call)}/receipts/{receipt_id}")
        joined = await client.post(
            f"/v1/calls/{call['call_id']}/participants", json={**ANA, "name": "Ben", "person": "customer-18"}
        )
        other = await client.get(f"{joined.headers['location']}/receipts/{receipt_id}")
        none = await client.get(f"{seat(call)}/receipts/{'0' * 32}")
    assert mine.json()["receipt_id"] == receipt_id
    assert (other.status_code, none.status_code) == (404, 404)


async def test_a_participants_token_is_good_for_their_own_seat_alone(scene: Scene, call: dict[str, Any]) -> None:
    async with scene.client() as client:
        made = (await client.post(f"{seat(call)}/tokens", json={})).json()
        joined = await client.post(f"/v1/calls/{call['call_id']}/participants", json={**ANA, "person": "b"})
    async with scene.client({"Authorization": f"Bearer {made['token']}"}) as ana:
        assert (await say_yes(ana, call)).status_code == 201
        assert (await ana.get(f"{joined.headers['location']}/consent")).status_code == 404
        assert (await ana.get("/v1/calls")).status_code == 403
        seen = (await ana.get(f"/v1/calls/{call['call_id']}")).json()
        assert [one["participant_id"] for one in seen["participants"]] == [call["participants"][0]["participant_id"]]


async def test_nobody_vouches_for_their_own_guardian(scene: Scene, call: dict[str, Any]) -> None:
    guardian = {
        "name": "G", "relation": "mother", "check": "payment", "checked_by": "me", "checked_at": "2026-11-23T09:00:00Z",
    }  # fmt: skip
    body = {"modality": "face", "status": "given", "kind": "parental_verifiable", "evidence": {"guardian": guardian}}
    async with scene.client() as client:
        made = (await client.post(f"{seat(call)}/tokens", json={})).json()
        with_guardian = await client.post(f"{seat(call)}/consent", json={**body, "status": "refused"})
    async with scene.client({"Authorization": f"Bearer {made['token']}"}) as ana:
        refused = await ana.post(f"{seat(call)}/consent", json=body)
    assert (with_guardian.status_code, refused.status_code) == (201, 403)


async def test_a_call_ends_once_and_stays_ended(scene: Scene, call: dict[str, Any]) -> None:
    live = scene.one.calls.get(call["call_id"])
    live.over.set()
    async with scene.client() as client:
        ended = await client.post(f"/v1/calls/{call['call_id']}/end")
        again = await client.post(f"/v1/calls/{call['call_id']}/end")
        late = await client.post(f"/v1/calls/{call['call_id']}/participants", json=ANA)
    assert (ended.json()["state"], ended.json()) == ("ended", again.json())
    assert ended.json()["ended_at"] is not None
    assert ended.json()["summary"] == f"/v1/calls/{call['call_id']}/summary"
    assert late.status_code == 404


async def test_captions_reach_the_worker(scene: Scene, call: dict[str, Any]) -> None:
    async with scene.client() as client:
        taken = await client.post(f"{seat(call)}/captions", json={"text": "Hello there", "language": "en"})
        span = await client.post(f"{seat(call)}/captions", json={"text": "x", "start_us": 5, "end_us": 5})
    assert (taken.status_code, span.status_code) == (202, 422)
    assert scene.pool.worker.heard[-1].text == "Hello there"  # type: ignore[union-attr]


async def test_a_person_takes_their_data_along_disputes_and_is_erased(
    scene: Scene, call: dict[str, Any], tmp_path: Path
) -> None:
    exporting = Exporting("one", scene.one.tenant.log, tmp_path / "log", lambda _: None)
    scene.site.tenants["one"] = replace(scene.one, exporting=exporting)
    async with scene.client() as client:
        await say_yes(client, call)
        seen = await client.post("/v1/subjects/see", json={"person": "customer-17"})
        assert not exporting.wanted.is_set()
        taken = await client.get(f"{seat(call)}/data/export")
        erased = await client.delete(f"{seat(call)}/data")
        erasure_id = erased.json()["statement"]["erasure_id"]
        receipt = await client.get(f"/v1/subjects/erasures/{erasure_id}")
        gone = await client.get(f"{seat(call)}/data")
        twice = await client.post("/v1/subjects/erase", json={"person": "customer-17"})
    assert [one["modality"] for one in seen.json()["answers"]] == ["face"]
    assert taken.json()["participant_id"] == "customer-17"
    assert receipt.json()["statement"]["erasure_id"] == erasure_id
    assert verify_deletion(receipt.content).statement == receipt.json()["statement"]
    assert (gone.status_code, twice.status_code) == (404, 404)
    assert {body["erasure_id"] for body in scene.entries("ERASURE")} == {erasure_id}
    assert exporting.wanted.is_set(), "who was erased is known outside as soon as it can be"


async def test_a_window_that_is_being_written_keeps_its_place_in_the_stream(
    scene: Scene, call: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers are given before the disk is waited for: what is said meanwhile comes after."""
    live = scene.one.calls.get(call["call_id"])
    (who,) = live.running.seats
    writing, written = threading.Event(), threading.Event()

    def slow(*_: object) -> dict[str, Any]:
        writing.set()
        assert written.wait(10)
        return {}

    monkeypatch.setattr(live.out, "_commit", slow)
    window = asyncio.ensure_future(scene.pool.owners[live.id].hear(Done(live.id, (), (signal(who),))))
    await asyncio.to_thread(writing.wait, 10)
    async with scene.client() as client:
        joining = asyncio.ensure_future(
            client.post(f"/v1/calls/{live.id}/participants", json={**ANA, "role": "agent", "person": "agent-1"})
        )
        while len(live.running.seats) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0)
        written.set()
        await window
        assert (await joining).status_code == 201
    live.stream.end()
    numbers = [int(str(event["sequence"])) async for event in live.stream.follow("000000000000")]
    assert numbers == sorted(numbers)
    assert len(numbers) > 1


async def test_stopping_by_person_is_told_in_every_call_they_sit_in(scene: Scene, call: dict[str, Any]) -> None:
    async with scene.client() as client:
        await say_yes(client, call)
        other = (await client.post("/v1/calls", json={"participants": [ANA]})).json()
        stopped = await client.post("/v1/subjects/stop", json={"person": "customer-17", "modalities": ["face"]})
    assert [one["status"] for one in stopped.json()] == ["withdrawn"]
    for one in (call, other):
        stream = scene.one.calls.get(one["call_id"]).stream
        stream.end()
        told = [event async for event in stream.follow("000000000000")]
        news = [one["data"] for one in told if one["type"] == "io.countenance.consent.changed.v1"]
        assert [dict(one)["status"] for one in news] == ["given", "withdrawn"]  # type: ignore[call-overload]
