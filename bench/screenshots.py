"""Pictures of every page, light and dark, for the documentation: `python -m bench.screenshots [NAME ...]`.

With `--width 320 --language de --whole --out FOLDER` the same pages as somebody else meets them, to be looked at.

The pages are those of a service without media: gate, consents, log and streams are the real ones, what is read is
written here second by second. Nothing in the pictures was read of anybody.
"""

import argparse
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from tests.server.api.scene import START, Scene
from tests.server.api.served import Service, at_work
from tests.server.coached import NO_HOLDOUT, CoachedCall, keep_prompts, reading_of
from tests.server.pages.told import Told, tell

from countenance.contracts.call import FACE, Role
from countenance.contracts.media import Utterance
from countenance.contracts.readings import Event, Phase
from countenance.server.keys import NewKey
from countenance.server.live import Joining, LiveCall, NewCall
from countenance.server.scopes import Position
from countenance.surface.blocks import Grounds
from countenance.surface.envelope import Envelopes

OUT = Path(__file__).parents[1] / "docs" / "screens"
CHROMIUM = os.environ.get("COUNTENANCE_CHROMIUM", "/usr/bin/chromium")
ARGS = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
WIDE, PHONE = (1280, 860), (390, 844)
COLOURS = 256
NOW = START + timedelta(seconds=115)
"""When one looks: the call that is coached has run for as long as it was read."""
LARGEST_BYTES = 120_000
WALL = ("Bea", "Chloé", "Dmitri", "Esra", "Femi", "Greta", "Hiro")
"""Who is on the calls beside the one that is coached."""
PRESSING = 1
"""Which of them needs somebody."""


@dataclass(frozen=True)
class Stage:
    """A service at work, a call that is over and one that runs."""

    scene: Scene
    service: Service
    told: Told
    coached: CoachedCall
    keys: dict[Position, str] = field(default_factory=dict)

    def staff(self, position: Position) -> str:
        """One key for everybody of a position, by its name."""
        if position not in self.keys:
            self.keys[position], _ = self.scene.site.keys.make(NewKey("one", f"{position.value} desk", position, None))
        return self.keys[position]

    def ana(self) -> str:
        return self.scene.token(self.coached.live, self.coached.ana)["Authorization"].removeprefix("Bearer ")

    @cached_property
    def beginning(self) -> LiveCall:
        """A call on which nobody has answered yet; it is on the wall from when it is first asked for."""
        people = (Joining("Iris", Role.PROSPECT, "crm-iris"), Joining("Ben", Role.AGENT, "crm-ben"))
        return self.service.run(self.scene.one.calls.open(NewCall(participants=people)))

    def iris(self) -> str:
        iris = self.beginning.call.participants[0].id
        return self.scene.token(self.beginning, iris)["Authorization"].removeprefix("Bearer ")


Act = Callable[[Page], None]


@dataclass(frozen=True)
class Shot:
    """One page in a state worth showing."""

    name: str
    path: Callable[[Stage], str]
    who: Callable[[Stage], str] | None
    act: Act | None = None
    size: tuple[int, int] = WIDE


def nothing_more(_: Page) -> None:
    """The page shows what it has to show by itself."""


def to_first_event(page: Page) -> None:
    page.locator(".event-button").first.click()
    page.evaluate("window.scrollTo(0, 0)")


def decided(page: Page) -> None:
    for value in ("customer", "agent", "UK"):
        page.locator(f"#decide input[value='{value}']").check()
    page.locator("#minor").select_option("adult")
    for _ in range(5):
        page.locator("#step-on").click()
    page.locator("#decision-title").wait_for()
    page.locator("#decision-people summary").first.click()


def asked(page: Page) -> None:
    page.locator("#explain [name=purpose]").select_option("hiring")
    page.locator("#explain [name=role]").select_option("candidate")
    page.locator("#explain [value=EU]").check()
    page.locator("#explain [type=submit]").click()
    page.locator("#answer .verdict").first.wait_for()
    page.locator("#answer").evaluate("one => one.scrollIntoView({block: 'end'})")


