"""The example pages where their users have them: on an origin of their own, the service on another one."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse
from playwright.async_api import Page, expect
from tests.capture.webrtc import loopback, mono_us, shown
from tests.clients.second_verifier import ROOT
from tests.clients.test_web_in_a_browser import ROOM
from tests.clients.web_stage import BUILT
from tests.server.api.scene import Scene, signal
from tests.server.test_whip_in_a_browser import Hosting, begun, page_with_a_camera, serving

from countenance.capture.whip import WhipConnector
from countenance.server.app import create_app
from countenance.surface.blocks import Grounds
from countenance.surface.envelope import Envelopes

__all__ = ["loopback"]

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("loopback")]
COACH = """<!doctype html><title>A coach's page</title><countenance-coach></countenance-coach><script type="module">
  import "/countenance.js";
  Object.assign(document.querySelector("countenance-coach"), await (await fetch("/coach-seat")).json());
</script>"""
JOINED = """window.done = [];
window.joined = new Promise((joined) => {
  window.done.push = (name) => { if ([].push.call(window.done, name) === 2) joined([...window.done]); };
});"""
ALLOW_INLINE = "'unsafe-inline'"  # the script of the examples stands in the page, as few would have it


@dataclass
class Host:
    """An application of somebody else: its pages, what its server tells them, and what it has of `@countenance/web`."""

    origin: str = ""
    service: str = ""
    told: dict[str, object] = field(default_factory=dict)
    coach: dict[str, object] = field(default_factory=dict)
    module: str = "/countenance.js"
    """Where its pages take the package from: a copy of their own, or the service."""

    def page(self, name: str) -> Response:
        source = COACH if name == "coach" else (ROOT / f"clients/web/examples/{name}.html").read_text("utf-8")
        source = source.replace("@countenance/web", self.module).replace("livekit-client", "/room.js")
        socket = self.service.replace("http", "ws")
        policy = (
            f"default-src 'self'; script-src 'self' {ALLOW_INLINE} {self.service}; media-src 'self' blob:; "
            f"connect-src 'self' {self.service} {socket}; require-trusted-types-for 'script'"
        )
        return HTMLResponse(source, headers={"content-security-policy": policy})

    @property
    def app(self) -> FastAPI:
        app = FastAPI()
        app.get("/countenance.js")(lambda: Response(BUILT.read_bytes(), media_type="text/javascript"))
        app.get("/room.js")(lambda: Response(ROOM, media_type="text/javascript"))
        app.get("/pages/{name}")(self.page)
        app.get("/seat")(lambda: self.told)
        app.get("/coach-seat")(lambda: self.coach)
        return app


@asynccontextmanager
async def both(folder: Path, *, configured: bool) -> AsyncIterator[tuple[Scene, WhipConnector, Host]]:
    """The service on one origin, the application on another; `configured` as docs/embedding.md says."""
    if not BUILT.is_file():
        pytest.skip("clients/web is not built: run `sh clients/web/build.sh`")
    host = Host()
    scene, connector = Scene(folder / "scene"), WhipConnector(mono_us)
    scene.pool.worker = Hosting(scene.pool.owners, connector)
    async with serving(host.app) as host.origin:
        if configured:
            server = scene.config.server.model_copy(update={"cors_origins": (host.origin,)})
            scene.site.config = scene.config.model_copy(update={"server": server})
            scene.app = create_app(scene.site)
        async with serving(scene.app) as host.service:
            yield scene, connector, host


async def seated(scene: Scene, host: Host) -> tuple[str, str]:
    """Ana is told where her seat is: the call, and who she is."""
    call, who, token = await begun(scene, host.service)
    seat = {"server": host.service, "call": call["call_id"], "participant": who, "token": token}
    host.told = seat | {"countenance": seat, "livekit": {"url": "wss://media.example", "token": "t"}}
    reviewer = scene.reviewer()["Authorization"].removeprefix("Bearer ")
    host.coach = {"server": host.service, "call": call["call_id"], "token": reviewer}
    return call["call_id"], who


async def agreed(page: Page, host: Host, name: str) -> None:
    await page.goto(f"{host.origin}/pages/{name}")
    await page.get_by_role("switch").first.check()
    await page.get_by_role("button", name="Agree and join").click()
    await expect(page.locator("countenance-signals .badge")).to_have_text("Being read: Face")


async def test_on_its_own_origin_a_webrtc_app_asks_publishes_and_shows_a_coach_how_it_stands(tmp_path: Path) -> None:
    async with both(tmp_path, configured=True) as (scene, connector, host), page_with_a_camera(tmp_path) as page:
        assert host.origin != host.service
        call, who = await seated(scene, host)
        live = scene.one.calls.get(call)
        async with asyncio.timeout(40), connector.join(live.call) as tap:
            await agreed(page, host, "webrtc")
            await shown(tap, f"{who}/audio", f"{who}/video")
        await page.goto(f"{host.origin}/pages/coach")
        await expect(page.locator("countenance-coach .name")).to_have_text("Ana")
        live.stream.publish(Envelopes(live.call).sample(live.out.number(), signal(who), Grounds()))
        await expect(page.locator("countenance-coach .word")).to_have_text("probably disengaged, medium certainty")


async def test_on_its_own_origin_a_livekit_app_asks_and_joins_with_the_package_from_the_service(tmp_path: Path) -> None:
    async with both(tmp_path, configured=True) as (scene, _connector, host), page_with_a_camera(tmp_path) as page:
        await seated(scene, host)
        host.module = f"{host.service}/static/vendor/countenance.js"
        await page.add_init_script(JOINED)
        await agreed(page, host, "livekit")
        assert await page.evaluate("window.joined") == ["connect", "publish"]


async def test_where_the_origin_was_not_named_the_page_says_what_to_do_and_people_join(tmp_path: Path) -> None:
    said: list[str] = []
    async with both(tmp_path, configured=False) as (scene, _connector, host), page_with_a_camera(tmp_path) as page:
        await seated(scene, host)
        page.on("console", lambda message: said.append(message.text))
        await page.add_init_script(JOINED)
        await page.goto(f"{host.origin}/pages/livekit")
        await expect(page.locator("countenance-consent").get_by_role("alert")).to_contain_text("was not reached")
        (advice,) = [text for text in said if "was not reached from" in text]
        named = re.search(r"name (\S+) in \[server\] cors_origins of the service, and (\S+) and (\S+) in", advice)
        assert named is not None
        assert named.groups() == (host.origin, host.service, host.service.replace("http", "ws"))
        await page.get_by_role("button", name="Join without analysis").click()
        assert await page.evaluate("window.joined") == ["connect", "publish"]
