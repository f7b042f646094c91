"""A card in a real browser: accessible, narrow enough for a phone, silent on the network."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from countenance.evaluation.cards.artefacts import LawWords, Sentence, gather
from countenance.evaluation.cards.compose import compose
from countenance.evaluation.cards.html import html

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
FINDER = ROOT / "src/countenance/models/face-finder.v1"
LAW = LawWords(refused=(Sentence("nobody is hired by it", "charter", "everywhere"),))


@pytest.fixture(name="address", scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("card") / "card.html"
    path.write_text(
        html(compose(gather(FINDER, ROOT / "docs/evaluation"), LAW, {"provider.name": "A provider <b>"})),
        encoding="utf-8",
    )
    return path.as_uri()


@pytest.mark.parametrize(("width", "dark"), [(360, False), (320, True), (1280, False)])
def test_a_card_is_accessible_and_never_scrolls_sideways(
    browser: Browser, address: str, width: int, dark: bool
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
    told: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true })")
    results = axe.Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator("dd b").count() == 0
    assert told == []
    assert asked == [address]
    page.close()


def test_an_open_field_is_reached_from_the_list_at_the_top(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address)
    page.locator("details summary").click()
    page.locator("details a", has_text="monitoring.interval").click()
    assert page.evaluate("document.querySelector(':target').textContent") == "TO BE FILLED BY THE OPERATOR"
    page.close()
