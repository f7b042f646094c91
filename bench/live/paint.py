"""How long an event takes until it is on the screen, and how smooth the wall stays with fifty calls.

    python -m bench.live.paint [--seconds 60] [--calls 50] [--save]

The real pages in Chromium, served by the product on a real socket; readings are written once a second, as they come
from a worker, and everything after them is the product's own: leases, log, stream, WebSocket, page. An event counts
from its being published to the first picture that shows it, both by the clock of this machine. Smoothness is what the
page itself measures: time between frames, and tasks that hold it up for more than 50 ms. Prints a line for each page.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import sin
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright
from tests.server.api.scene import Bare, Scene
from tests.server.api.served import Service, at_work
from tests.server.coached import NO_HOLDOUT, CoachedCall, reading_of

from countenance.contracts.call import VOICE, Participant, Purpose, Role
from countenance.contracts.media import SECOND_US
from countenance.contracts.trust import Consent, ConsentStatus
from countenance.surface.blocks import Grounds
from countenance.surface.envelope import Envelope, Envelopes

RESULTS = Path(__file__).parent / "results"
CHROMIUM = os.environ.get("COUNTENANCE_CHROMIUM", "/usr/bin/chromium")
SMOOTH = """
window.frames_ms = []; window.long_ms = [];
new PerformanceObserver((list) => list.getEntries().forEach((one) => window.long_ms.push(one.duration)))
  .observe({ type: "longtask", buffered: false });
let last = performance.now();
requestAnimationFrame(function next(now) {
  window.frames_ms.push(now - last); last = now; requestAnimationFrame(next);
});
"""
PAINTED = """performance.getEntriesByName("event-to-paint").map((one) =>
  [one.detail.sequence ?? "", one.duration, performance.timeOrigin + one.startTime + one.duration])"""

Figures = dict[str, float | int]


def run(seconds: int, calls: int) -> dict[str, Figures]:
    """Both pages, one after the other."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        scene = Scene(Path(folder), coaching=NO_HOLDOUT)
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        with at_work(scene.app) as service:
            found = {
                "coach": _coach(scene, service, browser, seconds),
                "wall": _wall(scene, service, browser, seconds, calls),
            }
        browser.close()
    return found


def _coach(scene: Scene, service: Service, browser: Browser, seconds: int) -> Figures:
    call = service.run(CoachedCall.begin(scene))
    published: dict[str, float] = {}
    publish = call.live.stream.publish

    def noted(envelope: Envelope) -> None:
        published[str(envelope["sequence"])] = time.time() * 1000
        publish(envelope)

    call.live.stream.publish = noted  # type: ignore[method-assign]
    with _page(scene, service, browser, f"/coach/{call.live.id}") as page:
        page.wait_for_selector("#line.on")
        for second in _every_second(seconds):
            service.run(call.pass_second(0.5 + 0.25 * sin(second / 7)))
        page.wait_for_timeout(500)
        painted = page.evaluate(PAINTED)
    told = [one for one in painted if one[0] in published]
    whole = [end - published[sequence] for sequence, _, end in told]
    return {"events": len(whole), **_spread("paint", whole), **_spread("in_page", [took for _, took, _ in told])}


def _wall(scene: Scene, service: Service, browser: Browser, seconds: int, calls: int) -> Figures:
    lives = [service.run(_begun(scene, number)) for number in range(calls)]
    with _page(scene, service, browser, "/wall") as page:
        page.wait_for_function("many => document.querySelectorAll('#calls > li').length >= many", arg=calls)
        page.evaluate(SMOOTH)
        for second in _every_second(seconds):
            service.run(_read(scene, lives, second))
        frames, tasks = page.evaluate("[window.frames_ms, window.long_ms]")
        painted = page.evaluate(PAINTED)
    return {
        "calls": calls,
        "frames": len(frames),
        **_spread("frame", frames),
        "long_tasks": len(tasks),
        "long_task_max_ms": round(max(tasks, default=0.0), 1),
        **_spread("in_page", [took for _, took, _ in painted]),
    }


async def _begun(scene: Scene, number: int) -> Bare:
    live = scene.begin({f"wall-{number}": Participant("p_1", f"Ana {number}", Role.CUSTOMER)})
    live.running.register.record(Consent("p_1", VOICE, Purpose.SALES_COACHING, ConsentStatus.GIVEN, 0, "r-1"))
    return live


async def _read(scene: Scene, lives: Sequence[Bare], second: int) -> None:
    """One second of every call: every card changes."""
    for place, live in enumerate(lives):
        scene.number += 1
        engaged = 0.5 + 0.25 * sin((second + 3 * place) / 5)
        reading = reading_of("p_1", second * SECOND_US, (second + 1) * SECOND_US, engaged)
        live.stream.publish(Envelopes(live.call).sample(scene.number, reading, Grounds()))


@contextmanager
def _page(scene: Scene, service: Service, browser: Browser, path: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{service.address}/sign-in#{scene.reviewer()['Authorization'].removeprefix('Bearer ')}")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.goto(service.address + path)
    yield page
    context.close()


def _every_second(seconds: int) -> Iterator[int]:
    begun = time.monotonic()
    for second in range(seconds):
        yield second
        time.sleep(max(0.0, begun + second + 1 - time.monotonic()))


def _spread(name: str, values: Sequence[float]) -> dict[str, float | int]:
    found = np.percentile(values, (50, 95, 99)) if values else np.full(3, np.nan)
    return {f"{name}_p{which}_ms": round(float(one), 1) for which, one in zip((50, 95, 99), found, strict=True)}


def main(arguments: Sequence[str]) -> int:
    """Measure, print, and keep the figures where asked to."""
    parser = argparse.ArgumentParser(prog="python -m bench.live.paint")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--save", action="store_true")
    chosen = parser.parse_args(arguments)
    found: dict[str, Any] = run(chosen.seconds, chosen.calls)
    for page, figures in found.items():
        print(f"{page}: " + ", ".join(f"{name} {value}" for name, value in figures.items()))
    if chosen.save:
        load = {"load_average": round(os.getloadavg()[0], 1)}
        (RESULTS / "paint.json").write_text(json.dumps(load | found, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