def verified(page: Page) -> None:
    page.locator("#verify").click()
    page.locator(".verdict-card").wait_for()


def reasons(page: Page) -> None:
    page.locator(".prompt summary").click()


def at(path: str) -> Callable[[Stage], str]:
    return lambda _: path


def coach(stage: Stage) -> str:
    return stage.scene.reviewer()["Authorization"].removeprefix("Bearer ")


def officer(stage: Stage) -> str:
    return stage.staff(Position.COMPLIANCE)


def operator(stage: Stage) -> str:
    return stage.staff(Position.OPERATOR)


def supervisor(stage: Stage) -> str:
    return stage.staff(Position.SUPERVISOR)


def call_of(page: str) -> Callable[[Stage], str]:
    return lambda stage: f"/{page}/{stage.coached.live.id}"


def receipt(stage: Stage) -> str:
    yes = stage.coached.live.running.register.current(stage.coached.ana, FACE, 0)
    assert yes is not None
    return f"/me/{stage.coached.live.id}/receipts/{yes.receipt_id}"


SHOTS = (
    Shot("sign-in", at("/sign-in"), None),
    Shot("problem", at("/nowhere"), None),
    Shot("retention", at("/privacy/retention/one"), None),
    Shot("receipt", receipt, Stage.ana),
    Shot("how-to-read", at("/how-to-read"), None),
    Shot("home", at("/"), coach),
    Shot("me", call_of("me"), Stage.ana, size=PHONE),
    Shot("coach", call_of("coach"), coach, reasons),
    Shot("wall", at("/wall"), coach),
    Shot("wall-supervisor", at("/wall"), supervisor),
    Shot("coaching", at("/coaching"), supervisor),
    Shot("review", at("/review"), coach),
    Shot("review-call", lambda stage: f"/review/{stage.told.call_id}", coach, to_first_event),
    Shot("compliance", at("/compliance"), officer, decided),
    Shot("compliance-rulings", at("/compliance/rulings"), officer, asked),
    Shot("compliance-consents", at("/compliance/consents"), officer),
    Shot("compliance-erasures", at("/compliance/erasures"), officer),
    Shot("compliance-retention", at("/compliance/retention"), officer),
    Shot("compliance-audit", at("/compliance/audit"), officer, verified),
    Shot("compliance-evidence", at("/compliance/evidence"), officer),
    Shot("models", at("/models"), operator),
    Shot("model", at("/models/face-expression.v1"), operator),
    Shot("settings", at("/settings"), operator),
    Shot("status", at("/status"), operator),
    Shot("join", lambda stage: f"/join/{stage.beginning.id}", Stage.iris),
)
"""Every page but those of the live demo, the call among them: `bench.demo_screens`; another is another line here."""


@contextmanager
def staged() -> Iterator[Stage]:
    """A tenant on an ordinary morning."""
    with TemporaryDirectory() as folder:
        scene = Scene(Path(folder), coaching=NO_HOLDOUT)
        with at_work(scene.app) as service:
            told = tell(scene, service.address, 90)
            gone = tell(scene, service.address, 12, ben="agent-5")
            service.run(_erased(scene, gone))
            for number, name in enumerate(WALL):
                one = service.run(CoachedCall.begin(scene, person=f"crm-{number}", name=name))
                service.run(one.fall(10 + number, high=4 if number % 3 == 1 else 20))
                if number == PRESSING:
                    service.run(_presses(one))
            keep_prompts(scene, 60)
            coached = service.run(CoachedCall.begin(scene))
            said = Utterance("", coached.ana, 18_000_000, 21_000_000, "And what would change for the contract we have?")
            service.run(coached.fall(22))
            service.run(coached.pass_second(0.3, words=(said,)))
            yield Stage(scene, service, told, coached)


