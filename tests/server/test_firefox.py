"""Firefox, where COUNTENANCE_FIREFOX names one: no page gives cause to complain, and a visitor of the demo is read."""

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from bench.screenshots import SHOTS, Shot
from bench.stage import Stage, staged
from tests.server.fox import FIND, Fox, fox, named
from tests.server.test_demo import Served, served

from countenance.testing.sample_call.make import SampleCall

__all__ = ["served"]

pytestmark = named

# A canvas that shows a face stands for the camera; the microphone is the one that Firefox makes up.
CAMERA = """() => {
  const media = navigator.mediaDevices, pictures = PICTURES;
  if (!media) return;  // an empty page, before the first is loaded
  const open = media.getUserMedia.bind(media);
  media.getUserMedia = async wish => {
    const canvas = Object.assign(document.createElement("canvas"), {width: 640, height: 360});
    const bytes = text => Uint8Array.from(atob(text), one => one.charCodeAt(0));
    const faces = await Promise.all(pictures.map(one => createImageBitmap(new Blob([bytes(one)]))));
    let at = 0;
    setInterval(() => canvas.getContext("2d").drawImage(faces[at++ % faces.length], 0, 0), 66);
    const sound = wish.audio ? (await open({audio: true})).getAudioTracks() : [];
    return new MediaStream([...sound, ...(wish.video ? canvas.captureStream(15).getTracks() : [])]);
  };
}"""


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fox]:
    with fox(tmp_path_factory.mktemp("firefox")) as started:
        yield started


@pytest.fixture(scope="module")
def stage(firefox: Fox) -> Iterator[Stage]:
    with staged() as made:
        yield made


def no_complaints(firefox: Fox, address: str) -> None:
    assert firefox.complaints == []
    assert [url for url in firefox.asked if url.startswith(("http:", "https:")) and not url.startswith(address)] == []


def test_what_a_page_complains_of_is_heard(firefox: Fox, stage: Stage) -> None:
    firefox.open(f"{stage.service.address}/sign-in")
    firefox.run("console.error('planted')")
    firefox.run("fetch('https://example.invalid/').catch(() => 0)")
    for _ in range(100):  # the second comes when Firefox has got round to it
        if len(firefox.complaints) < 2:
            firefox.run("new Promise(done => setTimeout(done, 50))")
    own, policy = firefox.complaints
    assert (own, "connect-src" in policy, "https://example.invalid/" in policy) == ("error: planted", True, True)
    firefox.complaints.clear()


@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.name)
def test_every_page_stands_without_a_complaint(firefox: Fox, stage: Stage, shot: Shot, tmp_path: Path) -> None:
    firefox.resize(*shot.size)
    if shot.who is not None:
        firefox.open(f"{stage.service.address}/sign-in#{shot.who(stage)}")
        firefox.until("!location.pathname.startsWith('/sign-in')")
    firefox.open(stage.service.address + shot.path(stage))
    firefox.until("document.querySelector('h1').checkVisibility() && document.fonts.status === 'loaded'")
    assert firefox.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    no_complaints(firefox, stage.service.address)


def test_the_log_is_verified_in_the_browser(firefox: Fox, stage: Stage) -> None:
    shot = next(shot for shot in SHOTS if shot.name == "compliance-audit")
    assert shot.who is not None
    firefox.open(f"{stage.service.address}/sign-in#{shot.who(stage)}")
    firefox.until("!location.pathname.startsWith('/sign-in')")
    firefox.open(stage.service.address + shot.path(stage))
    firefox.press("#verify")
    firefox.until("document.querySelector('.verdict-card')")
    no_complaints(firefox, stage.service.address)


def test_a_visitor_joins_is_read_as_they_wish_and_stops(firefox: Fox, served: Served, sample_call: SampleCall) -> None:
    seeing = CAMERA.replace("PICTURES", json.dumps(faces(sample_call.media["Ana"])))
    script = firefox.tell("script.addPreloadScript", functionDeclaration=seeing)
    firefox.resize(1280, 900)
    firefox.open(f"{served.url}/demo")
    firefox.press("#join")
    firefox.press("input[role=switch]", "Face")
    if firefox.run(f"Boolean(({FIND})(document, 'input', 'full name'))"):
        firefox.write("A. Visitor", "input", "full name")
    firefox.press("button", "Agree and join")
    firefox.press("#enter")
    firefox.until("document.querySelectorAll('.tile.seen').length === 3")
    firefox.until("document.querySelector('#badge')?.textContent === 'Read of you now: face'")
    firefox.until("/^[1-9]/.test(document.querySelector('.chart-says')?.textContent ?? '')")
    assert served.faces_read() > 0
    firefox.press("button", "Turn off: Face")
    firefox.until("document.querySelector('#badge').textContent.startsWith('Stopped at ')")
    firefox.run("new Promise(done => setTimeout(done, 2000))")  # what is proven is that nothing comes after it
    decoded = served.decoded()
    firefox.run("new Promise(done => setTimeout(done, 3000))")
    assert served.decoded() == decoded, "nothing is decoded after the no"
    firefox.press("#leave")
    firefox.until("document.querySelector('#left').checkVisibility()")
    firefox.tell("script.removePreloadScript", script=script["script"])
    no_complaints(firefox, served.url)


def faces(recording: Path) -> list[str]:
    """Some pictures of somebody's side of the sample call, as a page can carry them."""
    pictures = []
    with av.open(str(recording)) as source:
        for index, frame in zip(range(30), source.decode(video=0), strict=False):
            if index % 3 == 0:
                made = io.BytesIO()
                frame.to_image().save(made, "JPEG", quality=80)  # type: ignore[no-untyped-call]
                pictures.append(base64.b64encode(made.getvalue()).decode())
    return pictures
