"""The live demo as a visitor meets it: the drawn people are seen, one's own camera is read only as long as one wants.

Everything is real: the service with its worker, WHIP, the connections between the people, a browser with a camera.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.conftest import CHROMIUM, QUIET
from tests.server.pages.visiting import check, visit

from countenance.server.demo.company import Company
from countenance.server.demo.running import Demo, clips_of, config_of, run
from countenance.surface.envelope import SAMPLE
from countenance.testing.sample_call.make import SampleCall

SECONDS_S = 90.0
SOME = re.compile("^[1-9]")
INTERRUPTED = "For a moment nothing is read of you; it goes on by itself. Who you see stays."
NOTE_THE_LINE = """() => {
  window.said = [];
  const line = document.getElementById("line");
  new MutationObserver(() => line.textContent !== (said.at(-1) ?? "") && said.push(line.textContent))
    .observe(line, {childList: true, characterData: true, subtree: true});
}"""
PLACES = "[...document.querySelectorAll('.tile:not(.own) video')].map((one) => one.currentTime)"


@dataclass
class Served:
    """The demo in a thread of its own."""

    demo: Demo
    begun: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def opened(self, url: str) -> None:
        self.url = url.removesuffix("/demo")
        self.begun.set()

    @property
    def company(self) -> Company:
        assert self.demo.company is not None
        return self.demo.company

    def you(self) -> str:
        return next(one.id for one in self.company.live.call.participants if one.name == "Guest")

    def faces_read(self, name: str = "Guest", since_us: int = 0) -> int:
        """Seconds in which the visitor's face was read, or somebody else's."""
        who = next(one.id for one in self.company.live.call.participants if one.name == name)
        samples: list[Any] = [one["data"] for one in list(self.company.events) if one["type"] == SAMPLE]
        theirs = [one for one in samples if one["subject"]["participant_id"] == who]
        return sum(
            one["modalities"].get("face", {}).get("used", False)
            for one in theirs
            if one["window"]["start_us"] >= since_us
        )

    def kill_the_worker(self) -> int:
        """At once; returns where in the call."""
        live = self.company.live
        assert live.worker is not None
        os.kill(live.worker.process.pid, signal.SIGKILL)
        return live.now_us(self.company.services.tenant.clock.mono_us())

    def decoded(self) -> int:
        """Pictures of the visitor that were decoded."""
        return self.company.decoded().get(f"{self.you()}/video", 0)


@pytest.fixture(scope="module")
def served(sample_call: SampleCall, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    if not (resources.files("countenance.server") / "static" / "vendor" / "countenance.js").is_file():
        pytest.skip("clients/web is not built (npm is needed: `make demo` builds it)")
    demo = Demo(sample_call.script, clips_of(sample_call), lambda _: None)
    served = Served(demo)
    demo.opened = served.opened
    config = config_of(sample_call.script, tmp_path_factory.mktemp("demo"), "127.0.0.1", 0)
    thread = threading.Thread(target=run, args=(config, demo, lambda _: None))
    thread.start()
    assert served.begun.wait(SECONDS_S)
    yield served
    demo.leave()
    thread.join()


@pytest.fixture(scope="module")
def camera(sample_call: SampleCall, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser whose camera shows a drawn face, and whose microphone gives silence."""
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}; set COUNTENANCE_CHROMIUM")
    folder = tmp_path_factory.mktemp("camera")
    media = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={_pictures(sample_call.media['Ana'], folder / 'cam.y4m')}",
        f"--use-file-for-fake-audio-capture={_silence(folder / 'mic.wav')}",
        "--autoplay-policy=no-user-gesture-required",
    ]
    with sync_playwright() as running:
        started = running.chromium.launch(executable_path=str(CHROMIUM), args=[*QUIET, *media])
        yield started
        started.close()


