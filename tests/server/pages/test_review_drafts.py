"""A note for the record, in a real browser: shown word for word, changed, and gone by the reviewer's click alone."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.server.api.scene import TERMS, Scene
from tests.server.pages.told import Told, tell
from tests.server.pages.visiting import Visit, check, visit

TOLD_OF = TERMS.model_copy(update={"recipients": ("Example CRM Inc",)})


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("drafts"), terms=TOLD_OF.model_dump())


@pytest.fixture(scope="module")
def told(scene: Scene, address: str) -> Told:
    return tell(scene, address, 8)


@pytest.fixture(scope="module")
def coach(browser: Browser, address: str, scene: Scene) -> Iterator[Visit]:
    with visit(browser, address) as person:
        person.enter(scene.reviewer()["Authorization"])
        yield person


@pytest.fixture
def notes(coach: Visit, told: Told) -> Page:
    page = coach.open(f"/review/{told.call_id}")
    expect(page.locator("#notes")).to_be_visible()
    return page


def test_who_is_at_work_has_no_draft_and_the_page_says_why_and_where_notes_go(notes: Page) -> None:
    rows = notes.locator("#drafts > li")
    expect(rows.nth(1)).to_contain_text("agent: customer record (CRM)")
    expect(rows.nth(1)).to_contain_text("what is read of people at work goes into no record")
    expect(rows.nth(1).get_by_role("button")).to_have_count(0)
    expect(notes.locator("#notes-where")).to_contain_text("It goes to Example CRM Inc.")


def test_a_note_is_read_changed_and_let_go_by_keyboard(notes: Page, scene: Scene) -> None:
    row = notes.locator("#drafts > li").first
    row.get_by_role("button", name="Look at the draft").press("Enter")
    text = row.get_by_label("What the note says")
    expect(text).to_have_value(re.compile("What was read stays in Countenance"))
    row.get_by_text("Everything that leaves, word for word").press("Enter")
    expect(row.locator("pre")).to_contain_text('"status": "preliminary"')
    check(notes)
    assert scene.entries("SUGGESTION") == [], "nothing has left by being looked at"
    text.fill("Wants a second meeting in January.")
    row.get_by_role("button", name="Let this note leave").press("Enter")
    expect(row.get_by_text("A note has left.")).to_be_focused()
    step = scene.entries("SUGGESTION")[-1]
    assert (step["scope"], step["status"], step["actor"]) == ("note", "edited", "reviewer:coach-7")
    notes.reload()
    expect(notes.locator("#drafts > li").first).to_contain_text("A note has left.")


def test_a_draft_that_has_changed_meanwhile_does_not_leave(coach: Visit, scene: Scene, address: str) -> None:
    other = tell(scene, address, 8, "agent-5")
    page = coach.open(f"/review/{other.call_id}")
    row = page.locator("#drafts > li").first
    row.get_by_role("button", name="Look at the draft").click()
    expect(row.get_by_label("What the note says")).to_be_visible()
    page.get_by_label("Comment at").fill("Here a question would have helped.")
    page.get_by_role("button", name="Keep the comment").click()
    expect(page.locator("#comments > li")).to_contain_text("Here a question")
    row.get_by_role("button", name="Let this note leave").click()
    expect(row.get_by_role("alert").filter(has_text="the draft has changed since it was shown")).to_be_visible()
    row.get_by_role("button", name="Begin anew").click()
    expect(row.get_by_label("What the note says")).to_have_value(re.compile("Here a question would have helped"))
