import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import Body, WebSocket
from fastapi.responses import HTMLResponse
from starlette.types import Message, Scope
from tests.server.api.scene import Scene

from countenance.server.app import create_app
from countenance.server.config import Config
from countenance.server.limits import Limiter, Rate
from countenance.server.tenancy import Site

PLENTY = Rate(1e9, 10**9)


def with_server(config: Config, **told: object) -> Config:
    """The same configuration with something else said of the server."""
    return config.model_copy(update={"server": config.server.model_copy(update=told)})


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    made = Scene(tmp_path)

    @made.app.get("/page")
    async def page() -> HTMLResponse:
        return HTMLResponse("<!doctype html>")

    @made.app.get("/break/{name}")
    async def breaks(name: str) -> None:
        raise KeyError(name)

    @made.app.post("/echo")
    async def echo(told: dict[str, Any] = Body()) -> int:  # noqa: B008
        return len(told)

    @made.app.websocket("/socket")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()

    return made


async def test_every_answer_is_numbered_and_hardened(scene: Scene) -> None:
    async with scene.client() as client:
        for path in ("/healthz", "/nowhere", "/break/x", "/metrics", "/page"):
            answer = await client.get(path)
            assert len(answer.headers["x-correlation-id"]) == 36, path
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["x-frame-options"] == "DENY"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cache-control"] == "no-store"
            assert "server" not in answer.headers
            assert "strict-transport-security" not in answer.headers
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; object-src 'none'")
            assert "base-uri 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["cross-origin-opener-policy"] == "same-origin"
            assert answer.headers["content-type"]
            assert "unsafe" not in policy
            assert ("script-src 'self'" in policy) == (path == "/page")


async def test_two_requests_have_two_numbers_and_problems_say_theirs(scene: Scene) -> None:
    async with scene.client() as client:
        first, second = await client.get("/nowhere"), await client.get("/nowhere")
        assert first.headers["x-correlation-id"] != second.headers["x-correlation-id"]
        assert first.json()["correlation_id"] == first.headers["x-correlation-id"]


async def test_an_unforeseen_error_tells_its_number_and_nothing_else(scene: Scene) -> None:
    async with scene.client() as client:
        answer = await client.get("/break/Ana")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Ana" not in answer.text
    assert "KeyError" not in answer.text
    assert answer.json()["correlation_id"] == answer.headers["x-correlation-id"]


async def test_cors_is_off_and_a_preflight_gets_nothing(scene: Scene) -> None:
    asking = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET"}
    async with scene.client() as client:
        for answer in (await client.options("/healthz", headers=asking), await client.get("/healthz", headers=asking)):
            assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_a_configured_origin_may_read_and_another_may_not(scene: Scene) -> None:
    config = with_server(scene.config, cors_origins=("https://app.example",))
    site = Site(config, scene.clock, scene.site.keys, scene.site.limiter, scene.site.metrics, scene.site.tracing)
    scene.app = create_app(site)
    async with scene.client() as client:
        ours = await client.get("/healthz", headers={"Origin": "https://app.example"})
        theirs = await client.get("/healthz", headers={"Origin": "https://elsewhere.example"})
    assert ours.headers["access-control-allow-origin"] == "https://app.example"
    assert ours.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "access-control-allow-credentials" not in ours.headers
    assert "access-control-allow-origin" not in theirs.headers
    assert theirs.headers["cross-origin-resource-policy"] == "same-origin"


async def test_an_address_that_asks_too_often_is_told_to_wait(scene: Scene) -> None:
    scene.site.limiter = Limiter(PLENTY, Rate(0.5, 2), scene.clock)
    async with scene.client() as client:
        answers = [await client.get("/healthz") for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] == "2"
    assert answers[2].json()["type"].endswith("/rate-limited")


async def test_a_key_that_asks_too_often_is_told_to_wait_and_no_other(scene: Scene) -> None:
    scene.site.limiter = Limiter(Rate(1.0, 1), PLENTY, scene.clock)
    async with scene.client() as one, scene.client() as other:
        assert [(await one.get("/metrics")).status_code for _ in range(2)] == [200, 429]
        assert (await other.get("/metrics")).status_code == 200


