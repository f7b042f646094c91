"""A browser publishes camera and microphone by WHIP: the real page, HTTP, SDP, ICE, DTLS and codecs."""

import asyncio
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn
from aiortc import RTCIceTransport
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from playwright.async_api import Page, async_playwright
from tests.capture.webrtc import given, loopback, mono_us, named, shown, until
from tests.conftest import CHROMIUM, QUIET
from tests.server.api.scene import NoWorker, Scene

from countenance.capture.whip import WhipConnector
from countenance.contracts.media import AudioChunk, VideoFrame
from countenance.link.messages import Message, Ok, Signalling

__all__ = ["loopback"]

ANA = {"name": "Ana", "role": "customer", "person": "customer-17"}
TONE_HZ = 440

PUBLISH = """async ([address, token]) => {
  const voice = {echoCancellation: false, noiseSuppression: false, autoGainControl: false};
  const stream = await navigator.mediaDevices.getUserMedia({video: true, audio: voice});
  const pc = window.pc = new RTCPeerConnection();
  for (const track of stream.getTracks()) pc.addTransceiver(track, {direction: "sendonly", streams: [stream]});
  const gathered = new Promise(done => pc.onicegatheringstatechange =
    () => pc.iceGatheringState === "complete" && done());
  await pc.setLocalDescription(await pc.createOffer());
  await gathered;
  const headers = {"Content-Type": "application/sdp", "Authorization": `Bearer ${token}`};
  const answer = await fetch(address, {method: "POST", headers, body: pc.localDescription.sdp});
  window.answer = await answer.text();
  await pc.setRemoteDescription({type: "answer", sdp: window.answer});
  return [answer.status, answer.headers.get("Location"), answer.headers.get("ETag")];
}"""

LAYERS = """async ([address, token, shrink]) => {
  const stream = await navigator.mediaDevices.getUserMedia({video: true});
  const pc = window.pc = new RTCPeerConnection();
  const sendEncodings = shrink.map((scaleResolutionDownBy, at) => ({rid: `r${at}`, scaleResolutionDownBy}));
  pc.addTransceiver(stream.getVideoTracks()[0], {direction: "sendonly", streams: [stream], sendEncodings});
  const gathered = new Promise(done => pc.onicegatheringstatechange =
    () => pc.iceGatheringState === "complete" && done());
  await pc.setLocalDescription(await pc.createOffer());
  await gathered;
  const headers = {"Content-Type": "application/sdp", "Authorization": `Bearer ${token}`};
  const answer = await fetch(address, {method: "POST", headers, body: pc.localDescription.sdp});
  await pc.setRemoteDescription({type: "answer", sdp: await answer.text()});
  return [pc.localDescription.sdp, pc.remoteDescription.sdp];
}"""

RESTART = """async ([session, token]) => {
  const pc = window.pc;
  pc.restartIce();
  const gathered = new Promise(done => pc.onicegatheringstatechange =
    () => pc.iceGatheringState === "complete" && done());
  await pc.setLocalDescription(await pc.createOffer());
  await gathered;
  const kept = /^a=(ice-ufrag|ice-pwd|candidate|end-of-candidates)/;
  const first = pc.localDescription.sdp.split("m=")[1].split("\\r\\n").filter(line => kept.test(line));
  const headers = {"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": "*",
    "Authorization": `Bearer ${token}`};
  const answer = await fetch(session, {method: "PATCH", headers, body: first.join("\\r\\n") + "\\r\\n"});
  const fresh = (await answer.text()).split("\\r\\n").filter(line => kept.test(line));
  const parts = window.answer.split(/(?=^m=)/m).map((part, at) => at === 0 ? part :
    part.split("\\r\\n").filter(line => line && !kept.test(line)).concat(fresh).join("\\r\\n") + "\\r\\n");
  await pc.setRemoteDescription({type: "answer", sdp: parts.join("")});
  return [answer.status, answer.headers.get("ETag")];
}"""


LEAVE = """async ([session, token]) => {
  const headers = {"Authorization": `Bearer ${token}`};
  return (await fetch(session, {method: "DELETE", headers})).status;
}"""


