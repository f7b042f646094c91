"""Looking back on a call, in a real browser: everything moves together, and what is saved is what the API gave."""

import csv
import io
import json
import re
import struct
import wave
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pypdf import PdfReader
from tests.server.api.scene import Scene
from tests.server.pages.told import Told, readings_of, tell
from tests.server.pages.visiting import Visit, check, visit

NEAR_S = 0.2


@pytest.fixture(scope="module")
def told(scene: Scene, address: str) -> Told:
    return tell(scene, address, 30)


@pytest.fixture(scope="module")
def coach(browser: Browser, address: str, scene: Scene, told: Told) -> Iterator[Visit]:
    with visit(browser, address) as person:
        person.enter(scene.reviewer()["Authorization"])
        yield person


@pytest.fixture
def review(coach: Visit, told: Told) -> Page:
    page = coach.open(f"/review/{told.call_id}")
    expect(page.locator("#print")).to_be_enabled()
    return page


def test_calls_are_listed_and_lead_to_their_review(coach: Visit, told: Told) -> None:
    page = coach.open("/review")
    check(page)
    page.locator("#calls a").first.press("Enter")
    page.wait_for_url(f"**/review/{told.call_id}")


def test_an_event_leads_to_its_second_and_to_what_was_said_there(review: Page) -> None:
    check(review)
    event = review.locator("#events .event-button").last
    event.press("Enter")
    at = float(review.locator("#position").input_value())
    assert abs(at - float(str(event.get_attribute("data-at")))) <= NEAR_S
    row = review.locator("#lines > li[aria-current]")
    expect(row).to_be_focused()
    expect(row).to_contain_text("with filters")
    review.locator("#back").press("Enter")
    assert abs(float(review.locator("#position").input_value()) - (at - 5)) <= NEAR_S


def test_what_was_measured_is_said_in_the_language_of_the_page(coach: Visit, told: Told) -> None:
    page = coach.open(f"/review/{told.call_id}?language=de")
    expect(page.locator("#events")).to_contain_text("gemessen: wohin der Kopf gedreht ist und Pausen")
    refused = page.locator(".lane").nth(1).locator(".chip.barred").first
    expect(refused).to_have_attribute("title", re.compile("^Gesicht und Stimme von Menschen bei der Arbeit"))


def test_gaps_are_hatched_and_say_why_and_the_curve_has_a_table(review: Page) -> None:
    lane = review.locator(".lane").first
    expect(lane.locator("rect[fill^='url(#hatch'] title")).to_have_text("not enough light")
    expect(lane.locator(".chart-says")).to_contain_text("Not sure from")
    lane.get_by_text("As a table").press("Enter")
    expect(lane.get_by_role("row").filter(has_text="not sure: not enough light")).to_have_count(1)
    assert "%" not in lane.inner_text()
    expect(review.locator(".lane").nth(1)).to_contain_text("not permitted")


def test_what_is_saved_is_what_the_api_gives(review: Page, scene: Scene, address: str, told: Told) -> None:
    with httpx.Client(base_url=address, headers=scene.reviewer()) as client:
        given = [one["data"] for one in readings_of(client, told) if ".sample." in one["type"]]
        summary = client.get(f"/v1/calls/{told.call_id}/summary").json()
    kept = json.loads(saved(review, "#save-json"))
    results = [item for item in kept["readings"][told.ana] if item["kind"] == "result"]
    found = [one["data"] for item in results for one in item["data"]["readings"]]
    assert [one for one in found if "signal_id" not in one] == given
    assert kept["summary"]["participants"] == summary["participants"]
    assert "reports are now built" not in json.dumps(kept)
    rows = list(csv.DictReader(io.StringIO(saved(review, "#save-csv"))))
    flat = [
        (one["window"]["start_us"], name, each["probability"], *each["interval"])
        for one in given
        for name, each in one.get("labels", {}).items()
    ]
    read = [row for row in rows if row["label"]]
    assert [
        (int(row["start_us"]), row["label"], float(row["probability"]), float(row["low"]), float(row["high"]))
        for row in read
    ] == flat
    assert {row["abstain"] for row in rows} == {"", "low_light"}


def test_the_pdf_is_in_the_language_of_the_page(coach: Visit, told: Told) -> None:
    page = coach.open(f"/review/{told.call_id}?language=de")
    button = page.locator("#save-pdf")
    expect(button).to_be_enabled()
    with page.expect_download() as caught:
        button.click()
    assert caught.value.suggested_filename == "review-2026-11-23.pdf"
    reader = PdfReader(caught.value.path())
    assert "Signale, keine Gefühle" in reader.pages[0].extract_text()
    expect(button).to_be_enabled()


