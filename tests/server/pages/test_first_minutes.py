"""What hurt in the first five minutes of a participant, a coach and an officer: each stays mended."""

import httpx
from playwright.sync_api import Browser, Page, expect
from tests.server.api.scene import Scene
from tests.server.pages.participants import seats_of
from tests.server.pages.visiting import NARROW, check, visit

from countenance.server.scopes import Position

MANY = ["محمد", "Bea", "Cleo", "Dora", "Emma", "Femi"]


def test_a_lost_address_is_a_page_for_a_browser_and_a_problem_for_a_program(browser: Browser, address: str) -> None:
    with visit(browser, address) as person:
        page = person.open("/nowhere")
        expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing here for you")
        expect(page.get_by_role("link", name="To the start")).to_have_attribute("href", "/")
        check(page)
    answer = httpx.get(f"{address}/nowhere")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_who_was_invited_is_told_what_to_do_at_the_door(browser: Browser, address: str) -> None:
    with visit(browser, address) as person:
        page = person.open("/join/some-call?me=somebody")
        expect(page.get_by_role("main")).to_contain_text("Open the link of your invitation again")


def test_on_a_phone_what_is_read_and_the_way_to_stop_it_stay_in_sight(
    browser: Browser, address: str, scene: Scene
) -> None:
    seats = seats_of(scene, address)
    seats.say_yes("Ana", "face")
    with visit(browser, address) as ana:
        ana.page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        ana.enter(seats.token("Ana"))
        page = ana.open(f"/call/{seats.call_id}?me={seats.ids['Ana']}")
        bar = page.locator(".call-now")
        expect(bar).to_contain_text("Read of you now: face")
        expect(bar.get_by_role("button", name="Stop")).to_be_in_viewport()
        bar.get_by_role("button", name="Stop").press("Enter")
        expect(bar).to_contain_text("Stopped at ")
    assert seats.readable("Ana") == []


def test_of_many_people_the_first_are_named_and_the_page_of_the_tenant_says_how_long_anything_is_kept(
    browser: Browser, address: str, scene: Scene
) -> None:
    people = [{"name": name, "role": "customer", "person": f"many-{number}"} for number, name in enumerate(MANY)]
    begun = httpx.post(f"{address}/v1/calls", json={"participants": people}, headers=scene.key())
    call = begun.raise_for_status().json()["call_id"]
    with visit(browser, address) as person:
        person.enter(scene.reviewer()["Authorization"])
        page = person.open(f"/coach/{call}")
        # A name from right to left stands apart, so that the comma after it stays where it is.
        expect(page.locator("#title")).to_have_text("\u2068محمد\u2069, Bea, Cleo and 3 others")
        kept = page.get_by_role("link", name="How long anything is kept")
        assert httpx.get(address + (kept.get_attribute("href") or "")).status_code == 200


def test_an_officer_learns_what_a_refusal_rests_on_and_how_to_ask_again(
    browser: Browser, address: str, scene: Scene
) -> None:
    with visit(browser, address) as officer:
        officer.enter(scene.key(Position.COMPLIANCE)["Authorization"])
        page = officer.open("/compliance")
        decide(page, "prospect", "EU")
        hint = page.locator("#decision-hints")
        expect(hint).to_contain_text("only because this was not stated: ")
        expect(hint).to_contain_text("Between businesses")
        page.locator("#decision-people summary").nth(2).click()
        expect(page.locator("#decision-people")).to_contain_text("no decision by a machine alone (GDPR Art. 22)")
        check(page)
        hint.get_by_role("button", name="Back to that question").press("Enter")
        expect(page.locator("[data-fact]:focus")).to_have_count(1)


def test_what_is_refused_of_one_person_and_allowed_of_a_group_is_said(
    browser: Browser, address: str, scene: Scene
) -> None:
    with visit(browser, address) as officer:
        officer.enter(scene.key(Position.COMPLIANCE)["Authorization"])
        page = officer.open("/compliance")
        page.locator("#purpose").select_option("focus_group")
        decide(page, "panelist", "UK")
        expect(page.locator("#decision-title")).to_have_text("Refused")
        expect(page.locator("#decision-words")).not_to_contain_text("No setting")
        expect(page.locator("#decision-hints")).to_contain_text("Of groups it may be read")


def test_a_narrow_page_shows_where_one_is_in_its_menu(browser: Browser, address: str, scene: Scene) -> None:
    with visit(browser, address) as operator:
        operator.enter(scene.key()["Authorization"])
        operator.page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        page = operator.open("/status")
        expect(page.locator(".top [aria-current]")).to_be_in_viewport()


def decide(page: Page, role: str, place: str) -> None:
    """Answer the five questions for somebody of age in a place."""
    page.locator(f"input[value={role}]").check()
    page.locator(f"input[value={place}]").check()
    page.locator("#minor").select_option("adult")
    for _ in range(5):
        page.locator("#step-on").press("Enter")
    expect(page.locator("#decision-title")).to_be_focused()
