"""The page of an export in a real browser: accessible, narrow, silent on the network."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.control.desks import Desk
from tests.control.test_subject import PERSON, busy, subject_of

from countenance.control.export import to_page

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("export")
    desk = Desk(folder / "store")
    busy(desk)
    page: Path = folder / "index.html"
    page.write_text(to_page(subject_of(desk).export(PERSON)), encoding="utf-8")
    desk.store.close()
    return page.as_uri()


@pytest.mark.parametrize("width", [320, 1280])
def test_the_page_of_an_export_is_accessible_and_does_not_scroll_sideways(
    browser: Browser, address: str, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(page).response["violations"]
    assert [one["id"] for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert asked == [address]
    page.close()
