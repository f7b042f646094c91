"""Opt-out in the page: from the click on "Stop" to the last event of that modality that reaches the same page.

    python -m bench.live.toggling [--stops 50] [--clips DIR] [--save]

The whole service with its worker, on a real socket; one drawn person publishes by WHIP from this process and goes on
sending whatever they answer. Chromium shows `<countenance-signals>` and follows the person's own events. Each time
they say yes, are read by their face, and click "Stop: Face" at a random moment. Both moments are taken by the clock of
the page. An event of the face that comes more than a second after the click is a miss, and so is one that comes after
the page was told of the no, however soon.
"""

import argparse
import asyncio
import json
import logging
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import httpx
import numpy as np
from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse
from playwright.async_api import Page, async_playwright
from tests.server.test_whip_in_a_browser import serving

from bench.faults.outcome import Outcome
from bench.live.media import make_clips
from bench.live.publishing import media_of, publish
from bench.live.site import TERMS
from countenance.server import plane
from countenance.server.app import create_app
from countenance.server.config import Config
from countenance.server.keys import NewKey
from countenance.server.opening import opened
from countenance.server.tenancy import Site
from countenance.storage.clocks import SystemClock

RESULTS = Path(__file__).parent / "results"
CHROMIUM = os.environ.get("COUNTENANCE_CHROMIUM", "/usr/bin/chromium")
CLIP_S = 20
QUIET_S = 2.5
"""How long is watched after a click."""
MOST_MS = 1_000
BEGIN_S = 20.0
"""How long it may take until somebody who said yes is read."""

PAGE = """<!doctype html><html lang="en"><title>Toggling</title><script type="module" src="/toggling.js"></script>"""
SCRIPT = """import { Api, EventStream } from "/static/vendor/countenance.js";
const seat = JSON.parse(decodeURIComponent(location.hash.slice(1)));
document.body.append(Object.assign(document.createElement("countenance-signals"), seat));
window.seen = [];
window.whenRead = async () => { while (seen.at(-1)?.[1] !== "read") await new Promise(requestAnimationFrame); };
const told = ({ kind, envelope: { data } }) => {
  if (kind === "consent") return data.modality === "face" ? data.status : null;
  return data?.modalities?.face?.used ? "read" : null;
};
new EventStream(new Api({ token: seat.token }), {
  call: seat.call, samples: true,
  onEvent: (event) => { const what = told(event); if (what) seen.push([performance.now(), what]); },
});
document.addEventListener("click", () => { seen.push([performance.now(), "click"]); }, true);"""

Seen = Sequence[tuple[float, str]]
"""What happened in the page, in order: when, in milliseconds, and `click`, `read`, `given` or `withdrawn`."""


def judged(seen: Seen) -> tuple[float, Sequence[str]]:
    """How long after the click the last event of the face came, 0 where none did; and what should not have been."""
    clicked = max(at for at, what in seen if what == "click")
    after = [(at, what) for at, what in seen if at > clicked]
    withdrawn = next((at for at, what in after if what == "withdrawn"), None)
    read = [at for at, what in after if what == "read"]
    last = max(read, default=clicked) - clicked
    misses = [] if last <= MOST_MS else [f"an event came {last:.0f} ms after the click"]
    if withdrawn is None:
        misses.append("the page was not told of the no")
    elif any(at > withdrawn for at in read):
        misses.append("an event came after the page was told of the no")
    return last, misses


async def run(stops: int, clips: Sequence[Path], seed: int = 1) -> Outcome:
    """The service, one person, and one page."""
    lasts, misses, random = list[float](), list[str](), Random(seed)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        site = Site.of(_config(folder), SystemClock())
        app = create_app(site)
        _host(app)
        await stack.enter_async_context(opened(site, plane.of_workers))
        url = await stack.enter_async_context(serving(app))
        key, _ = site.keys.make(NewKey("local", "bench"))
        headers = {"Authorization": f"Bearer {key}"}
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, headers=headers, timeout=60))
        seat, told = await _seated(client)
        peer = await publish(client, seat, media_of(clips)[0])
        stack.push_async_callback(peer.close)
        page = await _opened(stack, f"{url}/toggling#{quote(json.dumps(told))}")
        for _ in range(stops):
            await _agree(client, seat)
            async with asyncio.timeout(BEGIN_S):
                await page.evaluate("whenRead()")
            await asyncio.sleep(random.uniform(0.1, 1.3))
            await page.get_by_role("button", name="Stop: Face").click()
            await asyncio.sleep(QUIET_S)
            last, wrong = judged(await page.evaluate("seen.splice(0)"))
            lasts.append(last)
            misses += wrong
    command = f"python -m bench.live.toggling --stops {stops}"
    return Outcome("toggling", "issue 6", command, _figures(lasts), misses)


def _host(app: FastAPI) -> None:
    app.get("/toggling")(lambda: HTMLResponse(PAGE))
    app.get("/toggling.js")(lambda: Response(SCRIPT, media_type="text/javascript"))


async def _opened(stack: AsyncExitStack, address: str) -> Page:
    play = await stack.enter_async_context(async_playwright())
    browser = await play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    stack.push_async_callback(browser.close)
    page = await browser.new_page()
    await page.goto(address)
    return page


async def _seated(client: httpx.AsyncClient) -> tuple[str, Mapping[str, str]]:
    """The address of the seat, and what its page is told."""
    people = [{"name": "Ana", "role": "customer", "person": "p-1"}]
    call = (await client.post("/v1/calls", json={"participants": people})).json()
    who = call["participants"][0]["participant_id"]
    seat = f"/v1/calls/{call['call_id']}/participants/{who}"
    token = (await client.post(f"{seat}/tokens", json={})).json()["token"]
    return seat, {"call": call["call_id"], "participant": who, "token": token}


async def _agree(client: httpx.AsyncClient, seat: str) -> None:
    notice = (await client.get(f"{seat}/notice?own_wish=true")).json()
    said: dict[str, Any] = {"status": "given", "notice_sha256": notice["text_sha256"], "own_wish": True}
    (await client.post(f"{seat}/consent", json={**said, "modality": "face"})).raise_for_status()


def _config(folder: str) -> Config:
    deployed = {"purpose": "sales_coaching", "jurisdictions": ["UK"], "terms": TERMS.model_dump()}
    facts = {"minor": "adult", "relation": "other_organisation"}
    rates = ("requests_per_second", "requests_at_once", "address_per_second", "address_at_once")
    return Config.model_validate(
        {
            "data": {"folder": folder},
            "deployment": deployed | {"facts": facts, "taxonomies": ["engagement.v1"]},
            "limits": dict.fromkeys(rates, 10**9),
            "workers": {"count": 1},
        }
    )


def _figures(lasts: Sequence[float]) -> dict[str, int | float | str]:
    p50, p95 = np.percentile(lasts, [50, 95])
    return {
        "stops": len(lasts),
        "stops after which no event came at all": sum(last == 0 for last in lasts),
        "click to last event": f"p50 {p50:.0f} p95 {p95:.0f} max {max(lasts):.0f} ms",
    }


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stops", type=int, default=50)
    parser.add_argument("--clips", type=Path, help="keep the drawn recordings here, and find them again")
    parser.add_argument("--save", action="store_true")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        outcome = asyncio.run(run(asked.stops, make_clips(asked.clips or Path(folder), CLIP_S)[:1]))
    if asked.save:
        outcome.save(RESULTS)
    sys.exit(outcome.conclude(save=False))


if __name__ == "__main__":
    main()
