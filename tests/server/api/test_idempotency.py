"""The same request twice is done once."""

import asyncio
from datetime import timedelta

import pytest
from tests.server.api.scene import Scene

from countenance.server.idempotency import Replies, Reply
from countenance.storage.tables import replies as rows

KEY = {"Idempotency-Key": "0a1b2c3d-4e5f-6789"}
ANA = {"name": "Ana", "role": "customer", "person": "customer-17"}


async def test_the_same_request_under_one_key_begins_one_call(scene: Scene) -> None:
    async with scene.client() as client:
        first = await client.post("/v1/calls", json={}, headers=KEY)
        again = await client.post("/v1/calls", json={}, headers=KEY)
        other = await client.post("/v1/calls", json={})
    assert first.json() == again.json() != other.json()
    assert (first.headers["location"], again.headers["idempotency-replayed"]) == (again.headers["location"], "true")
    assert len(scene.one.calls.all()) == 2


async def test_another_request_under_the_same_key_is_a_conflict(scene: Scene) -> None:
    async with scene.client() as client:
        await client.post("/v1/calls", json={}, headers=KEY)
        other = await client.post("/v1/calls", json={"participants": [ANA]}, headers=KEY)
    assert (other.status_code, other.json()["type"]) == (409, "/problems/idempotency-conflict")


async def test_two_at_the_same_time_are_done_once(scene: Scene) -> None:
    async with scene.client() as client:
        answers = await asyncio.gather(*(client.post("/v1/calls", json={}, headers=KEY) for _ in range(8)))
    assert len({answer.json()["call_id"] for answer in answers}) == 1
    assert len(scene.one.calls.all()) == 1


async def test_a_key_is_its_callers_own(scene: Scene) -> None:
    told = set()
    for headers in (scene.key(), scene.key(), scene.key(tenant="two")):
        async with scene.client(headers) as client:
            told.add((await client.post("/v1/calls", json={}, headers=KEY)).json()["call_id"])
    assert len(told) == 3


async def test_a_refusal_is_not_kept(scene: Scene) -> None:
    async with scene.client() as client:
        await client.post("/v1/calls", json={"source": {"kind": "smoke"}}, headers=KEY)
        begun = await client.post("/v1/calls", json={}, headers=KEY)
    assert begun.status_code == 201


async def test_after_a_day_a_key_is_new(scene: Scene) -> None:
    async with scene.client() as client:
        first = await client.post("/v1/calls", json={}, headers=KEY)
        scene.clock.pass_us(timedelta(hours=24) // timedelta(microseconds=1))
        later = await client.post("/v1/calls", json={}, headers=KEY)
    assert first.json()["call_id"] != later.json()["call_id"]


async def test_a_key_that_can_be_guessed_is_not_taken(scene: Scene) -> None:
    async with scene.client() as client:
        refused = await client.post("/v1/calls", json={}, headers={"Idempotency-Key": "1"})
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "Idempotency-Key")


def test_what_is_kept_cannot_be_read_in_the_store(scene: Scene) -> None:
    store = scene.one.tenant.store
    Replies(store, scene.clock).keep("key:1", KEY["Idempotency-Key"], b"who: Ana", Reply(201, {}, b"the answer: Ana"))
    with store.reading() as tx:
        (row,) = tx.rows(tx.select(rows))
    assert b"Ana" not in row.sealed
    assert KEY["Idempotency-Key"] not in row.tag


@pytest.mark.parametrize("who", ["key:1", "key:2"])
def test_what_is_kept_opens_for_its_caller_alone(scene: Scene, who: str) -> None:
    kept = Replies(scene.one.tenant.store, scene.clock)
    reply = Reply(201, {"location": "/v1/calls/c"}, b"{}")
    kept.keep("key:1", KEY["Idempotency-Key"], b"request", reply)
    assert kept.find(who, KEY["Idempotency-Key"], b"request") == (reply if who == "key:1" else None)
