"""How tests look at pages: a browser of one person, and what must hold of every page."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request

NARROW = {"width": 320, "height": 700}
WIDE = {"width": 1280, "height": 800}
WIDER_THAN_ITSELF = """() => new Promise((told) => {
  const wider = ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth;
  requestAnimationFrame(() => requestAnimationFrame(() => told(wider(document.documentElement))));
})"""
"""Two frames on: charts are drawn anew, to their new width, in the frame after that of the page's."""


@dataclass
class Visit:
    """One person's browser, and everything in it that should not happen."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def enter(self, credential: str) -> None:
        """Sign in, as the link of an invitation does."""
        self.page.goto(f"{self.address}/sign-in#{credential.removeprefix('Bearer ')}")
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def open(self, path: str) -> Page:
        """Go to a page and wait until it stands."""
        self.page.goto(self.address + path)
        self.page.wait_for_load_state("networkidle")
        return self.page


@contextmanager
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    """A browser of its own; leaving it fails where a page complained, or asked another host for anything."""
    context = browser.new_context(viewport=WIDE, reduced_motion="reduce", locale="en-GB")  # type: ignore[arg-type]
    page = context.new_page()
    visited = Visit(page, address)
    page.on("console", _noted(visited.complaints))
    page.on("pageerror", lambda fault: visited.complaints.append(str(fault)))
    page.on("request", _own(address, visited.complaints))
    try:
        yield visited
    finally:
        context.close()
    assert not visited.complaints, visited.complaints


def check(page: Page) -> None:
    """What holds of every page: no violation that axe finds, room at 320 px, and right to left nothing breaks."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    before = page.viewport_size
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    assert not page.evaluate(WIDER_THAN_ITSELF), "the page is wider than 320 px"
    page.evaluate("document.documentElement.dir = 'rtl'")
    assert not page.evaluate(WIDER_THAN_ITSELF), "right to left, the page is wider than 320 px"
    page.evaluate("document.documentElement.dir = 'ltr'")
    page.set_viewport_size(before or WIDE)  # type: ignore[arg-type]


def _noted(complaints: list[str]) -> Callable[[ConsoleMessage], None]:
    def note(message: ConsoleMessage) -> None:
        # A refusal that the page shows is no fault of the page.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    return note


def _own(address: str, complaints: list[str]) -> Callable[[Request], None]:
    def check_host(request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme in ("http", "https", "ws", "wss") and url.netloc != urlsplit(address).netloc:
            complaints.append(f"asked another host: {request.url}")

    return check_host
