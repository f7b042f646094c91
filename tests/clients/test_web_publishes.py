"""The publisher of `clients/web` in a real browser: what breaks or is lost is sent anew; hanging up is heard."""

import asyncio
from pathlib import Path

import aioice.ice
import pytest
from fastapi import Response
from fastapi.responses import HTMLResponse
from tests.capture.coturn import PLAIN, coturn
from tests.capture.webrtc import given, loopback, mono_us, shown, until
from tests.clients.web_stage import BUILT
from tests.server.api.scene import START, Scene
from tests.server.test_whip_in_a_browser import Hosting, begun, page_with_a_camera, serving, transport_of

from countenance.capture.whip import WhipConnector
from countenance.server.config import MediaTable

__all__ = ["loopback"]

PUBLISH = """async ([call, participant, token]) => {
  const { Api, Publisher } = await import("/vendor.js");
  const stream = await navigator.mediaDevices.getUserMedia({video: true, audio: true});
  window.states = [];
  const onState = state => states.push(state);
  window.publisher = await Publisher.begin(new Api({token}), {call, participant, stream, onState});
}"""

# What the browser says when a connection has failed: the publisher listens to this alone.
FAIL = """() => {
  const { connection } = publisher;
  Object.defineProperty(connection, "connectionState", {value: "failed", configurable: true});
  connection.onconnectionstatechange();
  delete connection.connectionState;
}"""
WALL = """(() => {
  const Open = RTCPeerConnection;
  window.RTCPeerConnection = class extends Open {
    constructor(said) { super({...said, iceTransportPolicy: "relay"}); }
  };
})()"""
"""A network that lets nothing through but what a relay sends."""
PAIR = """async () => {
  const stats = await publisher.connection.getStats();
  const pair = [...stats.values()].find(one => one.type === "candidate-pair" && one.nominated);
  return [pair.localCandidateId, pair.remoteCandidateId].map(id => stats.get(id).candidateType);
}"""
LIVE = "async () => { while (publisher.state !== 'live') await new Promise(requestAnimationFrame) }"


def named(connector: WhipConnector, session: str) -> str | None:
    """The ICE user of the page, which a restart changes."""
    name: str | None = transport_of(connector, session)._connection.remote_username
    return name


def publishing(folder: Path, connector: WhipConnector) -> Scene:
    """An installation that takes publishers, with a page that loads the package."""
    if not BUILT.is_file():
        pytest.skip("clients/web is not built: run `sh clients/web/build.sh`")
    scene = Scene(folder)
    scene.pool.worker = Hosting(scene.pool.owners, connector)
    scene.app.get("/page")(lambda: HTMLResponse("<!doctype html><title>camera</title>"))
    scene.app.get("/vendor.js")(lambda: Response(BUILT.read_bytes(), media_type="text/javascript"))
    return scene


@pytest.mark.slow
@pytest.mark.usefixtures("loopback")
async def test_a_page_publishes_mends_a_broken_connection_and_hangs_up(tmp_path: Path) -> None:
    connector = WhipConnector(mono_us)
    scene = publishing(tmp_path / "scene", connector)
    async with serving(scene.app) as url, page_with_a_camera(tmp_path) as page, asyncio.timeout(60):
        call, who, token = await begun(scene, url)
        live = scene.one.calls.get(call["call_id"])
        async with connector.join(live.call) as tap:
            await page.goto(f"{url}/page")
            await page.evaluate(PUBLISH, [call["call_id"], who, token])
            await shown(tap, f"{who}/audio", f"{who}/video")
            for track in tap.tracks():
                await tap.subscribe(track)
            await given(tap, f"{who}/video", 5)
            await page.evaluate(LIVE)

            assert connector._source is not None
            (session,) = connector._source._sessions
            before = named(connector, session)
            await page.evaluate(FAIL)
            await until(tap, lambda _: named(connector, session) not in (None, before))
            await given(tap, f"{who}/video", 5)

            await connector.delete(who, session)
            await page.evaluate(FAIL)
            await shown(tap, f"{who}/audio.2", f"{who}/video.2")
            (again,) = connector._source._sessions
            assert again != session, "the session was gone: another one stands in its place"
            await page.evaluate(LIVE)

            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.method))
            await connector.delete(who, again)
            for gone in (session, again):
                live.stream.publish(live.out.media_lost(who, gone, 0))
            await shown(tap, f"{who}/audio.3", f"{who}/video.3")
            await page.evaluate(LIVE)
            assert asked[0] == "POST", "nothing was tried with what is gone"
            assert asked.count("POST") == 1, "what was gone before is no news"

            await page.evaluate("publisher.close()")
            assert tap.tracks() == ()
            assert await page.evaluate("states") == ["live", *["mending", "live"] * 3, "closed"]


@pytest.mark.slow
async def test_a_page_behind_a_wall_publishes_by_the_relay_that_the_answer_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: [])
    with coturn(tmp_path, *PLAIN) as turn:
        media = MediaTable.model_validate({"turn": {"urls": [turn], "username": "ana", "credential": "pass"}})
        connector = WhipConnector(mono_us, ice_servers=media.ice(START))
        scene = publishing(tmp_path / "scene", connector)
        scene.site.config = scene.config.model_copy(update={"media": media})
        async with serving(scene.app) as url, page_with_a_camera(tmp_path) as page, asyncio.timeout(60):
            call, who, token = await begun(scene, url)
            async with connector.join(scene.one.calls.get(call["call_id"]).call) as tap:
                await page.goto(f"{url}/page")
                await page.evaluate(WALL)
                await page.evaluate(PUBLISH, [call["call_id"], who, token])
                await shown(tap, f"{who}/audio", f"{who}/video")
                for track in tap.tracks():
                    await tap.subscribe(track)
                await given(tap, f"{who}/video", 3)
                await page.evaluate(LIVE)
                assert await page.evaluate(PAIR) == ["relay", "relay"]
