"""Before a call, in a real browser: the two ways on, the receipt, and what law refuses said without a switch."""

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.server.api.scene import Scene
from tests.server.pages.participants import Seats, seats_of
from tests.server.pages.visiting import check, visit


@pytest.fixture(scope="module")
def seats(scene: Scene, address: str) -> Seats:
    return seats_of(scene, address)


@pytest.fixture(autouse=True, scope="module")
def _built() -> None:
    Seats.need_the_elements()


def test_who_agrees_to_voice_alone_gets_receipts_whose_hash_is_in_the_log(
    browser: Browser, address: str, scene: Scene, seats: Seats
) -> None:
    with visit(browser, address) as person:
        person.enter(seats.token("Ana"))
        page = person.page
        expect(page.get_by_role("heading", level=1)).to_have_text("Before you join")
        switches = page.get_by_role("switch")
        expect(switches).to_have_count(3)
        assert [one.is_checked() for one in switches.all()] == [False, False, False]
        check(page)
        page.get_by_role("switch", name="Voice").press("Space")
        page.get_by_role("button", name="Agree and join").press("Enter")
        expect(page.locator("#ready")).to_be_focused()
        check(page)
        links = page.locator("#receipts a")
        expect(links).to_have_count(3)
        page.goto(address + str(links.nth(1).get_attribute("href")))
        expect(page.get_by_role("heading", level=1)).to_have_text("Receipt of an answer")
        check(page)
        shown = page.locator("main").inner_text()
    logged = {entry.hash for entry in scene.one.tenant.log.entries() if entry.kind == "CONSENT"}
    assert any(one in shown.replace("\n", "") for one in logged), "the hash on the paper is that in the log"
    assert seats.readable("Ana") == ["voice"]


def test_joining_without_analysis_is_of_the_same_size_and_is_one_click(
    browser: Browser, address: str, seats: Seats
) -> None:
    with visit(browser, address) as person:
        person.enter(seats.token("Cleo"))
        page = person.page
        ways = [page.get_by_role("button", name=name) for name in ("Agree and join", "Join without analysis")]
        agree, without = (one.bounding_box() for one in ways)
        assert agree is not None
        assert without is not None
        assert (agree["width"], agree["height"]) == (without["width"], without["height"])
        ways[1].click()
        expect(page.locator("#ready-says")).to_contain_text("Nothing is read of you.")
        expect(page.get_by_role("link", name="Join the call")).to_be_visible()
    assert seats.readable("Cleo") == []


def test_what_the_law_refuses_has_no_switch_and_says_why(browser: Browser, address: str, seats: Seats) -> None:
    with visit(browser, address) as person:
        person.enter(seats.token("Ben"))
        page = person.page
        barred = page.locator("countenance-consent .barred")
        expect(barred).to_have_count(2)
        expect(barred.first).to_contain_text("never the worker")
        expect(page.get_by_text("never the worker"), "each is said once").to_have_count(2)
        expect(page.get_by_role("switch")).to_have_count(1)
        expect(page.get_by_role("combobox"), "one switch of languages, that of the page").to_have_count(1)
        check(page)
        page.get_by_role("button", name="Join without analysis").click()
        expect(barred, "afterwards it is said too").to_have_count(2)
        page.goto(f"{page.url.partition('?')[0]}?language=de")
        expect(barred.first, "in the reader's language").to_contain_text("nie wer arbeitet")
        expect(barred.first, "with the citation as it is").to_contain_text("[Countenance charter P07]")


@pytest.mark.parametrize("answer", [{"modality": "face", "status": "given"}])
def test_a_changed_page_gets_nobody_read_without_the_notice(
    browser: Browser, address: str, seats: Seats, answer: dict[str, Any]
) -> None:
    with visit(browser, address) as person:
        person.enter(seats.token("Dora"))
        assert _post(person.page, f"{seats.seat('Dora')}/consent", {**answer, "notice_sha256": "0" * 64}) >= 400
    assert seats.readable("Dora") == []


def _post(page: Page, path: str, body: dict[str, Any]) -> int:
    script = """async ([path, body]) => (await fetch(path, {method: "POST", body, headers: {
      "content-type": "application/json",
      "x-countenance-as": document.querySelector("meta[name=countenance-as]").content
    }})).status"""
    status: int = page.evaluate(script, [path, json.dumps(body)])
    return status