def test_a_comment_is_kept_at_its_time_and_taken_back(review: Page) -> None:
    review.locator("#events .event-button").first.click()
    review.get_by_label("Comment at").fill("Here a question would have helped.")
    review.get_by_role("button", name="Keep the comment").click()
    kept = review.locator("#comments > li")
    expect(kept).to_contain_text("Here a question would have helped.")
    check(review)
    kept.get_by_role("button", name="Take back").click()
    expect(kept).to_have_text("No comment yet.")


def test_a_scorecard_is_there_again_the_next_time(review: Page) -> None:
    review.locator("#scorecard fieldset").nth(2).get_by_label("4").check()
    review.get_by_role("button", name="Keep the scorecard").click()
    expect(review.locator("#scorecard").get_by_role("status")).to_have_text("Kept.")
    review.reload()
    expect(review.locator("#scorecard fieldset").nth(2).get_by_label("4")).to_be_checked()


def test_the_call_fits_on_paper_without_what_only_a_screen_needs(review: Page) -> None:
    review.emulate_media(media="print")
    expect(review.get_by_text("Not for employment decisions. These")).to_be_visible()
    expect(review.locator("#events")).to_contain_text("low engagement")
    for screen_only in ("#player", "#scorecard", "#comment", "nav"):
        expect(review.locator(screen_only).first).to_be_hidden()
    assert review.pdf().startswith(b"%PDF")
    review.emulate_media(media="screen")


def test_a_kept_recording_plays_along_and_when_somebody_is_erased_it_is_gone(
    coach: Visit, scene: Scene, address: str, told: Told, tmp_path: Path
) -> None:
    _tone(tmp_path / f"{told.call_id}.wav", 30, 10)
    media = scene.config.media.model_copy(update={"kept": tmp_path})
    scene.site.config = scene.config.model_copy(update={"media": media})
    page = coach.open(f"/review/{told.call_id}")
    expect(page.locator("#play")).to_be_visible()
    event = page.locator("#events .event-button").last
    event.click()
    at = page.evaluate("document.querySelector('#stage audio').currentTime")
    assert abs(at - float(str(event.get_attribute("data-at")))) <= NEAR_S
    sound = page.locator(".wave-lane")
    expect(sound.locator(".chart-says")).to_contain_text("Something is heard for 0:20.")
    expect(sound.locator(".chart-says")).to_contain_text("The longest quiet is from 0:20 to 0:30.")
    sound.get_by_role("slider").focus()
    for key, seconds in (("Home", 0), ("PageUp", 30), ("ArrowLeft", 25)):
        page.keyboard.press(key)
        assert abs(page.evaluate("document.querySelector('#stage audio').currentTime") - seconds) <= NEAR_S
    assert abs(_pointed(page, sound.locator("svg"), 0.5) - 15) <= NEAR_S
    cursors = [float(one.get_attribute("x1") or 0) for one in page.locator(".lane-cursor").all()]
    assert len(cursors) == 2
    assert abs(cursors[0] - cursors[1]) < 1, "wave and curve share one time axis"
    sound.get_by_text("As a table").press("Enter")
    expect(sound.get_by_role("row").filter(has_text="quiet")).to_have_count(1)
    check(page)
    with httpx.Client(base_url=address, headers=scene.key()) as client:
        client.post("/v1/subjects/erase", json={"person": "customer-17"}).raise_for_status()
    page.reload()
    expect(page.locator("#gone")).to_contain_text("erased from this call")
    expect(page.locator("#media-words")).to_contain_text("not kept")
    expect(page.locator("#events > li")).to_have_count(0)
    assert "gaze" not in page.content()
    check(page)


def test_a_call_nobody_knows_is_told_in_words(coach: Visit) -> None:
    page = coach.open("/review/0000")
    expect(page.get_by_role("heading", level=1)).to_have_text("This call cannot be shown")
    expect(page.locator("#failure")).to_contain_text("nothing here for you")


def saved(page: Page, button: str) -> str:
    with page.expect_download() as caught:
        page.locator(button).click()
    return caught.value.path().read_text(encoding="utf-8")


def _pointed(page: Page, drawing: Locator, share: float) -> float:
    """Where the recording stands after a click on a drawing, so far from its left edge."""
    box = drawing.bounding_box()
    assert box is not None
    drawing.click(position={"x": box["width"] * share, "y": box["height"] / 2})
    return float(page.evaluate("document.querySelector('#stage audio').currentTime"))


def _tone(path: Path, seconds: int, quiet: int) -> None:
    """A saw tooth that comes and goes like syllables, and then nothing: a recording as an operator may keep it."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", "none"))
        file.writeframes(
            b"".join(struct.pack("<h", at // 2000 % 2 * (at % 80) * 100) for at in range(8000 * (seconds - quiet)))
        )
        file.writeframes(bytes(16_000 * quiet))
