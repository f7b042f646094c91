"""Sessions of the pages: what stands behind them, when they end, and who cannot begin one."""

import httpx
import pytest
from tests.server.api.scene import Scene

from countenance.server.keys import NewKey
from countenance.server.scopes import Position, Scope

NOBODY = {"Accept": "*/*"}
"""Headers without a credential."""


async def test_a_session_ends_with_the_key_it_came_from(scene: Scene) -> None:
    text, row = scene.site.keys.make(_new())
    async with scene.client(NOBODY) as client:
        assert (await client.post("/session", json={"credential": text})).json() == {"as": "coach", "next": "/"}
        own = {"X-Countenance-As": "coach"}
        assert (await client.get("/v1/calls", headers=own)).status_code == 200
        assert text.split("_")[-1] not in str(client.cookies)
        scene.site.keys.revoke(row.key_id)
        assert (await client.get("/v1/calls", headers=own)).status_code == 401
        assert (await client.get("/")).headers["location"] == "/sign-in?next=/"


async def test_signing_out_ends_the_session_and_nothing_else(scene: Scene) -> None:
    shown = scene.reviewer()["Authorization"].removeprefix("Bearer ")
    async with scene.client(NOBODY) as client:
        await client.post("/session", json={"credential": shown})
        (kept,) = client.cookies.values()
        left = await client.delete("/session", params={"as": "coach"})
        assert left.headers["clear-site-data"] == '"cache"'
        assert not client.cookies
        for credential, status in ((kept, 401), (shown, 200)):
            answer = await client.get("/v1/calls", headers={"Authorization": f"Bearer {credential}"})
            assert answer.status_code == status
        assert (await client.delete("/session", params={"as": "coach"})).status_code == 204


async def test_signing_in_again_ends_the_session_before(scene: Scene) -> None:
    text, _ = scene.site.keys.make(_new())
    async with scene.client(NOBODY) as client:
        await client.post("/session", json={"credential": text})
        (before,) = client.cookies.values()
        await client.post("/session", json={"credential": text})
        (after,) = client.cookies.values()
        assert before != after
        for credential, status in ((before, 401), (after, 200)):
            answer = await client.get("/v1/calls", headers={"Authorization": f"Bearer {credential}"})
            assert answer.status_code == status


async def test_a_session_that_ended_by_itself_can_be_signed_out_of(scene: Scene) -> None:
    text, _ = scene.site.keys.make(_new())
    async with scene.client(NOBODY) as client:
        await client.post("/session", json={"credential": text})
        scene.clock.pass_us(13 * 3600 * 1_000_000)
        assert (await client.get("/v1/calls", headers={"X-Countenance-As": "coach"})).status_code == 401
        assert (await client.delete("/session", params={"as": "coach"})).status_code == 204


async def test_under_tls_cookies_are_for_this_host_and_for_no_script(scene: Scene) -> None:
    text, _ = scene.site.keys.make(_new())
    body, address = {"credential": text}, "https://test/session"
    async with scene.client(NOBODY) as client:
        said = [(await client.post(address, json=body)).headers["set-cookie"]]
        said.append((await client.put(f"{address}/language", params={"language": "de"})).headers["set-cookie"])
        own = {"X-Countenance-As": "coach"}
        assert (await client.get("https://test/v1/calls", headers=own)).status_code == 200
        open_to_neighbours = {"Cookie": f"countenance.coach={client.cookies['__Host-countenance.coach']}"}
        refused = await client.get("https://test/v1/calls", headers={**own, **open_to_neighbours})
        said.append((await client.delete(address, params={"as": "coach"})).headers["set-cookie"])
    assert refused.status_code == 401
    for one in said:
        assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= set(one.split("; "))
        assert "Domain" not in one
        assert one.startswith("__Host-")


async def test_without_its_header_a_cookie_counts_for_nothing(scene: Scene) -> None:
    text, _ = scene.site.keys.make(_new())
    async with scene.client(NOBODY) as client:
        await client.post("/session", json={"credential": text})
        assert (await client.get("/v1/calls")).status_code == 401


@pytest.mark.parametrize(("method", "path"), [("POST", "/session"), ("DELETE", "/session?as=coach")])
async def test_pages_of_other_origins_sign_nobody_in_or_out(scene: Scene, method: str, path: str) -> None:
    async with scene.client({"Origin": "https://elsewhere.example"}) as client:
        answer = await client.request(method, path, json={"credential": "x"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("following", ["//elsewhere.example", "https://elsewhere.example/", "/%5celsewhere\\"])
async def test_signing_in_leads_to_no_other_host(scene: Scene, following: str) -> None:
    async with scene.client(NOBODY) as client:
        answer = await client.get("/sign-in", params={"next": following})
    assert answer.status_code == 422


async def test_a_page_that_needs_more_than_a_key_has_says_so(scene: Scene) -> None:
    text, _ = scene.site.keys.make(_new(scopes=frozenset()))
    async with scene.client(NOBODY) as client:
        await client.post("/session", json={"credential": text})
        answer = await client.get("/")
    assert answer.status_code == 403
    assert "calls:read" in answer.text
    assert answer.headers["content-type"].startswith("text/html")


async def test_assets_are_asked_for_again_and_sent_only_when_they_changed(scene: Scene) -> None:
    async with scene.client(NOBODY) as client:
        first: httpx.Response = await client.get("/static/page.css")
        again = await client.get("/static/page.css", headers={"If-None-Match": first.headers["etag"]})
        lost = await client.get("/static/../keys.py")
    assert (first.status_code, again.status_code, lost.status_code) == (200, 304, 404)


def _new(scopes: frozenset[Scope] | None = None) -> NewKey:
    return NewKey("one", "test", Position.COACH, scopes)
