"""Settings, keys, the state, evaluations and the gate over the API: each tenant sees its own, and secrets nobody."""

from tests.server.api.scene import Scene

from countenance.server.keys import NewKey
from countenance.server.scopes import Position


async def test_settings_are_those_of_the_tenant_with_the_thresholds_of_its_words(scene: Scene) -> None:
    async with scene.client() as client:
        told = (await client.get("/v1/settings")).json()
    found = {one["key"]: one for one in told["settings"]}
    assert told["tenant"] == "one"
    assert found["purpose"]["value"] == "sales_coaching"
    assert found["facts"]["value"] == "minor = adult, relation = other_organisation"
    assert not any(name.startswith(("tenant", "data", "server")) for name in found)
    engagement = next(one for one in told["taxonomies"] if one["name"] == "engagement.v1")
    assert {one["name"] for one in engagement["labels"]} == {"engaged", "disengaged", "confused", "frustrated"}
    assert all(one["leave"] < one["enter"] for one in engagement["events"])


async def test_keys_of_another_tenant_are_neither_seen_nor_ended(scene: Scene) -> None:
    _, own = scene.site.keys.make(NewKey("one", "of one", Position.COACH, days=1))
    _, other = scene.site.keys.make(NewKey("two", "of two", Position.COACH))
    async with scene.client() as client:
        items = {one["key_id"]: one for one in (await client.get("/v1/keys")).json()["items"]}
        assert items[own.key_id]["state"] == "valid"
        assert other.key_id not in items
        assert (await client.delete(f"/v1/keys/{other.key_id}")).status_code == 404
        assert (await client.delete(f"/v1/keys/{own.key_id}")).status_code == 204
        items = {one["key_id"]: one for one in (await client.get("/v1/keys")).json()["items"]}
    assert items[own.key_id]["state"] == "revoked"
    assert "sha256" not in items[own.key_id]


async def test_a_key_that_has_come_to_its_end_says_so(scene: Scene) -> None:
    _, row = scene.site.keys.make(NewKey("one", "short", Position.COACH, days=1))
    scene.clock.pass_us(2 * 86_400_000_000)
    async with scene.client() as client:
        items = {one["key_id"]: one for one in (await client.get("/v1/keys")).json()["items"]}
    assert items[row.key_id]["state"] == "ended"


async def test_the_state_says_why_nothing_is_read(scene: Scene) -> None:
    async with scene.client() as client:
        assert (await client.get("/v1/status")).json()["writes"] is True
        scene.one.control._watch.why = "the disk is full"
        told = (await client.get("/v1/status")).json()
    assert (told["writes"], told["why_not"]) == (False, "the disk is full")
    assert told["checks"]["log"] == "no"


async def test_evaluations_are_told_as_they_were_measured(scene: Scene) -> None:
    async with scene.client() as client:
        (report,) = (await client.get("/v1/models/face-finder.v1/evaluations")).json()["items"]
        assert report["schema"] == "countenance.metrics.v1"
        assert (await client.get("/v1/models/no-such.v1/evaluations")).status_code == 404


async def test_the_gate_compares_this_version_with_the_last(scene: Scene) -> None:
    async with scene.client() as client:
        told = (await client.get("/v1/release-gate")).json()
    assert told["compared"] is True
    assert told["schema"] == "countenance.gate.v1"
    assert told["verdict"] != "blocked"


async def test_a_coach_sees_no_settings(scene: Scene) -> None:
    async with scene.client(scene.key(Position.COACH)) as client:
        for path in ("/v1/settings", "/v1/keys", "/v1/status"):
            assert (await client.get(path)).status_code == 403
