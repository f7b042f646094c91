"""The publisher of `clients/web` in Firefox, where COUNTENANCE_FIREFOX names one: read as permitted, not after a no."""

import asyncio
import json
from pathlib import Path

import pytest
from tests.capture.webrtc import given, loopback, mono_us, named, shown, until
from tests.clients.test_web_publishes import LIVE, PUBLISH, publishing
from tests.server.fox import fox
from tests.server.fox import named as needs_firefox
from tests.server.test_whip_in_a_browser import begun, serving

from countenance.capture.whip import WhipConnector
from countenance.contracts.call import TrackKind

__all__ = ["loopback"]


@needs_firefox
@pytest.mark.slow
@pytest.mark.usefixtures("loopback")
async def test_after_a_no_nothing_of_what_firefox_sends_is_decoded_though_it_sends_on(tmp_path: Path) -> None:
    connector = WhipConnector(mono_us)
    scene = publishing(tmp_path / "scene", connector)
    with fox(tmp_path) as firefox:
        async with serving(scene.app) as url, asyncio.timeout(120):
            call, who, token = await begun(scene, url)
            async with connector.join(scene.one.calls.get(call["call_id"]).call) as tap:
                await asyncio.to_thread(firefox.open, f"{url}/page")
                told = json.dumps([call["call_id"], who, token])
                await asyncio.to_thread(firefox.run, f"({PUBLISH})({told})")
                await shown(tap, f"{who}/audio", f"{who}/video")
                assert tap.decoded(f"{who}/video") == tap.decoded(f"{who}/audio") == 0
                for track in tap.tracks():
                    await tap.subscribe(track)
                await given(tap, f"{who}/video", 5)
                await asyncio.to_thread(firefox.run, f"({LIVE})()")

                await tap.unsubscribe(named(tap, f"{who}/video"))
                assert connector._source is not None
                (session,) = connector._source._sessions.values()
                gate = session.gates[TrackKind.VIDEO]
                decoded, forgotten = tap.decoded(f"{who}/video"), gate.counts["not_subscribed"]
                await until(tap, lambda _: gate.counts["not_subscribed"] > forgotten + 30)
                assert tap.decoded(f"{who}/video") == decoded

                await asyncio.to_thread(firefox.run, "publisher.close()")
                assert tap.tracks() == ()
                assert await asyncio.to_thread(firefox.run, "states") == ["live", "closed"]
                assert firefox.complaints == []
