"""R16: whatever is asked for of another tenant is answered as if it had never been."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.server.api.scene import Scene

from countenance.contracts.call import Role
from countenance.server.keys import NewKey
from countenance.server.live import Joining, LiveCall, NewCall
from countenance.server.scopes import Position, Scope
from countenance.server.tokens import Seat
from countenance.storage.outbox import random_id
from countenance.storage.tables import outbox

EVERY = frozenset(Scope) - {Scope.PARTICIPANT}
OWN = frozenset({"correlation_id", "instance"})
"""Members of an answer that differ from request to request."""
PUBLIC = ("/.well-known/countenance/{tenant}", "/privacy/retention/{tenant}")
"""Pages that a tenant shows to everybody."""
NOBODYS = {"model", "path", "seq", "slug", "name", "tenant", "rule_id", "system"}
"""Parts of addresses that are no id of a tenant: models, places in one's own log, words."""
THEMSELVES = {("post", "label-consent")}
"""What nobody may do for somebody else: whichever id a key names, it is told so."""
TYPES = {"application/sdp": "v=0\r\n", "application/trickle-ice-sdpfrag": "a=end-of-candidates\r\n"}


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


@pytest.fixture
async def foreign(scene: Scene) -> Mapping[str, str]:
    """Ids of everything that the second tenant has, by the names of the parts of addresses."""
    two = scene.site.tenants["two"]
    live: LiveCall = await two.calls.open(scene_call())
    participant = live.call.participants[0].id
    async with scene.client(scene.key(Position.OPERATOR, "two", EVERY)) as client:
        seat = f"/v1/calls/{live.id}/participants/{participant}"
        notice = (await client.get(f"{seat}/notice")).json()
        body = {"modality": "face", "status": "given", "notice_sha256": notice["text_sha256"]}
        receipt = (await client.post(f"{seat}/consent", json=body)).json()["receipt_id"]
        gone: LiveCall = await two.calls.open(scene_call("customer-18"))
        erased = await client.post("/v1/subjects/erase", json={"person": "customer-18"})
    async with scene.client(scene.key(Position.COACH, "two", EVERY)) as client:
        said = {"participant_id": participant, "at_us": 0, "words": "a question"}
        written = (await client.post(f"/v1/calls/{live.id}/comments", json=said)).json()
        comment = {"comment_id": written["comment_id"]}
        hook = (await client.post("/v1/webhooks", json={"url": "https://hooks.example.com/"})).json()
    found = {"call_id": live.id, "participant_id": participant, "receipt_id": receipt, "resource_id": random_id()}
    assert erased.status_code < 300, erased.text
    with two.tenant.store.reading() as tx:
        event = tx.rows(tx.select(outbox).limit(1))[0].event_id
    more = {
        "erasure_id": erased.json()["statement"]["erasure_id"],
        "endpoint_id": hook["endpoint_id"],
        "event_id": event,
        "comment_id": comment["comment_id"],
    }
    _, key = scene.site.keys.make(NewKey("two", "theirs", Position.COACH))
    more |= {"key_id": key.key_id, "prompt_id": random_id()}
    return {**found, **more, "person": "customer-17", "other_call": gone.id, "system": "crm"}


def scene_call(person: str = "customer-17") -> NewCall:
    return NewCall(participants=(Joining("Ana", Role.CUSTOMER, person),))


def instance(schema: Mapping[str, Any], whole: Mapping[str, Any], ids: Mapping[str, str]) -> object:
    """A smallest value that a schema allows, with ids where the schema asks for them by name."""
    if "$ref" in schema:
        return instance(whole["components"]["schemas"][schema["$ref"].rpartition("/")[2]], whole, ids)
    for form in ("anyOf", "oneOf", "allOf"):
        if form in schema:
            return instance(schema[form][0], whole, ids)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if schema.get("type") == "object":
        names = {*schema.get("required", ()), *(ids.keys() & schema.get("properties", {}).keys())}
        inner = schema.get("properties", {})
        return {name: ids.get(name) or instance(inner[name], whole, ids) for name in sorted(names)}
    text = "0" * 32 if "pattern" in schema else "x" * schema.get("minLength", 1)
    plain = {"string": text, "integer": schema.get("minimum", 1), "number": 1.0}
    return {**plain, "array": [], "boolean": True}.get(schema.get("type", "string"))


def bare(answer: httpx.Response, ids: Mapping[str, str]) -> tuple[int, str, list[str]]:
    """What an answer says, without its own number and without the ids that were asked with."""
    text = answer.text
    if answer.headers.get("content-type", "").startswith("application/problem"):
        text = json.dumps({name: value for name, value in answer.json().items() if name not in OWN})
    for name, value in ids.items():
        text = text.replace(value, f"<{name}>")
    names = sorted(name for name in answer.headers if name not in ("date", "content-length"))
    return answer.status_code, text, names


