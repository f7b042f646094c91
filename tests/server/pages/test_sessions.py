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