async def _presses(one: CoachedCall) -> None:
    """An event that runs."""
    reading = reading_of(one.ana, 9_000_000, 10_000_000, 0.3)
    event = Event("engagement_low", Phase.STARTED, "s_1", 2_000_000, 10_000_000, reading, "disengaged")
    one.live.stream.publish(Envelopes(one.live.call).event(9_000, event, Grounds()))


async def _erased(scene: Scene, told: Told) -> None:
    async with scene.client() as client:
        path = f"/v1/calls/{told.call_id}/participants/{told.ben}/data"
        (await client.delete(path)).raise_for_status()


@dataclass(frozen=True)
class Look:
    """How one looks: the width in pixels where it is not the picture's own, the language, the whole page or its top."""

    scheme: str
    language: str = "en-GB"
    width: int | None = None
    whole: bool = False


def picture(browser: Browser, stage: Stage, shot: Shot, look: Look) -> bytes:
    """One page as one person sees it."""
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": look.width or width, "height": height},
        color_scheme="dark" if look.scheme == "dark" else "light",
        reduced_motion="reduce",
        locale=look.language,
        timezone_id="UTC",
    )
    page = context.new_page()
    page.clock.set_fixed_time(NOW)
    if shot.who is not None:
        page.goto(f"{stage.service.address}/sign-in#{shot.who(stage)}")
        page.wait_for_url(lambda url: "/sign-in" not in url)
    page.goto(stage.service.address + shot.path(stage))
    page.locator("h1").first.wait_for()
    page.wait_for_timeout(1500)
    (shot.act or nothing_more)(page)
    page.wait_for_timeout(300)
    taken = page.screenshot(animations="disabled", full_page=look.whole)
    context.close()
    return taken


def small(taken: bytes) -> bytes:
    """The same picture in its most frequent colours: what is drawn in one colour keeps it, however small it is."""
    drawn = np.asarray(Image.open(io.BytesIO(taken)).convert("RGB"))
    seen, where, times = np.unique(drawn.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True)
    kept = seen[np.argsort(times)[::-1][:COLOURS]]
    nearest = np.square(seen[:, None].astype(int) - kept[None]).sum(-1).argmin(-1).astype(np.uint8)
    flat = Image.fromarray(nearest[where].reshape(drawn.shape[:2]), "P")
    flat.putpalette(kept.tobytes())
    made = io.BytesIO()
    flat.save(made, "PNG", optimize=True)
    return made.getvalue()


def main() -> None:
    """Take the pictures; prints one line of what was written."""
    asked = _asked()
    wanted = [shot for shot in SHOTS if not asked.names or shot.name in asked.names]
    asked.out.mkdir(parents=True, exist_ok=True)
    sizes = []
    with staged() as stage, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        for shot in wanted:
            for scheme in ("light", "dark"):
                look = Look(scheme, asked.language, asked.width, asked.whole)
                data = small(picture(browser, stage, shot, look))
                (asked.out / f"{shot.name}-{scheme}.png").write_bytes(data)
                sizes.append(len(data))
                if len(data) > LARGEST_BYTES:
                    sys.stderr.write(f"{shot.name}-{scheme}.png has {len(data)} bytes\n")
        browser.close()
    sys.stdout.write(f"{len(sizes)} pictures, {sum(sizes) // 1000} kB, largest {max(sizes, default=0) // 1000} kB\n")


def _asked() -> argparse.Namespace:
    known = [shot.name for shot in SHOTS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all unless named: {', '.join(known)}")
    parser.add_argument("--out", type=Path, default=OUT, help="the folder they are written to (docs/screens)")
    parser.add_argument("--language", default="en-GB", help="of the browser, such as de")
    parser.add_argument("--width", type=int, help="of the window in pixels, where it is not the picture's own")
    parser.add_argument("--whole", action="store_true", help="the whole page, not only what is seen first")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(known):
        parser.error(f"no picture is called {', '.join(sorted(unknown))}")
    return asked


if __name__ == "__main__":
    main()
