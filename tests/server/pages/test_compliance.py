"""The officer's pages in a real browser: decide by keyboard, prove in the browser, and what nobody can configure."""

import io
import json
import tomllib
import zipfile
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update
from tests.server.api.scene import Scene
from tests.server.pages.told import Told, tell
from tests.server.pages.visiting import Visit, check, visit

from countenance.audit.deletion import verify_deletion
from countenance.audit.note import parse_note, verify_note
from countenance.server.scopes import Position
from countenance.storage.tables import entries

FOCUSED = "document.activeElement?.matches(selector)"


@pytest.fixture(scope="module")
def told(scene: Scene, address: str) -> Told:
    return tell(scene, address, 3)


@pytest.fixture(scope="module")
def officer(browser: Browser, address: str, scene: Scene, told: Told) -> Iterator[Visit]:
    assert told.call_id
    with visit(browser, address) as person:
        person.enter(scene.key(Position.COMPLIANCE)["Authorization"])
        yield person


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until this has the focus."""
    for _ in range(60):
        if page.evaluate(f"(selector) => {FOCUSED}", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not reach {selector}")


def by_keyboard(page: Page, purpose: str) -> None:
    """Answer all five questions with the keyboard alone."""
    tab_to(page, "#purpose")
    page.keyboard.type(purpose)
    tab_to(page, "input[value=customer]")
    page.keyboard.press("Space")
    tab_to(page, "input[value=UK]")
    page.keyboard.press("Space")
    tab_to(page, "#minor")
    page.keyboard.type("adults")
    for _ in range(5):
        tab_to(page, "#step-on")
        page.keyboard.press("Enter")
    expect(page.locator("#decision-title")).to_be_focused()


def test_five_questions_are_answered_by_keyboard_alone_and_give_a_signed_decision(officer: Visit, scene: Scene) -> None:
    page = officer.open("/compliance")
    check(page)
    by_keyboard(page, "sales")
    expect(page.locator("#decision-title")).to_have_text("Allowed, for some and under conditions")
    tab_to(page, "#decision-people summary")
    page.keyboard.press("Enter")
    expect(page.locator(".verdict").first).to_contain_text("UK GDPR")
    check(page)
    with page.expect_download() as caught:
        page.get_by_role("button", name="Save it signed").press("Enter")
    note = parse_note(caught.value.path().read_bytes())
    verify_note(note, [scene.one.tenant.log.key.verifier])
    assert tomllib.loads(note.text)["deployment"] == {
        "purpose": "sales_coaching",
        "jurisdictions": ["UK"],
        "facts": {"minor": "adult"},
    }


@pytest.mark.parametrize("purpose", ["hiring", "workplace monitoring"])
def test_hiring_and_watching_people_at_work_cannot_be_configured_on_the_page(officer: Visit, purpose: str) -> None:
    page = officer.open("/compliance")
    by_keyboard(page, purpose)
    expect(page.locator("#decision-title")).to_contain_text("Refused, whoever is on the call")
    expect(page.locator("#decision-words")).to_contain_text("nothing to configure")
    expect(page.get_by_role("button", name="Save the configuration")).to_have_count(0)
    expect(page.locator("#decision .chip.on")).to_have_count(0)


def test_nobody_on_the_call_is_no_answer(officer: Visit) -> None:
    page = officer.open("/compliance")
    page.locator("#step-on").press("Enter")
    expect(page.locator("#step-failure")).to_contain_text("Choose at least one role")
    check(page)


def test_a_ruling_names_every_rule_that_refuses_law_first_on_any_day(officer: Visit) -> None:
    page = officer.open("/compliance/rulings")
    page.get_by_label("Purpose", exact=True).select_option("hiring")
    page.get_by_label("Role", exact=True).select_option("candidate")
    page.get_by_label("European Union").check()
    page.get_by_label("Day").fill("2028-01-01")
    page.get_by_role("button", name="Ask the gate").press("Enter")
    expect(page.locator("#answer-title")).to_have_text("Refused")
    rules = page.locator("#answer .verdict.deny")
    layers = [one.split()[0] for one in rules.all_inner_texts()]
    assert layers == sorted(layers, reverse=True)
    assert {"Law", "Charter"} <= set(layers)
    expect(page.locator("#answer-body")).to_contain_text("1 January 2028")
    check(page)


def test_the_ledger_names_nobody_and_finds_a_person_by_the_deployments_id(officer: Visit) -> None:
    page = officer.open("/compliance/consents")
    expect(page.locator("#found tbody tr")).to_have_count(3)
    assert "customer-17" not in page.content()
    page.get_by_label("Modality").select_option("voice")
    page.get_by_label("Your id of a person").fill("customer-17")
    page.get_by_role("button", name="Look up").press("Enter")
    expect(page.locator("#found tbody tr")).to_have_count(1)
    assert "customer-17" not in page.url
    check(page)


def test_the_evidence_pack_is_complete(officer: Visit) -> None:
    page = officer.open("/compliance/evidence")
    check(page)
    with page.expect_download() as caught:
        page.get_by_role("button", name="Make the pack").press("Enter")
    pack = zipfile.ZipFile(io.BytesIO(caught.value.path().read_bytes()))
    names = set(pack.namelist())
    assert {"index.html", "manifest.json", "rulings.jsonl", "checkpoint"} <= names
    assert any(name.startswith("notices/") for name in names)
    assert json.loads(pack.read("manifest.json"))["log"]["size"] > 0


def test_somebody_is_erased_after_a_second_look_and_the_receipt_holds(
    officer: Visit, scene: Scene, address: str
) -> None:
    page = officer.open("/compliance/erasures")
    expect(page.locator("#found")).to_contain_text("Nobody has been erased")
    page.get_by_label("Your id of the person").fill("agent-4")
    page.get_by_role("button", name="Stop and delete everything").press("Enter")
    page.get_by_role("button", name="Leave it").press("Enter")
    page.get_by_role("button", name="Stop and delete everything").press("Enter")
    with page.expect_download() as caught:
        page.get_by_role("button", name="Erase", exact=True).press("Enter")
    assert verify_deletion(caught.value.path().read_bytes()).statement["actor"] == "self"
    expect(page.locator("#found .clock .done")).to_have_count(2)
    check(page)


def test_retention_tells_what_is_due(officer: Visit) -> None:
    page = officer.open("/compliance/retention")
    expect(page.locator("#found")).to_contain_text("Log kept at least")
    check(page)


def test_the_log_is_checked_in_the_browser_and_one_changed_row_is_named(
    officer: Visit, scene: Scene, told: Told
) -> None:
    log = scene.one.tenant.log
    log.append_all([("CONFIG", {"software": f"countenance/{n}"}) for n in range(300)])
    page = officer.open("/compliance/audit")
    page.get_by_label("Id of a call").fill(told.call_id)
    page.get_by_role("button", name="Search the log").press("Enter")
    expect(page.locator("#found")).to_contain_text("LEASE")
    page.get_by_role("button", name="Verify in this browser").press("Enter")
    expect(page.locator("#verdict")).to_contain_text(f"{log.size} entries checked: the log holds")
    check(page)
    newest = log.size - 2
    assert log.size % 256 > 2, "the newest tile is not full"
    for changed in (newest, 40):
        _change(scene, changed)
        page.get_by_role("button", name="Verify in this browser").press("Enter")
        expect(page.locator("#verdict .wrong")).to_contain_text(f"Entry {changed}")
    expect(page.locator("#verdict")).to_contain_text("The log does not hold")
    check(page)


def test_who_may_not_see_the_log_sees_no_page_of_it(browser: Browser, address: str, scene: Scene) -> None:
    with visit(browser, address) as person:
        person.enter(scene.reviewer()["Authorization"])
        page = person.open("/compliance/audit")
        expect(page.get_by_role("heading", level=1)).to_have_text("This page is for somebody else")
    with httpx.Client(base_url=address, headers=scene.reviewer()) as client:
        for path in ("/v1/consents", "/v1/erasures", "/v1/retention", "/v1/evidence"):
            assert client.get(path).status_code == 403


def _change(scene: Scene, seq: int) -> None:
    """Change one entry in the database, as nobody should be able to without being found out."""
    store = scene.one.tenant.store
    with store.transaction() as tx:
        row = tx.first(tx.select(entries).where(entries.c.seq == seq))
        assert row is not None
        leaf = bytes(row.leaf).replace(b"2026-11-23", b"2026-11-24")
        assert leaf != row.leaf
        tx.execute(update(entries).where(entries.c.seq == seq).values(leaf=leaf))
