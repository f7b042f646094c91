"""Firefox by WebDriver BiDi, which it speaks itself: no driver stands between."""

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

VARIABLE = "COUNTENANCE_FIREFOX"
PATIENCE_S = 120.0
TRIES = 1200
"""One each 50 ms: how long a page may take, well before patience ends."""
PREFERENCES: dict[str, bool | int | str] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.loopback": True,
    "media.autoplay.default": 0,
    "intl.accept_languages": "en-GB",
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "services.settings.server": "data:,",
}
FIND = """function find(root, selector, words) {
  const says = one => [one.textContent, one.getAttribute("aria-label"), ...(one.labels ? [...one.labels].map(label =>
    label.textContent) : [])].some(text => text?.includes(words));
  const own = [...root.querySelectorAll(selector)].find(one => one.checkVisibility() && says(one));
  const inner = () => [...root.querySelectorAll("*")].filter(one => one.shadowRoot);
  return own ?? inner().map(one => find(one.shadowRoot, selector, words)).find(Boolean) ?? null;
}"""
"""An element by selector and words, in open shadow trees too."""
EVENTS = ["log.entryAdded", "network.beforeRequestSent"]


class Fox:
    """One window of Firefox, and what it complained of."""

    def __init__(self, line: ClientConnection) -> None:
        self.complaints: list[str] = []
        self.asked: list[str] = []
        """Every address that was asked for."""
        self._line, self._number = line, 0
        found = self.tell("session.new", capabilities={})
        self.version = f"{found['capabilities']['browserName']} {found['capabilities']['browserVersion']}"
        self.tell("session.subscribe", events=EVENTS)
        self.window = self.tell("browsingContext.getTree")["contexts"][0]["context"]

    def tell(self, method: str, **params: object) -> dict[str, Any]:
        """A command, and its answer; what happens meanwhile is noted."""
        self._number += 1
        self._line.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            said = json.loads(self._line.recv(PATIENCE_S))
            if said.get("id") == self._number:
                assert said["type"] == "success", f"{method}: {said.get('error')}: {said.get('message')}"
                answer: dict[str, Any] = said["result"]
                return answer
            self._note(said)

    def open(self, url: str) -> None:
        """Go to a page and wait until it is loaded."""
        self.tell("browsingContext.navigate", context=self.window, url=url, wait="complete")

    def run(self, script: str) -> Any:  # noqa: ANN401
        """The value of an expression in the page, a promise awaited; whoever looks acts."""
        target = {"context": self.window}
        kept = f"Promise.resolve({script}).then(value => JSON.stringify(value ?? null))"
        found = self.tell("script.evaluate", expression=kept, target=target, awaitPromise=True, userActivation=True)
        assert found["type"] == "success", f"{script}: {found.get('exceptionDetails', {}).get('text')}"
        return json.loads(found["result"]["value"])

    def until(self, condition: str) -> None:
        """Wait in the page until a condition holds; else the failure says what the page shows."""
        look = f"const look = () => {{ if ({condition}) done(true); else if (--tries) setTimeout(look, 50); "
        look += "else done(false); }; look();"
        if not self.run(f"new Promise(done => {{ let tries = {TRIES}; {look} }})"):
            shown = self.run("document.body.innerText")
            raise AssertionError(f"{condition} did not come to hold; {self.complaints}; the page shows:\n{shown}")

    def press(self, selector: str, words: str = "") -> None:
        """Wait for an element that is seen and says this, within custom elements too, and press it with the pointer."""
        found = f"({FIND})(document, {json.dumps(selector)}, {json.dumps(words)})"
        self.until(found)
        self.run(f"{found}.scrollIntoView({{block: 'center'}})")
        target = {"context": self.window}
        node = self.tell("script.evaluate", expression=found, target=target, awaitPromise=False)["result"]
        origin = {"type": "element", "element": {"sharedId": node["sharedId"]}}
        moves = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        pointer = {"type": "pointer", "id": "mouse", "actions": moves}
        self.tell("input.performActions", context=self.window, actions=[pointer])

    def write(self, text: str, selector: str, words: str = "") -> None:
        """Press a field and type into it."""
        self.press(selector, words)
        keys = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        board = {"type": "key", "id": "board", "actions": keys}
        self.tell("input.performActions", context=self.window, actions=[board])

    def resize(self, width: int, height: int) -> None:
        """Give the page this size."""
        self.tell("browsingContext.setViewport", context=self.window, viewport={"width": width, "height": height})

    def picture(self, path: Path) -> None:
        """Keep what the window shows."""
        shot = self.tell("browsingContext.captureScreenshot", context=self.window)
        path.write_bytes(base64.b64decode(shot["data"]))

    def _note(self, said: dict[str, Any]) -> None:
        what = said.get("params", {})
        if said.get("method") == "network.beforeRequestSent":
            self.asked.append(what["request"]["url"])
        elif said.get("method") == "log.entryAdded" and what["level"] in ("error", "warn"):
            self.complaints.append(f"{what['level']}: {what['text']}")


named = pytest.mark.skipif(VARIABLE not in os.environ, reason=f"{VARIABLE} names no Firefox, such as `firefox-esr`")
"""For tests that need it; nothing that they stand on is made where there is none."""


@contextmanager
def fox(folder: Path) -> Iterator[Fox]:
    """Firefox with a camera and a microphone that are not there."""
    program = os.environ[VARIABLE]
    profile = folder / "profile"
    profile.mkdir()
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines))
    words = [shutil.which(program) or program, "--headless", "--no-remote", "--profile", str(profile)]
    words += ["--width", "1280", "--height", "900", "--remote-debugging-port", "0"]
    with subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "HOME": str(folder)}
    ) as process:
        try:
            with connect(_line(profile / "WebDriverBiDiServer.json"), max_size=None) as line:
                yield Fox(line)
        finally:
            process.terminate()


def _line(file: Path) -> str:
    """Where Firefox listens, once it has written that down."""
    end = time.monotonic() + PATIENCE_S
    while not file.exists() or not file.read_text():
        assert time.monotonic() < end, "Firefox does not listen"
        time.sleep(0.05)
    where = json.loads(file.read_text())
    return f"ws://{where['ws_host']}:{where['ws_port']}/session"
