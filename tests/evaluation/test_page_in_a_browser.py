"""The evaluation page in a real browser: width, accessibility, silence."""

import pytest
from playwright.sync_api import Browser, Page
from tests.evaluation.made import report

from countenance.evaluation.page import render

pytestmark = pytest.mark.slow


@pytest.fixture(name="address", scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> str:
    page = tmp_path_factory.mktemp("page") / "index.html"
    page.write_text(render(report()), encoding="utf-8")
    return page.as_uri()


def opened(browser: Browser, address: str, width: int, dark: bool) -> tuple[Page, list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("request", lambda request: told.append(request.url) if request.url != address else None)
    page.goto(address)
    page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true })")
    return page, told


@pytest.mark.parametrize(("width", "dark"), [(360, True), (1280, False)])
def test_axe_finds_no_violation_and_nothing_is_asked_or_told(
    browser: Browser, address: str, width: int, dark: bool
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page, told = opened(browser, address, width, dark)
    results = axe.Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert told == []
    page.close()


def test_a_phone_of_320_pixels_never_scrolls_sideways(browser: Browser, address: str) -> None:
    page, _ = opened(browser, address, 320, dark=False)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.close()
