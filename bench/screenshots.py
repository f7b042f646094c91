"""Pictures of every page, light and dark, for the documentation: `python -m bench.screenshots [NAME ...]`.

With `--width 320 --language de --whole --out FOLDER` the same pages as somebody else meets them, to be looked at.

The pages are those of a service without media (`bench.stage`). Nothing in the pictures was read of anybody.
"""

import argparse
import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from bench.stage import NOW, Stage, staged
from countenance.contracts.call import FACE
from countenance.server.scopes import Position

OUT = Path(__file__).parents[1] / "docs" / "screens"
CHROMIUM = os.environ.get("COUNTENANCE_CHROMIUM", "/usr/bin/chromium")
ARGS = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
WIDE, PHONE = (1280, 860), (390, 844)
COLOURS = 256
LARGEST_BYTES = 120_000


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
