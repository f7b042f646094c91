"""Endpoints over HTTP, and fetching what a thin event refers to."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.server.api.scene import Scene, signal
from tests.server.api.test_answers import ANA, begun, ids, say_yes

from countenance.audit.outcome import Outcome, Outgoing
from countenance.contracts.call import FACE
from countenance.contracts.readings import Event, Phase
from countenance.control.delivery import Answer
from countenance.control.erasure import Eraser
from countenance.server.live import LiveCall
from countenance.server.scopes import Position, Scope
from countenance.server.webhooks import HEALTH, delivery_of, endpoints_of
from countenance.storage.clocks import micros
from countenance.storage.outbox import Event as Put
from countenance.storage.outbox import put
from countenance.surface.blocks import Grounds
from countenance.surface.envelope import Envelopes

URL = "https://hooks.example.com/countenance"
NOBODY = "f" * 32


async def added(client: httpx.AsyncClient, **more: object) -> dict[str, Any]:
    answer = await client.post("/v1/webhooks", json={"url": URL, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/webhooks/{made['endpoint_id']}"
    return made


def leave(scene: Scene, *events: Put) -> None:
    """Put events out."""
    log = scene.one.tenant.log
    log.append_all([("CONFIG", {})], lambda tx, made: put(tx, made[0].seq, events, micros(scene.clock.utc())))


def send(scene: Scene, status: int = 204) -> list[dict[str, Any]]:
    """Send what is due; the bodies."""
    sent = []
    delivery = delivery_of(scene.site, scene.one)
    while delivery.run(lambda parcel: sent.append(json.loads(parcel.body)) or Answer(status)):  # type: ignore[func-returns-value]
        pass
    return sent


async def test_an_endpoint_is_added_shown_and_removed(scene: Scene) -> None:
    async with scene.client() as client:
        made = await added(client, types=["engagement_low", "io.countenance.consent.*"])
        assert made["secret"].startswith("whsec_")
        shown = (await client.get(f"/v1/webhooks/{made['endpoint_id']}")).json()
        assert shown == {key: value for key, value in made.items() if key != "secret"}
        assert shown["types"] == ["io.countenance.signal.engagement_low.*", "io.countenance.consent.*"]
        assert (await client.get("/v1/webhooks")).json() == {"items": [shown]}
        assert (await client.delete(f"/v1/webhooks/{made['endpoint_id']}")).status_code == 204
        assert (await client.get("/v1/webhooks")).json() == {"items": []}
    assert [one["scope"] for one in scene.entries("CONFIG") if "scope" in one] == ["webhook.added", "webhook.removed"]
    assert str(scene.entries("CONFIG")[-1]["actor"]).startswith("key:")


@pytest.mark.parametrize(
    "url", ["http://hooks.example.com/", "https://127.0.0.1/", "https://169.254.169.254/latest", "https://2130706433/"]
)
async def test_an_inward_address_is_refused(scene: Scene, url: str) -> None:
    async with scene.client() as client:
        answer = await client.post("/v1/webhooks", json={"url": url})
    assert answer.status_code == 422
    assert answer.json()["fix"]


async def test_events_arrive_thin_and_what_they_refer_to_is_fetched(scene: Scene) -> None:
    async with scene.client() as client:
        await added(client)
        leave(scene, Put("io.countenance.call.summary.v1", body='{"summary_id":"s"}'))
        (thin,) = send(scene)
        assert "data" not in thin
        got = await client.get(thin["dataref"])
    assert got.headers["content-type"] == "application/cloudevents+json"
    assert got.json() == {**thin, "datacontenttype": "application/json", "data": {"summary_id": "s"}}


def read(scene: Scene, live: LiveCall, who: str) -> None:
    """A person enters a state: the event goes out with its result."""
    (lease,) = scene.one.control.grant(live.running, 0, 1_000_000, [who])
    event = Event("engagement_low", Phase.STARTED, "s_1", 0, 1_000_000, signal(who), "disengaged")
    envelope = Envelopes(live.call).event(1, event, Grounds())
    out = Outgoing(str(envelope["type"]), json.dumps(envelope).encode())
    scene.one.control.results(live.running, [Outcome(lease, {FACE: 5}, b"{}", (out,))])


async def test_what_was_read_of_a_person_is_for_the_named_reviewer_and_the_log_knows(scene: Scene) -> None:
    async with scene.client() as client:
        await added(client, types=["engagement_low"])
        call = await begun(client, ANA)
        (who,) = ids(call)
        await say_yes(client, call, who)
        read(scene, scene.one.calls.get(call["call_id"]), who)
        (thin,) = send(scene)
        assert thin["subject"] == f"participants/{who}"
        assert (await client.get(thin["dataref"])).status_code == 403
        before = len(scene.entries("ACCESS"))
        coach = await client.get(thin["dataref"], headers=scene.reviewer(Position.COACH))
        assert coach.json()["data"]["label"] == "disengaged"
        assert [one["reason"] for one in scene.entries("ACCESS")[before:]] == ["webhook"]
        assert (await client.get(thin["dataref"], headers=scene.key(Position.OPERATOR, "two"))).status_code == 404
        tenant = scene.one.tenant
        Eraser(tenant.log, tenant.vault, scene.clock).erase("customer-17", "art17", "subject")
        assert (await client.get(thin["dataref"], headers=scene.reviewer(Position.COACH))).status_code == 404


async def test_the_delivery_log_is_paged_and_events_are_sent_again(scene: Scene) -> None:
    async with scene.client() as client:
        name = (await added(client, full=True))["endpoint_id"]
        leave(scene, *(Put(f"io.countenance.t{n}", body="{}") for n in range(5)))
        assert len(send(scene)) == 5
        seen: list[dict[str, Any]] = []
        query: dict[str, Any] = {"limit": 2}
        while True:
            page = (await client.get(f"/v1/webhooks/{name}/deliveries", params=query)).json()
            seen += page["items"]
            if page["next"] is None:
                break
            query["cursor"] = page["next"]
        assert {(one["status"], one["answer"], one["attempts"]) for one in seen} == {("delivered", 204, 1)}
        assert len({one["event_id"] for one in seen}) == 5
        again = await client.post(f"/v1/webhooks/{name}/replay", json={"event_id": seen[0]["event_id"]})
        assert (again.status_code, again.json()) == (202, {"queued": 1})
        assert [one["id"] for one in send(scene)] == [seen[0]["event_id"]]
        since = (scene.clock.utc() - timedelta(hours=1)).isoformat()
        assert (await client.post(f"/v1/webhooks/{name}/replay", json={"since": since})).json() == {"queued": 5}
        assert (await client.post(f"/v1/webhooks/{name}/replay", json={"dead_letters": True})).json() == {"queued": 0}
        for wrong in ({}, {"since": "2026-11-23T09:00:00"}, {"dead_letters": True, "event_id": NOBODY}):
            assert (await client.post(f"/v1/webhooks/{name}/replay", json=wrong)).status_code == 422


async def test_an_endpoint_is_tried_out_lost_and_brought_back(scene: Scene) -> None:
    async with scene.client() as client:
        name = (await added(client, signature="ed25519"))["endpoint_id"]
        test = await client.post(f"/v1/webhooks/{name}/test")
        assert test.status_code == 202
        waiting = (await client.get(f"/v1/webhooks/{name}/deliveries")).json()["items"][0]
        assert (waiting["event_id"], waiting["status"], waiting["tried_at"]) == (
            test.json()["event_id"],
            "waiting",
            None,
        )
        send(scene, 500)
        failing = (await client.get(f"/v1/webhooks/{name}")).json()
        assert (failing["status"], failing["problem"]) == ("failing", "the receiver answered 500")
        assert failing["public_key"].startswith("whpk_")
        scene.clock.pass_us(10_000_000)
        send(scene, 410)
        assert (await client.get(f"/v1/webhooks/{name}")).json()["status"] == "disabled"
        given_up = (await client.get(f"/v1/webhooks/{name}/deliveries")).json()["items"][0]
        assert (given_up["status"], given_up["answer"], given_up["next_at"]) == ("given_up", 410, None)
        assert (await client.post(f"/v1/webhooks/{name}/test")).status_code == 422
        assert (await client.post(f"/v1/webhooks/{name}/enable")).json() == {"queued": 1}
        assert len(send(scene)) == 1
        assert (await client.post(f"/v1/webhooks/{name}/secret")).json()["secret"].startswith("whpk_")


async def test_without_the_scope_nothing_is_shown_and_no_tenant_sees_another(scene: Scene) -> None:
    async with scene.client() as client:
        name = (await added(client))["endpoint_id"]
        other, scopeless = scene.key(tenant="two"), scene.key(scopes=frozenset({Scope.CALLS_READ}))
        for method, path in (
            ("GET", ""), ("POST", ""), ("GET", f"/{name}"), ("DELETE", f"/{name}"), ("POST", f"/{name}/secret"),
            ("POST", f"/{name}/enable"), ("POST", f"/{name}/test"), ("GET", f"/{name}/deliveries"),
            ("POST", f"/{name}/replay"),
        ):  # fmt: skip
            body = (
                {"json": {"dead_letters": True}}
                if path.endswith("replay")
                else {"json": {"url": URL}}
                if not path
                else {}
            )
            assert (await client.request(method, f"/v1/webhooks{path}", headers=scopeless, **body)).status_code == 403
            if path:
                answer = await client.request(method, f"/v1/webhooks{path}", headers=other, **body)
                assert answer.status_code == 404
        assert (await client.get("/v1/webhooks", headers=other)).json() == {"items": []}
        assert (await client.get(f"/v1/events/{NOBODY}")).status_code == 404


def test_where_calls_are_about_health_bodies_are_thin(scene: Scene) -> None:
    for purpose in HEALTH:
        deployed = scene.one.deployed.model_copy(update={"purpose": purpose})
        services = type(scene.one)(
            scene.one.name, deployed, scene.one.tenant, scene.one.control, scene.one.tokens, scene.one.calls
        )
        assert endpoints_of(scene.site, services)._phi
    assert not endpoints_of(scene.site, scene.one)._phi


async def test_the_end_of_a_call_is_told_with_the_address_of_its_summary(scene: Scene) -> None:
    async with scene.client() as client:
        await added(client, types=["io.countenance.call.*"])
        call = await begun(client, ANA)
        await client.post(f"/v1/calls/{call['call_id']}/end")
        (thin,) = send(scene)
        assert thin["type"] == "io.countenance.call.summary.v1"
        assert thin["dataref"] == f"/v1/calls/{call['call_id']}/summary"
        assert (await client.get(thin["dataref"])).status_code == 200