@pytest.mark.parametrize("stated", [True, False])
async def test_a_body_that_is_too_large_is_refused_whatever_it_says_of_its_length(scene: Scene, stated: bool) -> None:
    size = scene.config.limits.body_bytes + 1

    async def parts() -> AsyncIterator[bytes]:
        yield b'{"a": "'
        for _ in range(size // 1000 + 1):
            yield b"x" * 1000

    async with scene.client() as client:
        body: Any = b" " * size if stated else parts()
        answer = await client.post("/echo", content=body, headers={"content-type": "application/json"})
        small = await client.post("/echo", json={"a": 1})
    assert answer.status_code == 413
    assert answer.json()["type"].endswith("/message-too-large")
    assert small.json() == 1


async def test_while_it_stops_no_call_begins_and_everything_else_goes_on(scene: Scene) -> None:
    scene.site.draining = True
    async with scene.client() as client:
        refused = await client.post("/v1/calls", json={})
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.post("/echo", json={})).status_code == 200
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == str(scene.config.server.drain_seconds)
    assert refused.json()["type"].endswith("/draining")


async def test_a_request_is_logged_by_its_pattern(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "countenance.server")
    async with scene.client() as client:
        await client.get("/break/Ana?name=Ana")
        await client.get("/healthz")
    (record,) = [one for one in caplog.records if one.name == "countenance.server"]
    fields = record.__dict__
    assert (fields["route"], fields["status"], fields["method"]) == ("/break/{name}", 500, "GET")
    assert "Ana" not in json.dumps({key: str(value) for key, value in fields.items() if key != "exc_info"})


async def test_an_odd_method_has_no_name_of_its_own(scene: Scene) -> None:
    async with scene.client() as client:
        await client.request("ANA", "/healthz")
    assert b'method="OTHER"' in scene.site.metrics.text()
    assert b"ANA" not in scene.site.metrics.text()


async def socket_of(scene: Scene, scheme: str = "ws") -> list[Message]:
    """What the application says to a socket that is opened."""
    said: list[Message] = []
    scope: Scope = {
        "type": "websocket", "scheme": scheme, "path": "/socket", "raw_path": b"/socket", "query_string": b"",
        "headers": [], "client": ("192.0.2.9", 1), "server": ("test", 80), "subprotocols": [], "root_path": "",
        "asgi": {"version": "3.0"}, "extensions": {},
    }  # fmt: skip

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        said.append(message)

    await scene.app(scope, receive, send)
    return said


async def test_a_socket_passes_the_same_boundary(scene: Scene) -> None:
    accept, close = await socket_of(scene)
    assert (accept["type"], close["type"]) == ("websocket.accept", "websocket.close")
    assert b'route="/socket",status="101"' in scene.site.metrics.text()
    scene.site.limiter = Limiter(PLENTY, Rate(0.5, 1), scene.clock)
    await socket_of(scene)
    assert await socket_of(scene) == [{"type": "websocket.close", "code": 1013}]


async def test_over_tls_the_browser_is_told_to_stay_there(scene: Scene) -> None:
    async with scene.client() as client:
        answer = await client.get("https://test/healthz")
        behind = await client.get("/healthz")
        scene.site.config = with_server(scene.config, public_url="https://calls.example")
        proxied = await client.get("/healthz")
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert proxied.headers["strict-transport-security"] == answer.headers["strict-transport-security"]
    assert "strict-transport-security" not in behind.headers


async def test_a_method_that_nobody_serves_is_refused(scene: Scene) -> None:
    async with scene.client() as client:
        for method in ("TRACE", "CONNECT", "PUT", "PROPFIND"):
            assert (await client.request(method, "/healthz")).status_code == 405, method


def test_the_defaults_name_no_origin() -> None:
    assert Config().server.cors_origins == ()