async def test_every_id_of_another_tenant_answers_as_an_unknown_one(scene: Scene, foreign: Mapping[str, str]) -> None:
    unknown = {name: random_id() for name in foreign} | {"person": "customer-99", "key_id": random_id()[:16]}
    unknown["system"] = foreign["system"]
    before = [(entry.kind, dict(entry.body)) for entry in scene.site.tenants["two"].tenant.log.entries()]
    asked = 0
    async with scene.client(scene.key(Position.COACH, "one", EVERY)) as client:
        whole = (await client.get("/openapi.json")).json()
        for path, operations in whole["paths"].items():
            if path in PUBLIC or not (set(parts(path)) - NOBODYS or "/subjects/" in path):
                continue
            for method, operation in operations.items():
                theirs = await ask(client, method, path, operation, whole, foreign)
                nobodys = await ask(client, method, path, operation, whole, unknown)
                assert bare(theirs, foreign) == bare(nobodys, unknown), f"{method} {path}"
                assert set(parts(path)) - NOBODYS <= foreign.keys(), f"{path}: make one for the second tenant above"
                if set(parts(path)) - NOBODYS and method != "options":
                    print(theirs.status_code, method, path)
                    told = {403} if (method, path.rpartition("/")[2]) in THEMSELVES else {404, 409, 415, 422, 428}
                    assert theirs.status_code in told, f"{method} {path}: {theirs.text}"
                asked += 1
    assert asked > 20
    after = [(entry.kind, dict(entry.body)) for entry in scene.site.tenants["two"].tenant.log.entries()]
    assert after == before


async def test_the_same_requests_work_for_whom_they_belong_to(scene: Scene, foreign: Mapping[str, str]) -> None:
    """Else the test above would pass with requests that nobody could make."""
    fine: list[str] = []
    async with scene.client(scene.key(Position.COACH, "two", EVERY)) as client:
        whole = (await client.get("/openapi.json")).json()
        for path, operations in whole["paths"].items():
            for method, operation in operations.items():
                if method != "get" or path.endswith("/events") or not set(parts(path)) - NOBODYS:
                    continue
                if (await ask(client, method, path, operation, whole, foreign)).status_code == 200:
                    fine.append(path)
    assert "/v1/calls/{call_id}" in fine
    assert len(fine) >= 5


async def test_a_credential_of_one_tenant_opens_nothing_of_another(scene: Scene, foreign: Mapping[str, str]) -> None:
    path = f"/v1/calls/{foreign['call_id']}"
    seat = Seat(foreign["call_id"], foreign["participant_id"])
    theirs = scene.site.tenants["two"].tokens.for_participant(seat)
    ours = scene.site.tenants["one"].tokens.for_participant(seat)
    async with scene.client({"Authorization": f"Bearer {theirs}"}) as client:
        assert (await client.get(path)).status_code == 200
    async with scene.client({"Authorization": f"Bearer {ours}"}) as client:
        assert (await client.get(path)).status_code == 404


async def test_a_token_of_one_call_opens_no_other_and_no_other_seat(scene: Scene, foreign: Mapping[str, str]) -> None:
    two = scene.site.tenants["two"]
    mine = two.tokens.for_participant(Seat(foreign["call_id"], foreign["participant_id"]))
    review = two.tokens.for_reviewer("u-1", Position.COACH, foreign["call_id"])
    async with scene.client({"Authorization": f"Bearer {mine}"}) as client:
        own = f"/v1/calls/{foreign['call_id']}/participants/{foreign['participant_id']}"
        assert (await client.get(own)).status_code == 200
        assert (await client.get(f"/v1/calls/{foreign['other_call']}")).status_code == 404
        assert (await client.get(own[:-1] + ("0" if own[-1] != "0" else "1"))).status_code == 404
        assert (await client.get("/v1/calls")).status_code == 403
    async with scene.client({"Authorization": f"Bearer {review}"}) as client:
        assert (await client.get(f"/v1/calls/{foreign['call_id']}")).status_code == 200
        assert (await client.get(f"/v1/calls/{foreign['other_call']}")).status_code == 404
        assert (await client.get("/v1/calls")).status_code == 403


async def test_every_route_but_the_public_ones_asks_who_calls(scene: Scene) -> None:
    public = {"/healthz", "/readyz", "/version", "/.well-known/countenance", "/privacy/retention", *PUBLIC}
    async with scene.client({"accept": "*/*"}) as client:
        whole = (await client.get("/openapi.json")).json()
        for path, operations in whole["paths"].items():
            for method, operation in operations.items():
                if path in public or method == "options":
                    continue
                ids = dict.fromkeys(parts(path), "1")
                answer = await ask(client, method, path, operation, whole, ids)
                assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"


def parts(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


async def ask(
    client: httpx.AsyncClient,
    method: str,
    path: str,
    operation: Mapping[str, Any],
    whole: Mapping[str, Any],
    ids: Mapping[str, str],
) -> httpx.Response:
    url = path.format(**{name: ids.get(name, "1") for name in parts(path)})
    content = operation.get("requestBody", {}).get("content", {})
    nothing: tuple[str, Mapping[str, Any]] = ("application/json", {})
    kind, form = next(iter(content.items()), nothing)
    schema = form.get("schema", {})
    text = TYPES.get(kind) or json.dumps(instance(schema, whole, ids) if schema else None)
    body = text if content else None
    headers = {"content-type": kind} if body is not None else {}
    return await client.request(method, url, content=body, headers={**headers, "if-match": '"x"'})
