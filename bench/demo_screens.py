"""Pictures of the live demo for the documentation: `python -m bench.demo_screens [--sample FOLDER]`.

The call is the real one: the drawn people over WHIP and their own connections, and a third drawn face as the visitor's
camera. Prints one line of what was written.
"""

import argparse
import io
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory

import av
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.server.test_demo import agree_to_the_face

from bench.screenshots import CHROMIUM, OUT, small
from countenance.server.demo.running import Demo, clips_of, config_of, run
from countenance.testing.sample_call.acting import Actor
from countenance.testing.sample_call.face import FacePainter
from countenance.testing.sample_call.make import SampleCall, make_sample_call
from countenance.testing.sample_call.people import ANA, BEN
from countenance.testing.sample_call.script import SALES

VISITOR = replace(
    BEN, skin=(232, 190, 160), lips=(186, 110, 104), hair=(150, 96, 52), hair_light=(196, 142, 88), brow=(118, 76, 44),
    shirt=(112, 72, 92), collar=(92, 58, 76), wall=(206, 198, 182), wall_light=(238, 232, 218), stubble=0.25,
    iris=ANA.iris,
)  # fmt: skip
FRAMES = 30


def main() -> None:
    """Play, visit, take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=Path, help="where the sales call lies or is to be drawn")
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        sample = make_sample_call(asked.sample or Path(folder) / "sales", SALES)
        demo, urls = Demo(sample.script, clips_of(sample), lambda _: None), Queue[str]()
        demo.opened = urls.put
        config = config_of(sample.script, Path(folder) / "live", "127.0.0.1", 0)
        thread = threading.Thread(target=run, args=(config, demo, lambda _: None))
        thread.start()
        try:
            sizes = _visit(urls.get(timeout=120), _camera(sample, Path(folder) / "camera.y4m"))
        finally:
            demo.leave()
            thread.join()
    print("demo screens: " + ", ".join(f"{name} {size // 1000} kB" for name, size in sizes.items()))


def _visit(url: str, camera: Path) -> dict[str, int]:
    media = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    media += [f"--use-file-for-fake-video-capture={camera}", "--autoplay-policy=no-user-gesture-required"]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *media])
        page = _page(browser)
        page.goto(url)
        sizes = _both(page, "demo")
        page.get_by_role("button", name="Join as yourself").click()
        agree_to_the_face(page)
        expect(page.locator(".tile.seen")).to_have_count(3, timeout=90_000)
        page.wait_for_timeout(20_000)
        sizes |= _both(page, "call", _exact)
        browser.close()
    return sizes


def _page(browser: Browser) -> Page:
    return browser.new_context(viewport={"width": 1280, "height": 860}, reduced_motion="reduce").new_page()


def _exact(taken: bytes) -> bytes:
    """Faces in a few colours are blotched, and the few that are left grey the page around them."""
    made = io.BytesIO()
    Image.open(io.BytesIO(taken)).convert("RGB").save(made, "PNG", optimize=True)
    return made.getvalue()


def _both(page: Page, name: str, pack: Callable[[bytes], bytes] = small) -> dict[str, int]:
    OUT.mkdir(parents=True, exist_ok=True)
    sizes = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        page.wait_for_timeout(500)
        data = pack(page.screenshot())
        (OUT / f"{name}-{scheme}.png").write_bytes(data)
        sizes[f"{name}-{scheme}"] = len(data)
    return sizes


def _camera(sample: SampleCall, target: Path) -> Path:
    """What the visitor's camera sees: somebody who listens."""
    actor, painter = Actor(sample.script, "Ben"), FacePainter(VISITOR)
    with target.open("wb") as file:
        for index in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(painter.draw(actor.pose(index * 100), index), "rgb24").reformat(
                format="yuv420p"
            )
            if index == 0:
                file.write(f"YUV4MPEG2 W{frame.width} H{frame.height} F10:1 Ip A1:1 C420jpeg\n".encode())
            file.write(b"FRAME\n" + frame.to_ndarray().tobytes())
    return target


if __name__ == "__main__":
    main()
