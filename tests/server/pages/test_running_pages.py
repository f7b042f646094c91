"""Models, settings, status, how to read: figures as measured, a bad candidate blocked, a webhook tried."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.server.api.scene import Scene
from tests.server.pages.visiting import check, visit

from countenance.server.config import EvaluationTable
from countenance.server.evaluations import released, reports
from countenance.server.keys import NewKey
from countenance.server.scopes import Position

FINDER = "face-finder.v1"


@pytest.fixture
def key(scene: Scene) -> str:
    return scene.key(Position.OPERATOR)["Authorization"]


def test_how_to_read_is_for_anybody(browser: Browser, address: str) -> None:
    with visit(browser, address) as person:
        page = person.open("/how-to-read?language=de")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Wie zu lesen ist")
        check(page)


def test_how_long_anything_is_kept_is_for_anybody_in_the_language_they_choose(browser: Browser, address: str) -> None:
    with visit(browser, address) as person:
        page = person.open("/privacy/retention/one")
        expect(page.get_by_role("heading", level=1)).to_contain_text("What is kept on calls")
        page.get_by_label("Language").select_option("fr")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Ce qui est conservé des appels")
        check(page)


def test_a_model_page_says_what_was_measured_and_of_whom_less_well(browser: Browser, address: str, key: str) -> None:
    measured = next(one for one in reports(EvaluationTable()) if one.bundle == FINDER)
    with visit(browser, address) as person:
        person.enter(key)
        page = person.open("/models")
        page.get_by_role("link", name=FINDER).click()
        shown = page.locator(".figures .value").all_inner_texts()
        assert shown[: len(measured.leading)] == [f"{measured.metrics[name].value:.3f}" for name in measured.leading]
        worst = next(one for one in measured.slices if one.enough)
        row = page.locator("tbody tr").first
        expect(row).to_contain_text(worst.value)
        expect(row).to_contain_text(f"{worst.figure:.3f}")
        check(page)
        page.get_by_role("link", name="Everything that was measured").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(FINDER)


def test_a_planted_bad_candidate_is_shown_as_blocked(
    browser: Browser, address: str, scene: Scene, key: str, tmp_path: Path
) -> None:
    told = json.loads((released() / "face-finder.v1-fairface.json").read_text())
    (tmp_path / "before.json").write_text(json.dumps(told))
    rows = [row for row in told["slices"] if row["enough"] and row["metric"] == "mean_found_clean"]
    worst = max(rows, key=lambda row: int(row["n"]))
    for end in ("figure", "low", "high", "difference", "difference_low", "difference_high"):
        worst[end] -= 0.3
    worst["shortfall"] = -worst["difference"]
    (tmp_path / "after.json").write_text(json.dumps(told))
    before = scene.config.evaluation
    object.__setattr__(
        scene.config,
        "evaluation",
        EvaluationTable(baseline=tmp_path / "before.json", candidate=tmp_path / "after.json"),
    )
    try:
        with visit(browser, address) as person:
            person.enter(key)
            page = person.open("/models")
            expect(page.locator(".gate .tag").first).to_have_text("Blocked")
            row = page.locator(".gate tbody tr").first
            expect(row).to_contain_text(f"{worst['attribute']} {worst['value']}")
            expect(row).to_contain_text("worse by")
            check(page)
    finally:
        object.__setattr__(scene.config, "evaluation", before)


def test_a_webhook_is_added_and_removed_and_its_secret_is_shown_once(browser: Browser, address: str, key: str) -> None:
    with visit(browser, address) as person:
        person.enter(key)
        page = person.open("/settings")
        check(page)
        page.get_by_label("Address").fill("http://127.0.0.1:1/")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.locator("#failure")).to_be_visible()
        page.get_by_label("Address").fill("https://hooks.example.com/countenance")
        page.keyboard.press("Enter")
        expect(page.locator("#secret-text")).to_contain_text("whsec_")
        page.get_by_role("button", name="I have it").click()
        expect(page.get_by_role("heading", name="https://hooks.example.com/countenance")).to_be_visible()
        check(page)
        page.get_by_role("button", name="Remove").click()
        expect(page.get_by_text("Events go nowhere yet.")).to_be_visible()


def test_a_key_is_revoked_on_the_page(browser: Browser, address: str, scene: Scene, key: str) -> None:
    scene.site.keys.make(NewKey("one", "to be ended", Position.COACH))
    with visit(browser, address) as person:
        person.enter(key)
        page = person.open("/settings")
        row = page.locator("#keys tr").filter(has_text="to be ended")
        row.get_by_role("button", name="Revoke to be ended").click()
        expect(row).to_contain_text("revoked")


def test_the_status_says_that_inference_stopped_when_the_log_cannot_be_written(
    browser: Browser, address: str, scene: Scene, key: str
) -> None:
    watch = scene.one.control._watch
    with visit(browser, address) as person:
        person.enter(key)
        page = person.open("/status")
        expect(page.locator("#checks li")).to_have_count(7)
        check(page)
        watch.why = "the disk is full"
        expect(page.locator("#verdict")).to_contain_text("Inference has stopped")
        expect(page.locator("#verdict")).to_contain_text("the disk is full")
        page.get_by_role("button", name="Pause updates").click()
        watch.why = None
        expect(page.locator("#verdict")).to_contain_text("Inference has stopped")
        page.get_by_role("button", name="Go on").click()
        expect(page.locator("#verdict")).not_to_contain_text("Inference has stopped")
