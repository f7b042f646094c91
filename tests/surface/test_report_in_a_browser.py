"""The page in a real browser: layout, keyboard, accessibility, silence on the network."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request

from countenance.surface.report import write_report
from countenance.testing.records import made_record

pytestmark = pytest.mark.slow


@pytest.fixture(name="address", scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report(made_record(), tmp_path_factory.mktemp("report")).as_uri()


@dataclass
class Visit:
    page: Page
    told: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage | Error) -> None:
        self.told.append(str(message))

    def see(self, request: Request) -> None:
        self.asked.append(request.url)


def opened(browser: Browser, address: str, width: int = 1280, dark: bool = False) -> Visit:
    """A page, with what it says on the console and what it asks of the network."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
    visit = Visit(page)
    page.on("console", visit.hear)
    page.on("pageerror", visit.hear)
    page.on("request", visit.see)
    page.goto(address)
    return visit


def unfold(page: Page) -> None:
    page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true })")


def test_the_page_is_silent_on_console_and_network(browser: Browser, address: str) -> None:
    visit = opened(browser, address)
    visit.page.keyboard.press("Tab")
    assert visit.told == []
    assert visit.asked == [address]
    visit.page.close()


@pytest.mark.parametrize(("width", "dark"), [(320, True), (1280, False)])
def test_axe_finds_no_violation_with_everything_unfolded(
    browser: Browser, address: str, width: int, dark: bool
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = opened(browser, address, width, dark).page
    unfold(page)
    results = axe.Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    page.close()


def test_a_phone_of_320_pixels_never_scrolls_sideways(browser: Browser, address: str) -> None:
    page = opened(browser, address, 320).page
    unfold(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.close()


def test_the_keyboard_moves_the_cursor_the_words_and_the_transcript(browser: Browser, address: str) -> None:
    page = opened(browser, address).page
    slider = page.locator("#slider")
    slider.focus()
    for key in ("PageUp", "PageUp", "PageUp", "PageUp", "ArrowLeft"):
        page.keyboard.press(key)
    assert slider.get_attribute("aria-valuenow") == "39.0"
    assert page.locator("#now").inner_text() == "0:39"
    assert "Ana: very likely frustrated" in page.locator("#readout").inner_text()
    assert "Speaking: Ana." in (slider.get_attribute("aria-valuetext") or "")
    current = page.locator("button.line[aria-current=true]")
    assert current.count() == 1
    assert "three times" in current.inner_text()
    page.keyboard.press("End")
    assert slider.get_attribute("aria-valuenow") == "90.0"
    page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuenow") == "0.0"
    page.close()


def test_the_cursor_stands_at_one_place_in_all_lanes(browser: Browser, address: str) -> None:
    page = opened(browser, address).page
    page.locator(".event-list .jump").first.click()
    assert page.locator("#slider").get_attribute("aria-valuenow") == "33.0"
    measure = "all => all.filter(one => one.offsetWidth).map(one => { const box = one.getBoundingClientRect();"
    measure += " return Math.round(box.left + parseFloat(getComputedStyle(one, '::after').left)) })"
    assert len(set(page.eval_on_selector_all(".plot", measure))) == 1
    page.close()


def test_clicking_a_line_an_event_and_a_lane_moves_the_cursor(browser: Browser, address: str) -> None:
    page = opened(browser, address).page
    slider = page.locator("#slider")
    page.locator("button.line", has_text="Vale").click()
    assert slider.get_attribute("aria-valuenow") == "60.0"
    page.locator("button.piece.event").click()
    assert slider.get_attribute("aria-valuenow") == "33.0"
    lane = page.locator(".plot.lane").first
    box = lane.bounding_box()
    assert box is not None
    lane.click(position={"x": box["width"] / 2, "y": 20})
    assert float(slider.get_attribute("aria-valuenow") or 0) == pytest.approx(45, abs=0.3)
    page.mouse.move(5, 5)
    assert float(slider.get_attribute("aria-valuenow") or 0) == pytest.approx(45, abs=0.3)
    page.close()


def test_a_moment_at_a_glance_leads_to_the_timeline(browser: Browser, address: str) -> None:
    page = opened(browser, address).page
    page.locator(".moments .jump").last.focus()
    page.keyboard.press("Enter")
    assert page.locator("#slider").get_attribute("aria-valuenow") == "34.0"
    assert page.evaluate("document.activeElement.id") == "slider"
    page.keyboard.press("ArrowRight")
    assert page.locator("#now").inner_text() == "0:35"
    page.close()


def test_a_hostile_name_runs_nothing(browser: Browser, tmp_path: Path) -> None:
    name = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
    visit = opened(browser, write_report(made_record(name, name), tmp_path).as_uri())
    page = visit.page
    page.locator("#slider").focus()
    page.keyboard.press("PageUp")
    assert page.title() == "Call report: support quality"
    assert page.locator("#main img").count() == 0
    assert len(visit.asked) == 1
    page.close()