class Hosting(NoWorker):
    """A worker that has the built-in media server, in this process."""

    def __init__(self, owners: dict[str, Any], connector: WhipConnector) -> None:
        super().__init__(owners)
        self._connector = connector

    async def ask(self, message: Message, timeout_s: float = 10.0) -> Message:
        if isinstance(message, Signalling):
            return Ok(dict(await self._connector.signal(message.verb, message.table)))
        return await super().ask(message, timeout_s)


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """The app on a real socket, in the loop of the test."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off", ws="websockets-sansio"))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - it says so by a flag alone
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


def camera(path: Path) -> Path:
    """A bar that moves over grey, 320 x 240, as raw video."""
    with path.open("wb") as file:
        file.write(b"YUV4MPEG2 W320 H240 F15:1 Ip A1:1 C420jpeg\n")
        for frame in range(15):
            luma = np.full((240, 320), 90, np.uint8)
            luma[:, frame * 20 : frame * 20 + 40] = 220
            file.write(b"FRAME\n" + luma.tobytes() + np.full(2 * 120 * 160, 128, np.uint8).tobytes())
    return path


def microphone(path: Path) -> Path:
    sound = (8000 * np.sin(2 * np.pi * TONE_HZ * np.arange(48_000) / 48_000)).astype(np.int16)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes(sound.tobytes())
    return path


@asynccontextmanager
async def page_with_a_camera(folder: Path) -> AsyncIterator[Page]:
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}; set COUNTENANCE_CHROMIUM")
    media = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={camera(folder / 'cam.y4m')}",
        f"--use-file-for-fake-audio-capture={microphone(folder / 'mic.wav')}",
        "--allow-loopback-in-peer-connection",
    ]
    async with async_playwright() as running:
        browser = await running.chromium.launch(executable_path=str(CHROMIUM), args=[*QUIET, *media])
        yield await browser.new_page()
        await browser.close()


async def begun(scene: Scene, url: str) -> tuple[dict[str, Any], str, str]:
    """A call with one participant: the call, who they are, and their own token."""
    async with httpx.AsyncClient(base_url=url, headers=scene.key()) as client:
        call = (await client.post("/v1/calls", json={"participants": [ANA]})).json()
    who = call["participants"][0]["participant_id"]
    token = scene.token(scene.one.calls.get(call["call_id"]), who)["Authorization"].removeprefix("Bearer ")
    return call, who, token


def transport_of(connector: WhipConnector, session: str) -> RTCIceTransport:
    assert connector._source is not None
    peer = connector._source._sessions[session]._peer
    return peer.getTransceivers()[0].receiver.transport.transport


@pytest.mark.slow
@pytest.mark.usefixtures("loopback")
async def test_a_browser_publishes_restarts_ice_and_leaves(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "scene")
    connector = WhipConnector(mono_us)
    scene.pool.worker = Hosting(scene.pool.owners, connector)
    scene.app.get("/page")(lambda: HTMLResponse("<!doctype html><title>camera</title>"))
    async with serving(scene.app) as url, page_with_a_camera(tmp_path) as page, asyncio.timeout(120):
        call, who, token = await begun(scene, url)
        live = scene.one.calls.get(call["call_id"]).call
        async with connector.join(live) as tap:
            await page.goto(f"{url}/page")
            address = f"{url}/v1/calls/{call['call_id']}/whip/{who}"
            status, session, etag = await page.evaluate(PUBLISH, [address, token])
            assert (status, session.startswith("/v1/calls/")) == (201, True)
            await shown(tap, f"{who}/audio", f"{who}/video")
            assert tap.decoded(f"{who}/video") == 0
            for track in tap.tracks():
                await tap.subscribe(track)
            seen = await given(tap, f"{who}/video", 20)
            pictures = [item for item in seen if isinstance(item, VideoFrame)]
            assert 3 * pictures[-1].rgb.shape[1] == 4 * pictures[-1].rgb.shape[0]
            assert pictures[-1].rgb.std() > 10
            heard = np.concatenate([item.pcm for item in seen if isinstance(item, AudioChunk)])[-16_000:]
            loudest = np.argmax(np.abs(np.fft.rfft(heard * np.hanning(len(heard))))) * 16_000 / len(heard)
            assert abs(loudest - TONE_HZ) < 15

            before = transport_of(connector, session.rpartition("/")[2])._connection.remote_username
            status, fresh = await page.evaluate(RESTART, [url + session, token])
            assert (status, fresh != etag) == (200, True)
            transport = transport_of(connector, session.rpartition("/")[2])
            await until(tap, lambda _: transport._connection.remote_username not in (None, before))
            await given(tap, f"{who}/video", 10)
            await page.wait_for_function("window.pc.connectionState === 'connected'")

            await tap.unsubscribe(named(tap, f"{who}/video"))
            left = tap.decoded(f"{who}/video")
            await given(tap, f"{who}/audio", 5)
            assert tap.decoded(f"{who}/video") == left, "whatever the browser sends"
            assert await page.evaluate(LEAVE, [url + session, token]) == 200
            assert tap.tracks() == ()


@pytest.mark.slow
@pytest.mark.usefixtures("loopback")
@pytest.mark.parametrize(("shrink", "width"), [((4, 2, 1), 80), ((1, 2, 4), 320)])
async def test_of_layers_a_browser_sends_the_first_alone_whichever_it_is(
    tmp_path: Path, shrink: tuple[int, ...], width: int
) -> None:
    scene = Scene(tmp_path / "scene")
    connector = WhipConnector(mono_us)
    scene.pool.worker = Hosting(scene.pool.owners, connector)
    scene.app.get("/page")(lambda: HTMLResponse("<!doctype html><title>camera</title>"))
    async with serving(scene.app) as url, page_with_a_camera(tmp_path) as page, asyncio.timeout(60):
        call, who, token = await begun(scene, url)
        async with connector.join(scene.one.calls.get(call["call_id"]).call) as tap:
            await page.goto(f"{url}/page")
            address = f"{url}/v1/calls/{call['call_id']}/whip/{who}"
            offered, answered = await page.evaluate(LAYERS, [address, token, shrink])
            assert "a=simulcast:send r0;r1;r2" in offered
            assert "simulcast" not in answered, "the answer takes one stream"
            await shown(tap, f"{who}/video")
            await tap.subscribe(named(tap, f"{who}/video"))
            seen = await given(tap, f"{who}/video", 10)
            assert {item.rgb.shape[1] for item in seen if isinstance(item, VideoFrame)} == {width}
            assert not tap.counts(f"{who}/video").get("bad")