@pytest.mark.slow
def test_a_visitor_joins_is_read_as_they_wish_and_stops(served: Served, camera: Browser) -> None:
    with visit(camera, served.url) as visitor:
        page = visitor.open("/demo?language=de")
        expect(page.locator(".door")).to_contain_text(["Meine Kamera", "Was der Coach von", "", "Löschungen", "Alle"])
        page = visitor.open("/demo?language=en")
        check(page)
        assert first_event_of(page).startswith("io.countenance.")
        page.get_by_role("button", name="Join as yourself").click()
        agree_to_the_face(page)
        expect(page.locator(".tile.seen")).to_have_count(3, timeout=SECONDS_S * 1000)
        expect(page.locator("#badge")).to_have_text("Read of you now: face")
        expect(page.locator(".chart-says")).to_have_text(SOME, timeout=SECONDS_S * 1000)
        check(page)

        until(page, lambda: bool(served.company.services.calls._pool.waiting))
        page.evaluate(NOTE_THE_LINE)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.method) if "/whip/" in request.url else None)
        before = page.evaluate(PLACES)
        at_us = served.kill_the_worker()
        until(page, lambda: all(served.faces_read(name, at_us) for name in ("Guest", "Ana")))
        assert all(now > then + 0.5 for then, now in zip(before, page.evaluate(PLACES), strict=True)), (
            "the people's own call goes on"
        )
        assert asked[0] == "POST", "it was sent anew because the service said so"
        assert page.evaluate("said") == [INTERRUPTED, ""]
        expect(page.locator("#badge")).to_have_text("Read of you now: face")
        expect(page.locator("#failure")).to_be_hidden()

        page.get_by_role("button", name="Turn off: Face").press("Enter")
        expect(page.locator("#badge")).to_contain_text("Stopped at ")
        page.wait_for_timeout(2_000)  # what is proven is that nothing comes after it
        read, decoded = served.faces_read(), served.decoded()
        page.wait_for_timeout(3_000)
        assert read > 0
        assert (served.faces_read(), served.decoded()) == (read, decoded), "nothing begins again by itself"

        page.get_by_role("button", name="Leave").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You have left the call")


def first_event_of(page: Page) -> str:
    """What a program prints first that is copied from the page, with the credential that stands there."""
    program, terminal = page.locator("#program").inner_text(), page.locator("#terminal").inner_text()
    key = re.search("COUNTENANCE_KEY=(.+)", terminal)
    assert key is not None
    assert len(program.splitlines()) <= 12
    there = {**os.environ, "COUNTENANCE_KEY": key.group(1)}
    with subprocess.Popen([sys.executable, "-c", program], env=there, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        process.kill()
    return said


def until(page: Page, holds: Callable[[], bool]) -> None:
    """Wait for something that the service says, while the page lives."""
    end_s = time.monotonic() + SECONDS_S
    while not holds():
        assert time.monotonic() < end_s
        page.wait_for_timeout(100)


def agree_to_the_face(page: Page) -> None:
    """On the page before the call: the face alone, with a name where the law wants one."""
    page.get_by_role("switch", name="Face").press("Space")
    if (name := page.get_by_label("full name")).count():
        name.fill("A. Visitor")
    page.get_by_role("button", name="Agree and join").press("Enter")
    page.get_by_role("link", name="Join the call").press("Enter")


def _pictures(recording: Path, target: Path) -> Path:
    """The first seconds of somebody's side of the sample call, as a camera gives them."""
    with av.open(str(recording)) as source, target.open("wb") as file:
        file.write(b"YUV4MPEG2 W640 H360 F15:1 Ip A1:1 C420jpeg\n")
        for index, frame in enumerate(source.decode(video=0)):
            if index == 45:
                break
            file.write(b"FRAME\n" + frame.to_ndarray(format="yuv420p").tobytes())
    return target


def _silence(target: Path) -> Path:
    with wave.open(str(target), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes(np.zeros(48_000, np.int16).tobytes())
    return target
