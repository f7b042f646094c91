"""Notes for systems of record: what the ruling allows, shown to a human, and gone from here by their click alone."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from tests.server.api.scene import TERMS, Scene
from tests.server.api.served import serving
from tests.server.coached import NO_HOLDOUT, CoachedCall
from tests.server.pages.told import Told, tell

from countenance.server.scopes import Position, Scope
from countenance.surface.envelope import NOTE_ACCEPTED
from countenance.surface.schemas import NOTE, schemas

TOLD_OF = TERMS.model_copy(update={"recipients": ("Example CRM Inc",)})


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("drafts"), terms=TOLD_OF.model_dump())


@pytest.fixture(scope="module")
def address(scene: Scene) -> Iterator[str]:
    with serving(scene.app) as address:
        yield address


@pytest.fixture(scope="module")
def told(scene: Scene, address: str) -> Told:
    return tell(scene, address, 12)


@pytest.fixture
async def coach(scene: Scene, told: Told) -> AsyncIterator[httpx.AsyncClient]:
    async with scene.client(scene.reviewer()) as client:
        client.base_url = httpx.URL(f"http://test/v1/calls/{told.call_id}/")
        yield client


async def drafted(coach: httpx.AsyncClient, told: Told) -> dict[str, Any]:
    answer = await coach.get(f"participants/{told.ana}/drafts/crm")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_only_who_the_system_records_and_the_reviewer_may_see_is_offered(
    scene: Scene, told: Told, coach: httpx.AsyncClient
) -> None:
    offered = (await coach.get("drafts")).json()
    said = {one["participant_id"]: (one["system"], one["stays"]) for one in offered["items"]}
    assert said == {told.ana: ("crm", None), told.ben: ("crm", "worker")}
    assert (offered["recipients"], offered["endpoints"]) == (["Example CRM Inc"], [])
    async with scene.client(scene.reviewer(Position.TEACHER)) as teacher:
        path = f"/v1/calls/{told.call_id}"
        items = (await teacher.get(f"{path}/drafts")).json()["items"]
        assert {one["stays"] for one in items} == {"reviewer", "worker"}
        refused = await teacher.get(f"{path}/participants/{told.ana}/drafts/crm")
        assert refused.json()["type"] == "/problems/reviewer-required"


async def test_of_people_at_work_and_for_other_systems_there_is_no_draft(told: Told, coach: httpx.AsyncClient) -> None:
    for who, system, why in ((told.ben, "crm", "worker"), (told.ben, "ehr", "worker"), (told.ana, "ehr", "purpose")):
        refused = await coach.get(f"participants/{who}/drafts/{system}")
        assert (refused.status_code, refused.json()["detail"]) == (403, f"nothing leaves of this person: {why}")
        body = {"digest": "0" * 64, "text": "x"}
        assert (await coach.post(f"participants/{who}/drafts/{system}/accept", json=body)).status_code == 403


async def test_a_draft_says_in_words_what_would_leave_and_the_log_says_who_looked(
    scene: Scene, told: Told, coach: httpx.AsyncClient
) -> None:
    body = {"participant_id": told.ana, "at_us": 4_000_000, "words": "A good question."}
    await coach.post("comments", json=body)
    note = (await drafted(coach, told))["note"]
    Draft202012Validator(schemas()[NOTE]).validate(note)
    assert (note["status"], note["participant"]["person"]) == ("preliminary", "customer-17")
    assert {one["label"] for one in note["states"]} >= {"engaged", "disengaged"}
    assert all("%" not in one["words"] for one in note["states"])
    assert "At 0:04: A good question." in note["text"]
    german = (await coach.get(f"participants/{told.ana}/drafts/crm?language=de")).json()["note"]
    assert "Bei 0:04: A good question." in german["text"], "what a human wrote stays as it was written"
    assert (note["language"], german["language"], german["note_id"]) == ("en", "de", note["note_id"])
    assert scene.entries("ACCESS")[-2]["reason"] == "draft"
    for payload in note["payloads"].values():
        assert "engaged" not in str(payload), "no reading is put into a field of a CRM"


async def test_what_is_accepted_is_what_was_shown_and_leaves_once(
    scene: Scene, told: Told, coach: httpx.AsyncClient
) -> None:
    accept = f"participants/{told.ana}/drafts/crm/accept"
    shown = await drafted(coach, told)
    stale = {"digest": "0" * 64, "text": "x"}
    assert (await coach.post(accept, json=stale)).json()["detail"] == "the draft has changed since it was shown"
    async with scene.client(scene.key(scopes=frozenset({Scope.NOTES}))) as carrier:
        path = f"/v1/calls/{told.call_id}/participants/{told.ana}/notes/crm"
        assert (await carrier.get(path)).status_code == 404
        body, once = {"digest": shown["digest"], "text": "As we agreed."}, {"idempotency-key": "a" * 16}
        left = await coach.post(accept, json=body, headers=once)
        again = await coach.post(accept, json=body, headers=once)
        fetched = (await carrier.get(path)).json()["note"]
    assert (left.status_code, again.status_code, left.json()) == (201, 201, again.json())
    assert (await coach.post(accept, json=body)).status_code == 409
    assert (fetched["status"], fetched["text"], fetched) == ("final", "As we agreed.", left.json()["note"])
    assert "As we agreed." in fetched["payloads"]["hubspot"]["body"]["properties"]["hs_call_body"]
    Draft202012Validator(schemas()[NOTE]).validate(fetched)
    step = scene.entries("SUGGESTION")[-1]
    assert [step[name] for name in ("scope", "format", "status", "suggestion")] == [
        "note",
        "crm",
        "edited",
        fetched["note_id"],
    ]
    assert scene.entries("ACCESS")[-1]["reason"] == "note"
    items = (await coach.get("drafts")).json()["items"]
    assert {one["participant_id"] for one in items if one["left"]} == {told.ana}


async def test_the_stream_tells_of_it_and_says_nothing_of_what_it_says(scene: Scene, told: Told) -> None:
    envelopes, _ = scene.one.calls.get(told.call_id).stream.since(0)
    one = envelopes[-1]
    assert one["type"] == NOTE_ACCEPTED
    assert one["dataref"] == f"/v1/calls/{told.call_id}/participants/{told.ana}/notes/crm"
    assert set(one["data"]) == {"note_id", "system", "participant_id"}  # type: ignore[call-overload]
    schema = Draft202012Validator(schemas()[NOTE_ACCEPTED])
    schema.validate(one["data"])


async def test_a_call_that_this_process_has_forgotten_has_its_drafts(scene: Scene, address: str) -> None:
    later = tell(scene, address, 12)
    scene.one.calls._calls.pop(later.call_id)
    async with scene.client(scene.reviewer()) as coach:
        path = f"/v1/calls/{later.call_id}/participants/{later.ana}/drafts/crm"
        shown = (await coach.get(f"{path}?language=fr")).json()
        body = {"digest": shown["digest"], "text": shown["note"]["text"], "language": "fr"}
        assert (await coach.post(f"{path}/accept", json=body)).status_code == 201
    assert scene.entries("SUGGESTION")[-1]["status"] == "accepted"


async def test_nothing_leaves_while_the_call_goes_on_or_where_the_notice_named_nobody(
    scene: Scene, told: Told, coach: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [{"name": "Ana", "role": "customer", "person": "customer-20"}]
    async with scene.client() as operator:
        begun = (await operator.post("/v1/calls", json={"participants": people})).json()
    who = begun["participants"][0]["participant_id"]
    async with scene.client(scene.reviewer()) as other:
        early = await other.get(f"/v1/calls/{begun['call_id']}/participants/{who}/drafts/crm")
    assert (early.status_code, early.json()["fix"]) == (409, "End the call first.")
    services = scene.one
    bare = services.deployed.model_copy(update={"terms": TERMS})
    monkeypatch.setattr(type(services), "deployed", property(lambda _: bare))
    refused = await coach.get(f"participants/{told.ana}/drafts/crm")
    assert (refused.status_code, refused.json()["detail"]) == (409, "nothing leaves of this person: recipients")


async def test_an_erased_person_takes_their_note_along(scene: Scene, told: Told, coach: httpx.AsyncClient) -> None:
    async with scene.client() as operator:
        await operator.post("/v1/subjects/erase", json={"person": "customer-17"})
        path = f"/v1/calls/{told.call_id}/participants/{told.ana}/notes/crm"
        assert (await operator.get(path)).status_code == 403, "an operator's key has not got that scope by itself"
    async with scene.client(scene.key(scopes=frozenset({Scope.NOTES}))) as carrier:
        assert (await carrier.get(path)).status_code == 404
    assert (await coach.get(f"participants/{told.ana}/drafts/crm")).status_code == 404


async def test_advice_that_was_taken_up_stands_in_the_draft(tmp_path: Path) -> None:
    scene = Scene(tmp_path, terms=TOLD_OF.model_dump(), coaching=NO_HOLDOUT)
    call = await CoachedCall.begin(scene)
    await call.fall()
    async with scene.client(scene.reviewer()) as coach:
        (prompt,) = (await coach.get(call.path())).json()["prompts"]
        await coach.post(call.path(f"/prompts/{prompt['prompt_id']}"), json={"action": "accepted"})
        await scene.one.calls.end(call.live.id)
        note = (await coach.get(call.path(f"/participants/{call.ana}/drafts/crm"))).json()["note"]
    assert [(one["prompt_id"], one["outcome"]) for one in note["prompts"]] == [(prompt["prompt_id"], "accepted")]
    assert f"Advice taken up: {prompt['text']}" in note["text"]
