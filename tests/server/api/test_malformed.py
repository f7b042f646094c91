"""Requests that are nearly right: the short form of `python -m bench.live.malformed`, and that it would see a miss."""

from bench.live.malformed import attack
from tests.server.api.scene import Scene


async def test_no_request_is_answered_500(scene: Scene) -> None:
    scene.pool.worker.answers = {"offer": {"resource_id": "r1", "sdp": "v=0", "etag": "e1"}}
    async with scene.client() as client:
        found = await attack(client, requests=300, seed=7)
    assert found.misses == []
    assert found.statuses[422] > found.statuses.total() / 8
    assert found.statuses.total() > 250


async def test_a_request_that_is_answered_500_is_found(scene: Scene) -> None:
    # This worker has no answer to an offer, which nobody foresaw.
    async with scene.client() as client:
        found = await attack(client, requests=120, seed=7)
    assert found.misses
    assert all("/whip/" in miss and miss.endswith(": 500") for miss in found.misses)
