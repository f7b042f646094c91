"""A pack in a real browser: accessible, narrow enough for a phone, silent on the network."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.evidence.test_pack import KEPT, TODAY, deployed

from countenance.evidence.pack import write_pack
from countenance.evidence.standing import standing

pytestmark = pytest.mark.slow


@pytest.fixture(name="pack", scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pack(standing(deployed(), TODAY, KEPT), {}, tmp_path_factory.mktemp("packs") / "pack").folder


@pytest.mark.parametrize("page", ["index.html", "dpia.html", "retention.html", "rulings.html"])
@pytest.mark.parametrize(("width", "dark"), [(360, False), (1280, True)])
def test_a_page_is_accessible_and_never_scrolls_sideways(
    browser: Browser, pack: Path, page: str, width: int, dark: bool
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    shown = browser.new_page(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
    asked: list[str] = []
    shown.on("request", lambda request: asked.append(request.url))
    shown.goto((pack / page).as_uri())
    results = axe.Axe().run(shown)
    assert results.violations_count == 0, results.generate_report()
    assert shown.evaluate("document.documentElement.scrollWidth") == width
    assert asked == [(pack / page).as_uri()]
    shown.close()


def test_every_link_of_the_first_page_leads_somewhere(browser: Browser, pack: Path) -> None:
    shown = browser.new_page()
    shown.goto((pack / "index.html").as_uri())
    links = shown.eval_on_selector_all("main a", "all => all.map(one => one.getAttribute('href'))")
    assert len(links) > 15
    assert [link for link in links if not (pack / link).is_file()] == []
    shown.close()
