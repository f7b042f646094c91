"""The page that checks receipts and logs, in a real browser: what it says, and that it says nothing to anyone else."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from bench.faults.people import House
from playwright.sync_api import Browser, Page, expect
from tests.control.desks import Desk

from countenance.audit.export import export
from countenance.contracts.trust import ConsentStatus
from countenance.surface.verify_page import verify_page

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Hands:
    """What a participant may hold."""

    address: str
    receipt: Path
    altered: Path
    hostile: Path
    log: Path
    bent: Path
    key: str
    deletion: Path


@pytest.fixture(name="hands", scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Hands:
    place = tmp_path_factory.mktemp("verify")
    (place / "page").mkdir()
    page = place / "page/index.html"
    page.write_text(verify_page(), encoding="utf-8")
    desk = Desk(place / "desk")
    given = desk.receipts.receipt(desk.says("Ana M\u00fcller", "face", place="US-IL"))
    hostile = desk.receipts.receipt(desk.says("<img src=x onerror=\"document.title='taken'\">", "voice"))
    for n in range(300):
        desk.says(f"person {n}", "text", ConsentStatus.REFUSED)
    for folder in ("log", "bent"):
        export(desk.log, place / folder)
    bundle = place / "bent/tile/entries/000"
    damaged = bytearray(bundle.read_bytes())
    damaged[10_000] ^= 1
    bundle.write_bytes(damaged)
    files = {"receipt": given, "altered": {**given, "participant_id": "Ben"}, "hostile": hostile}
    for name, receipt in files.items():
        (place / f"{name}.json").write_text(json.dumps(receipt), encoding="utf-8")
    with House(place / "house") as house:
        house.call("call-1", {"p-ann": "ann"})
        (place / "deletion-receipt.json").write_bytes(house.eraser.erase("ann", "request", "subject", at_once=True))
    key = str(desk.log.key.verifier)
    desk.store.close()
    paths = [place / f"{name}.json" for name in files]
    logs = place / "log", place / "bent"
    return Hands(page.as_uri(), paths[0], paths[1], paths[2], *logs, key, place / "deletion-receipt.json")


@dataclass
class Visit:
    page: Page
    heard: list[str]

    def give(self, *files: Path, folder: Path | None = None) -> None:
        if files:
            self.page.set_input_files("#files", list(files))
            self.done()
        if folder is not None:
            self.page.set_input_files("#folder", folder)
            expect(self.page.locator("#given")).to_contain_text("Log:")
            self.done()

    def done(self) -> None:
        expect(self.page.get_by_role("status")).to_contain_text("Done.", timeout=60_000)

    def unfold(self) -> None:
        self.page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true })")


@pytest.fixture(name="visit")
def visited(browser: Browser, hands: Hands, request: pytest.FixtureRequest) -> Iterator[Visit]:
    width, dark = getattr(request, "param", (1280, False))
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda asked: heard.append(asked.url) if asked.url != hands.address else None)
    page.goto(hands.address)
    yield Visit(page, heard)
    page.close()


def test_a_receipt_is_checked_and_the_page_says_what_that_does_not_prove(visit: Visit, hands: Hands) -> None:
    visit.give(hands.receipt)
    expect(visit.page.get_by_role("status")).to_have_text("Done. This receipt is in the log.")
    card = visit.page.locator(".result")
    expect(card.get_by_role("heading", level=2)).to_have_text("This receipt is in the log")
    expect(card.locator(".proven")).to_contain_text("face for support qa: given")
    expect(card.locator(".unproven")).to_contain_text("compare it with the key that the organisation publishes")
    visit.unfold()
    expect(card).to_contain_text("Ana M\u00fcller")
    assert visit.heard == []


def test_a_known_key_is_believed_and_another_is_not(visit: Visit, hands: Hands) -> None:
    visit.unfold()
    visit.page.get_by_label("The key, or a trust policy").fill(hands.key)
    visit.give(hands.receipt)
    expect(visit.page.locator(".unproven")).not_to_contain_text("compare it with the key")
    visit.page.get_by_role("button", name="Start over").click()
    expect(visit.page.locator(".result")).to_have_count(0)
    visit.page.get_by_label("The key, or a trust policy").fill("nonsense")
    visit.page.set_input_files("#files", hands.receipt)
    expect(visit.page.get_by_role("status")).to_contain_text("That key or policy cannot be read")


def test_a_log_given_with_an_older_receipt_continues_it(visit: Visit, hands: Hands) -> None:
    visit.give(hands.receipt, folder=hands.log)
    expect(visit.page.get_by_role("status")).to_have_text("Done. All 2 hold.")
    log = visit.page.locator(".result").last
    expect(log.get_by_role("heading", level=2)).to_have_text("The log has not been changed")
    expect(log.locator(".proven")).to_contain_text("It continues what you kept from before")
    with visit.page.expect_download() as saved:
        log.get_by_role("button", name="Save this state").click()
    assert saved.value.path().read_bytes() == (hands.log / "checkpoint").read_bytes()
    assert saved.value.suggested_filename.endswith(".checkpoint")


def test_what_was_changed_is_named(visit: Visit, hands: Hands) -> None:
    visit.give(hands.altered, folder=hands.bent)
    expect(visit.page.get_by_role("status")).to_have_text("Done. 2 of 2 do not hold.")
    first, second = visit.page.locator(".result").all()
    expect(first.locator(".wrong")).to_contain_text("The receipt was altered")
    expect(second.locator(".wrong")).to_contain_text("was changed")
    expect(second).to_contain_text("Keep these files as they are")
    assert first.locator(".proven").count() == second.locator(".proven").count() == 0


def test_a_deletion_says_when_and_what_is_still_to_come(visit: Visit, hands: Hands) -> None:
    visit.give(hands.deletion)
    card = visit.page.locator(".result")
    expect(card.get_by_role("heading", level=2)).to_have_text("This deletion is in the log")
    expect(card.locator(".proven")).to_contain_text("has signed that the data was deleted on")
    expect(card.locator(".proven")).to_contain_text("was destroyed on")


def test_dropping_a_file_is_as_good_as_choosing_it(visit: Visit, hands: Hands) -> None:
    text = hands.receipt.read_text(encoding="utf-8")
    visit.page.evaluate(
        """text => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([text], "receipt.json"));
            document.getElementById("drop").dispatchEvent(new DragEvent("drop", {dataTransfer, bubbles: true}));
        }""",
        text,
    )
    visit.done()
    expect(visit.page.locator(".result")).to_have_count(1)


def test_the_keyboard_reaches_everything(visit: Visit, hands: Hands) -> None:
    page = visit.page
    # Listening from the start: the browser must know that it is not to open a window of its own.
    page.on("filechooser", lambda _: None)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Choose files")).to_be_focused()
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(hands.receipt)
    visit.done()
    for name in ("Choose a folder", "You have the log", "Start over"):
        page.keyboard.press("Tab")
        assert name in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    expect(page.locator(".result")).to_have_count(0)
    expect(page.get_by_role("button", name="Choose files")).to_be_focused()


@pytest.mark.parametrize("visit", [(320, True), (320, False), (1280, True), (1280, False)], indirect=True)
def test_axe_finds_no_violation_and_a_phone_never_scrolls_sideways(visit: Visit, hands: Hands) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    visit.give(hands.receipt, hands.altered, hands.deletion, folder=hands.bent)
    visit.unfold()
    results = axe.Axe().run(visit.page)
    assert results.violations_count == 0, results.generate_report()
    assert visit.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_what_a_file_says_is_never_run(visit: Visit, hands: Hands) -> None:
    visit.give(hands.hostile)
    visit.unfold()
    expect(visit.page.locator(".result")).to_contain_text("onerror")
    assert visit.page.title() == "Check a receipt or a log"
    assert visit.page.locator("main img").count() == 0
    assert visit.heard == []


def test_the_page_cannot_reach_the_network(visit: Visit) -> None:
    refused = visit.page.evaluate(
        """() => new Promise(done => {
            document.addEventListener("securitypolicyviolation", event => done(event.effectiveDirective));
            fetch("https://example.org/").catch(() => {});
        })"""
    )
    assert refused == "connect-src"


def test_a_folder_without_a_log_is_told_so(visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing", encoding="utf-8")
    visit.page.set_input_files("#files", tmp_path / "notes.txt")
    expect(visit.page.get_by_role("status")).to_have_text("There is no receipt and no log among these files.")
